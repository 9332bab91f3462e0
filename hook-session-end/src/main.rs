//! Run by Claude Code on SessionEnd.

#![no_main]

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

platform::begin!(run);

fn run() -> ExitCode {
    runtime::run(&[Event::SessionEnd], hook_session_end::work)
}
