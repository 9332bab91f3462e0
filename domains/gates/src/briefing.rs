//! SessionStart: what is required in this project, told once.

use std::fmt::Write;

use config::Rule;
use config::finding::Severity;
use config::messages::MessageDirs;
use config::types::{BriefingFormat, Condition, Kind, Mode, SessionStart};
use hooks_common::clock;
use hooks_common::decision::Outcome;
use hooks_common::owner::Owner;
use hooks_common::requirements::transaction;
use hooks_common::runtime::Hook;
use hooks_common::{failures, registry::Registry};
use platform::store::{self, lock};
use platform::text::fact;
use serde_json::Map;

use crate::carry_over::carry_over;
use crate::context::Gates;
use crate::error::GatesError;
use crate::judge::{EvalContext, Judged};
use crate::message::Placeholders;
use crate::needed::is_told;
use crate::record::GateRecord;
use crate::refusal;
use hooks_common::decision::RequirementState;
use hooks_common::req::Req;

/// Entries of sessions that did nothing for so long are dropped from state, in seconds.
const FORGET_AFTER: i64 = 14 * 86_400;
/// The most findings that are shown at once.
const MOST_FINDINGS: usize = 8;

/// Warns the user, once, about hook failures since the last session began. Also warns at each start while Stanchion's
/// folder cannot be written.
///
/// # Errors
/// None; failures that cannot be read are not shown.
pub fn tell_failures(hook: &mut Hook) -> Result<(), std::convert::Infallible> {
    if let Err(error) = failures::check_folder(&hook.paths) {
        hook.answer.tell_user(format!(
            "Stanchion cannot write to {}: {error}. Sessions are not recorded, and failures of hooks are not reported.\nNext: make it a folder that you can write to, or set STANCHION_HOME",
            hook.paths.stanchion_dir().display()
        ));
    }
    let failures = failures::take(&hook.paths);
    if let Some(last) = failures.last() {
        hook.answer.tell_user(format!(
            "Stanchion passed over {} since the last session began; the last one, in {} at {}: {}. `stanchion doctor` shows more.",
            if failures.len() == 1 { "one failure".to_owned() } else { format!("{} failures", failures.len()) },
            last.hook,
            last.at,
            fact(&last.message),
        ));
    }
    Ok(())
}

/// Injects the briefing; findings of the configuration go to the user as well. `owner` is the session's client.
///
/// # Errors
/// When the gates cannot be read.
pub fn brief(hook: &mut Hook, owner: Option<&Owner>) -> Result<(), GatesError> {
    if hook.policy().is_none() {
        if hook.payload.source == "startup" && hook.session.is_some() && !hook.is_skipped() {
            hook.answer
                .add_context("This project has no requirements; `req init` writes a first configuration.");
        }
        return Ok(());
    }
    let gates = Gates::of_hook(hook);
    let paused = hook.records.get::<GateRecord>().is_some_and(|record| record.outcome == Outcome::Paused);
    // A paused session is told so, and still told what is wrong.
    let gates = match gates {
        Some(gates) => gates,
        None if paused => match Gates::of_project(hook) {
            Some(gates) => gates,
            None => return Ok(()),
        },
        None => return Ok(()),
    };
    tell_findings(hook, &gates)?;
    let settings = gates.policy.settings()?;
    let gates = inherit(hook, gates, &settings.session_start, owner);
    if paused {
        hook.answer.add_context("Requirement gates are paused for this session; `req resume` ends that.");
    }
    if settings.session_start.inject_context {
        let text = match briefing(hook, &gates, &settings.session_start, paused) {
            Ok(text) => text,
            Err(error) => {
                hook.report(&format!("briefing: {error}"));
                "Requirement gates are active; `req status` shows them.".to_owned()
            }
        };
        hook.answer.add_context(text);
    }
    forget_old_sessions(hook, &gates);
    Ok(())
}

/// What is wrong in the configuration, for the user and for the model: a gate that is off must not look on.
fn tell_findings(hook: &mut Hook, gates: &Gates) -> Result<(), GatesError> {
    let findings = gates.policy.findings()?;
    let mut worth: Vec<_> = findings.iter().filter(|finding| finding.severity > Severity::Note).collect();
    worth.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    if worth.is_empty() {
        return Ok(());
    }
    let mut text = String::from("The requirements configuration has problems:");
    for finding in worth.iter().take(MOST_FINDINGS) {
        let _ = write!(text, "\n- {finding}");
    }
    if worth.len() > MOST_FINDINGS {
        let _ = write!(text, "\n- and {} more: `req status`", worth.len() - MOST_FINDINGS);
    }
    for finding in &worth {
        hook.log.add(config::types::LogLevel::Warning, finding.to_string());
    }
    hook.answer.tell_user(text.clone());
    hook.answer.add_context(text);
    Ok(())
}

