//! The files below `.claude/hooks/` that other tools read: the session of the latest turn, in their documented
//! shapes. Each is written only when it says something new.

use std::io;

use hooks_common::paths::in_project;
use hooks_common::session_log::SessionDir;
use hooks_common::store::{self, Durability, append, lock};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::journal::{AgentRun, Journal};
use crate::place::Place;
use crate::{files, journal, ledger};

/// A list of agents that grew beyond this, in bytes, is cut to the newest [`KEPT_AGENTS`].
const LARGEST_AGENTS: u64 = 32 * 1024;
const KEPT_AGENTS: usize = 100;
/// How much of its end is looked at for agents that stand there already, in bytes.
const AGENTS_TAIL: usize = 64 * 1024;

/// `.context-tracking-state.json`. The first three keys are the documented shape.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Tracking<'a> {
    files_read: &'a [String],
    last_reset: i64,
    warning_shown: bool,
    last_activity: i64,
    host_session_id: &'a str,
}

/// Brings a session's journal up to date, and the project's files with it. `session_id` is the host's id.
///
/// # Errors
/// When the log cannot be read or a file not be written.
pub fn refresh(place: &Place, dir: &SessionDir, session_id: &str) -> io::Result<Journal> {
    let (mut journal, ()) = journal::update(dir, place.root(), &place.settings.context, |_| ())?;
    show(place, &journal, session_id)?;
    if journal.agents_written < journal.agents_started {
        agents(place, &journal)?;
        let written = journal.agents_started;
        let settings = &place.settings.context;
        let change = |journal: &mut Journal| journal.agents_written = written.max(journal.agents_written);
        (journal, ()) = journal::update(dir, place.root(), settings, change)?;
    }
    Ok(journal)
}

/// Writes what a session read and started, where that differs from what stands there.
///
/// # Errors
/// When a file cannot be written.
pub fn show(place: &Place, journal: &Journal, session_id: &str) -> io::Result<()> {
    let root = place.root();
    let tracking = Tracking {
        files_read: &journal.reads.files,
        last_reset: journal.reads.since,
        warning_shown: journal.reads.is_warned,
        last_activity: journal.reads.files.last().map_or(0, |_| journal.reads.last_activity),
        host_session_id: session_id,
    };
    let file = in_project::context_tracking(root);
    if journal.reads.files.is_empty() {
        forget(root, &file)?;
    } else if !is_shown(&file, &tracking) {
        files::replace(root, &file, &tracking, Durability::Rebuildable)?;
    }
    let file = in_project::session_agents(root);
    if journal.agents.is_empty() {
        forget(root, &file)?;
    } else {
        let invoked =
            |run: &AgentRun| json!({"agent": run.name, "description": run.description, "timestamp": run.at});
        let document = json!({
            "sessionId": journal.started_at,
            "sessionStart": journal.started_at,
            "agentsInvoked": journal.agents.iter().map(invoked).collect::<Vec<_>>(),
            "agentsSuggested": [],
            "filesModified": journal.edited.iter().map(|(file, _)| file).collect::<Vec<_>>(),
            "hostSessionId": session_id,
        });
        files::replace(root, &file, &document, Durability::Rebuildable)?;
    }
    let file = in_project::auto_save(root);
    let saves = json!({"lastSave": journal.auto_saves.last, "saveCount": journal.auto_saves.count});
    if journal.auto_saves.count == 0 {
        forget(root, &file)
    } else {
        files::replace(root, &file, &saves, Durability::Rebuildable).map(drop)
    }
}

/// Nothing to tell is told by no file: a session that begins finds what the last one left gone.
fn forget(root: &std::path::Path, file: &std::path::Path) -> io::Result<()> {
    if file.exists() {
        files::prepare(root, file)?;
        store::remove(file)?;
    }
    Ok(())
}

/// Whether the file tells the same files of the same session: the last sign of life alone is no reason to replace it.
fn is_shown(file: &std::path::Path, tracking: &Tracking<'_>) -> bool {
    let Some(bytes) = store::read(file).ok().flatten() else { return false };
    let Ok(old) = serde_json::from_slice::<Map<String, Value>>(&bytes) else { return false };
    let same = |key: &str, value: Value| old.get(key) == Some(&value);
    same("filesRead", json!(tracking.files_read))
        && same("lastReset", json!(tracking.last_reset))
        && same("warningShown", json!(tracking.warning_shown))
        && same("hostSessionId", json!(tracking.host_session_id))
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
fn agents(place: &Place, journal: &Journal) -> io::Result<()> {
    let new = usize::try_from(journal.agents_started - journal.agents_written).unwrap_or(usize::MAX);
    let runs = &journal.agents[journal.agents.len().saturating_sub(new)..];
    let file = in_project::agent_invocations(place.root());
    files::prepare(place.root(), &file)?;
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
