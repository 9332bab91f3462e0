//! `req sessions`: the live sessions, where each works and what it is doing.

mod compare;
mod parting;

use std::io::Write;

use hooks_common::paths::Paths;
use hooks_common::registry::{Living, Registry, is_same_dir};
use hooks_common::session_id::SessionKey;
use hooks_common::session_log;
use platform::process;
use platform::store::lock;
use platform::time::{Moment, age};
use serde_json::{Value, json};
use sessions::SessionState;
use sessions::derived::DerivedSession;
use sessions::machine::WaitKind;
use sessions::record::millis;

use super::timeline::shortened;
use super::{counted, json as print_json};
use crate::cli::SessionsArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context, note};
use crate::overview::Overview;

/// Updates the registry, then lists the sessions.
pub fn run(arguments: &SessionsArgs, out: &mut impl Write) -> CliResult {
    if arguments.compare_legacy {
        return compare::compare(arguments.json.json, out);
    }
    let place = CurrentProject::here()?;
    let mut overview = Overview::new(place.paths.clone());
    let state = overview.derive(place.now);
    session_log::can_list(&place.paths)
        .with_context(|| format!("{} cannot be read", place.paths.sessions_dir().display()))?;
    if let Err(error) = settle_registry(&place.paths, &state.sessions) {
        note(format_args!("the registry cannot be updated: {error}"));
    }
    let root = place.project.root();
    let is_shown = |session: &&DerivedSession| {
        let is_here = !arguments.project || is_same_dir(&session.project_dir, root);
        is_here && (arguments.all || is_present(session))
    };
    let mut shown: Vec<&DerivedSession> = state.sessions.iter().filter(is_shown).collect();
    shown.sort_by_key(|session| (session.project_dir.clone(), std::cmp::Reverse(session.updated_at.clone())));
    if arguments.json.json {
        let rows: Vec<Value> = shown.into_iter().map(row).collect();
        return print_json(out, &json!({"sessions": rows}));
    }
    if shown.is_empty() {
        let here = if arguments.project { " in this project" } else { "" };
        writeln!(out, "No session is live{here}.")?;
        return Ok(());
    }
    table(&shown, place.now, out)
}

/// Whether the session has not ended, as far as can be determined.
pub fn is_present(session: &DerivedSession) -> bool {
    session.ended.is_none() && (session.liveness == "live" || session.display_state != SessionState::Idle)
}

/// A session as JSON: the fields of `derived-state.json`, and the older fields of this command.
fn row(session: &DerivedSession) -> Value {
    let mut row = serde_json::to_value(session).unwrap_or_default();
    row["ppid"] = session.owner.as_ref().map_or(0, |owner| owner.pid).into();
    row["started_at"] = (millis(&session.created_at) / 1_000).into();
    row["last_active"] = (session.updated_at.as_deref().map_or(0, millis) / 1_000).into();
    row
}

/// Adds the live sessions that the registry lacks and removes those that ended.
pub fn settle_registry(paths: &Paths, sessions: &[DerivedSession]) -> CliResult {
    let mut living = Vec::new();
    let mut over = Vec::new();
    for session in sessions {
        let Some(key) = SessionKey::new(&session.session_id) else { continue };
        match &session.owner {
            Some(owner) if session.liveness == "live" => living.push(Living {
                key,
                project: session.project_dir.clone(),
                branch: session.branch.clone().unwrap_or_default(),
                pid: owner.pid,
                start_raw: process::look_up(owner.pid)
                    .ok()
                    .flatten()
                    .map(|owner| owner.start_raw.to_string()),
                started_at: millis(&session.created_at) / 1_000,
                last_active: session.updated_at.as_deref().map_or(0, millis) / 1_000,
            }),
            _ if session.ended.is_some() => over.push(key),
            _ => {}
        }
    }
    Registry::new(paths).settle(&living, &over, lock::PATIENT)?;
    Ok(())
}

fn table(sessions: &[&DerivedSession], now: Moment, out: &mut impl Write) -> CliResult {
    writeln!(
        out,
        "{:<9} {:<11} {:>5}  {:<22} {:>4} {:>5}  {:>6}  PROJECT",
        "SESSION", "STATE", "SINCE", "BRANCH", "OPEN", "CTX", "ACTIVE"
    )?;
    for session in sessions {
        let since = |time: &Option<String>| {
            let at = time.as_deref().map_or(0, millis);
            if at == 0 { "-".to_owned() } else { age((now.wall.timestamp_millis() - at) / 1_000) }
        };
        let branch = session.branch.as_deref().unwrap_or("-");
        let open = session.open_requirements.len();
        writeln!(
            out,
            "{:<9} {:<11} {:>5}  {:<22} {:>4} {:>5}  {:>6}  {}{}",
            session.id,
            session.display_state.name(),
            since(&session.state_changed_at),
            shortened(branch, 22),
            if open == 0 { "-".to_owned() } else { open.to_string() },
            session.context_percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.0}%")),
            since(&session.updated_at),
            shortened(&session.project_dir.to_string_lossy(), 120),
            remark(session).map(|remark| format!("  ({remark})")).unwrap_or_default(),
        )?;
    }
    Ok(())
}

/// What a person should know besides the state.
pub fn remark(session: &DerivedSession) -> Option<String> {
    if let Some(ended) = &session.ended {
        return Some(match ended.reason.as_str() {
            "pid_dead" => "its client has ended".to_owned(),
            "superseded" => "its client runs another session now".to_owned(),
            "" => "ended".to_owned(),
            reason => format!("ended: {}", super::timeline::plain(reason)),
        });
    }
    if let Some(pending) = &session.pending {
        let tool = super::timeline::plain(&pending.tool_name);
        let what = match pending.kind {
            WaitKind::Permission => "permission",
            WaitKind::Question => "question",
            WaitKind::Form => "form",
            WaitKind::Unnamed => "your answer",
        };
        return Some(if tool.is_empty() { what.to_owned() } else { format!("{what}: {tool}") });
    }
    if let Some(error) = session.error.as_ref().filter(|_| session.display_state == SessionState::Ready) {
        return Some(format!("failed: {}", super::timeline::plain(error)));
    }
    if session.subagents_active > 0 {
        return Some(counted(session.subagents_active, "subagent"));
    }
    if session.background_tasks > 0 {
        return Some(counted(session.background_tasks as usize, "background task"));
    }
    (session.liveness == "unknown").then(|| "its client cannot be checked".to_owned())
}
