//! `stanchion`: wires Claude Code's hooks, takes them back, examines them.

use std::process::ExitCode;

fn main() -> ExitCode {
    installer::command_main()
}
