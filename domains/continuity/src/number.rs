//! Session numbers: given under a lock, once for each session, never twice.
//!
//! The number of a new session is one more than the greatest that a checkpoint's file name, the ledger, or
//! `.claude/session` names; a counter that people keep in a file of their own lifts it. `resume` and `compact` keep
//! the number, `startup`, `clear` and `fork` take the next. A number above [`GREATEST`] is none, wherever it stands.

use std::collections::BTreeSet;
use std::io;

use hooks_common::paths::in_project;
use hooks_common::session_id::SessionId;
use hooks_common::session_log::SessionDir;
use platform::store::{self, Durability, lock};
use platform::time::{Moment, rfc3339};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use crate::greatest::GREATEST;
use crate::ledger::{self, Ledger, LedgerLine};
use crate::place::ContinuityPlace;
use crate::{checkpoint, files, journal};

/// The longest counter file that is read, in bytes.
const LARGEST_COUNTER: u64 = 256 * 1024;

/// `.session-state.json`. The first two keys are the documented shape; the rest are ours, or of an older system that
/// called them otherwise.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionStateFile {
    /// When the session began, RFC 3339: older tools take that for its id.
    pub session_id: String,
    /// The same.
    pub started_at: String,
    /// The host's id.
    pub host_session_id: String,
    /// The number.
    pub session_number: Option<u64>,
    /// How it began.
    pub source: String,
    /// When a session last began or was taken up again.
    pub last_begin: Option<String>,
    /// When one last ended.
    pub last_end: Option<String>,
    /// How many began.
    pub begin_count: u64,
    /// How many ended.
    pub end_count: u64,
    /// Whatever else stands there.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What beginning a session found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The session's number.
    pub number: u64,
    /// Whether it was given just now.
    pub is_new: bool,
}

/// How a session begins.
#[derive(Debug, Clone, Copy)]
pub struct Beginning<'a> {
    /// The session.
    pub session: &'a SessionId,
    /// The host's word for it; empty when its first event was another than SessionStart.
    pub source: &'a str,
    /// Now.
    pub now: Moment,
}

/// Gives a session its number if it has none, and notes its beginning; one that goes on after its end begins again
/// under its number.
///
/// # Errors
/// When the lock stays busy, or a file can be neither read nor written.
pub fn begin(place: &ContinuityPlace, dir: &SessionDir, beginning: &Beginning<'_>) -> io::Result<Begun> {
    dir.refuse_link()?;
    let _lock = place.lock(lock::CHANGE).map_err(io::Error::other)?;
    let Beginning { session, source, now } = *beginning;
    let ledger = Ledger::read(place)?;
    let known = journal::number_of(dir).filter(|number| *number <= GREATEST);
    let known = known.or_else(|| ledger.number_of(session.full()));
    let number = match known {
        Some(number) => number,
        None => next(place, &ledger)?,
    };
    let is_open = ledger.sessions.get(&number).is_some_and(|session| session.is_open);
    let is_new = known.is_none();
    // A session that is taken up again begins when something happens in it: an older client names the original when it
    // forks one.
    let begins = !is_open && (is_new || source != "resume");
    if begins {
        let source = match (is_new, source) {
            (false, _) => "resume",
            (true, "") => "startup",
            (true, source) => source,
        };
        let line = LedgerLine {
            session_id: session.full().to_owned(),
            source: source.to_owned(),
            ..LedgerLine::about(number, "start", now)
        };
        ledger::append(place, &[line])?;
    }
    let started = ledger.sessions.get(&number).and_then(|session| session.started);
    let started_at = started.map_or_else(|| now.rfc3339(), rfc3339);
    journal::update(dir, place.root(), &place.settings.context, |journal| {
        journal.number = Some(number);
        journal.is_ended = !is_open && !begins;
        if journal.started_at.is_empty() {
            journal.started_at = started_at;
        }
    })?;
    Ok(Begun { number, is_new })
}

