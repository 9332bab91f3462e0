//! SessionStart: enter the session, tell what failed and what is required, bring the projections up to date, tidy
//! up behind the answer.

mod housekeeping;

use hooks_common::runtime::Hook;

/// The event's order of work.
pub fn work(hook: &mut Hook) {
    let owner = hook.enter_session();
    hook.stage("telling failures", gates::briefing::tell_failures);
    hook.stage("briefing", |hook| gates::briefing::brief(hook, owner.as_ref()));
    hook.stage("work in progress", gates::tracking::begin);
    hook.respond();
    hook.record();
    hook.stage("metrics", gates::metrics::project);
    hook.stage("compacting the log", housekeeping::compact);
    hook.stage("removing old sessions", housekeeping::remove_old_sessions);
}
