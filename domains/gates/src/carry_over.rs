//! What a session inherits after `/clear`: the satisfactions of the session that has just ended.

use std::collections::BTreeSet;

use config::types::{CarryOver, Kind};
use hooks_common::paths::Paths;
use hooks_common::registry::Registry;
use hooks_common::requirements::{BranchState, Satisfaction, StateError, transaction};
use hooks_common::session_id::SessionKey;
use platform::store::lock;
use serde_json::{Map, Value};

use crate::context::Gates;

/// Gives `session` the satisfactions of its configured scopes that a session which no longer lives got within
/// the window, each from the most recent one. A session of the same client counts as ended: the client left
/// it. Returns the names.
///
/// # Errors
/// When the state cannot be changed.
pub fn carry_over(
    gates: &Gates,
    settings: &CarryOver,
    session: &SessionKey,
    client: Option<u32>,
    paths: &Paths,
    project: &std::path::Path,
) -> Result<Vec<String>, StateError> {
    if !settings.enabled {
        return Ok(Vec::new());
    }
    let lives_elsewhere = |pid: i64| client.is_none_or(|client| i64::from(client) != pid);
    let live: BTreeSet<SessionKey> = Registry::new(paths)
        .live(None)
        .into_iter()
        .filter(|(key, entry)| key != session && lives_elsewhere(entry.ppid))
        .map(|(key, _)| key)
        .collect();
    let rules = gates.policy.rules().unwrap_or_default();
    let inherited: Vec<_> = rules
        .iter()
        .filter(|rule| {
            settings.scopes.contains(&rule.requirement.scope)
                && rule.requirement.scope.is_per_session()
                && rule.requirement.kind == Kind::Blocking
        })
        .filter(|rule| !gates.is_given(rule))
        .filter_map(|rule| {
            let source =
                latest(&gates.state, &rule.name, session, &live, gates.now, settings.window_seconds)?;
            Some((rule, source))
        })
        .collect();
    if inherited.is_empty() {
        return Ok(Vec::new());
    }
    transaction(&gates.dir, &gates.branch, project, gates.now, lock::CHANGE, |changes| {
        for (rule, source) in &inherited {
            let how = Satisfaction {
                by: "carry_over",
                expires_at: source.expires_at,
                metadata: Map::from_iter([
                    ("carried_from".to_owned(), source.session.as_str().into()),
                    ("original_satisfied_at".to_owned(), source.satisfied_at.into()),
                    ("original_satisfied_by".to_owned(), source.satisfied_by.clone()),
                    ("carry_over_window".to_owned(), settings.window_seconds.into()),
                ]),
            };
            changes.satisfy(&rule.name, rule.requirement.scope, Some(session), &how);
        }
    })?;
    Ok(inherited.into_iter().map(|(rule, _)| rule.name.clone()).collect())
}

struct Source {
    session: SessionKey,
    satisfied_at: i64,
    satisfied_by: Value,
    expires_at: Option<i64>,
}

fn latest(
    state: &BranchState,
    name: &str,
    mine: &SessionKey,
    live: &BTreeSet<SessionKey>,
    now: i64,
    window: u32,
) -> Option<Source> {
    let time = |entry: &Map<String, Value>, key: &str| entry.get(key).and_then(Value::as_f64).unwrap_or(0.0);
    state
        .sessions_of(name)
        .into_iter()
        .filter_map(|(id, entry)| Some((SessionKey::new(id)?, entry)))
        .filter(|(key, entry)| {
            key != mine
                && !live.contains(key)
                && entry.get("satisfied").and_then(Value::as_bool) == Some(true)
        })
        .map(|(session, entry)| Source {
            session,
            satisfied_at: time(entry, "satisfied_at") as i64,
            satisfied_by: entry.get("satisfied_by").cloned().unwrap_or_default(),
            expires_at: Some(time(entry, "expires_at") as i64).filter(|at| *at > 0),
        })
        .filter(|source| source.satisfied_at >= now - i64::from(window))
        .filter(|source| source.expires_at.is_none_or(|expires| now <= expires))
        .max_by_key(|source| source.satisfied_at)
}
