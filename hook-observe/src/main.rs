//! Run by Claude Code on the events that are recorded, and answered where a rule applies.

#![no_main]

use std::process::ExitCode;

use hooks_common::runtime;

platform::begin!(run);

fn run() -> ExitCode {
    runtime::run(&hook_observe::EVENTS, hook_observe::work)
}
