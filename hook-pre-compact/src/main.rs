//! Run by Claude Code on PreCompact and PostCompact.

#![no_main]

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

platform::begin!(run);

fn run() -> ExitCode {
    runtime::run(&[Event::PreCompact, Event::PostCompact], hook_pre_compact::work)
}
