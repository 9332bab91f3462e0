//! `req wip`: the branches that people work on, across projects.

use std::io::Write;
use std::path::{Path, PathBuf};

use gates::wip::{Wip, WipEntry};
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::registry::is_same_dir;
use platform::store::lock;
use platform::time::age;
use serde_json::json;

use super::json as print_json;
use crate::cli::{WipArgs, WipCommand, WipListArgs};
use crate::current_project::CurrentProject;
use crate::error::CliResult;

/// Lists, shows, changes or forgets branches.
pub fn run(arguments: &WipArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let wip = Wip::new(&place.paths, lock::PATIENT);
    let (root, branch) = (place.project.root(), place.branch(None));
    match &arguments.command {
        None => list(&place, &wip, &arguments.list, out),
        Some(WipCommand::List(arguments)) => list(&place, &wip, arguments, out),
        Some(WipCommand::Status(arguments)) => {
            let entry = wip.entry(root, branch.name())?;
            if arguments.json {
                let entry = entry.as_ref().map(WipEntry::json);
                return print_json(out, &json!({"project": root, "branch": branch.name(), "entry": entry}));
            }
            match entry {
                Some(entry) => show(&place, &entry, out),
                None => {
                    writeln!(out, "Nothing is recorded for {branch}.\nNext: req wip set wip")?;
                    Ok(())
                }
            }
        }
        Some(WipCommand::Set { status, json }) => {
            wip.set_status(root, branch.name(), status.status(), place.now)?;
            changed(&wip, root, branch.name(), json.json, out)
        }
        Some(WipCommand::Summary { text, json }) => {
            wip.set_summary(root, branch.name(), text, place.now)?;
            changed(&wip, root, branch.name(), json.json, out)
        }
        Some(WipCommand::Clean { delete_branches, json }) => {
            clean(&place, &wip, *delete_branches, json.json, out)
        }
    }
}

fn list(place: &CurrentProject, wip: &Wip, arguments: &WipListArgs, out: &mut impl Write) -> CliResult {
    let status = arguments.status.map(|status| status.status().name());
    let here = std::env::current_dir().unwrap_or_default();
    let is_meant = |entry: &&WipEntry| {
        let of_status = match status {
            Some(status) => entry.status() == status,
            None => arguments.all || !entry.is_done(),
        };
        let project = entry.project();
        of_status
            && arguments.project.as_ref().is_none_or(|folder| {
                is_same_dir(&project, &platform::path::normalise(&here.join(folder)))
                    || project.ends_with(folder)
            })
    };
    let entries = wip.entries()?;
    let chosen: Vec<_> = entries.iter().filter(is_meant).collect();
    if arguments.json.json {
        let entries: Vec<_> = chosen.iter().map(|entry| entry.json()).collect();
        return print_json(out, &json!({"file": place.paths.wip_projects(), "entries": entries}));
    }
    for entry in &chosen {
        let changed = age(place.now.epoch() - entry.updated_at());
        let summary = if entry.summary().is_empty() { "" } else { ": " };
        let text = entry.summary().lines().next().unwrap_or_default();
        let project = entry.project();
        writeln!(
            out,
            "{:6}  {} on {}{summary}{text}  ({changed} ago)",
            entry.status(),
            project.display(),
            entry.branch()
        )?;
    }
    if chosen.is_empty() {
        let none = if entries.is_empty() { "No work in progress." } else { "None matches; --all shows all." };
        writeln!(out, "{none}")?;
    }
    Ok(())
}

fn show(place: &CurrentProject, entry: &WipEntry, out: &mut impl Write) -> CliResult {
    writeln!(out, "{} on {}: {}", entry.project().display(), entry.branch(), entry.status())?;
    let text = |key: &str| entry.json().get(key).and_then(|value| value.as_str()).unwrap_or_default();
    for (name, value) in
        [("summary", entry.summary()), ("issue", text("github_issue")), ("plan", text("plan_path"))]
    {
        if !value.is_empty() {
            writeln!(out, "  {name:8} {value}")?;
        }
    }
    writeln!(out, "  time     {} in {} sessions", age(entry.total_time()), entry.sessions())?;
    writeln!(out, "  changed  {} ago", age(place.now.epoch() - entry.updated_at()))?;
    Ok(())
}

fn changed(wip: &Wip, root: &Path, branch: &str, as_json: bool, out: &mut impl Write) -> CliResult {
    let entry = wip.entry(root, branch)?;
    if as_json {
        return print_json(out, &json!({"entry": entry.as_ref().map(WipEntry::json)}));
    }
    let Some(entry) = entry else { return Ok(()) };
    let gap = if entry.summary().is_empty() { "" } else { ": " };
    writeln!(out, "{branch} is {}{gap}{}", entry.status(), entry.summary())?;
    Ok(())
}

fn clean(
    place: &CurrentProject,
    wip: &Wip,
    delete_branches: bool,
    as_json: bool,
    out: &mut impl Write,
) -> CliResult {
    let root = place.project.root();
    let mut merged = Vec::new();
    if let Some(repository) = place.project.repository() {
        let entries = wip.entries()?;
        let open = entries.iter().filter(|entry| entry.project() == root && !entry.is_done());
        let open: Vec<&str> = open.map(WipEntry::branch).collect();
        if !open.is_empty() {
            merged = wip.mark_done(root, &git::merged(repository, &open), place.now)?;
        }
    }
    let mut done = wip.entries()?;
    done.retain(WipEntry::is_done);
    let (mut deleted, mut refused) = (Vec::new(), Vec::new());
    if delete_branches {
        done.retain(|entry| match delete(&place.paths, &entry.project(), entry.branch()) {
            Ok(true) => {
                deleted.push((entry.project(), entry.branch().to_owned()));
                true
            }
            Ok(false) => true,
            Err(reason) => {
                refused.push((entry.project(), entry.branch().to_owned(), reason));
                false
            }
        });
    }
    wip.remove_done(&done)?;
    let named = |entry: &WipEntry| json!({"project": entry.project(), "branch": entry.branch()});
    if as_json {
        let deleted: Vec<_> =
            deleted.iter().map(|(project, branch)| json!({"project": project, "branch": branch})).collect();
        let refused: Vec<_> = refused
            .iter()
            .map(|(project, branch, reason)| json!({"project": project, "branch": branch, "reason": reason.to_string()}))
            .collect();
        let forgotten: Vec<_> = done.iter().map(named).collect();
        return print_json(
            out,
            &json!({"merged": merged, "forgotten": forgotten, "deleted": deleted, "refused": refused}),
        );
    }
    for branch in &merged {
        writeln!(out, "{branch} is merged.")?;
    }
    for entry in &done {
        writeln!(out, "Forgot {} on {}.", entry.project().display(), entry.branch())?;
    }
    for (project, branch) in &deleted {
        writeln!(out, "Deleted branch {branch} in {}.", project.display())?;
    }
    for (project, branch, reason) in &refused {
        writeln!(out, "Kept branch {branch} in {}: {reason}.", project.display())?;
    }
    if done.is_empty() && refused.is_empty() {
        writeln!(out, "No branch is done.")?;
    }
    Ok(())
}

/// Deletes a branch of any project, whose folder may be gone.
fn delete(paths: &Paths, project: &Path, branch: &str) -> Result<bool, git::GitError> {
    let project: PathBuf = project.to_owned();
    if !project.is_dir() {
        return Ok(false);
    }
    match Project::of_event(paths, None, &project).repository() {
        Some(repository) => git::delete_merged(repository, branch),
        None => Ok(false),
    }
}
