//! Why a session is in its state: the rules by name.

use serde::{Deserialize, Serialize};

macro_rules! rules {
    ($($(#[$doc:meta])+ $name:ident = $id:literal,)+) => {
        /// What an event, or the passing of time, meant. The names are those of `why` in `derived-state.json`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
        pub enum StateRule {
            $($(#[$doc])+ #[serde(rename = $id)] $name,)+
            /// The event is in the log and changes nothing; or a newer version has a rule that this one lacks.
            #[default]
            #[serde(rename = "recorded", other)]
            Recorded,
        }

        impl StateRule {
            /// The name in files and for people.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $id,)+
                    Self::Recorded => "recorded",
                }
            }
        }
    };
}

rules! {
    /// The session began or was taken up again by its client.
    Started = "session_started",
    /// It began anew: the life before had ended, or another client took it up.
    NewLife = "session_taken_up",
    /// A prompt went to the model.
    Prompt = "prompt",
    /// A tool began.
    ToolStarted = "tool_started",
    /// A gate refused the tool, so it never began.
    ToolRefused = "tool_refused",
    /// The model asked the user a question, or for leave to carry out a plan.
    QuestionAsked = "question_asked",
    /// A tool finished, and the turn goes on.
    ToolFinished = "tool_finished",
    /// All tools of a call are over.
    BatchFinished = "tools_finished",
    /// A tool finished while a person is still waited for.
    WaitGoesOn = "wait_goes_on",
    /// A tool's end came after the end of its turn.
    LateTool = "late_tool",
    /// The user interrupted.
    Interrupted = "interrupted",
    /// The user is asked whether a tool may run.
    PermissionAsked = "permission_asked",
    /// A permission request of a tool that is already over.
    LatePermission = "late_permission",
    /// The client refused a tool.
    PermissionDenied = "permission_denied",
    /// The client notified the user that it waits.
    WaitNotified = "wait_notified",
    /// The client notified the user that it is idle: the only sign after the user interrupts a turn.
    IdlePrompt = "idle_prompt",
    /// An MCP server asks the user something.
    FormAsked = "form_asked",
    /// The user answered an MCP server.
    FormAnswered = "form_answered",
    /// The context is being compacted.
    CompactionStarted = "compaction_started",
    /// The compaction is over.
    CompactionEnded = "compaction_ended",
    /// The turn ended.
    TurnEnded = "turn_ended",
    /// A gate sent the turn back.
    TurnSentBack = "turn_sent_back",
    /// The turn ended by an error.
    TurnFailed = "turn_failed",
    /// A subagent began.
    AgentStarted = "agent_started",
    /// A subagent ended.
    AgentEnded = "agent_ended",
    /// A subagent was sent back.
    AgentSentBack = "agent_sent_back",
    /// A subagent did something.
    AgentEvent = "agent_event",
    /// A subagent needs a permission.
    AgentWaits = "agent_waits",
    /// The session's folder changed.
    FolderChanged = "folder_changed",
    /// One of several clients left.
    ClientLeft = "client_left",
    /// The session ended.
    Ended = "session_ended",
    /// It had ended before.
    EndedAgain = "ended_again",
    /// The event came after the end and is ignored.
    LateAfterEnd = "ignored_late",
    /// The log was compacted up to here.
    Compacted = "log_compacted",
    /// The client is gone without having said so.
    PidDead = "pid_dead",
    /// The client is in another session now.
    Superseded = "superseded",
    /// The client cannot be looked up, and no event came for a while.
    Decayed = "decayed",
    /// A subagent works while the session itself is at the prompt.
    AgentsWork = "agents_work",
    /// The client itself says that it is idle.
    ClientIdle = "client_idle",
    /// The client itself says that it works: what it waited for was given.
    ClientBusy = "client_busy",
}

impl std::fmt::Display for StateRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
