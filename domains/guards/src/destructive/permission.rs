//! PermissionRequest: whether a command irreversibly destroys data, so that it can be denied without asking
//! the user.

use config::Policy;
use config::types::guards::Destructive;
use hooks_common::runtime::Hook;

use super::{concerns, find};
use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::{Certainty, Objection};

/// The guard's certain finding, if any. If the guard is off, its default settings apply:
/// `hooks.permission_request.auto_deny_dangerous` alone controls this check.
///
/// # Errors
/// If the policy is damaged, or git fails.
pub fn objection(hook: &Hook, policy: &Policy) -> Result<Option<Objection>, GuardsError> {
    let examined = ExaminedUse::new(&hook.paths, hook.project(), policy, &hook.payload, hook.entered);
    if !examined.is_bash() || !concerns(&examined) {
        return Ok(None);
    }
    let placed = policy.guard::<Destructive>()?;
    let settings = placed.map(|placed| placed.settings).unwrap_or_default();
    let found = find(&settings, &examined, true)?;
    Ok(found.into_iter().find(|one| one.certainty == Certainty::Sure))
}
