//! The host's events by name. Source: the settings schema of client 2.1.329.

macro_rules! events {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// An event of the host.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])+ $name,)+
            /// An event that this version does not know. It is recorded under the host's name.
            Unknown,
        }

        impl Event {
            /// Every known event.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name the host uses, in `hook_event_name` and in the settings.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                    Self::Unknown => "Unknown",
                }
            }
        }
    };
}

events! {
    /// A session begins, resumes, was cleared or compacted.
    SessionStart,
    /// A session ends. The host does not always send it.
    SessionEnd,
    /// A slash command that the user typed is expanded; UserPromptSubmit follows.
    UserPromptExpansion,
    /// A prompt is sent to the model.
    UserPromptSubmit,
    /// A tool is about to run.
    PreToolUse,
    /// A tool has run.
    PostToolUse,
    /// A tool has failed.
    PostToolUseFailure,
    /// All tools of one batch are finished, including those that were not run.
    PostToolBatch,
    /// The client is about to ask the user whether a tool may run.
    PermissionRequest,
    /// The client's classifier refused a tool.
    PermissionDenied,
    /// The client notifies the user: it needs a permission, or was idle.
    Notification,
    /// A subagent begins.
    SubagentStart,
    /// A subagent ends. Compaction sends one as well, without a type.
    SubagentStop,
    /// A teammate has nothing to do.
    TeammateIdle,
    /// A task was created.
    TaskCreated,
    /// A task was completed.
    TaskCompleted,
    /// The context is about to be compacted.
    PreCompact,
    /// The context was compacted.
    PostCompact,
    /// The model ends its turn.
    Stop,
    /// The turn ended with an API error. It may come after SessionEnd.
    StopFailure,
    /// The session's folder changed.
    CwdChanged,
    /// A watched file changed.
    FileChanged,
    /// A settings file changed.
    ConfigChange,
    /// An instruction file was read. The first one comes before SessionStart.
    InstructionsLoaded,
    /// A folder was added to the session.
    DirectoryAdded,
    /// An MCP server asks the user a question.
    Elicitation,
    /// The user answered an MCP server.
    ElicitationResult,
    /// The client was started for preparation or maintenance.
    Setup,
    /// The model is about to be switched.
    PreModelSwitch,
    /// The model was switched.
    PostModelSwitch,
    /// A part of the answer is shown. It is sent for every streamed line.
    MessageDisplay,
    /// A work tree is requested. A hook for this event replaces git's own work.
    WorktreeCreate,
    /// A work tree is removed. A hook for this event replaces git's own work.
    WorktreeRemove,
}

impl Event {
    /// The known event with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_three_events_are_known() {
        assert_eq!(Event::ALL.len(), 33);
        for event in Event::ALL {
            assert_eq!(Event::named(event.name()), Some(*event));
        }
        assert_eq!((Event::named("Unknown"), Event::named("stop")), (None, None));
    }
}
