//! Run by the user's shell at each prompt.

#![no_main]

use std::process::ExitCode;

platform::begin!(run);

fn run() -> ExitCode {
    shell_cwd::command_main()
}
