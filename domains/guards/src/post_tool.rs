//! PostToolUse and PostToolUseFailure: what guards find in what a tool has done.

use config::Policy;
use config::tools::is_edit;
use config::types::guards::GuardName;
use hooks_common::event::Event;
use hooks_common::runtime::Hook;

use crate::error::GuardsError;
use crate::patterns;
use crate::references::validation;

/// Looks at a file that was edited.
///
/// # Errors
/// When a guard cannot look.
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
        // One guard that fails does not keep the other from looking.
        done = done.and(validation::after_edit(hook, policy));
    }
    done
}
