//! Run by Claude Code on PreCompact and PostCompact.

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

fn main() -> ExitCode {
    runtime::run(&[Event::PreCompact, Event::PostCompact], hook_pre_compact::work)
}
