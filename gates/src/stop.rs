//! Stop: was everything that this session triggered satisfied?

use config::Rule;
use config::types::Stop;
use hooks_common::answer::Decision;
use hooks_common::runtime::Hook;

use crate::refusal::{self, Req};
use crate::view::Gates;

/// Sends the turn back once when a requirement that the session triggered is open. A turn that was sent back
/// already ends: a gate that does not end by itself would hold the session for ever.
///
/// # Errors
/// When the gates cannot be read; the turn ends then.
pub fn verify(hook: &mut Hook) -> Result<(), String> {
    if hook.payload.stop_hook_active {
        return Ok(());
    }
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let settings = gates.policy.settings().map_err(|error| error.to_string())?;
    let open = unverified(&gates, &settings.stop)?;
    let mut record = hook.gates.take().unwrap_or_default();
    record.outcome = if open.is_empty() { "pass" } else { "block" }.to_owned();
    record.asked = open.iter().map(|rule| (rule.name.clone(), "open".to_owned())).collect();
    hook.gates = Some(record);
    if !open.is_empty() {
        let session = gates.session.as_ref().map(ToString::to_string).unwrap_or_default();
        let text = refusal::stop(&open, &session, hook.project().root(), &Req::find(&hook.paths));
        hook.answer.decide(Decision::Refuse(text));
    }
    Ok(())
}

/// The requirements that would send a turn back now.
///
/// # Errors
/// When the stored policy is damaged.
pub fn unverified(gates: &Gates, settings: &Stop) -> Result<Vec<Rule>, String> {
    if !settings.verify_requirements {
        return Ok(Vec::new());
    }
    let rules = gates.policy.rules().map_err(|error| error.to_string())?;
    let verified = |rule: &Rule| settings.verify_scopes.contains(&rule.requirement.scope);
    Ok(rules
        .into_iter()
        .filter(|rule| verified(rule) && gates.is_triggered(rule) && !gates.is_satisfied(rule))
        .collect())
}
