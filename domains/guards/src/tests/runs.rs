//! `.claude/state/test-runs.jsonl`: the latest test runs of all sessions, one a line.

use crate::record::CommandOutcome;
use std::collections::HashSet;
use std::io;
use std::path::Path;

use hooks_common::paths::in_project;
use hooks_common::session_log::LoggedEvent;
use platform::store::{self, Durability, append, document};
use platform::text::{cut_bytes, one_line};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A longer log is cut to [`KEPT`] lines.
const MOST: usize = 200;
const KEPT: usize = 150;
/// The longest command that is kept, in bytes.
const LONGEST_COMMAND: usize = 200;

/// A line of the file. The documentation describes the first five keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Run {
    /// When it ended, RFC 3339.
    pub timestamp: String,
    /// The command: redacted, one line.
    pub command: String,
    /// The exit code of the run; `None` if the line hides it.
    pub exit_code: Option<i32>,
    /// Whether it passed; `None` if this cannot be determined.
    pub passed: Option<bool>,
    /// The session: its number, or else its short id.
    pub session: Value,
    /// The kind of command.
    pub family: String,
    /// Other keys, which are kept.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Run {
    /// The run that an event of the log records.
    pub fn of(event: &LoggedEvent, session: &Value) -> Option<Self> {
        let outcome = event.record::<CommandOutcome>().filter(|outcome| !outcome.runner.is_empty())?;
        Some(Self {
            timestamp: event.recorded_at.clone(),
            command: cut_bytes(one_line(&event.command).trim(), LONGEST_COMMAND).to_owned(),
            exit_code: outcome.exit_code,
            passed: outcome.passed,
            session: session.clone(),
            family: outcome.runner,
            other: Map::new(),
        })
    }

    /// Identifies the run. The session is not part of it: its number may become known later.
    fn key(&self) -> (&str, &str) {
        (&self.timestamp, &self.command)
    }
}

/// How many bytes at the end of the file are read.
const LONGEST: usize = 4 * 1024 * 1024;

/// The runs of a project, oldest first. Lines that cannot be parsed are skipped.
///
/// # Errors
/// If the file exists and cannot be read.
pub fn read(root: &Path) -> io::Result<Vec<Run>> {
    let bytes = store::read(&in_project::test_runs(root))?.unwrap_or_default();
    // Stanchion cuts the file long before this size. In a larger file with foreign lines, only the end
    // counts.
    let end = &bytes[bytes.len().saturating_sub(LONGEST)..];
    Ok(append::read_lines(end).0)
}

/// Appends the new runs, and cuts the file if it is too long. The caller holds the lock.
///
/// # Errors
/// If the file can be neither read nor written, or a symbolic link leads to it.
pub fn add(root: &Path, runs: &[Run]) -> io::Result<()> {
    let path = in_project::test_runs(root);
    let bytes = store::read(&path)?.unwrap_or_default();
    let known: Vec<Run> = append::read_lines(&bytes).0;
    let keys: HashSet<_> = known.iter().map(Run::key).collect();
    // Runs older than the oldest line of a cut file were dropped: a session that is read again must not add
    // them again.
    let forgotten = known.first().filter(|_| known.len() >= KEPT).map(|oldest| &*oldest.timestamp);
    let is_new =
        |run: &&Run| !keys.contains(&run.key()) && forgotten.is_none_or(|oldest| *run.timestamp > *oldest);
    let mut new = Vec::new();
    for run in runs.iter().filter(is_new) {
        serde_json::to_writer(&mut new, run)?;
        new.push(b'\n');
    }
    if new.is_empty() {
        return Ok(());
    }
    document::prepare(root, &path)?;
    let all = bytes.split(|byte| *byte == b'\n').chain(new.split(|byte| *byte == b'\n'));
    let mut lines: Vec<&[u8]> = all.filter(|line| !line.trim_ascii().is_empty()).collect();
    if lines.len() <= MOST {
        new.pop();
        return append::append_held(&path, &new);
    }
    lines.drain(..lines.len() - KEPT);
    let mut text = lines.join(&b'\n');
    text.push(b'\n');
    store::replace(&path, &text, Durability::Rebuildable, 0o600)
}
