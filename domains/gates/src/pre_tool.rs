//! PreToolUse: what is said of requirements that refuse or warn, what the log keeps, and what the session triggered.

use hooks_common::decision::{Decision, Outcome, RequirementState, Weight};
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::requirements::{StateError, transaction};
use hooks_common::runtime::Hook;
use hooks_common::session_log::LoggedEvent;
use hooks_common::tool_use::ToolUse;
use platform::store::lock::LockError;
use platform::store::{self, lock};
use serde_json::Value;

use crate::context::Gates;
use crate::error::GatesError;
use crate::judge::EvalContext;
use crate::message;
use crate::needed::{NeededGate, ToolNeeds};
use crate::record::GateRecord;
use crate::refusal::{Refused, Writer};

/// A refusal that says the same within so many seconds is told in short: the model sent its edits together.
const REPEATED_WITHIN: i64 = 5;
/// How much of the session's log is looked at for it, in bytes.
const RECENT: u64 = 8 * 1024;

/// What the model reads of a tool that requirements refuse.
///
/// # Errors
/// When the stored policy is damaged.
pub fn refusal(
    hook: &Hook,
    gates: &Gates,
    needs: &ToolNeeds,
    tool_use: &ToolUse<'_>,
) -> Result<String, GatesError> {
    let refusing: Vec<&NeededGate> =
        needs.gates().iter().filter(|one| one.weight() == Weight::Refuse).collect();
    let mut refused = Vec::with_capacity(refusing.len());
    for one in &refusing {
        refused.push(Refused { rule: gates.policy.rule(&one.gate)?, judged: one.judged.clone() });
    }
    let context = EvalContext {
        paths: &hook.paths,
        project: hook.project(),
        tool_use: Some(tool_use),
        may_compute: true,
    };
    let is_repeated = was_just_refused(hook, &refusing);
    Ok(Writer::new(gates, &context).tool(&refused, tool_use.tool, is_repeated))
}

/// Whether the session was refused for the same requirements, on the same facts, a moment ago.
fn was_just_refused(hook: &Hook, refusing: &[&NeededGate]) -> bool {
    let Some(recent) = hook.session_dir().and_then(|dir| dir.read_tail(RECENT).ok()) else { return false };
    let now = hook.entered.epoch();
    let is_same = |event: &LoggedEvent| {
        let Some(record) = event.record::<GateRecord>().filter(|record| record.outcome == Outcome::Deny)
        else {
            return false;
        };
        let open = |(_, state): &&(String, _)| {
            *state == RequirementState::Open.recorded(config::types::Mode::Enforce)
        };
        let mut told = record.asked.iter().filter(open);
        let is_told = |one: &&NeededGate| {
            let facts = record.facts.get(&one.gate.name).and_then(Value::as_object);
            one.judged.state == RequirementState::Open
                && told.next().is_some_and(|(name, _)| *name == one.gate.name)
                && facts.map_or(one.judged.facts.is_empty(), |facts| *facts == one.judged.facts)
        };
        refusing.iter().all(is_told) && told.next().is_none()
    };
    recent.iter().rev().any(|event| (0..=REPEATED_WITHIN).contains(&(now - event.epoch())) && is_same(event))
}

/// What the model reads of a tool that would change what gates it.
pub fn protected(gates: &Gates, violation: &str, tool: &str) -> String {
    let place = gates.policy.protect_cli().map(|(file, line)| format!("{}:{line}", file.display()));
    format!(
        "{tool} was refused before it ran; nothing was changed.\n{violation}\nRequired: protect_cli ({})\nNext: ask the user, who can do this in a terminal of their own.",
        place.unwrap_or_default()
    )
}

/// Adds the decision to what the log keeps of the event.
pub fn record(hook: &mut Hook, gates: Option<&Gates>, needs: Option<&ToolNeeds>, decision: &Decision) {
    let record = match gates {
        Some(gates) => gates.begin_record(hook),
        None => hook.records.get_mut(),
    };
    record.outcome = decision.outcome;
    record.asked =
        decision.requirements.iter().map(|(name, _, recorded)| (name.clone(), *recorded)).collect();
    if let Some(needs) = needs {
        needs.note_facts(record);
    }
}

