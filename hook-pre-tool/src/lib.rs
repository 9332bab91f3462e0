//! The hook for PreToolUse. It decides and explains, marks triggered requirements, and uses up exceptions. Then it
//! appends one line to the session's log.

mod situation;

use continuity::turn;
use gates::pre_tool as requirements;
use gates::unmarked::UnmarkedTriggers;
use gates::{GateRecord, GatesError};
use guards::pre_tool as guards_of;
use hooks_common::answer::{Answer, HostDecision};
use hooks_common::decision::{Decision, Outcome, Stage, decide};
use hooks_common::event::Event;
use hooks_common::paths::Paths;
use hooks_common::runtime::{self, Hook};
use hooks_common::tool_use::ToolUse;
use std::process::ExitCode;

pub use situation::{Findings, ToolEvent, ToolSituation};

/// The entry point. Claude Code runs it on PreToolUse.
pub fn run() -> ExitCode {
    runtime::run_closing(&[Event::PreToolUse], work, unreadable)
}

/// What is printed where a decision comes to no end: it took too long, or the process failed.
const NOT_ENDED: &str = concat!(
    r#"{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny","permissionDecisionReason":"#,
    r#""The tool was refused before it ran; nothing was changed.\n"#,
    r#"The check of this use did not come to an end: it took too long, or it failed.\n"#,
    r#"Next: run it in parts; if that does not help, run req doctor"}}"#,
    "\n"
);

/// The event's order of work. What is decided, and in which order, is [`decide`]'s.
pub fn work(hook: &mut Hook) {
    if hook.session.is_some() && !hook.is_skipped() && hook.policy().is_some_and(|policy| policy.is_enabled())
    {
        hook.prepare_last_word(NOT_ENDED);
    }
    let (decision, findings) = {
        let mut situation = ToolSituation::of_hook(hook);
        (decide(&mut situation), situation.findings)
    };
    for error in &decision.failures {
        hook.report(&error.to_string());
    }
    if let Some(problem) = findings.gates.as_ref().and_then(|gates| gates.state.known_problem()) {
        hook.report(&format!("requirements: {problem}"));
    }
    requirements::record(hook, findings.gates.as_ref(), findings.needs.as_ref(), &decision);
    if let Some(needs) = &findings.needs {
        requirements::report_failed(hook, needs);
    }
    hook.stage("guards", |hook| {
        guards_of::tell(hook, &findings.guards, &decision);
        Ok::<_, GatesError>(())
    });
    hook.stage("saying why", |hook| tell_refusal(hook, &decision, &findings));
    if decision.refuses() && !matches!(hook.answer.decision(), HostDecision::Refuse(_)) {
        // If the text of a refusal cannot be written, the tool must still be refused.
        let text = format!(
            "{} was refused before it ran; nothing was changed.\nNext: req why --last",
            hook.payload.tool_name
        );
        hook.answer.decide(HostDecision::Refuse(text));
    }
    // The stored policy may be damaged. Without it the next hook compiles it again.
    if !decision.failures.is_empty() {
        hook.stage("dropping the policy", |hook| requirements::drop_policy(hook));
    }
    // A tool use that is refused does not trigger a requirement.
    if !decision.refuses()
        && let (Some(gates), Some(needs)) = (&findings.gates, &findings.needs)
    {
        hook.stage("warnings", |hook| requirements::warn(hook, gates, needs));
        hook.stage("marking what was triggered", |hook| requirements::mark_triggered(hook, gates, needs));
    }
    if !decision.refuses() && !decision.outcome.is_switched_off() {
        hook.stage("context", turn::advise);
    }
    // Exceptions are used up last, so that a requirement that refuses does not use them up.
    hook.stage("what was let through once", |hook| {
        if !guards_of::spend(hook, findings.guards, &decision) {
            hook.records.get_mut::<GateRecord>().outcome = Outcome::Guard;
        }
        Ok::<_, GatesError>(())
    });
    let unmarked = UnmarkedTriggers::of(hook);
    hook.respond();
    hook.record();
    if let Some(unmarked) = unmarked {
        hook.stage("keeping what was not marked", |hook| unmarked.keep(hook));
    }
}

/// Adds the texts of a refusal for the model. Guards have added theirs before.
fn tell_refusal(hook: &mut Hook, decision: &Decision, findings: &Findings) -> Result<(), GatesError> {
    let mut texts = Vec::new();
    if decision.is_by(Stage::Strict) {
        texts.extend(findings.strict.clone());
    }
    if let (Some(gates), Some(violation)) = (&findings.gates, &findings.violation) {
        texts.push(requirements::protected(gates, violation, &hook.payload.tool_name));
    }
    if decision.is_by(Stage::Requirements)
        && let (Some(gates), Some(needs)) = (&findings.gates, &findings.needs)
    {
        texts.push(requirements::refusal(hook, gates, needs, &ToolUse::of(&hook.payload))?);
    }
    if decision.is_by(Stage::Closing) {
        texts.push(requirements::closed(hook.project(), "its gates could not be evaluated"));
    }
    for text in texts {
        hook.answer.decide(HostDecision::Refuse(text));
    }
    if let Some(pressure) = &findings.pressure {
        let told = turn::tell_refusal(hook, pressure);
        if let Err(error) = told {
            hook.report(&format!("context: {error}"));
        }
    }
    Ok(())
}

/// Answers a payload that cannot be read, if the configuration refuses in that case.
pub fn unreadable(paths: &Paths) -> Option<Answer> {
    let text = requirements::unreadable(paths)?;
    let mut answer = Answer::default();
    answer.decide(HostDecision::Refuse(text));
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It has the shape of any refusal.
    #[test]
    fn the_last_word_is_a_refusal() {
        let document: serde_json::Value = serde_json::from_str(NOT_ENDED).unwrap();
        let reason = document["hookSpecificOutput"]["permissionDecisionReason"].as_str().unwrap();
        let mut answer = Answer::default();
        answer.decide(HostDecision::Refuse(reason.to_owned()));
        assert_eq!(answer.render(Event::PreToolUse).unwrap() + "\n", NOT_ENDED);
    }
}
