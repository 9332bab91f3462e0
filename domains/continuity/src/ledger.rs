//! `.claude/haios-events.jsonl`: which numbered sessions began and ended, a line each, beside events of other kinds
//! that other tools write. Read whole, only ever appended to.
//!
//! The first four keys of a session's line are the documented shape (`ts`, `type`, `action`, `session`); `session_id`,
//! `source`, `reason`, `synthetic` and the rest are ours.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use chrono::{DateTime, NaiveDateTime, Utc};
use hooks_common::paths::{self, in_project};
use platform::store::{self, append};
use platform::time::Moment;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::greatest::GREATEST;
use crate::place::ContinuityPlace;

/// The longest list of numbers that a problem names.
const MOST_NAMED: usize = 8;

/// A line of the ledger.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LedgerLine {
    /// When, RFC 3339; older tools write local time without a zone.
    pub ts: String,
    /// `session` for those that are read here.
    #[serde(rename = "type")]
    pub kind: String,
    /// `start`, `end` or `recovered`.
    pub action: String,
    /// The number.
    pub session: u64,
    /// The host's id.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub session_id: String,
    /// How it began: `startup`, `clear`, `fork`, `resume`, `manual`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Why it ended.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Whether the end was found out later.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub synthetic: bool,
    /// The session that found it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detected_by: Option<u64>,
    /// What was written about it, from the project's root.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Whatever else stands there.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl LedgerLine {
    /// A line about a session.
    pub fn about(session: u64, action: &str, now: Moment) -> Self {
        Self {
            ts: now.rfc3339(),
            kind: "session".to_owned(),
            action: action.to_owned(),
            session,
            ..Self::default()
        }
    }
}

/// One numbered session, as its lines tell.
#[derive(Debug, Clone, Default)]
pub struct NumberedSession {
    /// The host's id, if a line names it.
    pub session_id: String,
    /// When it began last; `None` when that was not recorded.
    pub started: Option<DateTime<Utc>>,
    /// How often it began without being resumed.
    pub starts: u32,
    /// How often it ended.
    pub ends: u32,
    /// Whether it began and has not ended since.
    pub is_open: bool,
    /// Whether it was recovered since it began last.
    pub is_recovered: bool,
}

/// All numbered sessions of a project.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// By number.
    pub sessions: BTreeMap<u64, NumberedSession>,
}

impl Ledger {
    /// The ledger of a project; lines that cannot be read are passed over.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn read(place: &ContinuityPlace) -> io::Result<Self> {
        let bytes = store::read(&in_project::haios_events(&place.shared_root()))?.unwrap_or_default();
        let mut ledger = Self::default();
        for line in append::read_lines::<LedgerLine>(&bytes).0 {
            ledger.take_in(&line);
        }
        Ok(ledger)
    }

    fn take_in(&mut self, line: &LedgerLine) {
        if line.kind != "session" || line.session > GREATEST {
            return;
        }
        let session = self.sessions.entry(line.session).or_default();
        if !line.session_id.is_empty() {
            session.session_id.clone_from(&line.session_id);
        }
        match line.action.as_str() {
            "start" => {
                session.started = parsed(&line.ts).or(session.started);
                session.starts += u32::from(line.source != "resume");
                (session.is_open, session.is_recovered) = (true, false);
            }
            "end" => {
                session.ends += 1;
                session.is_open = false;
            }
            "recovered" => session.is_recovered = true,
            _ => {}
        }
    }

    /// The number of a session by the host's id.
    pub fn number_of(&self, session_id: &str) -> Option<u64> {
        let by_id = |(_, session): &(&u64, &NumberedSession)| session.session_id == session_id;
        self.sessions.iter().rev().find(by_id).map(|(number, _)| *number)
    }

    /// The greatest number that a session has; 0 when none has one.
    pub fn greatest(&self) -> u64 {
        self.sessions.keys().next_back().copied().unwrap_or(0)
    }

    /// What is wrong with the ledger, a line each for a person: sessions that ended without a beginning, began
    /// twice, or have no line between the first and the last.
    pub fn problems(&self) -> Vec<String> {
        let numbers = |wanted: &dyn Fn(&NumberedSession) -> bool| -> Vec<u64> {
            self.sessions.iter().filter(|(_, session)| wanted(session)).map(|(number, _)| *number).collect()
        };
        let mut problems = Vec::new();
        for (found, what) in [
            (numbers(&|session| session.ends > 0 && session.starts == 0), "ended without a start"),
            (numbers(&|session| session.starts > 1), "started more than once"),
        ] {
            if !found.is_empty() {
                problems.push(format!("{} {what}", listed(&found)));
            }
        }
        let first = self.sessions.keys().next().copied().unwrap_or(0);
        // A mistyped number must not make a list without end.
        let missing = (first..self.greatest()).filter(|number| !self.sessions.contains_key(number));
        let missing: Vec<u64> = missing.take(1_000).collect();
        if !missing.is_empty() {
            problems.push(format!("{} left no line", listed(&missing)));
        }
        problems
    }
}

