//! Run by Claude Code on PostToolUse and PostToolUseFailure.

#![no_main]

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

platform::begin!(run);

fn run() -> ExitCode {
    runtime::run(&[Event::PostToolUse, Event::PostToolUseFailure], hook_post_tool::work)
}
