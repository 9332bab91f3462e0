//! PreToolUse: gates first, then the answer, then one line in the session's log.

use hooks_common::runtime::Hook;

/// The event's order of work.
pub fn work(hook: &mut Hook) {
    if !hook.stage("requirement gates", gates::pre_tool::decide) {
        hook.stage("closing on an error", gates::pre_tool::close);
    }
    hook.stage("context", continuity::turn::gate);
    hook.respond();
    hook.record();
}
