//! PreToolUse: may this tool run?

use config::types::Mode;
use config::{ConfigError, Policy};
use hooks_common::answer::{Answer, Decision};
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::requirements::transaction;
use hooks_common::runtime::Hook;
use hooks_common::session_log::GateRecord;
use platform::store::{self, lock};
use serde_json::Value;

use crate::judge::{Situation, Standing};
use crate::message;
use crate::protect;
use crate::refusal::{Refused, Writer};
use crate::strict;
use crate::view::{Asked, Gates, Verdict};
use hooks_common::tool_use::ToolUse;

/// A refusal that says the same within so many seconds is told in short: the model sent its edits together.
const REPEATED_WITHIN: i64 = 5;
/// How much of the session's log is looked at for it, in bytes.
const RECENT: u64 = 8 * 1024;

/// Refuses the tool if a requirement that it triggers is open; otherwise marks what it triggers, so that Stop
/// verifies it. A refused tool wrote nothing, so it triggers nothing.
///
/// # Errors
/// When the gates cannot be read; the tool passes then, unless [`close`] refuses it.
pub fn decide(hook: &mut Hook, policy: Option<Policy>) -> Result<(), String> {
    // What is refused already writes nothing, so it triggers nothing.
    if matches!(hook.answer.decision(), Decision::Refuse(_)) {
        return Ok(());
    }
    if let Some(text) = beforehand(hook, policy.as_ref())? {
        hook.gates = Some(GateRecord { outcome: "strict".to_owned(), ..GateRecord::default() });
        hook.answer.decide(Decision::Refuse(text));
        return Ok(());
    }
    let Some(gates) = policy.and_then(|policy| Gates::with_policy(hook, policy)) else { return Ok(()) };
    let tool_use = ToolUse::of(&hook.payload);
    if gates.policy.protects_cli()
        && let Some(violation) = protect::violation(&hook.paths, hook.project(), &tool_use)
    {
        let text = protected(&gates, &violation, tool_use.tool);
        hook.gates.get_or_insert_default().outcome = "protected".to_owned();
        hook.answer.decide(Decision::Refuse(text));
        return Ok(());
    }
    let verdict = gates.verdict(&hook.paths, hook.project(), &tool_use).map_err(|error| error.to_string())?;
    let refusing = verdict.refusing();
    let text = if refusing.is_empty() { None } else { Some(refusal(hook, &gates, &refusing, &tool_use)?) };
    note(hook.gates.get_or_insert_default(), &verdict, text.is_some());
    for failed in verdict.asked().iter().filter(|asked| asked.judged.standing == Standing::Failed) {
        let reason = failed.judged.detail.as_deref().unwrap_or_default();
        hook.report(&format!("requirement {} could not be evaluated: {reason}", failed.gate.name));
    }
    if let Some(text) = text {
        hook.answer.decide(Decision::Refuse(text));
        return Ok(());
    }
    warn(hook, &gates, &verdict)?;
    mark_triggered(hook, &gates, &verdict)
}

/// What is refused before any gate is asked, paused or not.
fn beforehand(hook: &Hook, policy: Option<&Policy>) -> Result<Option<String>, String> {
    if hook.is_skipped() || hook.session.is_none() {
        return Ok(None);
    }
    strict::refusal(&hook.paths, hook.project(), policy, &ToolUse::of(&hook.payload))
}

fn refusal(
    hook: &Hook,
    gates: &Gates,
    refusing: &[&Asked],
    tool_use: &ToolUse<'_>,
) -> Result<String, String> {
    let refused: Result<Vec<Refused>, ConfigError> = refusing
        .iter()
        .map(|asked| Ok(Refused { rule: gates.policy.rule(&asked.gate)?, judged: asked.judged.clone() }))
        .collect();
    let situation = Situation {
        paths: &hook.paths,
        project: hook.project(),
        tool_use: Some(tool_use),
        may_compute: true,
    };
    let is_repeated = was_just_refused(hook, refusing);
    let refused = refused.map_err(|error| error.to_string())?;
    Ok(Writer::new(gates, &situation).tool(&refused, tool_use.tool, is_repeated))
}

/// Whether the session was refused for the same requirements, on the same facts, a moment ago.
fn was_just_refused(hook: &Hook, refusing: &[&Asked]) -> bool {
    let Some(recent) = hook.session_dir().and_then(|dir| dir.read_tail(RECENT).ok()) else { return false };
    let now = hook.entered.epoch();
    let same = |record: &GateRecord| {
        let mut told = record.asked.iter().filter(|(_, word)| word == Standing::Open.name());
        let is_told = |asked: &&Asked| {
            let facts = record.facts.get(&asked.gate.name).and_then(Value::as_object);
            asked.judged.standing == Standing::Open
                && told.next().is_some_and(|(name, _)| *name == asked.gate.name)
                && facts.map_or(asked.judged.facts.is_empty(), |facts| *facts == asked.judged.facts)
        };
        record.outcome == "deny" && refusing.iter().all(is_told) && told.next().is_none()
    };
    recent.iter().rev().any(|event| {
        (0..=REPEATED_WITHIN).contains(&(now - event.epoch())) && event.gates.as_ref().is_some_and(same)
    })
}

