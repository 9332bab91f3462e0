//! The files below `.claude/hooks/` that other tools read: the session of the latest turn, in their documented
//! shapes. Each is written only when it says something new.

use std::io;
use std::path::Path;

use hooks_common::paths::in_project;
use hooks_common::projection::{Projection, ProjectionError};
use hooks_common::session_log::SessionDir;
use platform::store::{self, Durability, append, lock};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::ContinuityError;
use crate::failures::Failures;
use crate::journal::{AgentRun, Journal};
use crate::place::ContinuityPlace;
use crate::{files, journal, ledger};
use crate::{handoff, pressure};

/// A list of agents that grew beyond this, in bytes, is cut to the newest [`KEPT_AGENTS`].
const LARGEST_AGENTS: u64 = 32 * 1024;
const KEPT_AGENTS: usize = 100;
/// How much of its end is looked at for agents that stand there already, in bytes.
const AGENTS_TAIL: usize = 64 * 1024;

/// The row of what a session read, planned and started in the list of projections.
pub const PROJECTION: Projection = Projection {
    name: "session files",
    session_files: &[
        journal::JOURNAL,
        journal::JOURNAL_LOCK,
        handoff::HANDOFF,
        pressure::PRESSURE,
        pressure::REFUSALS,
    ],
    bring_up_to_date: |scope| {
        let place = ContinuityPlace::of_session(scope.paths, scope.project, scope.dir)
            .map_err(ProjectionError::new)?;
        let Some(place) = place else { return Ok(()) };
        refresh(&place, scope.dir, scope.session.full()).1.map_err(ProjectionError::new)
    },
};

/// Brings a session's journal up to date, and the project's files with it; the journal, and what failed of the files.
/// `session_id` is the host's id. Where the journal cannot be written it is as it was.
pub fn refresh(
    place: &ContinuityPlace,
    dir: &SessionDir,
    session_id: &str,
) -> (Journal, Result<(), ContinuityError>) {
    let mut failures = Failures::default();
    let settings = &place.settings.context;
    let updated = failures.note("journal", journal::update(dir, place.root(), settings, |_| ()));
    let mut journal = updated.map_or_else(|| journal::read(dir), |(journal, ())| journal);
    failures.take(show(place, &journal, session_id));
    if journal.agents_written < journal.agents_started
        && failures.note("agents", agents(place, &journal)).is_some()
    {
        let written = journal.agents_started;
        let change = |journal: &mut Journal| journal.agents_written = written.max(journal.agents_written);
        let noted = failures.note("journal", journal::update(dir, place.root(), settings, change));
        journal = noted.map_or(journal, |(journal, ())| journal);
    }
    (journal, failures.into())
}

/// Writes what a session read and started, where that differs from what stands there. A file that would tell nothing is
/// not there: a session that begins finds what the last one left gone. Keys of other tools stay.
///
/// # Errors
/// When a file cannot be written; the others are.
pub fn show(place: &ContinuityPlace, journal: &Journal, session_id: &str) -> Result<(), ContinuityError> {
    let root = place.root();
    let mut failures = Failures::default();
    let tracking = json!({
        "filesRead": journal.reads.files,
        "lastReset": journal.reads.since,
        "warningShown": journal.reads.is_warned,
        "hostSessionId": session_id,
        "lastActivity": journal.reads.last_activity,
    });
    let invoked =
        |run: &AgentRun| json!({"agent": run.name, "description": run.description, "timestamp": run.at});
    let agents = json!({
        "sessionId": journal.started_at,
        "sessionStart": journal.started_at,
        "agentsInvoked": journal.agents.iter().map(invoked).collect::<Vec<_>>(),
        "agentsSuggested": [],
        "filesModified": journal.edited.iter().map(|(file, _)| file).collect::<Vec<_>>(),
        "hostSessionId": session_id,
    });
    let saves = json!({"lastSave": journal.auto_saves.last, "saveCount": journal.auto_saves.count});
    for (file, says_something, document) in [
        (in_project::context_tracking(root), !journal.reads.files.is_empty(), tracking),
        (in_project::session_agents(root), !journal.agents.is_empty(), agents),
        (in_project::auto_save(root), journal.auto_saves.count > 0, saves),
    ] {
        failures.note("session files", show_one(place, &file, says_something, &document));
    }
    failures.into()
}

fn show_one(place: &ContinuityPlace, file: &Path, says_something: bool, document: &Value) -> io::Result<()> {
    if !says_something && !file.exists() {
        return Ok(());
    }
    place.prepare(place.root(), file)?;
    let before: Map<String, Value> = files::read(file)?;
    let mut after = before.clone();
    for (key, value) in document.as_object().into_iter().flatten() {
        if says_something {
            after.insert(key.clone(), value.clone());
        } else {
            after.remove(key);
        }
    }
    if after.is_empty() {
        return store::remove(file).map(drop);
    }
    // The last sign of life alone is no reason to replace a file.
    let without_it = |map: &Map<String, Value>| {
        let mut map = map.clone();
        map.remove("lastActivity");
        map
    };
    if without_it(&before) == without_it(&after) {
        return Ok(());
    }
    files::replace(place.root(), file, &after, Durability::Rebuildable).map(drop)
}

/// A line of `agent-invocations.jsonl`. The first four keys are the documented shape.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation<'a> {
    timestamp: &'a str,
    agent: &'a str,
    prompt: &'a str,
    session: Option<u64>,
    description: &'a str,
    outcome: &'a str,
    tool_use_id: &'a str,
    agent_id: &'a str,
}

/// Appends the agents that are not in the project's list yet.
fn agents(place: &ContinuityPlace, journal: &Journal) -> io::Result<()> {
    let new = usize::try_from(journal.agents_started - journal.agents_written).unwrap_or(usize::MAX);
    let runs = &journal.agents[journal.agents.len().saturating_sub(new)..];
    let file = in_project::agent_invocations(place.root());
    place.prepare(place.root(), &file)?;
    let _lock = place.lock(lock::CHANGE).map_err(io::Error::other)?;
    let known = store::read(&file)?.unwrap_or_default();
    let tail = String::from_utf8_lossy(&known[known.len().saturating_sub(AGENTS_TAIL)..]).into_owned();
    let stands = |id: &str| !id.is_empty() && tail.contains(&json!(id).to_string());
    let is_new = |run: &&AgentRun| !stands(&run.tool_use_id) && !stands(&run.id);
    let line = |run: &AgentRun| {
        serde_json::to_vec(&Invocation {
            timestamp: &run.at,
            agent: &run.name,
            prompt: &run.prompt,
            session: journal.number,
            description: &run.description,
            outcome: &run.outcome,
            tool_use_id: &run.tool_use_id,
            agent_id: &run.id,
        })
    };
    let lines: Result<Vec<Vec<u8>>, _> = runs.iter().filter(is_new).map(line).collect();
    let lines = lines?;
    if lines.is_empty() {
        return Ok(());
    }
    append::append_line(&file, &ledger::lock_path(place), &lines.join(&b'\n'), lock::CHANGE)?;
    if std::fs::metadata(&file)?.len() > LARGEST_AGENTS {
        let bytes = store::read(&file)?.unwrap_or_default();
        let all: Vec<&[u8]> =
            bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
        let mut kept = all[all.len().saturating_sub(KEPT_AGENTS)..].join(&b'\n');
        kept.push(b'\n');
        store::replace(&file, &kept, Durability::Rebuildable, 0o600)?;
    }
    Ok(())
}
