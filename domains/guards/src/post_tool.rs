//! PostToolUse and PostToolUseFailure: guards over the result of a tool.

use config::Policy;
use config::tools::is_edit;
use config::types::guards::GuardName;
use hooks_common::event::Event;
use hooks_common::runtime::Hook;

use crate::error::GuardsError;
use crate::patterns;
use crate::references::validation;

/// Runs the guards over a file that was edited.
///
/// # Errors
/// If a guard cannot run.
pub fn look(hook: &mut Hook, policy: Option<&Policy>) -> Result<(), GuardsError> {
    if hook.event != Event::PostToolUse || !is_edit(&hook.payload.tool_name) || hook.is_skipped() {
        return Ok(());
    }
    let Some(policy) = policy else { return Ok(()) };
    if !policy.is_enabled() {
        return Ok(());
    }
    let mut done = Ok(());
    if policy.has_guard(GuardName::Patterns) {
        done = patterns::after_edit(hook, policy);
    }
    if policy.has_guard(GuardName::References) {
        // A failure of one guard does not prevent the other.
        done = done.and(validation::after_edit(hook, policy));
    }
    done
}
