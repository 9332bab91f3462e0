//! `requirements/sessions/<key>.json`: what a session did, in numbers, in the shape that other tools read.
//!
//! It is a projection of the session's log, brought up to date when a turn begins or ends. It remembers how
//! far it has read; deleting it loses nothing.

use crate::record::GateRecord;
use std::collections::BTreeMap;
use std::path::Path;

use hooks_common::decision::{Outcome, RecordedState};
use hooks_common::paths::StateDir;
use hooks_common::projection::{Projection, ProjectionError, ProjectionScope};
use hooks_common::session_id::{SessionId, SessionKey};
use hooks_common::session_log::{Cursor, LoggedEvent, SessionDir};
use platform::store::{self, Durability, lock};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// How many of each are kept.
const MOST_FILES: usize = 50;
const MOST_COMMANDS: usize = 30;
const MOST_NAMED: usize = 50;
const MOST_ERRORS: usize = 100;

/// The row of the metrics in the list of projections.
pub const PROJECTION: Projection =
    Projection { name: "metrics", session_files: &[], bring_up_to_date: project };

/// Only projects with a configuration keep metrics, and a session that ends without any gets none.
fn project(scope: &ProjectionScope<'_>) -> Result<(), ProjectionError> {
    let state = scope.project.state();
    if !scope.project.is_configured() || scope.is_ending && !state.metrics(scope.session.key()).exists() {
        return Ok(());
    }
    let root = scope.project.root();
    update(&state, scope.dir, scope.session, root, scope.branch.name()).map_err(ProjectionError::new)
}

/// Folds what is new in a session's log into its metrics.
///
/// # Errors
/// When the log cannot be read or the file not be written.
pub fn update(
    state: &StateDir,
    dir: &SessionDir,
    session: &SessionId,
    root: &Path,
    branch: &str,
) -> std::io::Result<()> {
    if !dir.events().exists() {
        return Ok(());
    }
    store::create_dir(&state.metrics_dir())?;
    let Ok(_lock) = lock::exclusive(&state.metrics_lock(session.key()), lock::HOT) else { return Ok(()) };
    let path = state.metrics(session.key());
    let stored = read(&path);
    let cursor = stored.as_ref().and_then(|metrics| metrics.get("projection"));
    let cursor: Cursor = cursor.and_then(|cursor| Cursor::deserialize(cursor).ok()).unwrap_or_default();
    let Some(news) = cursor.news(dir)? else { return Ok(()) };
    let mut metrics =
        stored.filter(|_| news.is_continued).unwrap_or_else(|| empty(session.key(), root, branch));
    for event in &news.events {
        fold(&mut metrics, event, root);
    }
    metrics.insert("projection".into(), serde_json::to_value(news.cursor)?);
    let text = serde_json::to_vec_pretty(&metrics)?;
    store::replace(&path, &text, Durability::Rebuildable, 0o644)
}

/// The requirements that the session was told of lately, as far as the metrics know: `reminded` by a prompt, or
/// `warned` at the end of a turn.
pub fn remembered(state: &StateDir, session: &SessionKey, key: &str) -> Vec<String> {
    let metrics = read(&state.metrics(session));
    metrics.and_then(|metrics| serde_json::from_value(metrics.get(key)?.clone()).ok()).unwrap_or_default()
}

/// A session's metrics as they are on disk.
pub fn read(path: &Path) -> Option<Map<String, Value>> {
    serde_json::from_slice(&store::read(path).ok()??).ok()
}

/// What requirements in mode `observe` and `warn` would have refused, over all sessions of a repository.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Observed {
    /// How often.
    pub count: u64,
    /// In how many sessions.
    pub sessions: u64,
    /// When last, seconds since 1970.
    pub last_at: i64,
}

