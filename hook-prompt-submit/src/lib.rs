//! UserPromptSubmit: remind of what is open, then bring the projections up to date.

use hooks_common::runtime::Hook;

/// The event's order of work.
pub fn work(hook: &mut Hook) {
    hook.stage("reminder", gates::reminder::remind);
    hook.respond();
    hook.record();
    hook.stage("metrics", gates::metrics::project);
}
