//! `req why --last`: the last refusal of a session, from its log.

use std::io::Write;

use config::Rule;
use config::types::GuardName;
use gates::GateRecord;
use guards::{GuardRecord, GuardRecords};
use hooks_common::decision::{GuardVerdict, Outcome, RecordedState};
use hooks_common::session_log::LoggedEvent;
use platform::text::fact;
use platform::time::age;
use serde_json::json;

use super::json as print_json;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, bail};
use crate::session;

/// Explains the last refusal, or the last decision when nothing was refused.
pub fn run(place: &CurrentProject, named: Option<&str>, as_json: bool, out: &mut impl Write) -> CliResult {
    let session = session::find(place, named)?;
    let mut events = Vec::new();
    for (_, dir) in session::full_ids(place, &session) {
        events.extend(dir.read_events()?.0);
    }
    let guards_of = |event: &LoggedEvent| event.record::<GuardRecords>().unwrap_or_default().0;
    let is_refusal = |event: &&LoggedEvent| {
        let stopped = |found: &GuardRecord| {
            matches!(
                found.verdict,
                GuardVerdict::Deny | GuardVerdict::Ask | GuardVerdict::Block | GuardVerdict::Allowed
            )
        };
        Outcome::of(&event.records).is_refusal() || guards_of(event).iter().any(stopped)
    };
    let decided = |event: &&LoggedEvent| {
        matches!(event.event.as_str(), "PreToolUse" | "PostToolUse" | "PostToolUseFailure" | "Stop")
            && (event.record::<GateRecord>().is_some_and(|gates| !gates.asked.is_empty())
                || !guards_of(event).is_empty())
    };
    let Some(event) = events.iter().rev().find(is_refusal).or_else(|| events.iter().rev().find(decided))
    else {
        bail!("the gates have decided nothing about session {session} yet");
    };
    let record = event.record::<GateRecord>().unwrap_or_default();
    let guards = guards_of(event);
    let policy = place.project.policy(&place.paths);
    let rules = policy.as_ref().map(config::Policy::rules).transpose()?.unwrap_or_default();
    let is_same_policy = policy.as_ref().is_some_and(|policy| policy.hash() == record.policy);
    if as_json {
        let requirements: Vec<_> = record
            .asked
            .iter()
            .map(|(name, standing)| {
                let rule = rules.iter().find(|rule| rule.name == *name);
                json!({"name": name, "standing": standing, "facts": record.facts.get(name), "place": rule.map(|rule| &rule.place)})
            })
            .collect();
        let document = json!({
            "at": event.recorded_at, "session": session.as_str(), "event": event.event, "tool": event.tool_name,
            "command": event.command, "file": event.file_path, "outcome": record.outcome, "branch": record.branch,
            "policy": record.policy, "policy_is_current": is_same_policy, "requirements": requirements,
            "guards": guards,
        });
        return print_json(out, &document);
    }
    writeln!(out, "{}", headline(place, event, &record, &guards, session.as_str()))?;
    for (name, standing) in &record.asked {
        let rule = rules.iter().find(|rule| rule.name == *name);
        for line in explained(place, name, *standing, &record, rule) {
            writeln!(out, "{line}")?;
        }
    }
    for found in &guards {
        writeln!(out, "{}", explained_guard(place, found, policy.as_ref()))?;
    }
    match record.outcome {
        Outcome::Protected => {
            let at = policy.as_ref().and_then(|policy| policy.protect_cli().cloned());
            let at = at
                .map(|(file, line)| format!(" ({}:{line})", place.shown(&file).display()))
                .unwrap_or_default();
            writeln!(
                out,
                "  It would have changed what gates the session, and `protect_cli` blocks that for agents{at}."
            )?;
        }
        Outcome::Strict => {
            writeln!(out, "  `strict_preflight` requires an enabled requirement before any edit.")?;
        }
        Outcome::Context => writeln!(
            out,
            "  The context was nearly full and the session had no checkpoint (`context.force`).\nNext: req checkpoint new \"<title>\", then req checkpoint verify"
        )?,
        Outcome::Closed => writeln!(
            out,
            "  The gates could not be evaluated, and `on_error: deny` is set.\nNext: req doctor"
        )?,
        _ => {}
    }
    if !is_same_policy && !record.policy.is_empty() {
        writeln!(
            out,
            "The configuration has changed since; `req replay --session {session}` shows what would differ."
        )?;
    }
    let open: Vec<&Rule> = record
        .asked
        .iter()
        .filter(|(_, state)| *state == RecordedState::Open)
        .filter_map(|(name, _)| rules.iter().find(|rule| rule.name == *name))
        .collect();
    if !open.is_empty() {
        for way in gates::refusal::ways_on(&open, session.as_str()) {
            writeln!(out, "Next: req {way}")?;
        }
    }
    Ok(())
}

