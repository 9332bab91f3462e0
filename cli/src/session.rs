//! Which session a command is about.

use anyhow::{Context, bail};
use hooks_common::owner;
use hooks_common::registry::{Entry, Registry, is_same_dir};
use hooks_common::session_id::{SessionId, SessionKey};
use hooks_common::session_log::{self, GateRecord, GuardRecord, LoggedEvent};
use platform::env_vars;
use platform::store::lock;
use platform::time::age;

use crate::place::Place;

/// The session: the one named, else the one whose Bash tool or hook runs this command, else the one whose
/// client is an ancestor, else the only live one of the project.
pub fn find(place: &Place, named: Option<&str>) -> anyhow::Result<SessionKey> {
    if let Some(named) = named {
        return SessionKey::new(named).with_context(|| format!("{named:?} is no session id"));
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
        [] => {
            bail!("no session is live in this project; name one with --session{}", candidates(place, &live))
        }
        _ => bail!("several sessions are live here; name one with --session{}", candidates(place, &live)),
    }
}

/// The session if there is one to find; status works without.
pub fn find_if_any(place: &Place, named: Option<&str>) -> anyhow::Result<Option<SessionKey>> {
    match find(place, named) {
        Ok(key) => Ok(Some(key)),
        Err(error) if named.is_some() => Err(error),
        Err(_) => Ok(None),
    }
}

fn candidates(place: &Place, live: &[(SessionKey, Entry)]) -> String {
    let now = place.now.epoch();
    let line = |(key, entry): &(SessionKey, Entry)| {
        let project = entry.project_dir.display();
        format!(
            "\n  --session {key}   {project} on {}, active {} ago",
            entry.branch,
            age(now - last_activity(place, key, entry))
        )
    };
    live.iter().map(line).collect()
}

/// Records in the session's log what a command did, so that its decisions can be explained later. A session
/// without a log has nobody to explain to.
pub fn record(place: &Place, session: &SessionKey, name: &str, gates: &GateRecord) {
    record_with(place, session, name, gates, &[], "");
}

/// The same, with what it did about guards and why.
pub fn record_with(
    place: &Place,
    session: &SessionKey,
    name: &str,
    gates: &GateRecord,
    guards: &[GuardRecord],
    reason: &str,
) {
    for (id, dir) in session_log::with_key(&place.paths, session) {
        let event = LoggedEvent {
            guards: guards.to_vec(),
            reason: reason.to_owned(),
            ..LoggedEvent::of_command(&id, name, gates.clone())
        };
        if dir.append(&event, lock::PATIENT).is_err() {
            eprintln!("req: note: the log of session {session} could not be written");
        }
    }
}

/// The full ids with this short form.
pub fn full_ids(place: &Place, session: &SessionKey) -> Vec<(SessionId, session_log::SessionDir)> {
    session_log::with_key(&place.paths, session)
}

/// Seconds since 1970 of the last sign of a session: its log grows with everything it does.
pub fn last_activity(place: &Place, session: &SessionKey, entry: &Entry) -> i64 {
    let of_log = |dir: &session_log::SessionDir| {
        let changed = std::fs::metadata(dir.events()).and_then(|meta| meta.modified()).ok()?;
        let since = changed.duration_since(std::time::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    };
    let logs = session_log::with_key(&place.paths, session);
    logs.iter().filter_map(|(_, dir)| of_log(dir)).max().unwrap_or(0).max(entry.last_active)
}

/// Says so when nobody ever saw a session of this name: most likely it was mistyped.
pub fn warn_if_unknown(place: &Place, session: &SessionKey) {
    let is_registered = Registry::new(&place.paths).entries().contains_key(session);
    if !is_registered && full_ids(place, session).is_empty() {
        eprintln!("req: note: no session {session} was ever seen on this machine");
    }
}
