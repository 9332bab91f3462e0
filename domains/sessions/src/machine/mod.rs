//! The state machine of one session: a pure function of its events in their order.
//!
//! Liveness and the current time decide nothing here; see [`crate::reconcile`].

mod agent;
mod apply;
mod client;
mod rule;
mod wait;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

pub use client::{ClientEnd, SessionClient};
pub use rule::StateRule;
pub use wait::{Wait, WaitKind};

use crate::position::{Boots, EventKey};
use hooks_common::session_state::SessionState;

/// Open tools kept; more are open only when their ends were lost.
const MOST_TOOLS: usize = 256;

/// A session after some of its events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Machine {
    /// What the session itself is doing; its subagents do not count.
    pub state: SessionState,
    /// When that began, milliseconds since 1970.
    pub state_changed_at: i64,
    /// The last event that counted, milliseconds since 1970.
    pub updated_at: i64,
    /// The session's folder.
    pub cwd: String,
    /// The folder of its first event.
    pub start_cwd: String,
    /// When its first event came, on the monotonic clock of that boot.
    pub began: u64,
    /// The host's permission mode.
    pub permission_mode: String,
    /// How often the session was started or resumed.
    pub generation: u64,
    /// Whether a turn is under way.
    pub turn_open: bool,
    /// The clients that have or had the session in this life, the one that entered last at the end.
    pub clients: Vec<SessionClient>,
    /// When and how the session ended, if all its clients said so.
    pub ended: Option<ClientEnd>,
    /// What a person is waited for.
    pub waits: Vec<Wait>,
    /// Subagents by id, each with the time of its last event.
    pub agents: BTreeMap<String, i64>,
    /// Background tasks that outlived the turn.
    pub background_tasks: u32,
    /// Why the last turn failed.
    pub error: Option<String>,
    /// The files that were last edited or read, latest last.
    pub activity: VecDeque<FileUse>,
    /// The rule behind the present state.
    pub why: StateRule,
    /// Events that counted.
    pub events: u64,
    /// What triggered the compaction that is under way.
    compaction: String,
    /// Tools of this turn that have not finished, by id.
    tools: BTreeMap<String, Tool>,
    /// Tools of this turn that have, by name and input.
    finished: BTreeSet<Tool>,
}

/// A tool use, as a permission request names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tool {
    /// The tool.
    pub name: String,
    /// Its input's digest.
    pub input: String,
}

/// A file that was worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUse {
    /// The file, absolute.
    pub file_path: String,
    /// `edit` or `read`.
    pub op: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// A machine with what is needed to go on from there: the first line of a compacted log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The session after the lines that were dropped.
    pub machine: Machine,
    /// The boot that the log belongs to.
    pub boots: Boots,
    /// The last event that is in it.
    pub upto: EventKey,
}
