//! The names of the executables.

/// The executables that hooks start.
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

/// The executable that prints the status line.
pub const STATUS_LINE: &str = "hook-status-line";

/// The two names of the command line: one executable, installed twice.
pub const COMMAND_LINE: [&str; 2] = ["stanchion", "req"];

/// Whether a program's name is one of the command line's names.
pub fn is_command_line(program: &str) -> bool {
    COMMAND_LINE.contains(&program)
}
