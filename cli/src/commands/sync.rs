//! `req sync`: every projection is brought up to date.

use std::io::Write;

use git::Branch;
use hooks_common::projection::ProjectionScope;
use hooks_common::registry::{Registry, is_same_dir};
use hooks_common::session_id::SessionId;
use hooks_common::session_log::{self, SessionDir};
use platform::store::lock;
use serde_json::json;

use super::{counted, json as print_json};
use crate::cli::JsonArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context};

/// Updates the registry and the projections of the project's sessions.
pub fn run(arguments: &JsonArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let removed =
        Registry::new(&place.paths).clean(lock::PATIENT).context("the registry cannot be cleaned")?;
    let updated = of_project(&place, &place.branch(None))?;
    let has_files = continuity::ContinuityPlace::of(place.project.clone(), &place.paths)
        .map_err(CliError::system)?
        .is_some();
    let followed = if has_files { updated } else { 0 };
    if arguments.json {
        let counts =
            json!({"registry_removed": removed, "metrics_updated": updated, "session_files": followed});
        return print_json(out, &counts);
    }
    writeln!(
        out,
        "Removed {} from the registry; the metrics and files of {} are up to date.",
        counted(removed, "ended session"),
        counted(updated, "session")
    )?;
    Ok(())
}

/// Brings every projection of the project's sessions up to date. Returns how many sessions there are. The project's files
/// show the session of the latest turn, so that one comes last.
pub fn of_project(place: &CurrentProject, branch: &Branch) -> CliResult<usize> {
    let mut updated = 0;
    for (session, dir) in sessions_of_project(place) {
        let Some(session) = SessionId::new(&session) else { continue };
        let scope = ProjectionScope::new(&place.paths, &place.project, branch, &session, &dir);
        projections::of_session(&scope).map_err(|(name, error)| {
            CliError::system(format_args!(
                "the {name} of session {} cannot be updated: {error}",
                session.key()
            ))
        })?;
        updated += 1;
    }
    Ok(updated)
}

/// The project's sessions, the latest last.
fn sessions_of_project(place: &CurrentProject) -> Vec<(String, SessionDir)> {
    let mut sessions = Vec::new();
    for dir in session_log::all(&place.paths) {
        let Some(meta) = dir.meta().filter(|meta| is_same_dir(&meta.project_dir, place.project.root()))
        else {
            continue;
        };
        let changed = std::fs::metadata(dir.events()).and_then(|meta| meta.modified());
        sessions.push((changed.unwrap_or(std::time::UNIX_EPOCH), meta.session_id, dir));
    }
    sessions.sort_by_key(|(changed, ..)| *changed);
    sessions.into_iter().map(|(_, session, dir)| (session, dir)).collect()
}