fn inherit(hook: &mut Hook, gates: Gates, settings: &SessionStart, owner: Option<&Owner>) -> Gates {
    if hook.payload.source != "clear" {
        return gates;
    }
    let Some(session) = hook.session.clone() else { return gates };
    let client = owner.map(|owner| owner.pid);
    let root = hook.project().root().to_owned();
    match carry_over(&gates, &settings.carry_over, session.key(), client, &hook.paths, &root) {
        Ok(names) if names.is_empty() => gates,
        Ok(names) => {
            hook.answer.add_context(format!("Carried over from the cleared session: {}.", names.join(", ")));
            let record = hook.records.get_mut::<GateRecord>();
            (record.satisfied, record.satisfied_by) = (names, "carry_over".to_owned());
            let state = hooks_common::requirements::BranchState::read(&gates.dir, &gates.branch);
            Gates { state: state.into(), ..gates }
        }
        Err(error) => {
            hook.report(&format!("carry-over: {error}"));
            gates
        }
    }
}

/// The guards that may refuse something, as a sentence.
fn guards(gates: &Gates) -> String {
    let named = gates.policy.guards().filter(|(_, mode)| *mode == Mode::Enforce).map(|(name, _)| name.name());
    let named: Vec<&str> = named.collect();
    if named.is_empty() { String::new() } else { format!(" Guards that may refuse: {}.", named.join(", ")) }
}

fn briefing(hook: &Hook, gates: &Gates, settings: &SessionStart, paused: bool) -> Result<String, GatesError> {
    let situation = EvalContext::of_project(&hook.paths, hook.project());
    let mut survey = gates.survey(&situation)?;
    survey.retain(|(rule, _)| rule.requirement.mode != Mode::Observe);
    let session = gates.session.as_ref().map(ToString::to_string).unwrap_or_default();
    let messages = hook.paths.message_dirs(hook.project().root());
    let mut text = String::new();
    if let Some(header) = &settings.custom_header {
        let _ = writeln!(text, "{header}\n");
    }
    if survey.is_empty() {
        text.push_str("No requirements configured.");
        text.push_str(&guards(gates));
        return Ok(text);
    }
    let open: Vec<&Rule> =
        survey.iter().filter(|(rule, judged)| is_told(rule, judged)).map(|(rule, _)| rule).collect();
    let req = Req::find(&hook.paths);
    let ways: Vec<String> = refusal::ways_on(&open, &session).iter().map(|way| req.call(way)).collect();
    let fallback = ways.join("; ");
    let root = hook.project().root().to_string_lossy().into_owned();
    if let Some(template) = messages.briefing(settings.briefing_format.name()) {
        let actions = open.iter().map(|rule| format!("- {} ({})", rule.name, way_out(rule, Some(&messages))));
        let rows: Vec<String> = survey.iter().map(|(rule, judged)| row(rule, judged, &messages)).collect();
        let mut placeholders = Placeholders::default();
        placeholders.set("branch", gates.branch.name());
        placeholders.set("project_dir", &root);
        placeholders.set("session_id", &session);
        placeholders.set("satisfied_count", &(survey.len() - open.len()).to_string());
        placeholders.set("total_count", &survey.len().to_string());
        placeholders.set_text("action_list", actions.collect::<Vec<_>>().join("\n"));
        placeholders.set_text("quick_start", String::new());
        placeholders.set_text("status_table", rows.join("\n"));
        let names: Vec<&str> = open.iter().map(|rule| rule.name.as_str()).collect();
        placeholders.set_text("unsatisfied_names", names.join(" "));
        placeholders.set_text(
            "fallback",
            if open.is_empty() { String::new() } else { format!("To satisfy: {fallback}") },
        );
        text.push_str(placeholders.fill(template.trim()).trim());
        return Ok(text);
    }
    let _ = write!(text, "Requirements: {}/{} satisfied", survey.len() - open.len(), survey.len());
    match settings.briefing_format {
        BriefingFormat::Compact => {
            let _ = write!(text, " on {}.", fact(gates.branch.name()));
            for rule in &open {
                let _ = write!(text, "\n- {} is open ({})", rule.name, way_out(rule, Some(&messages)));
            }
        }
        BriefingFormat::Standard => {
            let _ = write!(
                text,
                "\nBranch: {}\nProject: {}\nSession: {session}\n\n| Requirement | Status | Triggers | Way out |\n|---|---|---|---|",
                fact(gates.branch.name()),
                fact(&root),
            );
            for (rule, judged) in &survey {
                let _ = write!(text, "\n{}", row(rule, judged, &messages));
            }
        }
    }
    text.push_str(&guards(gates));
    if !open.is_empty() {
        let _ = write!(text, "\nTo satisfy: {fallback}");
        if !paused {
            text.push_str("\nA tool that needs an open requirement is refused before it runs, and says so.");
        }
        if gates.policy.protects_cli() {
            text.push_str("\nThat is the user's to run (`protect_cli`).");
        }
    }
    Ok(text)
}