/// Reports the requirements that could not be evaluated.
pub fn report_failed(hook: &mut Hook, needs: &ToolNeeds) {
    for failed in needs.gates().iter().filter(|one| one.judged.state == RequirementState::Failed) {
        let reason = failed.judged.detail.as_deref().unwrap_or_default();
        hook.report(&format!("requirement {} could not be evaluated: {reason}", failed.gate.name));
    }
}

/// Tells what is open in mode `warn`, the first time that the session meets it.
///
/// # Errors
/// When the stored policy is damaged.
pub fn warn(hook: &mut Hook, gates: &Gates, needs: &ToolNeeds) -> Result<(), GatesError> {
    let is_new = |one: &&NeededGate| one.weight() == Weight::Warn && !one.was_triggered;
    let mut lines = Vec::new();
    for one in needs.gates().iter().filter(is_new) {
        let rule = gates.policy.rule(&one.gate)?;
        let context = EvalContext::of_project(&hook.paths, hook.project());
        let said = Writer::new(gates, &context).body(&Refused { rule, judged: one.judged.clone() });
        lines.push(format!("{} is open and only warns: {}", one.gate.name, message::first_line(&said)));
    }
    if !lines.is_empty() {
        let text = lines.join("\n");
        hook.answer.add_context(text.clone());
        hook.answer.tell_user(text);
    }
    Ok(())
}

/// Marks what the tool triggers, so that Stop verifies it. A refused tool wrote nothing, so it triggers nothing.
///
/// # Errors
/// When the state cannot be changed.
pub fn mark_triggered(hook: &mut Hook, gates: &Gates, needs: &ToolNeeds) -> Result<(), GatesError> {
    let fresh: Vec<_> = needs.gates().iter().filter(|one| !one.was_triggered).map(|one| &one.gate).collect();
    let (false, Some(session)) = (fresh.is_empty(), &gates.session) else { return Ok(()) };
    let root = hook.project().root();
    let marked = transaction(&gates.dir, &gates.branch, root, gates.now, lock::HOT, |changes| {
        for gate in &fresh {
            changes.mark_triggered(&gate.name, gate.scope, session);
        }
    });
    let names = fresh.iter().map(|gate| gate.name.clone()).collect();
    let record = hook.records.get_mut::<GateRecord>();
    match marked {
        Ok(()) => record.triggered = names,
        // A busy lock is not an error here: the end of the turn sets the mark.
        Err(StateError::Lock(LockError::Busy { .. })) => record.unmarked = names,
        Err(error) => {
            record.unmarked = names;
            return Err(error.into());
        }
    }
    Ok(())
}

/// Removes the compiled policy after a stage failed, if the policy is damaged. The next hook compiles it again. A valid
/// policy is kept: it replaces a configuration that cannot be read.
///
/// # Errors
/// When the policy cannot be removed.
pub fn drop_policy(hook: &Hook) -> Result<(), GatesError> {
    if !hook.policy().is_some_and(|policy| policy.is_damaged()) {
        return Ok(());
    }
    Ok(store::remove(&hook.project().policy_file()).map(drop)?)
}

/// The refusal of a tool use because something could not be evaluated.
pub fn closed(project: &Project, reason: &str) -> String {
    format!(
        "The tool was refused before it ran: {reason}, and `on_error: deny` refuses then ({}).\nNext: req doctor",
        project.root().display()
    )
}

/// The refusal of a tool use whose payload cannot be read, if the configuration has `on_error: deny`. The project is the
/// one of the folder that the hook was started in.
pub fn unreadable(paths: &Paths) -> Option<String> {
    let folder = std::env::current_dir().ok()?;
    let project = Project::of_event(paths, None, &folder);
    project.policy(paths).filter(|policy| policy.is_enabled() && policy.closes_on_error())?;
    Some(closed(&project, "what the client sent cannot be read"))
}