/// Shows a session that begins in the project's `.session-state.json`. A compaction begins nothing.
///
/// # Errors
/// As [`begin`].
pub fn show(
    place: &ContinuityPlace,
    dir: &SessionDir,
    beginning: &Beginning<'_>,
    begun: &Begun,
) -> io::Result<()> {
    let Beginning { session, source, now } = *beginning;
    if source == "compact" {
        return Ok(());
    }
    let started_at = journal::read(dir).started_at;
    let _lock = place.lock(lock::CHANGE).map_err(io::Error::other)?;
    note(place, |state| {
        // The same instant cannot begin twice: a second SessionStart of a session changes nothing of it.
        if state.host_session_id != session.full() || begun.is_new {
            state.begin_count += 1;
        }
        state.session_id.clone_from(&started_at);
        state.started_at.clone_from(&started_at);
        state.host_session_id = session.full().to_owned();
        state.session_number = Some(begun.number);
        state.source = source.to_owned();
        state.last_begin = Some(now.rfc3339());
    })
}

/// Begins a session by hand, under a number that a person chose, else its own, else the next; the number, and whether that
/// was news.
///
/// # Errors
/// When the number is above [`GREATEST`], was given to another session, is smaller than one that was and `is_forced`
/// is not set, or a file can be neither read nor written.
pub fn begin_as(
    place: &ContinuityPlace,
    owner: Option<(&SessionId, &SessionDir)>,
    number: Option<u64>,
    is_forced: bool,
    now: Moment,
) -> io::Result<(u64, bool)> {
    if let Some(number) = number.filter(|number| *number > GREATEST) {
        return Err(io::Error::other(format!(
            "{number} is no number of a session: {GREATEST} is the greatest"
        )));
    }
    let _lock = place.lock(lock::PATIENT).map_err(io::Error::other)?;
    let ledger = Ledger::read(place)?;
    let own = || owner.and_then(|(_, dir)| journal::number_of(dir));
    let number = match number.or_else(own) {
        Some(number) => number,
        None => next(place, &ledger)?,
    };
    let session_id = owner.map_or("", |(session, _)| session.full());
    if let Some(known) = ledger.sessions.get(&number) {
        let is_same = known.session_id == session_id || known.session_id.is_empty() || session_id.is_empty();
        if known.is_open && is_same {
            return Ok((number, false));
        }
        if !is_same && !is_forced {
            return Err(io::Error::other(format!(
                "session {number} is {}; --force takes its number",
                known.session_id
            )));
        }
    }
    let greatest = greatest(&given(place, &ledger)?);
    if number < greatest && !is_forced {
        return Err(io::Error::other(format!(
            "{greatest} was given already, so the next number is {}; --force goes back",
            greatest + 1
        )));
    }
    let mut lines = Vec::new();
    if let Some((_, dir)) = owner
        && let Some(old) = journal::number_of(dir).filter(|old| *old != number)
        && ledger.sessions.get(&old).is_some_and(|session| session.is_open)
    {
        lines.push(LedgerLine { reason: "renumbered".to_owned(), ..LedgerLine::about(old, "end", now) });
    }
    lines.push(LedgerLine {
        session_id: session_id.to_owned(),
        source: "manual".to_owned(),
        ..LedgerLine::about(number, "start", now)
    });
    ledger::append(place, &lines)?;
    if let Some((_, dir)) = owner {
        let change =
            |journal: &mut journal::Journal| (journal.number, journal.is_ended) = (Some(number), false);
        journal::update(dir, place.root(), &place.settings.context, change)?;
    }
    note(place, |state| {
        state.session_number = Some(number);
        state.last_begin = Some(now.rfc3339());
        state.begin_count += 1;
    })?;
    Ok((number, true))
}

/// Notes the end of a session, unless it ended already or never began; whether it did.
///
/// # Errors
/// As [`begin`].
pub fn end(
    place: &ContinuityPlace,
    number: u64,
    session_id: &str,
    reason: &str,
    now: Moment,
) -> io::Result<bool> {
    let _lock = place.lock(lock::CHANGE).map_err(io::Error::other)?;
    let ledger = Ledger::read(place)?;
    if !ledger.sessions.get(&number).is_some_and(|session| session.is_open) {
        return Ok(false);
    }
    let line = LedgerLine {
        session_id: session_id.to_owned(),
        reason: reason.to_owned(),
        ..LedgerLine::about(number, "end", now)
    };
    ledger::append(place, &[line])?;
    note(place, |state| {
        if state.session_number == Some(number) {
            state.last_end = Some(now.rfc3339());
        }
        state.end_count += 1;
    })?;
    Ok(true)
}

