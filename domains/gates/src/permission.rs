//! PermissionRequest: some commands are not even asked for.

use std::fmt::Display;

use config::Policy;
use config::types::LogLevel;
use hooks_common::answer::HostDecision;
use hooks_common::decision::Outcome;
use hooks_common::runtime::Hook;
use platform::text::fact;

use crate::context::Gates;
use crate::error::GatesError;
use crate::record::GateRecord;

/// Why a command must not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Danger {
    /// What it would do: a clause without a full stop.
    pub reason: String,
    /// What to do instead: a clause in the imperative.
    pub way_out: String,
}

/// Denies a command that destroys what cannot be brought back, before anybody clicks it through. `find` says why one
/// does.
///
/// # Errors
/// When the gates cannot be read, or `find` fails; the user is asked then, as without Stanchion.
pub fn deny_dangerous<E: Display>(
    hook: &mut Hook,
    find: impl FnOnce(&Hook, &Policy) -> Result<Option<Danger>, E>,
) -> Result<(), GatesError> {
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let settings = gates.policy.settings()?.permission_request;
    if !settings.auto_deny_dangerous {
        return Ok(());
    }
    let Some(Danger { reason, way_out }) =
        find(hook, &gates.policy).map_err(|error| GatesError::Rule(error.to_string()))?
    else {
        return Ok(());
    };
    let text = format!(
        "{} was denied without asking: {reason}.\nA person can run it in their own terminal. To be asked instead: req config --set hooks.permission_request.auto_deny_dangerous=false\nNext: {way_out}",
        fact(&hook.payload.tool_input.command),
    );
    hook.records.get_mut::<GateRecord>().outcome = Outcome::Deny;
    hook.log.add(LogLevel::Info, format!("denied a permission request: {reason}"));
    hook.answer.decide(HostDecision::Refuse(text));
    Ok(())
}
