//! PreToolUse: guards, then gates, then the answer, then one line in the session's log.

use hooks_common::runtime::Hook;

/// The event's order of work.
pub fn work(hook: &mut Hook) {
    let (mut policy, mut held) = (None, None);
    hook.stage("configuration", |hook| {
        policy = hook.policy();
        Ok::<_, String>(())
    });
    let is_guarded = hook.stage("guards", |hook| {
        held = guards::pre_tool::decide(hook, policy.as_ref())?;
        Ok::<_, String>(())
    });
    let is_gated = hook.stage("requirement gates", |hook| gates::pre_tool::decide(hook, policy));
    if !(is_guarded && is_gated) {
        hook.stage("closing on an error", gates::pre_tool::close);
    }
    hook.stage("context", continuity::turn::gate);
    hook.stage("what was let through once", |hook| guards::pre_tool::spend(hook, held));
    hook.respond();
    hook.record();
}