fn listed(numbers: &[u64]) -> String {
    let named: Vec<_> = numbers.iter().take(MOST_NAMED).map(u64::to_string).collect();
    let more = numbers.len().saturating_sub(MOST_NAMED);
    let noun = if numbers.len() == 1 { "session" } else { "sessions" };
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{noun} {}{rest}", named.join(", "))
}

fn parsed(time: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(time) {
        return Some(time.to_utc());
    }
    Some(time.parse::<NaiveDateTime>().ok()?.and_utc())
}

/// Appends lines at once. Whoever decides by what the ledger says holds [`ContinuityPlace::lock`] meanwhile.
///
/// # Errors
/// When the file cannot be written.
pub fn append(place: &ContinuityPlace, lines: &[LedgerLine]) -> io::Result<()> {
    let texts: Result<Vec<Vec<u8>>, _> = lines.iter().map(serde_json::to_vec).collect();
    append_raw(place, &texts?.join(&b'\n'))
}

/// Appends text that is one line, or several.
pub(crate) fn append_raw(place: &ContinuityPlace, text: &[u8]) -> io::Result<()> {
    let root = place.shared_root();
    let file = in_project::haios_events(&root);
    place.prepare(&root, &file)?;
    store::append_line(&file, &lock_path(place), text, store::lock::CHANGE)
}

/// The lock for appending to the project's logs. Not the one that the caller may hold: a file that is opened twice
/// does not share its locks.
pub(crate) fn lock_path(place: &ContinuityPlace) -> PathBuf {
    paths::continuity_lock(place.project().stores()[1]).with_file_name("continuity-logs.lock")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(lines: &str) -> Ledger {
        let mut ledger = Ledger::default();
        for line in append::read_lines::<LedgerLine>(lines.as_bytes()).0 {
            ledger.take_in(&line);
        }
        ledger
    }

    #[test]
    fn what_is_wrong_is_told() {
        let ledger = ledger(
            r#"{"ts":"2025-12-29T12:04:59.1","type":"session","action":"start","session":144}
{"ts":"2025-12-29T12:05:59","type":"session","action":"end","session":144}
{"ts":"torn
{"ts":"2025-12-29T14:00:00Z","type":"session","action":"start","session":145,"session_id":"x"}
{"ts":"2025-12-29T15:00:00Z","type":"session","action":"end","session":147}
{"ts":"2025-12-29T15:00:00Z","type":"session","action":"start","session":145,"source":"resume"}
{"ts":"2025-12-29T15:00:00Z","type":"heartbeat","synthesis":true}
{"ts":"2025-12-29T16:00:00Z","type":"session","action":"start","session":149}
{"ts":"2025-12-29T16:00:00Z","type":"session","action":"start","session":1000000}
{"ts":"2025-12-29T16:00:00Z","type":"session","action":"start","session":18446744073709551615}
{"ts":"2025-12-29T16:00:00Z","type":"session","action":"start","session":149}"#,
        );
        assert_eq!((ledger.greatest(), ledger.number_of("x")), (149, Some(145)));
        let open: Vec<_> = ledger.sessions.iter().filter(|(_, session)| session.is_open).collect();
        assert_eq!(open.iter().map(|(number, _)| **number).collect::<Vec<_>>(), [145, 149]);
        assert_eq!(
            ledger.problems(),
            [
                "session 147 ended without a start",
                "session 149 started more than once",
                "sessions 146, 148 left no line"
            ]
        );
    }
}
