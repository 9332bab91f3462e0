//! Which executable serves which event.

/// The events we serve, each with its executable and its timeout in seconds. SessionEnd is killed after
/// 1.5 s unless its entry has a timeout of its own.
///
/// Three known events are not served. MessageDisplay fires for each streamed line. WorktreeCreate and WorktreeRemove
/// would replace git's own work.
pub const WIRING: [(&str, &str, u32); 30] = [
    ("SessionStart", "hook-session-start", 10),
    ("UserPromptSubmit", "hook-prompt-submit", 10),
    ("UserPromptExpansion", "hook-prompt-submit", 10),
    ("PreToolUse", "hook-pre-tool", 10),
    ("PostToolUse", "hook-post-tool", 10),
    ("PostToolUseFailure", "hook-post-tool", 10),
    ("PostToolBatch", "hook-observe", 10),
    ("PermissionRequest", "hook-observe", 10),
    ("PermissionDenied", "hook-observe", 10),
    ("Notification", "hook-observe", 10),
    ("SubagentStart", "hook-observe", 10),
    ("SubagentStop", "hook-observe", 10),
    ("TaskCreated", "hook-observe", 10),
    ("TaskCompleted", "hook-observe", 10),
    ("TeammateIdle", "hook-observe", 10),
    ("CwdChanged", "hook-observe", 10),
    ("DirectoryAdded", "hook-observe", 10),
    ("FileChanged", "hook-observe", 10),
    ("ConfigChange", "hook-observe", 10),
    ("InstructionsLoaded", "hook-observe", 10),
    ("Elicitation", "hook-observe", 10),
    ("ElicitationResult", "hook-observe", 10),
    ("PreModelSwitch", "hook-observe", 10),
    ("PostModelSwitch", "hook-observe", 10),
    ("Setup", "hook-observe", 10),
    ("PreCompact", "hook-pre-compact", 10),
    ("PostCompact", "hook-pre-compact", 10),
    ("Stop", "hook-stop", 10),
    ("StopFailure", "hook-observe", 10),
    ("SessionEnd", "hook-session-end", 10),
];

/// The executables that hooks start, each once, in the order of [`WIRING`].
pub fn executables() -> Vec<&'static str> {
    let mut names = Vec::new();
    for (_, name, _) in WIRING {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The events that an executable serves, in the order of [`WIRING`].
pub fn events(executable: &str) -> Vec<&'static str> {
    WIRING.iter().filter(|(_, name, _)| *name == executable).map(|(event, _, _)| *event).collect()
}

#[cfg(test)]
mod tests {
    use hooks_common::event::Event;
    use hooks_common::executables::HOOKS;

    use super::*;

    #[test]
    fn every_known_event_is_wired_but_those_that_must_not_be() {
        let never = [Event::MessageDisplay, Event::WorktreeCreate, Event::WorktreeRemove];
        for event in Event::ALL {
            let is_wired = WIRING.iter().any(|(name, _, _)| *name == event.name());
            assert_eq!(is_wired, !never.contains(event), "{}", event.name());
        }
    }

    #[test]
    fn an_event_has_one_executable_and_every_entry_a_timeout() {
        for (at, (event, name, timeout)) in WIRING.iter().enumerate() {
            assert!(WIRING[..at].iter().all(|(other, _, _)| other != event), "{event}");
            assert!(*timeout > 0 && events(name).contains(event) && executables().contains(name), "{event}");
        }
        assert!(HOOKS.iter().all(|name| executables().contains(name)) && executables().len() == HOOKS.len());
        assert_eq!(events("hook-pre-compact"), ["PreCompact", "PostCompact"]);
    }
}
