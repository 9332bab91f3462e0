//! Run by Claude Code for its status line.

use std::process::ExitCode;

fn main() -> ExitCode {
    hook_status_line::command_main()
}