fn note(place: &ContinuityPlace, change: impl FnOnce(&mut SessionStateFile)) -> io::Result<()> {
    let file = in_project::session_state(place.root());
    place.prepare(place.root(), &file)?;
    let mut state: SessionStateFile = files::read(&file)?;
    change(&mut state);
    files::replace(place.root(), &file, &state, Durability::Rebuildable).map(drop)
}

/// The number that a session which begins now gets.
///
/// # Errors
/// When what names numbers cannot be read.
pub fn next(place: &ContinuityPlace, ledger: &Ledger) -> io::Result<u64> {
    let given = given(place, ledger)?;
    let next = greatest(&given) + 1;
    Ok(counter(place).filter(|counter| *counter > next && !given.contains(counter)).unwrap_or(next))
}

/// The numbers that were given.
fn given(place: &ContinuityPlace, ledger: &Ledger) -> io::Result<BTreeSet<u64>> {
    let of_file = store::read(&in_project::session_number(place.root()))?
        .and_then(|text| last_number(&String::from_utf8_lossy(&text)));
    let of_checkpoints = checkpoint::numbers(place);
    Ok(ledger.sessions.keys().copied().chain(of_file).chain(of_checkpoints).collect())
}

/// The greatest number that was given and can be followed by another; 0 when none was. Those that reach up to
/// [`GREATEST`] are followed by none: who went there by mistake goes on where he was before.
fn greatest(given: &BTreeSet<u64>) -> u64 {
    let mut end = GREATEST;
    for number in given.iter().rev() {
        if *number < end {
            return *number;
        }
        end = end.saturating_sub(1);
    }
    0
}

/// `.claude/session`: comments, then the number. Of several the greatest counts: its readers never agreed on one.
fn last_number(text: &str) -> Option<u64> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.trim().parse().ok())
        .filter(|number| *number <= GREATEST)
        .max()
}

/// The counter that people keep: `Current Session Count` or `Counter`, then digits.
fn counter(place: &ContinuityPlace) -> Option<u64> {
    let name = &place.settings.context.counter_file;
    if name.is_empty() {
        return None;
    }
    let file = place.root().join(platform::path::normalise(std::path::Path::new(name)));
    if std::fs::metadata(&file).ok()?.len() > LARGEST_COUNTER {
        return None;
    }
    counted(&String::from_utf8_lossy(&store::read(&file).ok()??))
}

fn counted(text: &str) -> Option<u64> {
    const NAME: &str = "current session count";
    let lower = text.to_ascii_lowercase();
    lower.match_indices(NAME).find_map(|(at, _)| {
        let rest = &lower[at + NAME.len()..];
        let rest = rest.strip_prefix("er").unwrap_or(rest);
        let digits = rest.trim_start_matches(['*', ':', ' ', '\t']);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits[..end].parse().ok().filter(|number| *number <= GREATEST)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_read_as_people_write_them() {
        for (text, expected) in [
            ("# x\n**Current Session Count**: 42 (see below)", Some(42)),
            ("current session counter 7", Some(7)),
            ("Current Session Count: none\nCurrent Session Counter: 9", Some(9)),
            ("Session Count: 5", None),
            ("Current Session Count: 99999999999999999999999", None),
            ("Current Session Count: 999999", Some(GREATEST)),
            ("Current Session Count: 20261121", None),
            ("Current Session Count: 20261121\nCurrent Session Count: 3", Some(3)),
        ] {
            assert_eq!(counted(text), expected, "{text}");
        }
        assert_eq!(last_number("# session\n# 99\n12\n\n13\n"), Some(13));
        assert_eq!(last_number("12\n1000000\n"), Some(12));
    }

    #[test]
    fn the_next_number_is_always_one() {
        let greatest = |given: &[u64]| greatest(&given.iter().copied().collect());
        assert_eq!(greatest(&[]), 0);
        assert_eq!(greatest(&[1, 7]), 7);
        assert_eq!(greatest(&[1, 7, GREATEST - 1]), GREATEST - 1);
        assert_eq!(greatest(&[1, 7, GREATEST]), 7, "nothing comes after the last");
        assert_eq!(greatest(&[1, 7, 8, GREATEST - 1, GREATEST]), 8);
        assert_eq!(greatest(&[GREATEST]), 0);
    }
}
