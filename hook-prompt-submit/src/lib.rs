//! UserPromptSubmit and UserPromptExpansion: satisfy by a slash command, remind of what is open, then bring the
//! projections up to date.

use hooks_common::event::Event;
use hooks_common::runtime::Hook;

/// The events' order of work.
pub fn work(hook: &mut Hook) {
    hook.stage("satisfying by slash command", gates::satisfy::by_slash_command);
    if hook.event == Event::UserPromptSubmit {
        hook.stage("reminder", gates::reminder::remind);
    }
    hook.respond();
    hook.record();
    if hook.event == Event::UserPromptSubmit {
        hook.stage("metrics", gates::metrics::project);
    }
}
