//! PermissionRequest: whether a command destroys what cannot be brought back, so that the user need not even be asked.

use config::Policy;
use config::types::guards::Destructive;
use hooks_common::runtime::Hook;

use super::{concerns, find};
use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::{Certainty, Objection};

/// What the guard is sure of. A guard that is off looks with its default settings: the configuration switches this
/// check by `hooks.permission_request.auto_deny_dangerous` alone.
///
/// # Errors
/// When the policy is damaged, or git cannot be asked.
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