/// What was observed, by requirement.
pub fn observed(state: &StateDir) -> BTreeMap<String, Observed> {
    let mut all: BTreeMap<String, Observed> = BTreeMap::new();
    let entries = std::fs::read_dir(state.metrics_dir()).into_iter().flatten().flatten();
    for path in
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "json"))
    {
        let Some(metrics) = read(&path) else { continue };
        let requirements = metrics.get("requirements").and_then(Value::as_object);
        for (name, entry) in requirements.into_iter().flatten() {
            let Some(count) = entry.get("observed_count").and_then(Value::as_u64).filter(|count| *count > 0)
            else {
                continue;
            };
            let observed = all.entry(name.clone()).or_default();
            observed.count += count;
            observed.sessions += 1;
            observed.last_at =
                observed.last_at.max(entry.get("observed_at").and_then(Value::as_i64).unwrap_or(0));
        }
    }
    all
}

fn empty(session: &SessionKey, root: &Path, branch: &str) -> Map<String, Value> {
    let document = json!({
        "version": "1.0", "session_id": session.as_str(), "project_dir": root, "branch": branch,
        "started_at": null, "ended_at": null, "duration_seconds": null, "compaction_count": 0,
        "tools": {}, "requirements": {}, "errors": [],
        "git": {"commits": [], "files_changed": 0, "lines_added": 0, "lines_removed": 0},
        "skills": [], "commands": [], "agents": [],
        "learnings": {"patterns_detected": [], "improvements_made": [], "user_feedback": null},
    });
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn fold(metrics: &mut Map<String, Value>, event: &LoggedEvent, root: &Path) {
    let at = event.epoch();
    if metrics.get("started_at").is_none_or(Value::is_null) {
        metrics.insert("started_at".into(), at.into());
    }
    match event.event.as_str() {
        "PreToolUse" => tool_use(metrics, event, root),
        "UserPromptSubmit" => count(tool(metrics, "UserPrompt"), "count"),
        "PostToolUse" | "UserPromptExpansion" if !event.skill.is_empty() => {
            push(metrics, "skills", json!({"name": event.skill, "timestamp": at}), MOST_NAMED);
        }
        "PostToolUseFailure" => {
            let kind = if event.is_interrupt { "interrupted" } else { "tool_failure" };
            let error = json!({"type": kind, "message": null, "tool": event.tool_name, "requirement": null, "timestamp": at});
            push(metrics, "errors", error, MOST_ERRORS);
        }
        "PermissionRequest" if Outcome::of(&event.records) == Outcome::Deny => {
            let entry = tool(metrics, "PermissionDenied");
            count(entry, "count");
            count(entry, "blocked_count");
        }
        "PreCompact" => {
            // Clients have called it by three names.
            let trigger = [&event.trigger, &event.source].into_iter().find(|name| !name.is_empty());
            count(tool(metrics, &format!("Compact:{}", trigger.map_or("unknown", String::as_str))), "count");
            count(metrics, "compaction_count");
        }
        "SubagentStart" => {
            count(tool(metrics, &format!("SubagentStart:{}", event.agent_type)), "count");
            push(metrics, "agents", json!({"name": event.agent_type, "timestamp": at}), MOST_NAMED);
        }
        "TeammateIdle" | "TaskCompleted" => {
            push(
                metrics,
                "agents",
                json!({"name": format!("team:{}", event.event), "timestamp": at}),
                MOST_NAMED,
            );
        }
        "SessionStart" => {
            metrics.insert("ended_at".into(), Value::Null);
            metrics.insert("duration_seconds".into(), Value::Null);
        }
        "SessionEnd" => {
            let started = metrics.get("started_at").and_then(Value::as_i64).unwrap_or(at);
            metrics.insert("ended_at".into(), at.into());
            metrics.insert("duration_seconds".into(), (at - started).max(0).into());
        }
        _ => {}
    }
    let Some(gates) = event.record::<GateRecord>() else { return };
    for name in &gates.triggered {
        first(requirement(metrics, name), "triggered_at", at);
    }
    for name in &gates.satisfied {
        let entry = requirement(metrics, name);
        let since = entry.get("triggered_at").and_then(Value::as_i64);
        entry.insert("satisfied_at".into(), at.into());
        entry.insert("satisfied_by".into(), gates.satisfied_by.clone().into());
        entry.insert(
            "time_to_satisfy_seconds".into(),
            since.map_or(Value::Null, |since| (at - since).max(0).into()),
        );
    }
    let is_observed =
        |(_, state): &&(String, _)| matches!(state, RecordedState::Observed | RecordedState::Warned);
    for (name, _) in gates.asked.iter().filter(is_observed) {
        let entry = requirement(metrics, name);
        count(entry, "observed_count");
        entry.insert("observed_at".into(), at.into());
    }
    if !gates.reminded.is_empty() {
        metrics.insert("reminded".into(), gates.reminded.clone().into());
    }
    if event.event == "Stop" {
        metrics.insert("warned".into(), gates.warned.clone().into());
    }
}

/// One use of a tool is one use, however many requirements refused it.
fn tool_use(metrics: &mut Map<String, Value>, event: &LoggedEvent, root: &Path) {
    let at = event.epoch();
    let blocked = Outcome::of(&event.records).is_refusal();
    let entry = tool(metrics, &event.tool_name);
    count(entry, "count");
    if blocked {
        count(entry, "blocked_count");
    }
    if !event.file_path.is_empty() {
        let file = Path::new(&event.file_path);
        let shown = file.strip_prefix(root).unwrap_or(file).to_string_lossy().into_owned();
        push_unique(entry, "files", &shown, MOST_FILES);
    }
    if !event.command.is_empty() {
        push_unique(entry, "commands", &event.command, MOST_COMMANDS);
    }
    for (name, state) in event.record::<GateRecord>().into_iter().flat_map(|gates| gates.asked) {
        if state == RecordedState::Open {
            let entry = requirement(metrics, &name);
            first(entry, "triggered_at", at);
            count(entry, "blocked_count");
        }
    }
}

fn tool<'a>(metrics: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    child(metrics, "tools", name, || json!({"count": 0, "blocked_count": 0, "files": [], "commands": []}))
}

