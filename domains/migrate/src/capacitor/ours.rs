//! Our side of the comparison: projects, sessions, and what the older system does not hear.

use chrono::{DateTime, Utc};
use platform::process::Liveness;
use serde::{Deserialize, Serialize};

use hooks_common::session_state::SessionState;

/// What we show for a project.
#[derive(Debug, Clone, PartialEq)]
pub struct OurProject {
    /// The project.
    pub path: String,
    /// The state shown.
    pub state: SessionState,
    /// Whose state it is.
    pub session_id: Option<String>,
    /// Whether that session is verified to live.
    pub live: bool,
    /// How it was found: `session`, `activity`, `none`.
    pub via: String,
    /// The rules that led there, for the reader of the report.
    pub why: Vec<String>,
    /// What is known of every session that plays a part, ended ones too, wherever it belongs.
    pub sessions: Vec<OurSession>,
}

impl OurProject {
    /// A project without any session.
    pub fn idle(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            state: SessionState::Idle,
            session_id: None,
            live: false,
            via: "none".to_owned(),
            why: Vec::new(),
            sessions: Vec::new(),
        }
    }
}

/// What we know of a session, as far as it can explain a difference. Whatever is left out explains nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct OurSession {
    /// The session.
    pub id: String,
    /// The project it belongs to.
    pub project: String,
    /// The state shown for it.
    pub state: SessionState,
    /// Whether its client runs.
    pub liveness: Liveness,
    /// Whether it ended, by an event or because another session took its client over.
    pub ended: bool,
    /// Its client.
    pub owner_pid: Option<u32>,
    /// How many subagents work.
    pub subagents: u32,
    /// When the last event came that the older system writes down too; see [`is_written_there`](super::is_written_there).
    pub written_at: Option<DateTime<Utc>>,
    /// What made its present state other than the older system's rules make it. Not everything that ever
    /// happened: a late tool two turns ago explains nothing now.
    pub facts: Vec<UnheardFact>,
}

impl OurSession {
    /// A session of which only the essentials are known.
    pub fn new(id: &str, project: &str, state: SessionState, liveness: Liveness) -> Self {
        Self {
            id: id.to_owned(),
            project: project.to_owned(),
            state,
            liveness,
            ended: false,
            owner_pid: None,
            subagents: 0,
            written_at: None,
            facts: Vec::new(),
        }
    }
}

/// What our rules heeded in a session's events and the older system's rules do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnheardFact {
    /// A tool of an earlier turn ended after the turn, or a tool that was over was asked about; both change nothing.
    LateTool,
    /// The turn was ended by a Stop with `stop_hook_active`.
    FinalStopWithHookActive,
    /// PostCompact, or a SessionStart from compaction, ended the compaction.
    CompactionOver,
    /// A permission is waited for, and an event of another tool did not change that.
    WaitHeld,
    /// It waits because of an event that the older system skips: a question among the tools, an elicitation, a
    /// notification.
    WaitNotHeard,
    /// The turn ended or went on by an event that the older system skips: a failure, an interruption, a refused
    /// permission, an answered question.
    TurnEndNotHeard,
    /// A subagent's tool was kept apart from the session's state.
    SubagentTool,
    /// The last event, or the last change, was one that the older system skips.
    OtherAges,
    /// A gate sent the turn back, so it goes on.
    TurnSentBack,
    /// The session was started anew in the middle of its work.
    StartedAnew,
    /// Events after the session's end were ignored.
    LateAfterEnd,
    /// Another session took the client over.
    Superseded,
}
