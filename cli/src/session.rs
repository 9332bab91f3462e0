//! The session that a command is about.

use hooks_common::owner;
use hooks_common::registry::{Registry, RegistryEntry, is_same_dir};
use hooks_common::session_id::{SessionId, SessionKey};
use hooks_common::session_log::{self, LoggedEvent, Records};
use platform::env_vars;
use platform::store::lock;
use platform::time::age;

use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context, note};

/// The session that was named, else the one whose Bash tool or hook runs this command, else the one whose client is an
/// ancestor process, else the only live one of the project.
pub fn find(place: &CurrentProject, named: Option<&str>) -> CliResult<SessionKey> {
    if let Some(named) = named {
        return SessionKey::new(named).with_context(|| format!("{named:?} is not a session id"));
    }
    let from_environment = [env_vars::CLAUDE_CODE_SESSION_ID, env_vars::CLAUDE_SESSION_ID]
        .into_iter()
        .find_map(|name| SessionKey::new(&env_vars::get(name)?));
    if let Some(key) = from_environment {
        return Ok(key);
    }
    let live = Registry::new(&place.paths).live(None);
    for ancestor in owner::ancestors() {
        if let Some((key, _)) = live.iter().find(|(_, entry)| entry.ppid == i64::from(ancestor.pid)) {
            return Ok(key.clone());
        }
    }
    let here: Vec<_> =
        live.iter().filter(|(_, entry)| is_same_dir(&entry.project_dir, place.project.root())).collect();
    match here.as_slice() {
        [(key, _)] => Ok(key.clone()),
        [] => Err(CliError::user("no session is live in this project").next(candidates(place, &live))),
        _ => Err(CliError::user("several sessions are live in this project").next(candidates(place, &live))),
    }
}

/// The session, or `None` when none was named and none is found.
pub fn find_if_any(place: &CurrentProject, named: Option<&str>) -> CliResult<Option<SessionKey>> {
    match find(place, named) {
        Ok(key) => Ok(Some(key)),
        Err(error) if named.is_some() => Err(error),
        Err(_) => Ok(None),
    }
}

fn candidates(place: &CurrentProject, live: &[(SessionKey, RegistryEntry)]) -> String {
    let now = place.now.epoch();
    let line = |(key, entry): &(SessionKey, RegistryEntry)| {
        let project = entry.project_dir.display();
        format!(
            "\n  --session {key}   {project} on {}, active {} ago",
            entry.branch,
            age(now - last_activity(place, key, entry))
        )
    };
    let lines: String = live.iter().map(line).collect();
    format!("name one with --session{lines}")
}

/// Records in the session's log what a command did, so that `why` and `replay` can explain later decisions. A session
/// without a log gets no record. `fill` adds the domains' parts.
pub fn record(
    place: &CurrentProject,
    session: &SessionKey,
    name: &str,
    reason: &str,
    fill: impl Fn(&mut Records),
) {
    for (id, dir) in session_log::with_key(&place.paths, session) {
        let mut event = LoggedEvent { reason: reason.to_owned(), ..LoggedEvent::of_command(&id, name) };
        fill(&mut event.records);
        if dir.append(&event, lock::PATIENT).is_err() {
            note(format_args!("the log of session {session} cannot be written"));
        }
    }
}

/// The full ids with this short form.
pub fn full_ids(place: &CurrentProject, session: &SessionKey) -> Vec<(SessionId, session_log::SessionDir)> {
    session_log::with_key(&place.paths, session)
}

/// When a session was last active, in seconds since 1970: its log grows with everything it does.
pub fn last_activity(place: &CurrentProject, session: &SessionKey, entry: &RegistryEntry) -> i64 {
    let of_log = |dir: &session_log::SessionDir| {
        let changed = std::fs::metadata(dir.events()).and_then(|meta| meta.modified()).ok()?;
        let since = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    };
    let logs = session_log::with_key(&place.paths, session);
    logs.iter().filter_map(|(_, dir)| of_log(dir)).max().unwrap_or(0).max(entry.last_active)
}

/// Prints a note when no session of this name was ever recorded: most likely the name is mistyped.
pub fn warn_if_unknown(place: &CurrentProject, session: &SessionKey) {
    let is_registered = Registry::new(&place.paths).entries().contains_key(session);
    if !is_registered && full_ids(place, session).is_empty() {
        note(format_args!("session {session} was never seen on this machine"));
    }
}
