//! Stop: was everything that this session triggered satisfied?

use config::Rule;
use config::types::{Mode, Stop};
use hooks_common::answer::Decision;
use hooks_common::requirements::{self, BranchState};
use hooks_common::runtime::Hook;

use crate::judge::{Judged, Situation, Standing, is_about_the_tool, judge};
use crate::message::first_line;
use crate::metrics;
use crate::refusal::{Refused, Writer};
use crate::view::{Gates, word};

/// How long ago another branch's state may have changed to be looked at, in seconds.
const RECENT: i64 = 86_400;

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
    let situation = Situation::of_project(&hook.paths, hook.project());
    let triggered = triggered(&gates, &settings.stop, &situation)?;
    let refused: Vec<Refused> = triggered.iter().filter(|one| refuses(one)).cloned().collect();
    let writer = Writer::new(&gates, &situation);
    let text = (!refused.is_empty()).then(|| writer.stop(&refused));
    let (warned, told) = warnings(hook, &gates, &writer, &triggered);
    let record = hook.gates.get_or_insert_default();
    record.outcome = if text.is_some() { "block" } else { "pass" }.to_owned();
    for one in &triggered {
        let standing = word(one.judged.standing, one.rule.requirement.mode).to_owned();
        record.asked.push((one.rule.name.clone(), standing));
        if !one.judged.facts.is_empty() {
            record.facts.insert(one.rule.name.clone(), one.judged.facts.clone().into());
        }
    }
    record.warned = warned;
    if let Some(told) = told {
        hook.answer.tell_user(told);
    }
    for failed in triggered.iter().filter(|one| one.judged.standing == Standing::Failed) {
        let reason = failed.judged.detail.as_deref().unwrap_or_default();
        hook.report(&format!("requirement {} could not be evaluated: {reason}", failed.rule.name));
    }
    if let Some(text) = text {
        hook.answer.decide(Decision::Refuse(text));
    }
    Ok(())
}

/// The requirements that the session triggered and that are verified when a turn ends.
///
/// # Errors
/// When the stored policy is damaged.
pub fn triggered(gates: &Gates, settings: &Stop, situation: &Situation<'_>) -> Result<Vec<Refused>, String> {
    if !settings.verify_requirements {
        return Ok(Vec::new());
    }
    let rules = gates.policy.rules().map_err(|error| error.to_string())?;
    let elsewhere = elsewhere(gates);
    let is_verified = |rule: &Rule| {
        settings.verify_scopes.contains(&rule.requirement.scope)
            && !is_about_the_tool(rule)
            && (gates.is_triggered(rule) || elsewhere.iter().any(|state| is_left_open(gates, state, rule)))
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

/// Whether the session triggered a requirement on another branch and nobody satisfied it there.
fn is_left_open(gates: &Gates, state: &BranchState, rule: &Rule) -> bool {
    let view = state.view(&rule.name, gates.session.as_ref());
    view.is_triggered() && !view.is_satisfied(rule.requirement.scope, gates.now)
}

/// Whether a triggered requirement sends the turn back.
pub fn refuses(one: &Refused) -> bool {
    match one.judged.standing {
        Standing::Open => one.rule.requirement.mode == Mode::Enforce,
        Standing::Failed => one.rule.closes_on_error,
        Standing::Satisfied | Standing::Armed => false,
    }
}

/// What is open in mode `warn`, and the text about what of it this session was not told yet.
fn warnings(
    hook: &Hook,
    gates: &Gates,
    writer: &Writer<'_>,
    triggered: &[Refused],
) -> (Vec<String>, Option<String>) {
    let warns =
        |one: &&Refused| one.judged.standing == Standing::Open && one.rule.requirement.mode == Mode::Warn;
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
