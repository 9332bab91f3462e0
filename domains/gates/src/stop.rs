//! Stop: was everything that this session triggered satisfied?

use std::collections::BTreeSet;

use config::Rule;
use config::types::Stop;
use hooks_common::answer::HostDecision;
use hooks_common::decision::{Decision, Needed, NeededRequirements, RequirementState, Weight};
use hooks_common::requirements::{self, BranchState};
use hooks_common::runtime::Hook;

use crate::context::Gates;
use crate::error::GatesError;
use crate::judge::{EvalContext, Judged, is_about_the_tool, judge};
use crate::message::first_line;
use crate::metrics;
use crate::refusal::{Refused, Writer};

/// How long ago another branch's state may have changed to be looked at, in seconds.
const RECENT: i64 = 86_400;

/// What of the requirements that a session triggered decides at the end of its turn.
pub fn decisive(triggered: &[Refused]) -> NeededRequirements {
    let needed = |one: &Refused| Needed {
        name: one.rule.name.clone(),
        state: one.judged.state,
        mode: one.rule.requirement.mode,
        closes_on_error: one.rule.closes_on_error,
    };
    if triggered.is_empty() {
        return NeededRequirements::NotNeeded;
    }
    NeededRequirements::Needed(triggered.iter().map(needed).collect())
}

/// What the hook says and keeps of a turn's end: the refusal, warnings that this session was not told yet, what could
/// not be evaluated.
pub fn tell(hook: &mut Hook, gates: &Gates, triggered: &[Refused], decision: &Decision) {
    let context = EvalContext::of_project(&hook.paths, hook.project());
    let writer = Writer::new(gates, &context);
    let is_of = |weight| move |one: &&Refused| one.weight() == weight;
    let refused: Vec<Refused> = triggered.iter().filter(is_of(Weight::Refuse)).cloned().collect();
    let text = (!refused.is_empty()).then(|| writer.stop(&refused));
    let (warned, told) = warnings(hook, gates, &writer, triggered);
    let failed: Vec<String> = triggered
        .iter()
        .filter(|one| one.judged.state == RequirementState::Failed)
        .map(|one| {
            let reason = one.judged.detail.as_deref().unwrap_or_default();
            format!("requirement {} could not be evaluated: {reason}", one.rule.name)
        })
        .collect();
    let record = gates.begin_record(hook);
    record.outcome = decision.outcome;
    record.asked =
        decision.requirements.iter().map(|(name, _, recorded)| (name.clone(), *recorded)).collect();
    for one in triggered.iter().filter(|one| !one.judged.facts.is_empty()) {
        record.facts.insert(one.rule.name.clone(), one.judged.facts.clone().into());
    }
    record.warned = warned;
    if let Some(told) = told {
        hook.answer.tell_user(told);
    }
    for failure in failed {
        hook.report(&failure);
    }
    if let Some(text) = text {
        hook.answer.decide(HostDecision::Refuse(text));
    }
}

/// The requirements that the session triggered and that are verified when a turn ends. `unmarked` are those that the
/// state does not hold, by name.
///
/// # Errors
/// When the stored policy is damaged.
pub fn triggered(
    gates: &Gates,
    settings: &Stop,
    unmarked: &BTreeSet<String>,
    situation: &EvalContext<'_>,
) -> Result<Vec<Refused>, GatesError> {
    if !settings.verify_requirements {
        return Ok(Vec::new());
    }
    let rules = gates.policy.rules()?;
    let elsewhere = elsewhere(gates);
    let is_verified = |rule: &Rule| {
        settings.verify_scopes.contains(&rule.requirement.scope)
            && !is_about_the_tool(rule)
            && (gates.is_triggered(rule)
                || unmarked.contains(&rule.name)
                || elsewhere.iter().any(|state| is_left_open(gates, state, rule)))
    };
    let judged = |rule: Rule| {
        let judged: Judged = judge(gates, &rule, situation);
        Refused { rule, judged }
    };
    Ok(rules.into_iter().filter(is_verified).map(judged).collect())
}

/// The states of other branches that changed while this session was at work: who edits, makes a branch and
/// commits did not get rid of what the edit needs.
fn elsewhere(gates: &Gates) -> Vec<BranchState> {
    let Some(session) = &gates.session else { return Vec::new() };
    let others = requirements::changed_since(&gates.dir, gates.now - RECENT).unwrap_or_default();
    let is_other = |state: &BranchState| state.branch_name() != Some(gates.branch.name());
    let has_entries =
        |state: &BranchState| state.names().any(|name| state.view(name, Some(session)).is_triggered());
    others.into_iter().filter(|state| is_other(state) && has_entries(state)).collect()
}

/// Whether the session triggered a requirement on another branch and it was not satisfied there.
fn is_left_open(gates: &Gates, state: &BranchState, rule: &Rule) -> bool {
    let view = state.view(&rule.name, gates.session.as_ref());
    view.is_triggered() && !view.is_satisfied(rule.requirement.scope, gates.now)
}

/// What is open in mode `warn`, and the text about what of it this session was not told yet.
fn warnings(
    hook: &Hook,
    gates: &Gates,
    writer: &Writer<'_>,
    triggered: &[Refused],
) -> (Vec<String>, Option<String>) {
    let warns = |one: &&Refused| one.weight() == Weight::Warn;
    let warned: Vec<String> = triggered.iter().filter(warns).map(|one| one.rule.name.clone()).collect();
    let Some(session) = hook.session.as_ref().filter(|_| !warned.is_empty()) else { return (warned, None) };
    let known = metrics::remembered(&gates.dir, session.key(), "warned");
    let lines: Vec<String> = triggered
        .iter()
        .filter(warns)
        .filter(|one| !known.contains(&one.rule.name))
        .map(|one| format!("{} is open and only warns: {}", one.rule.name, first_line(&writer.body(one))))
        .collect();
    (warned, (!lines.is_empty()).then(|| lines.join("\n")))
}
