//! Run by Claude Code on SessionEnd.

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

fn main() -> ExitCode {
    runtime::run(&[Event::SessionEnd], hook_session_end::work)
}
