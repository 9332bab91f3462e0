//! UserPromptSubmit and UserPromptExpansion: satisfy by a slash command, remind of what is open, of documents that are
//! not valid too, then bring the projections up to date.

use hooks_common::event::Event;
use hooks_common::runtime::{self, Hook};
use std::error::Error;
use std::process::ExitCode;

/// Run by Claude Code on UserPromptSubmit and UserPromptExpansion.
pub fn run() -> ExitCode {
    runtime::run(&[Event::UserPromptSubmit, Event::UserPromptExpansion], work)
}

/// The events' order of work.
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
