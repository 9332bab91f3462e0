//! `req allow-once`: a person allows one refused tool use, once.

use std::io::Write;

use guards::grants::{self, ANSWERABLE, Grant, Grants, LIFE};
use guards::{GuardRecord, GuardRecords};
use hooks_common::decision::GuardVerdict;
use hooks_common::registry::{Registry, is_same_dir};
use hooks_common::session_id::SessionKey;
use hooks_common::session_log::{self, LoggedEvent};
use platform::text::fact;
use platform::time::age;
use redact::redact;
use serde_json::json;

use super::json as print_json;
use crate::cli::AllowOnceArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context};
use crate::guarded::is_called_by_agent;
use crate::session;

/// How much of a session's log is read, in bytes.
const RECENT: u64 = 1024 * 1024;

/// A refusal of guards that a person can answer with an exception.
struct AnswerableRefusal {
    session: SessionKey,
    event: LoggedEvent,
    /// All that guards found.
    found: Vec<GuardRecord>,
    /// The finding that names the code.
    record: GuardRecord,
}

impl AnswerableRefusal {
    /// The guards that refused; the exception covers all of them.
    fn stopping(&self) -> impl Iterator<Item = &GuardRecord> {
        self.found.iter().filter(|record| matches!(record.verdict, GuardVerdict::Deny | GuardVerdict::Ask))
    }

    /// The same for people.
    fn reasons(&self) -> Vec<&str> {
        self.stopping().map(|record| record.what.as_str()).collect()
    }
}

/// Allows one refused tool use, or lists the latest refusals.
pub fn run(arguments: &AllowOnceArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let refused = refused_lately(&place);
    let Some(code) = &arguments.code else { return list(&place, &refused, arguments.json.json, out) };
    if is_called_by_agent(&place.paths) {
        return Err(CliError::user("only a person may allow what a guard refused")
            .next("run this yourself in a terminal that Claude Code did not start"));
    }
    let code = normal(code);
    let Some(found) = refused.into_iter().find(|refused| refused.record.code == code) else {
        return Err(CliError::user(format_args!("no refusal of the last day has the code {code}"))
            .next("run `req allow-once` to list the refusals of this project"));
    };
    let reason = redact(&arguments.reason).into_owned();
    let grants = Grants::of(&place.project);
    grants.sweep(place.now.epoch());
    let grant = Grant {
        v: 1,
        code: code.clone(),
        session: found.session.to_string(),
        what: found.record.what.clone(),
        reasons: found.stopping().map(|record| grants::reason(&record.guard, &record.what)).collect(),
        reason: reason.clone(),
        granted_at: place.now.rfc3339(),
        expires_at: place.now.epoch() + LIFE,
        seal: String::new(),
    };
    let expires_at = grant.expires_at;
    grants.give(&place.paths, &found.record.digest, grant).context("the exception cannot be saved")?;
    let record = GuardRecord { verdict: GuardVerdict::Granted, reason, ..found.record.clone() };
    let records = GuardRecords(vec![record]);
    session::record(&place, &found.session, "allow_once", "", |parts| parts.put(&records));
    if arguments.json.json {
        return print_json(
            out,
            &json!({"code": code, "session": found.session.as_str(), "tool": found.event.tool_name,
                    "what": shown(&found.event), "expires_at": expires_at}),
        );
    }
    writeln!(
        out,
        "{} {} is allowed once in session {}, within {} minutes. Tell Claude to try again.",
        found.event.tool_name,
        fact(shown(&found.event)),
        found.session,
        LIFE / 60
    )?;
    Ok(())
}

fn list(
    place: &CurrentProject,
    refused: &[AnswerableRefusal],
    as_json: bool,
    out: &mut impl Write,
) -> CliResult {
    if as_json {
        let lines = refused.iter().map(|refused| {
            json!({"code": refused.record.code, "guard": refused.record.guard, "session": refused.session.as_str(),
                   "at": refused.event.recorded_at, "tool": refused.event.tool_name,
                   "what": shown(&refused.event), "because": refused.reasons()})
        });
        return print_json(out, &lines.collect::<Vec<_>>());
    }
    if refused.is_empty() {
        writeln!(out, "No guard refused anything in this project within the last day.")?;
    }
    for refused in refused {
        writeln!(
            out,
            "{}  {} ago, session {}: {} {}",
            refused.record.code,
            age(place.now.epoch() - refused.event.epoch()),
            refused.session,
            refused.event.tool_name,
            fact(shown(&refused.event)),
        )?;
        for reason in refused.reasons() {
            writeln!(out, "        {reason}")?;
        }
    }
    Ok(())
}

/// The refusals in live sessions of the project, the latest first, each code once.
fn refused_lately(place: &CurrentProject) -> Vec<AnswerableRefusal> {
    let now = place.now.epoch();
    let live = Registry::new(&place.paths).entries();
    let here = live.into_iter().filter(|(_, entry)| is_same_dir(&entry.project_dir, place.project.root()));
    let mut refused: Vec<AnswerableRefusal> = Vec::new();
    for (session, _) in here {
        for (_, dir) in session_log::with_key(&place.paths, &session) {
            for event in dir.read_tail(RECENT).unwrap_or_default() {
                let is_recent = (0..=ANSWERABLE).contains(&(now - event.epoch()));
                let found = event.record::<GuardRecords>().unwrap_or_default().0;
                let is_answerable =
                    |record: &&GuardRecord| !record.code.is_empty() && record.verdict == GuardVerdict::Deny;
                if let (true, Some(record)) = (is_recent, found.iter().find(is_answerable)) {
                    let record = record.clone();
                    refused.push(AnswerableRefusal { session: session.clone(), event, found, record });
                }
            }
        }
    }
    refused.sort_by_key(|refused| std::cmp::Reverse(refused.event.epoch()));
    let mut seen = std::collections::HashSet::new();
    refused.retain(|refused| seen.insert(refused.record.code.clone()));
    refused
}

fn shown(event: &LoggedEvent) -> &str {
    if event.command.is_empty() { &event.file_path } else { &event.command }
}

/// The code in its canonical form: people read `0` as `O` and `1` as `I` or `L`.
fn normal(code: &str) -> String {
    let upper = code.trim().to_ascii_uppercase();
    upper
        .chars()
        .map(|letter| match letter {
            'O' => '0',
            'I' | 'L' => '1',
            letter => letter,
        })
        .collect()
}
