//! Run by Claude Code on PreToolUse.

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

fn main() -> ExitCode {
    runtime::run_closing(&[Event::PreToolUse], hook_pre_tool::work, gates::pre_tool::unreadable)
}
