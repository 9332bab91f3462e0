//! Run by Claude Code on the events that are recorded, and answered where a rule applies.

use std::process::ExitCode;

use hooks_common::runtime;

fn main() -> ExitCode {
    runtime::run(&hook_observe::EVENTS, hook_observe::work)
}
