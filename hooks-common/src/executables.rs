//! What the executables are called that Claude Code starts.

/// Those that hooks start.
pub const HOOKS: [&str; 8] = [
    "hook-session-start",
    "hook-session-end",
    "hook-prompt-submit",
    "hook-pre-tool",
    "hook-post-tool",
    "hook-stop",
    "hook-pre-compact",
    "hook-observe",
];

/// The one behind the status line.
pub const STATUS_LINE: &str = "hook-status-line";
