//! Run by Claude Code on PreToolUse.

#![no_main]

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

platform::begin!(run);

fn run() -> ExitCode {
    runtime::run_closing(&[Event::PreToolUse], hook_pre_tool::work, hook_pre_tool::unreadable)
}