fn protected(gates: &Gates, violation: &str, tool: &str) -> String {
    let place = gates.policy.protect_cli().map(|(file, line)| format!("{}:{line}", file.display()));
    format!(
        "{tool} was refused before it ran; nothing was changed.\n{violation}\nRequired: protect_cli ({})\nTo go on: ask the user, who can do this in a terminal of their own.",
        place.unwrap_or_default()
    )
}

/// What the log keeps of a verdict.
fn note(record: &mut GateRecord, verdict: &Verdict, is_refused: bool) {
    record.outcome = match verdict {
        _ if is_refused => "deny",
        Verdict::Exempt(_) => "exempt",
        Verdict::NotAsked | Verdict::Asked(_) => "pass",
    }
    .to_owned();
    for asked in verdict.asked() {
        record.asked.push((asked.gate.name.clone(), asked.word().to_owned()));
        if !asked.judged.facts.is_empty() {
            record.facts.insert(asked.gate.name.clone(), asked.judged.facts.clone().into());
        }
    }
}

/// Tells what is open in mode `warn`, the first time that the session meets it.
fn warn(hook: &mut Hook, gates: &Gates, verdict: &Verdict) -> Result<(), String> {
    let is_new = |asked: &&Asked| {
        asked.judged.standing == Standing::Open && asked.gate.mode == Mode::Warn && !asked.was_triggered
    };
    let mut lines = Vec::new();
    for asked in verdict.asked().iter().filter(is_new) {
        let rule = gates.policy.rule(&asked.gate).map_err(|error| error.to_string())?;
        let situation = Situation::of_project(&hook.paths, hook.project());
        let said = Writer::new(gates, &situation).body(&Refused { rule, judged: asked.judged.clone() });
        lines.push(format!("{} is open and only warns: {}", asked.gate.name, message::first_line(&said)));
    }
    if !lines.is_empty() {
        let text = lines.join("\n");
        hook.answer.add_context(text.clone());
        hook.answer.tell_user(text);
    }
    Ok(())
}

fn mark_triggered(hook: &mut Hook, gates: &Gates, verdict: &Verdict) -> Result<(), String> {
    let fresh: Vec<_> =
        verdict.asked().iter().filter(|asked| !asked.was_triggered).map(|asked| &asked.gate).collect();
    let (false, Some(session)) = (fresh.is_empty(), &gates.session) else { return Ok(()) };
    let root = hook.project().root();
    let marked = transaction(&gates.dir, &gates.branch, root, gates.now, lock::HOT, |changes| {
        for gate in &fresh {
            changes.mark_triggered(&gate.name, gate.scope, session);
        }
    });
    marked.map_err(|error| format!("marking what was triggered: {error}"))?;
    hook.gates.get_or_insert_default().triggered = fresh.iter().map(|gate| gate.name.clone()).collect();
    Ok(())
}

/// After gates that failed: refuses the tool where the configuration closes them then, and drops the compiled
/// policy, which may be damaged; the next hook compiles it again.
///
/// # Errors
/// When the policy cannot be removed.
pub fn close(hook: &mut Hook) -> Result<(), std::io::Error> {
    if hook.session.is_none() || hook.is_skipped() {
        return Ok(());
    }
    if let Some(text) = closed(&hook.paths, hook.project(), "its gates could not be evaluated") {
        hook.gates.get_or_insert_default().outcome = "closed".to_owned();
        hook.answer.decide(Decision::Refuse(text));
    }
    store::remove(&hook.project().policy_file()).map(drop)
}

/// The answer to a payload that cannot be read, where the configuration closes gates then. The project is the
/// one of the folder that the hook was started in.
pub fn unreadable(paths: &Paths) -> Option<Answer> {
    let folder = std::env::current_dir().ok()?;
    let text =
        closed(paths, &Project::of_event(paths, None, &folder), "what the client sent cannot be read")?;
    let mut answer = Answer::default();
    answer.decide(Decision::Refuse(text));
    Some(answer)
}

fn closed(paths: &Paths, project: &Project, reason: &str) -> Option<String> {
    project.policy(paths).filter(|policy| policy.is_enabled() && policy.closes_on_error())?;
    Some(format!(
        "The tool was refused before it ran: {reason}, and `on_error: deny` refuses then ({}).\nTo go on: req doctor",
        project.root().display()
    ))
}
