//! UserPromptSubmit and UserPromptExpansion: satisfy by a slash command, remind of what is open, of documents that are
//! not valid too, then bring the projections up to date.

use hooks_common::event::Event;
use hooks_common::runtime::Hook;

/// The events' order of work.
pub fn work(hook: &mut Hook) {
    hook.stage("satisfying by slash command", gates::satisfy::by_slash_command);
    if hook.event == Event::UserPromptSubmit {
        hook.stage("reminder", gates::reminder::remind);
        hook.stage("context", continuity::turn::begin);
        hook.stage("documents that are not valid", guards::references::validation::at_prompt);
        hook.stage("vitals", |hook| {
            let is_told = hook.gates.as_ref().is_some_and(|record| !record.reminded.is_empty());
            let open = gates::reminder::open(hook)?;
            continuity::vitals::tell(hook, &open, is_told)
        });
    }
    hook.respond();
    hook.record();
    if hook.event == Event::UserPromptSubmit {
        hook.stage("metrics", gates::metrics::project);
        hook.stage("outcomes", guards::projection::project);
    }
}
