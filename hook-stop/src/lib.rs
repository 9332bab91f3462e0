//! Stop: verify what the turn triggered, then bring the projections up to date.

use hooks_common::runtime::Hook;

/// The event's order of work.
pub fn work(hook: &mut Hook) {
    hook.stage("verifying requirements", gates::stop::verify);
    hook.stage("asking how far the work is", gates::tracking::ask);
    hook.respond();
    hook.record();
    hook.stage("metrics", gates::metrics::project);
}
