//! The host's events, by name. Source: the settings schema of client 2.1.329.

macro_rules! events {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// An event of the host.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])+ $name,)+
            /// An event this version has never heard of. It is recorded under the name the host gave it.
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
    /// A session ends; best effort on the host's side.
    SessionEnd,
    /// A slash command that the user typed is expanded; UserPromptSubmit follows.
    UserPromptExpansion,
    /// A prompt goes to the model.
    UserPromptSubmit,
    /// A tool is about to run.
    PreToolUse,
    /// A tool has run.
    PostToolUse,
    /// A tool has failed.
    PostToolUseFailure,
    /// All tools that the model called at once are over, those too that were never run.
    PostToolBatch,
    /// The user is about to be asked whether a tool may run.
    PermissionRequest,
    /// A tool was refused by the client's own classifier.
    PermissionDenied,
    /// The client tells the user something: it asks for a permission, or has been idle.
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
    /// The turn ended by an error of the API. It may come after SessionEnd.
    StopFailure,
    /// The session's folder changed.
    CwdChanged,
    /// A watched file changed.
    FileChanged,
    /// A settings file changed.
    ConfigChange,
    /// A file of instructions was read. The first one comes before SessionStart.
    InstructionsLoaded,
    /// A folder was added to the session.
    DirectoryAdded,
    /// An MCP server asks the user something.
    Elicitation,
    /// The user answered an MCP server.
    ElicitationResult,
    /// The client was started to prepare or maintain.
    Setup,
    /// The model is about to be switched.
    PreModelSwitch,
    /// The model was switched.
    PostModelSwitch,
    /// A piece of the answer is shown; fires for every streamed line.
    MessageDisplay,
    /// A work tree is wanted; a hook replaces git's own work.
    WorktreeCreate,
    /// A work tree is no longer wanted; a hook replaces git's own work.
    WorktreeRemove,
}

impl Event {
    /// The known event of this name.
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
