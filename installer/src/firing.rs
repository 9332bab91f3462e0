//! Whether hooks fire. A machine without sessions is silent too, so silence alone proves nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hooks_common::heartbeat::{self, Heartbeat};
use hooks_common::paths::Paths;
use hooks_common::session_id::SessionId;
use platform::process::{self, Liveness};
use platform::store;
use platform::time::Moment;
use serde::Serialize;
use serde_json::Value;

/// Seconds for which a heartbeat proves that hooks fire.
const FRESH: u64 = 60;
/// What a client says of itself is a few hundred bytes.
const LARGEST_CLIENT_FILE: u64 = 1024 * 1024;
/// How much later than the last heartbeat something must have happened to prove that hooks missed it.
const MISSED: Duration = Duration::from_secs(60);

/// The verdict; `status` is its name in `derived-state.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum HookHealth {
    /// A hook ran within the last minute, or a recorded session is live.
    Healthy,
    /// No session is live, so no hook should run.
    IdleNoSessions,
    /// Claude Code runs, and its hooks do not.
    NotFiring {
        /// What shows that it runs.
        evidence: String,
    },
    /// No hook ever ran here.
    Unknown,
    /// The heartbeat cannot be read.
    Unreadable,
}

/// Judges whether hooks fire for clients in `folders`, or for all where they are wired for every folder (`None`).
/// `has_live` says whether a recorded session is live.
pub fn judge(paths: &Paths, folders: Option<&[PathBuf]>, has_live: bool, now: Moment) -> HookHealth {
    let beat = heartbeat::read(paths, now);
    if beat == Heartbeat::Unreadable {
        return HookHealth::Unreadable;
    }
    if let Some(evidence) = unseen_client(paths, folders, now) {
        return HookHealth::NotFiring { evidence };
    }
    match beat {
        Heartbeat::Beat { age } if age <= FRESH => return HookHealth::Healthy,
        _ if has_live => return HookHealth::Healthy,
        _ => {}
    }
    if let Some(evidence) = missed_transcript(paths, folders) {
        return HookHealth::NotFiring { evidence };
    }
    if beat == Heartbeat::Missing { HookHealth::Unknown } else { HookHealth::IdleNoSessions }
}

fn is_recorded(paths: &Paths, session: &str) -> bool {
    SessionId::new(session).is_some_and(|session| paths.session_dir(&session).exists())
}

/// A client that has run for a while, has called the model, and whose session no hook recorded. The facts come from a
/// file that the client writes; some versions do not write it.
fn unseen_client(paths: &Paths, folders: Option<&[PathBuf]>, now: Moment) -> Option<String> {
    let entries = std::fs::read_dir(paths.client_sessions()).ok()?;
    for file in entries.flatten().map(|entry| entry.path()) {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Ok(pid) = stem.parse::<i64>() else { continue };
        let bytes = store::read_regular(&file, LARGEST_CLIENT_FILE).ok().flatten().unwrap_or_default();
        let client: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let session = client["sessionId"].as_str().unwrap_or_default();
        let folder = Path::new(client["cwd"].as_str().unwrap_or_default());
        let started = client["startedAt"].as_i64().unwrap_or(i64::MAX);
        let is_young = started > now.wall.timestamp_millis() - i64::try_from(MISSED.as_millis()).unwrap_or(0);
        if session.is_empty() || is_young || !concerns(folders, folder) || is_recorded(paths, session) {
            continue;
        }
        let start = client["procStart"].as_str().and_then(|start| start.parse().ok());
        let has_talked = paths.transcript(folder, session).exists();
        if has_talked && process::liveness(pid, start) == Liveness::Live {
            return Some(format!(
                "client {pid} runs in {}, but no hook recorded its session",
                folder.display()
            ));
        }
    }
    None
}

fn concerns(folders: Option<&[PathBuf]>, folder: &Path) -> bool {
    folders.is_none_or(|folders| folders.iter().any(|wired| wired == folder))
}

/// A transcript of a session that no hook has recorded, written when hooks were silent.
fn missed_transcript(paths: &Paths, folders: Option<&[PathBuf]>) -> Option<String> {
    let last = std::fs::metadata(paths.heartbeat()).and_then(|meta| meta.modified());
    let missed_from = last.unwrap_or(SystemTime::UNIX_EPOCH) + MISSED;
    let folders: BTreeSet<PathBuf> = match folders {
        Some(folders) => folders.iter().map(|folder| paths.transcripts(folder)).collect(),
        None => entries(&paths.all_transcripts()).collect(),
    };
    // A transcript from before the hooks were wired proves nothing.
    let day_ago = SystemTime::now() - Duration::from_secs(86_400);
    let transcripts = folders.iter().flat_map(|folder| entries(folder));
    let mut missed =
        transcripts.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).filter(|path| {
            let session = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let changed = std::fs::metadata(path).and_then(|meta| meta.modified());
            changed.is_ok_and(|changed| changed > missed_from && changed > day_ago)
                && !is_recorded(paths, session)
        });
    missed.next().map(|path| format!("{} was written, but no hook ran", path.display()))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
