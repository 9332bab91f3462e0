//! The hook for UserPromptSubmit and UserPromptExpansion. It satisfies requirements by slash commands, and reminds of
//! open requirements and of documents that are not valid. Then it updates the projections.

use hooks_common::event::Event;
use hooks_common::runtime::{self, Hook};
use std::error::Error;
use std::process::ExitCode;

/// The entry point. Claude Code runs it on UserPromptSubmit and UserPromptExpansion.
pub fn run() -> ExitCode {
    runtime::run(&[Event::UserPromptSubmit, Event::UserPromptExpansion], work)
}

/// The stages, in their order.
pub fn work(hook: &mut Hook) {
    hook.stage("satisfying by slash command", gates::satisfy::by_slash_command);
    if hook.event == Event::UserPromptSubmit {
        hook.stage("reminder", gates::reminder::remind);
        hook.stage("context", continuity::turn::begin);
        hook.stage("documents that are not valid", guards::references::validation::at_prompt);
        hook.stage("vitals", |hook| -> Result<(), Box<dyn Error>> {
            let is_told =
                hook.records.get::<gates::GateRecord>().is_some_and(|record| !record.reminded.is_empty());
            let open = gates::reminder::open(hook)?;
            Ok(continuity::vitals::tell(hook, &open, is_told)?)
        });
    }
    hook.respond();
    hook.record();
    if hook.event == Event::UserPromptSubmit {
        projections::bring_up_to_date(hook);
    }
}