fn row(rule: &Rule, judged: &Judged, messages: &MessageDirs) -> String {
    let status = match judged.state {
        RequirementState::Open => "open",
        RequirementState::Failed => "unknown",
        RequirementState::Satisfied | RequirementState::Armed => "satisfied",
    };
    format!("| {} | {status} | {} | {} |", rule.name, triggers(rule), way_out(rule, Some(messages)))
}

/// How a requirement is satisfied, in a few words. `messages` may have words of its own.
pub fn way_out(rule: &Rule, messages: Option<&MessageDirs>) -> String {
    let requirement = &rule.requirement;
    let own = messages.and_then(|messages| messages.messages(&rule.name, requirement.kind).action_label);
    if let Some(label) = own {
        return Placeholders::of(rule, &Map::new(), "", "").fill(label.trim());
    }
    if let Some(skill) = &requirement.auto_resolve_skill {
        return format!("/{}", skill.trim_start_matches('/').rsplit(':').next().unwrap_or(skill));
    }
    match (requirement.kind, requirement.condition()) {
        (Kind::Condition, Some(Condition::ProtectedBranch)) => "git switch -c <name>".to_owned(),
        (Kind::Condition, Some(Condition::SingleSession)) => "end the other session".to_owned(),
        (Kind::Blocking, _) => format!("req satisfy {}", rule.name),
        _ => format!("req approve {}", rule.name),
    }
}

/// The triggers as a person would say them.
fn triggers(rule: &Rule) -> String {
    let mut shown: Vec<String> = Vec::new();
    for trigger in rule.requirement.triggers() {
        let mut text = match &trigger.command_pattern {
            Some(pattern) => humane(pattern),
            None => trigger.tool,
        };
        if let Some(files) = &trigger.file_pattern {
            text.push_str(&format!(" of {}", files.iter().collect::<Vec<_>>().join(" ")));
        }
        if !shown.contains(&text) {
            shown.push(text);
        }
    }
    if rule.requirement.counts_bash_writes() {
        shown.push("writes through Bash".to_owned());
    }
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

fn humane(pattern: &str) -> String {
    let spaced = pattern.replace("\\s+", " ").replace("\\s", " ").replace('|', "/");
    spaced.chars().filter(|c| !matches!(c, '\\' | '^' | '$' | '(' | ')')).collect()
}

/// Keeps state small. Nothing is lost if this fails: the next session tries again.
fn forget_old_sessions(hook: &mut Hook, gates: &Gates) {
    if !clock::is_trusted(&hook.paths, hook.entered) {
        return;
    }
    let before = gates.now - FORGET_AFTER;
    let live: std::collections::BTreeSet<_> =
        Registry::new(&hook.paths).live(None).into_iter().map(|(key, _)| key).collect();
    for folder in [gates.dir.path().to_owned(), gates.dir.metrics_dir()] {
        store::sweep(&folder);
    }
    let root = hook.project().root().to_owned();
    let forgotten = transaction(&gates.dir, &gates.branch, &root, gates.now, lock::HOT, |changes| {
        changes.drop_old_sessions(before, |key| live.contains(key));
    });
    if let Err(error) = forgotten {
        hook.log.debug(format!("old sessions stay in state: {error}"));
    }
}
