//! Run by Claude Code on Stop.

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

fn main() -> ExitCode {
    runtime::run(&[Event::Stop], hook_stop::work)
}
