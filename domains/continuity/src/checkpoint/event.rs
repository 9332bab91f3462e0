//! `.claude/haios-events.jsonl`: a line for each step of a checkpoint.

use std::io;
use std::path::Path;

use hooks_common::paths::in_project;
use platform::time::Moment;
use serde::Serialize;

use super::data;
use crate::error::CheckpointError;
use crate::{ContinuityPlace, ledger};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Scaffolded.
    New,
    /// Found to be supported.
    Verified,
    /// Committed.
    Committed,
    /// Written without asking.
    Emergency,
    /// Written for a session that is gone.
    Recovered,
}

impl Action {
    /// As the line has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Verified => "verified",
            Self::Committed => "committed",
            Self::Emergency => "emergency",
            Self::Recovered => "recovered",
        }
    }
}

/// The keys in the order in which other tools write them.
#[derive(Serialize)]
struct CheckpointEvent<'a> {
    ts: String,
    #[serde(rename = "type")]
    kind: &'a str,
    action: &'a str,
    session: u64,
    file: &'a str,
}

/// Appends the line of a step.
///
/// # Errors
/// When the log cannot be written or leads out of the project.
pub fn append_event(
    place: &ContinuityPlace,
    action: Action,
    number: u64,
    file: &Path,
    now: Moment,
) -> Result<(), CheckpointError> {
    let log = in_project::haios_events(&place.shared_root());
    let line = CheckpointEvent {
        ts: now.rfc3339(),
        kind: "checkpoint",
        action: action.name(),
        session: number,
        file: &data::relative(place.root(), file),
    };
    let line = serde_json::to_vec(&line).map_err(io::Error::from).map_err(CheckpointError::io(&log))?;
    ledger::append_raw(place, &line).map_err(CheckpointError::io(&log))
}
