//! `req sync`: every projection is brought up to date.

use std::io::Write;

use continuity::mirror;
use gates::metrics;
use git::Branch;
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
    let updated = metrics_of_project(&place, &place.branch(None))?;
    let followed = files_of_project(&place)?;
    outcomes_of_project(&place)?;
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

/// Updates the journals of the project's sessions, and the project's files by the latest session. Returns their number.
fn files_of_project(place: &CurrentProject) -> CliResult<usize> {
    let Some(continuity) =
        continuity::Place::of(place.project.clone(), &place.paths).map_err(CliError::system)?
    else {
        return Ok(0);
    };
    let sessions = sessions_of_project(place);
    // The project's files show the session of the latest turn, so that one is written last.
    for (session, dir) in &sessions {
        let (_, shown) = mirror::refresh(&continuity, dir, session);
        shown
            .map_err(CliError::system)
            .with_context(|| format!("the files of session {session} cannot be updated"))?;
    }
    Ok(sessions.len())
}

/// Updates the outcomes of the project's sessions, the latest session last.
fn outcomes_of_project(place: &CurrentProject) -> CliResult {
    for (session, dir) in sessions_of_project(place) {
        let Some(session) = SessionId::new(&session) else { continue };
        guards::projection::update(&place.project, &place.paths, &dir, &session)
            .map_err(CliError::system)
            .with_context(|| format!("the outcomes of session {} cannot be updated", session.key()))?;
    }
    Ok(())
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

/// Updates the metrics of the project's sessions. Returns their number.
pub fn metrics_of_project(place: &CurrentProject, branch: &Branch) -> CliResult<usize> {
    let state = place.state();
    let mut updated = 0;
    for dir in session_log::all(&place.paths) {
        let Some(meta) = dir.meta() else { continue };
        let Some(session) = SessionId::new(&meta.session_id) else { continue };
        if is_same_dir(&meta.project_dir, place.project.root()) {
            metrics::update(&state, &dir, &session, place.project.root(), branch.name())
                .with_context(|| format!("the metrics of session {} cannot be updated", session.key()))?;
            updated += 1;
        }
    }
    Ok(updated)
}
