//! `req sync`: every projection up to date at once.

use std::io::Write;

use anyhow::Context;
use continuity::mirror;
use gates::metrics;
use git::Branch;
use hooks_common::registry::{Registry, is_same_dir};
use hooks_common::session_id::SessionId;
use hooks_common::session_log::{self, SessionDir};
use platform::store::lock;
use serde_json::json;

use super::json as print_json;
use crate::cli::Json;
use crate::place::Place;

/// Brings the registry and the metrics of the project's sessions up to date.
pub fn run(arguments: &Json, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let removed = Registry::new(&place.paths).clean(lock::PATIENT).context("the registry")?;
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
        "Removed {removed} dead sessions from the registry; the metrics and files of {updated} sessions are up to date."
    )?;
    Ok(())
}

/// Brings the journals of the project's sessions up to date, and its files with the one that was heard of last; how
/// many there are.
fn files_of_project(place: &Place) -> anyhow::Result<usize> {
    let Some(continuity) =
        continuity::Place::of(place.project.clone(), &place.paths).map_err(anyhow::Error::msg)?
    else {
        return Ok(0);
    };
    let sessions = sessions_of_project(place);
    // The one of the latest turn is shown last, and stays.
    for (session, dir) in &sessions {
        let (_, shown) = mirror::refresh(&continuity, dir, session);
        shown.map_err(anyhow::Error::msg).with_context(|| format!("the files of session {session}"))?;
    }
    Ok(sessions.len())
}

/// Brings up to date what the project's sessions ran and what failed, the session that was heard of last being the last.
fn outcomes_of_project(place: &Place) -> anyhow::Result<()> {
    for (session, dir) in sessions_of_project(place) {
        let Some(session) = SessionId::new(&session) else { continue };
        guards::projection::update(&place.project, &place.paths, &dir, &session)
            .map_err(anyhow::Error::msg)
            .with_context(|| format!("the outcomes of session {}", session.key()))?;
    }
    Ok(())
}

/// The project's sessions, the one that was heard of last at the end.
fn sessions_of_project(place: &Place) -> Vec<(String, SessionDir)> {
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

/// Brings the metrics of the project's sessions up to date; how many there are.
pub fn metrics_of_project(place: &Place, branch: &Branch) -> anyhow::Result<usize> {
    let state = place.state();
    let mut updated = 0;
    for dir in session_log::all(&place.paths) {
        let Some(meta) = dir.meta() else { continue };
        let Some(session) = SessionId::new(&meta.session_id) else { continue };
        if is_same_dir(&meta.project_dir, place.project.root()) {
            metrics::update(&state, &dir, &session, place.project.root(), branch.name())
                .with_context(|| format!("the metrics of session {}", session.key()))?;
            updated += 1;
        }
    }
    Ok(updated)
}
