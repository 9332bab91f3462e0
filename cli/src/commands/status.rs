//! `req status`: the requirements, which are open, and what is wrong with the configuration.

use std::collections::BTreeMap;
use std::io::Write;

use config::Rule;
use config::finding::{Finding, Severity};
use config::types::Mode;
use gates::metrics::{self, Observed};
use gates::needed::is_told;
use gates::{EvalContext, Gates, Judged, RequirementState, strict};
use hooks_common::registry::Registry;
use platform::time::age;
use serde_json::json;

use super::json as print_json;
use crate::cli::StatusArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult};
use crate::session;

/// Shows what is required, what is open, and what is wrong with the configuration.
pub fn run(arguments: &StatusArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let session = session::find_if_any(&place, arguments.session.session.as_deref())?;
    let branch = place.branch(arguments.branch.as_deref());
    if place.project.policy(&place.paths).is_none() {
        let root = place.project.root().display();
        if arguments.json.json {
            return print_json(out, &json!({"project": place.project.root(), "configured": false}));
        }
        writeln!(out, "{root} has no requirements; `req init` writes a first configuration.")?;
        return Ok(());
    }
    let gates = place.gates(branch, session.clone())?;
    let situation = EvalContext::of_project(&place.paths, &place.project);
    let survey = gates.survey(&situation)?;
    super::sync::of_project(&place, &gates.branch)?;
    let observed = metrics::observed(&gates.dir);
    let findings = gates.policy.findings()?;
    let guards: BTreeMap<&str, &str> =
        gates.policy.guards().map(|(name, mode)| (name.name(), mode.name())).collect();
    let paused = session.as_ref().is_some_and(|session| gates.dir.pause_mark(session).exists());
    if arguments.json.json {
        let rules: Vec<_> =
            survey.iter().map(|(rule, judged)| rule_json(&gates, rule, judged, &observed)).collect();
        return print_json(
            out,
            &json!({
                "project": place.project.root(), "configured": true, "enabled": gates.policy.is_enabled(),
                "branch": gates.branch.name(), "session": session.as_ref().map(ToString::to_string),
                "paused": paused, "policy": gates.policy.hash(), "requirements": rules, "guards": guards, "findings": findings,
            }),
        );
    }
    let is_open = |judged: &Judged| judged.state == RequirementState::Open;
    let open: Vec<&str> =
        survey.iter().filter(|(_, judged)| is_open(judged)).map(|(rule, _)| rule.name.as_str()).collect();
    if arguments.summary {
        let needed = if open.is_empty() { String::new() } else { format!(" ({} needed)", open.join(", ")) };
        let satisfied = survey.len() - open.len();
        writeln!(out, "{satisfied}/{} requirements satisfied{needed}", survey.len())?;
        return Ok(());
    }
    let who = session.as_ref().map_or("no session".to_owned(), |session| format!("session {session}"));
    writeln!(out, "{} on {}, {who}", place.project.root().display(), gates.branch)?;
    // A configuration with an error explains everything below it.
    let is_shown = |finding: &&Finding| finding.severity > Severity::Note || arguments.verbose;
    for finding in findings.iter().filter(is_shown) {
        writeln!(out, "{finding}")?;
    }
    switched_off(&place, &gates, paused, !guards.is_empty(), out)?;
    for (rule, judged) in &survey {
        let seen = observed.get(&rule.name);
        if judged.state != RequirementState::Satisfied || arguments.verbose || seen.is_some() {
            writeln!(out, "{}", line(&place, &gates, rule, judged))?;
            if let Some(detail) = &judged.detail {
                writeln!(out, "             {}", detail.replace('\n', "\n             "))?;
            }
            if let Some(seen) = seen {
                writeln!(out, "             {}", told(rule, seen, place.now.epoch()))?;
            }
        }
        if arguments.verbose {
            described(rule, out)?;
        }
    }
    match (survey.len(), open.len()) {
        (0, _) => writeln!(out, "No requirement is enabled.")?,
        (1, 0) => writeln!(out, "The requirement is satisfied.")?,
        (all, 0) => writeln!(out, "All {all} requirements are satisfied.")?,
        (all, open) => writeln!(out, "{} of {all} satisfied.", all - open)?,
    }
    if !guards.is_empty() {
        let all: Vec<_> = guards.iter().map(|(name, mode)| format!("{name} ({mode})")).collect();
        let off = if gates.policy.is_enabled() { "" } else { " (all of them off)" };
        writeln!(out, "Guards: {}{off}", all.join(", "))?;
    }
    if arguments.verbose {
        for (key, entry) in Registry::new(&place.paths).live(Some(place.project.root())) {
            let active = age(place.now.epoch() - session::last_activity(&place, &key, &entry));
            writeln!(
                out,
                "live session {key}: client {}, on {}, active {active} ago",
                entry.ppid, entry.branch
            )?;
        }
    }
    let told: Vec<&Rule> =
        survey.iter().filter(|(rule, judged)| is_told(rule, judged)).map(|(rule, _)| rule).collect();
    if !open.is_empty() {
        let session = session.as_ref().map(ToString::to_string).unwrap_or_default();
        for command in gates::refusal::ways_on(&told, &session) {
            writeln!(out, "Next: req {command}")?;
        }
    }
    Ok(())
}