fn headline(
    place: &CurrentProject,
    event: &LoggedEvent,
    record: &GateRecord,
    guards: &[GuardRecord],
    session: &str,
) -> String {
    let what = [&event.command, &event.file_path].into_iter().find(|text| !text.is_empty());
    let what = what.map(|text| format!(" {}", fact(text))).unwrap_or_default();
    let what_ran = if event.event == "Stop" {
        "the end of the turn".to_owned()
    } else {
        format!("{}{what}", event.tool_name)
    };
    let was_asked = guards.iter().any(|found| found.verdict == GuardVerdict::Ask);
    let verdict = match record.outcome {
        Outcome::Block => "was sent back",
        outcome if outcome.is_refusal() => "was refused",
        _ if was_asked => "needed the user's approval",
        _ => "passed",
    };
    let ago = age(place.now.epoch() - event.epoch());
    let branch = if record.branch.is_empty() { String::new() } else { format!(" on {}", record.branch) };
    format!("{ago} ago, in session {session}{branch}, {what_ran} {verdict}:")
}

/// What a guard found, what followed, and how a person allows it.
fn explained_guard(place: &CurrentProject, found: &GuardRecord, policy: Option<&config::Policy>) -> String {
    let became = match found.verdict {
        GuardVerdict::Deny => "refused",
        GuardVerdict::Ask => "asked the user",
        GuardVerdict::Warn => "only warned",
        GuardVerdict::Observe => "only recorded",
        GuardVerdict::Allowed => "was allowed once",
        GuardVerdict::Granted => "was told to allow it once",
        other => other.name(),
    };
    let name = GuardName::ALL.iter().find(|name| name.name() == found.guard);
    let at = policy.zip(name).and_then(|(policy, name)| policy.guard_place(*name).ok().flatten());
    let at = at.map_or_else(String::new, |at| format!(", {}:{}", place.shown(&at.file).display(), at.line));
    let mut text = format!("  guard {}{at} {became}: {}", found.guard, found.what);
    if !found.reason.is_empty() {
        text.push_str(&format!("\n    because: {}", fact(&found.reason)));
    }
    if found.verdict == GuardVerdict::Deny && !found.code.is_empty() {
        text.push_str(&format!(
            "\nTo allow exactly this once, run in your own terminal: req allow-once {}",
            found.code
        ));
    }
    text
}

fn explained(
    place: &CurrentProject,
    name: &str,
    state: RecordedState,
    record: &GateRecord,
    rule: Option<&Rule>,
) -> Vec<String> {
    let meant = match state {
        RecordedState::Open => "open",
        RecordedState::Satisfied => "satisfied",
        RecordedState::Armed => "armed: verified when the turn ends",
        RecordedState::Observed => "open, and only recorded",
        RecordedState::Warned => "open, and only a warning",
        RecordedState::Failed => "could not be evaluated",
        RecordedState::Unknown => "in a state that this version does not know",
    };
    let at = rule.map_or("no longer configured".to_owned(), |rule| {
        format!(
            "{} scope, {}:{}",
            rule.requirement.scope,
            place.shown(&rule.place.file).display(),
            rule.place.line
        )
    });
    let verb = if state == RecordedState::Failed { "" } else { "was " };
    let mut lines = vec![format!("  {name} {verb}{meant} ({at})")];
    if let Some(facts) = record.facts.get(name).and_then(serde_json::Value::as_object) {
        let told = |(key, value): (&String, &serde_json::Value)| match value {
            serde_json::Value::String(text) => format!("{key}: {}", fact(text)),
            value => format!("{key}: {value}"),
        };
        lines.push(format!("    {}", facts.iter().map(told).collect::<Vec<_>>().join(", ")));
    }
    if let Some(text) = rule.and_then(|rule| rule.requirement.description.as_deref()) {
        lines.push(format!("    {text}"));
    }
    lines
}
