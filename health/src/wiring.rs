//! Which executable serves which event.

/// The events we serve, each with its executable and its timeout in seconds. SessionEnd is killed after
/// 1.5 s unless its entry has a timeout of its own.
pub const WIRING: [(&str, &str, u32); 7] = [
    ("SessionStart", "hook-session-start", 10),
    ("UserPromptSubmit", "hook-prompt-submit", 10),
    ("PreToolUse", "hook-pre-tool", 10),
    ("PostToolUse", "hook-post-tool", 10),
    ("PostToolUseFailure", "hook-post-tool", 10),
    ("Stop", "hook-stop", 10),
    ("SessionEnd", "hook-session-end", 10),
];

/// The executable behind the status line.
pub const STATUS_LINE: &str = "hook-status-line";

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
