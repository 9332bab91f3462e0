//! Run by Claude Code on SessionStart.

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

fn main() -> ExitCode {
    runtime::run(&[Event::SessionStart], hook_session_start::work)
}