/// What counts for less than the configuration says, or for more: switches, a pause, `strict_preflight`.
fn switched_off(
    place: &CurrentProject,
    gates: &Gates,
    is_paused: bool,
    has_guards: bool,
    out: &mut impl Write,
) -> CliResult {
    if !gates.policy.is_enabled() {
        writeln!(out, "The gates and the guards are off (`enabled: false`).")?;
    }
    if is_paused {
        let by_person = gates.session.as_ref().is_some_and(|session| {
            hooks_common::pause::is_paused_by_person(&place.paths, &gates.dir.pause_mark(session), session)
        });
        let what = if by_person || !has_guards { "gates" } else { "gates, and not the guards," };
        writeln!(out, "The {what} are paused for this session; `req resume` ends that.")?;
    }
    if let Some(lack) =
        strict::lack(&place.paths, &place.project, Some(&gates.policy)).map_err(CliError::system)?
    {
        writeln!(out, "`strict_preflight` refuses edits here: {lack}.")?;
    }
    Ok(())
}

/// The checklist of a requirement, and why it is deprecated.
fn described(rule: &Rule, out: &mut impl Write) -> CliResult {
    for item in &rule.requirement.checklist {
        writeln!(out, "             - {item}")?;
    }
    if rule.requirement.deprecated {
        let instead = rule.requirement.deprecated_message.as_deref().unwrap_or("no reason is given");
        writeln!(out, "             deprecated: {instead}")?;
    }
    Ok(())
}

/// What a requirement would have refused while it did not enforce.
fn told(rule: &Rule, seen: &Observed, now: i64) -> String {
    let uses = if seen.count == 1 { "one use".to_owned() } else { format!("{} uses", seen.count) };
    let sessions =
        if seen.sessions == 1 { "one session".to_owned() } else { format!("{} sessions", seen.sessions) };
    let last = age(now - seen.last_at);
    let mode = rule.requirement.mode;
    let would = if mode == Mode::Enforce { "while it did not enforce" } else { "it would have refused" };
    format!("{would}: {uses} in {sessions}, the last {last} ago (mode: {})", mode.name())
}

fn line(place: &CurrentProject, gates: &Gates, rule: &Rule, judged: &Judged) -> String {
    let view = gates.view(&rule.name);
    let mark = match judged.state {
        RequirementState::Satisfied | RequirementState::Armed => "satisfied",
        RequirementState::Open => "open     ",
        RequirementState::Failed => "unknown  ",
    };
    let requirement = &rule.requirement;
    let mut detail = format!(
        "{} scope, {}:{}",
        requirement.scope,
        place.shown(&rule.place.file).display(),
        rule.place.line
    );
    if requirement.mode != Mode::Enforce {
        detail.push_str(&format!(", mode {}", requirement.mode.name()));
    }
    if let (true, Some((by, at, expires))) =
        (judged.state == RequirementState::Satisfied, view.satisfaction())
        && gates.is_given(rule)
    {
        detail.push_str(&format!(", by {by} {} ago", age(gates.now - at)));
        if let Some(expires) = expires {
            detail.push_str(&format!(", for {} more", age(expires - gates.now)));
        }
    } else if let Some(value) = judged.facts.get("value") {
        let limit = judged.facts.get("block_threshold").map(ToString::to_string).unwrap_or_default();
        let warns = if judged.state == RequirementState::Satisfied
            && judged.facts.get("warns") == Some(&true.into())
        {
            ", near it"
        } else {
            ""
        };
        detail.push_str(&format!(", {value} of {limit}{warns}"));
    } else if gates.is_triggered(rule) {
        detail.push_str(", triggered in this session");
    }
    format!("  {mark}  {}  ({detail})", rule.name)
}

fn rule_json(
    gates: &Gates,
    rule: &Rule,
    judged: &Judged,
    observed: &BTreeMap<String, Observed>,
) -> serde_json::Value {
    let view = gates.view(&rule.name);
    let satisfaction = view.satisfaction().filter(|_| gates.is_given(rule));
    json!({
        "name": rule.name, "scope": rule.requirement.scope, "type": rule.requirement.kind,
        "mode": rule.requirement.mode, "standing": judged.state.recorded(rule.requirement.mode),
        "satisfied": judged.state == RequirementState::Satisfied, "triggered": gates.is_triggered(rule),
        "satisfied_by": satisfaction.map(|(by, _, _)| by), "satisfied_at": satisfaction.map(|(_, at, _)| at),
        "expires_at": satisfaction.and_then(|(_, _, expires)| expires),
        "detail": judged.detail, "facts": judged.facts, "observed": observed.get(&rule.name),
        "stop_only": rule.requirement.stop_only, "place": rule.place,
        "description": rule.requirement.description, "checklist": rule.requirement.checklist,
        "deprecated": rule.requirement.deprecated,
    })
}
