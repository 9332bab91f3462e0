//! Outcomes of commands, from which the guards `tests`, `loops` and `errors` work.
//!
//! A test run, and any failure, becomes a [`CommandOutcome`] in the event's line of the session's log.
//! [`crate::projection`] derives the project's files from that log at each turn.

#[cfg(test)]
mod cases;
pub mod exit;
pub mod family;
pub mod fingerprint;
mod segments;
pub mod summary;

use config::types::Names;
use hooks_common::event::{Event, Payload};
use hooks_common::session_log::{LoggedEvent, SessionDir, input_digest};
use platform::hash::short_hash;
use platform::time::Moment;

use crate::error::GuardsError;
use crate::record::CommandOutcome;
use crate::tests;
use fingerprint::KeptOutput;

/// How many bytes at the end of the session's log are examined after a failure.
const RECENT: u64 = 256 * 1024;

/// A failure, and the session's events before it.
#[derive(Debug)]
pub struct FailedTool<'a> {
    /// The outcome.
    pub outcome: &'a CommandOutcome,
    /// When it occurred, seconds since 1970.
    pub at: i64,
    /// The subagent in which it occurred; empty for the session itself.
    pub agent: &'a str,
    /// Identifies the tool's input.
    pub digest: String,
    /// The end of the session's log, oldest event first.
    pub before: Vec<LoggedEvent>,
}

impl<'a> FailedTool<'a> {
    /// The failure of a payload, if it is one.
    ///
    /// # Errors
    /// If the session's log cannot be read.
    pub fn of(
        payload: &'a Payload,
        outcome: &'a CommandOutcome,
        dir: &SessionDir,
        now: Moment,
    ) -> Result<Self, GuardsError> {
        Ok(Self {
            outcome,
            at: now.epoch(),
            agent: &payload.agent_id,
            digest: input_digest(payload),
            before: dir.read_tail(RECENT).map_err(GuardsError::SessionLog)?,
        })
    }
}

/// The outcome of a payload's tool; `None` for a success that is not a test run.
pub fn of(payload: &Payload, has_failed: bool, custom: &Names) -> Option<CommandOutcome> {
    if payload.tool_name != "Bash" {
        let outcome = CommandOutcome { family: payload.tool_name.clone(), ..CommandOutcome::default() };
        return has_failed.then(|| with_said(outcome, &payload.error, ""));
    }
    let line = &payload.tool_input.command;
    let is_mentioned = tests::is_mentioned(line, custom);
    if !has_failed && !is_mentioned {
        return None;
    }
    let script = shell::parse(line);
    let run = if is_mentioned { tests::run_of(&script, custom) } else { None };
    let (code, said) = match has_failed {
        true => exit_code(&payload.error),
        false => (Some(0), &*payload.tool_response.output),
    };
    let outcome = match run {
        Some((family, runner)) => {
            let (passed, exit_code) = judged(payload, has_failed, code, said, custom);
            CommandOutcome { family, runner, passed, exit_code, ..CommandOutcome::default() }
        }
        None if has_failed => {
            CommandOutcome { family: family::of(&script), exit_code: code, ..CommandOutcome::default() }
        }
        None => return None,
    };
    Some(if is_failure(has_failed, &outcome) { with_said(outcome, said, line) } else { outcome })
}

/// Whether the tests of a line passed, and their exit code if the line's exit code is theirs.
fn judged(
    payload: &Payload,
    has_failed: bool,
    code: Option<i32>,
    said: &str,
    custom: &Names,
) -> (Option<bool>, Option<i32>) {
    if payload.tool_response.is_background {
        return (None, None);
    }
    let line = &payload.tool_input.command;
    let is_run = |text: &str| {
        tests::is_mentioned(text, custom) && tests::run_of(&shell::parse(text), custom).is_some()
    };
    let told = exit::told(line, &is_run);
    let is_told = if has_failed { told.failing } else { told.passing };
    if is_told {
        return (Some(!has_failed), code);
    }
    (summary::verdict(said).or_else(|| exit::printed(line, said, &is_run)), None)
}

/// Adds the output. If there is none, the exact line identifies the failure: `grep` without a match in one
/// file and in another are different results.
fn with_said(outcome: CommandOutcome, text: &str, line: &str) -> CommandOutcome {
    if text.trim().is_empty() {
        let fingerprint = short_hash(format!("{}\n{line}", outcome.family).as_bytes(), 12);
        return CommandOutcome { fingerprint, ..outcome };
    }
    let said = KeptOutput::of(&outcome.family, text);
    CommandOutcome { fingerprint: said.fingerprint, said: said.line, ..outcome }
}

/// Whether it failed: the tests failed, or the tool failed and no test result is known.
pub fn is_failure(has_failed: bool, outcome: &CommandOutcome) -> bool {
    outcome.passed == Some(false) || has_failed && outcome.passed.is_none()
}

/// The failure that an event of the log records.
pub fn failure_of(event: &LoggedEvent) -> Option<CommandOutcome> {
    let outcome = event.record::<CommandOutcome>()?;
    is_failure(event.event == Event::PostToolUseFailure.name(), &outcome).then_some(outcome)
}

/// The family whose success an event of the log records.
pub fn success_of(event: &LoggedEvent) -> Option<String> {
    if let Some(outcome) = event.record::<CommandOutcome>() {
        return (outcome.passed == Some(true)).then_some(outcome.family);
    }
    if event.event != Event::PostToolUse.name() {
        return None;
    }
    let is_bash = event.tool_name == "Bash";
    Some(if is_bash { family::of(&shell::parse(&event.command)) } else { event.tool_name.clone() })
}

/// The exit code at the start of a failed line's output, and the rest.
fn exit_code(error: &str) -> (Option<i32>, &str) {
    let told = error.strip_prefix("Exit code ").map(|rest| rest.split_once('\n').unwrap_or((rest, "")));
    match told.and_then(|(code, said)| Some((code.trim().parse().ok()?, said))) {
        Some((code, said)) => (Some(code), said),
        None => (None, error),
    }
}
