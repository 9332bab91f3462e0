//! PreCompact and PostCompact: record it, then bring the projections up to date.

use hooks_common::runtime::Hook;

/// The events' order of work.
pub fn work(hook: &mut Hook) {
    hook.respond();
    hook.record();
    hook.stage("metrics", gates::metrics::project);
}
