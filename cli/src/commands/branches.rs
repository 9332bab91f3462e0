//! `req list` and `req prune`: requirement state by branch.

use std::io::Write;

use hooks_common::requirements;
use platform::store;
use serde_json::json;

use super::json as print_json;
use crate::cli::JsonArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context, bail};

/// Lists the branches that have state.
pub fn list(arguments: &JsonArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let states = requirements::all(&place.state()).context("requirement state cannot be listed")?;
    if arguments.json {
        let branches: Vec<_> = states
            .iter()
            .map(|(path, state)| json!({"branch": state.branch_name(), "requirements": state.names().collect::<Vec<_>>(), "file": path}))
            .collect();
        return print_json(out, &json!({"branches": branches}));
    }
    writeln!(out, "Branches with requirement state ({})", states.len())?;
    for (_, state) in states {
        let names: Vec<_> = state.names().collect();
        writeln!(out, "  {}: {}", state.branch_name().unwrap_or_default(), names.join(", "))?;
    }
    Ok(())
}

/// Removes the state of deleted branches, but only when git lists the branches without an error.
pub fn prune(arguments: &JsonArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let Some(repository) = place.project.repository() else {
        bail!("{} is not in a git repository", place.project.root().display());
    };
    let branches = repository.branches().context("the branches cannot be listed, so nothing was removed")?;
    if branches.is_empty() {
        bail!("git lists no branches here, so nothing was removed (no commit yet?)");
    }
    let in_use =
        repository.branches_in_use().context("the work trees cannot be listed, so nothing was removed")?;
    let mut removed = Vec::new();
    for (path, state) in requirements::all(&place.state()).context("requirement state cannot be listed")? {
        let name = state.branch_name().unwrap_or_default().to_owned();
        if !branches.contains(&name) && in_use.iter().all(|branch| branch.name() != name) {
            store::remove(&path).with_context(|| format!("{} cannot be removed", path.display()))?;
            removed.push(name);
        }
    }
    if arguments.json {
        return print_json(out, &json!({"removed": removed}));
    }
    let deleted = if removed.len() == 1 {
        "1 deleted branch".to_owned()
    } else {
        format!("{} deleted branches", removed.len())
    };
    writeln!(
        out,
        "Removed the state of {}{}{}",
        deleted,
        if removed.is_empty() { "" } else { ": " },
        removed.join(", ")
    )?;
    Ok(())
}
