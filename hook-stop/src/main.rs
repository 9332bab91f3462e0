//! Run by Claude Code on Stop.

#![no_main]

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

platform::begin!(run);

fn run() -> ExitCode {
    runtime::run(&[Event::Stop], hook_stop::work)
}
