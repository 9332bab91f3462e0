//! Run by Claude Code on PostToolUse and PostToolUseFailure.

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

fn main() -> ExitCode {
    runtime::run(&[Event::PostToolUse, Event::PostToolUseFailure], hook_post_tool::work)
}
