//! Run by Claude Code on UserPromptSubmit and UserPromptExpansion.

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

fn main() -> ExitCode {
    runtime::run(&[Event::UserPromptSubmit, Event::UserPromptExpansion], hook_prompt_submit::work)
}
