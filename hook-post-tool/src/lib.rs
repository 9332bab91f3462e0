//! The hook for PostToolUse and PostToolUseFailure. It satisfies requirements, uses up approvals, and records the
//! result and commits. It advises the model, and appends one line to the session's log.

use hooks_common::event::Event;
use hooks_common::runtime::{self, Hook};
use std::process::ExitCode;

/// The entry point. Claude Code runs it on PostToolUse and PostToolUseFailure.
pub fn run() -> ExitCode {
    runtime::run(&[Event::PostToolUse, Event::PostToolUseFailure], work)
}

/// The stages, in their order.
pub fn work(hook: &mut Hook) {
    let policy = hook.policy();
    hook.stage("satisfying by skill", gates::satisfy::by_skill);
    hook.stage("spending approvals", gates::post_tool::spend);
    hook.stage("plan mode", gates::plan_mode::tell);
    hook.stage("guards", |hook| guards::post_tool::look(hook, policy.as_ref()));
    hook.stage("outcomes", |hook| guards::feedback::look(hook, policy.as_ref()));
    hook.stage("advice after failures", gates::post_tool::advise_after_failures);
    if hook.payload.tool_name == "Bash" {
        hook.stage("commits", continuity::commits::track);
    }
    hook.stage("large files", continuity::turn::large_file);
    hook.respond();
    hook.record();
    hook.stage("context", continuity::turn::look);
}
