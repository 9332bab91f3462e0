//! PostToolUse and PostToolUseFailure: what the tool satisfied, what it spent, one line in the session's log.

use hooks_common::runtime::Hook;

/// The events' order of work.
pub fn work(hook: &mut Hook) {
    hook.stage("satisfying by skill", gates::post_tool::satisfy_by_skill);
    hook.stage("spending approvals", gates::post_tool::spend);
    hook.respond();
    hook.record();
}
