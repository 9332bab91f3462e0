//! Run by Claude Code on UserPromptSubmit and UserPromptExpansion.

#![no_main]

use std::process::ExitCode;

use hooks_common::event::Event;
use hooks_common::runtime;

platform::begin!(run);

fn run() -> ExitCode {
    runtime::run(&[Event::UserPromptSubmit, Event::UserPromptExpansion], hook_prompt_submit::work)
}
