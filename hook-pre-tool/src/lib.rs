//! PreToolUse: gates first, then the answer, then one line in the session's log.

use hooks_common::runtime::Hook;

/// The event's order of work.
pub fn work(hook: &mut Hook) {
    hook.stage("requirement gates", gates::pre_tool::decide);
    hook.respond();
    hook.record();
}
