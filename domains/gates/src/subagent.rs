//! SubagentStart: a subagent that reviews is told what it reviews against.

use hooks_common::runtime::Hook;
use platform::text::fact;

use crate::context::Gates;
use crate::error::GatesError;
use crate::judge::EvalContext;
use config::globs;

/// Tells the configured subagents the branch and the open requirements.
///
/// # Errors
/// When the gates cannot be read.
pub fn brief(hook: &mut Hook) -> Result<(), GatesError> {
    let agent = hook.payload.agent_type.clone();
    if agent.is_empty() {
        return Ok(());
    }
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let settings = gates.policy.settings()?.subagent_start;
    if !settings.inject_context || !globs::matches_agent(&settings.agents, Some(&agent)) {
        return Ok(());
    }
    let situation = EvalContext::of_project(&hook.paths, hook.project());
    let open = gates.open(&situation)?;
    let names: Vec<_> = open.iter().map(|rule| rule.name.as_str()).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let root = hook.project().root().to_string_lossy().into_owned();
    hook.answer.add_context(format!(
        "Facts about this project: {} on branch {}. Open requirements: {names}.",
        fact(&root),
        fact(gates.branch.name()),
    ));
    Ok(())
}
