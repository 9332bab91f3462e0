//! `req list` and `req prune`: requirement state by branch.

use std::io::Write;

use anyhow::{Context, bail};
use hooks_common::requirements;
use platform::store;
use serde_json::json;

use super::json as print_json;
use crate::cli::Json;
use crate::place::Place;

/// Lists the branches that have state.
pub fn list(arguments: &Json, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let states = requirements::all(&place.state()).context("requirement state cannot be listed")?;
    if arguments.json {
        let branches: Vec<_> = states
            .iter()
            .map(|(path, state)| json!({"branch": state.branch_name(), "requirements": state.names().collect::<Vec<_>>(), "file": path}))
            .collect();
        return print_json(out, &json!({"branches": branches}));
    }
    writeln!(out, "Tracked branches ({})", states.len())?;
    for (_, state) in states {
        let names: Vec<_> = state.names().collect();
        writeln!(out, "  {}: {}", state.branch_name().unwrap_or_default(), names.join(", "))?;
    }
    Ok(())
}

/// Removes the state of deleted branches, and only when git tells for certain which branches there are.
pub fn prune(arguments: &Json, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let Some(repository) = place.project.repository() else {
        bail!(
            "{} is not in a git repository, so there are no branches to compare with",
            place.project.root().display()
        );
    };
    let branches = repository.branches().context("the branches cannot be listed, so nothing was removed")?;
    if branches.is_empty() {
        bail!("git lists no branches here (an unborn branch?), so nothing was removed");
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
    writeln!(
        out,
        "Removed the state of {} deleted branches{}{}",
        removed.len(),
        if removed.is_empty() { "" } else { ": " },
        removed.join(", ")
    )?;
    Ok(())
}
