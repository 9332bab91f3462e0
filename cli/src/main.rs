//! `req`: what is required here, why, and how to satisfy it.

use std::process::ExitCode;

fn main() -> ExitCode {
    req::command_main()
}
