//! SessionEnd: what a session leaves behind, and what it does not.

use hooks_common::requirements::transaction;
use hooks_common::runtime::Hook;
use platform::store::{self, lock};

use crate::context::Gates;
use crate::error::GatesError;
use crate::record::GateRecord;

/// Ends a pause with its session.
///
/// # Errors
/// When the mark cannot be removed.
pub fn end_pause(hook: &mut Hook) -> Result<(), std::io::Error> {
    let Some(session) = &hook.session else { return Ok(()) };
    store::remove(&hook.project().state().pause_mark(session.key())).map(drop)
}

/// Removes the session's own entries where the configuration asks for it. Other sessions' entries and those of
/// the branch stay.
///
/// # Errors
/// When the gates cannot be read or the state not be changed.
pub fn clear_state(hook: &mut Hook) -> Result<(), GatesError> {
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let settings = gates.policy.settings()?;
    let Some(session) = &gates.session else { return Ok(()) };
    if !settings.session_end.clear_session_state {
        return Ok(());
    }
    let rules = gates.policy.rules()?;
    let cleared =
        transaction(&gates.dir, &gates.branch, hook.project().root(), gates.now, lock::CHANGE, |changes| {
            let of_session = rules.iter().filter(|rule| rule.requirement.scope.is_per_session());
            of_session
                .filter(|rule| changes.forget(&rule.name, session))
                .map(|rule| rule.name.clone())
                .collect()
        });
    hook.records.get_mut::<GateRecord>().cleared = cleared?;
    Ok(())
}
