//! Run by Claude Code for its status line.

#![no_main]

use std::process::ExitCode;

platform::begin!(run);

fn run() -> ExitCode {
    hook_status_line::command_main()
}