fn requirement<'a>(metrics: &'a mut Map<String, Value>, name: &str) -> &'a mut Map<String, Value> {
    child(
        metrics,
        "requirements",
        name,
        || json!({"triggered_at": null, "blocked_count": 0, "satisfied_at": null, "satisfied_by": null, "time_to_satisfy_seconds": null}),
    )
}

fn child<'a>(
    metrics: &'a mut Map<String, Value>,
    group: &str,
    name: &str,
    fresh: impl FnOnce() -> Value,
) -> &'a mut Map<String, Value> {
    let group = as_object(metrics.entry(group).or_insert_with(|| json!({})));
    as_object(group.entry(name).or_insert_with(fresh))
}

/// The object a value is, made one if it is not.
fn as_object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made an object above"),
    }
}

fn count(entry: &mut Map<String, Value>, key: &str) {
    let so_far = entry.get(key).and_then(Value::as_u64).unwrap_or(0);
    entry.insert(key.into(), (so_far + 1).into());
}

fn first(entry: &mut Map<String, Value>, key: &str, at: i64) {
    if entry.get(key).is_none_or(Value::is_null) {
        entry.insert(key.into(), at.into());
    }
}

fn list<'a>(entry: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Vec<Value>> {
    entry.entry(key).or_insert_with(|| json!([])).as_array_mut()
}

fn push(entry: &mut Map<String, Value>, key: &str, value: Value, most: usize) {
    if let Some(list) = list(entry, key) {
        list.push(value);
        let surplus = list.len().saturating_sub(most);
        list.drain(..surplus);
    }
}

fn push_unique(entry: &mut Map<String, Value>, key: &str, text: &str, most: usize) {
    if let Some(list) = list(entry, key) {
        list.retain(|known| known.as_str() != Some(text));
    }
    push(entry, key, text.into(), most);
}
