//! What the executables are called.

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

/// The command line's two names: one executable, installed twice.
pub const COMMAND_LINE: [&str; 2] = ["stanchion", "req"];

/// Whether a program's name is one of the command line's.
pub fn is_command_line(program: &str) -> bool {
    COMMAND_LINE.contains(&program)
}
