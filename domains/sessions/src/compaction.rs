//! Long logs made short: the events of yesterday and before become one line that holds what they led to.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;

use hooks_common::session_log::{COMPACTED, Predecessor, SessionDir};
use platform::store::{self, Durability, lock};
use platform::time::Moment;
use serde::{Deserialize, Serialize};

use crate::machine::{Machine, Snapshot};
use crate::record::{self, Boots, Stretch};

/// Logs shorter than this, in bytes, stay as they are.
pub const SOFT_CAP: u64 = 2 * 1024 * 1024;
/// Events younger than this stay, in milliseconds.
const KEPT: i64 = 24 * 3_600_000;
/// As many of the last events stay, whatever their age.
const KEPT_EVENTS: usize = 200;

/// The first line of a compacted log.
#[derive(Serialize)]
struct CompactedHeader {
    v: u32,
    event_id: String,
    recorded_at: String,
    mono_ns: u64,
    session_id: String,
    event: String,
    /// How many events are in the snapshot.
    upto: u64,
    /// The log that this one was made from.
    from: Predecessor,
    snapshot: Snapshot,
}

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Bytes before.
    pub before: u64,
    /// Bytes after.
    pub after: u64,
}

/// Compacts a session's log that is longer than 2 MiB; `None` when there was nothing to gain. What is appended
/// meanwhile is kept, with or without the session's lock.
///
/// # Errors
/// When the log cannot be read or replaced, or its lock stays busy; the log is whole then.
pub fn compact(dir: &SessionDir, now: Moment) -> io::Result<Option<Compacted>> {
    compact_beyond(SOFT_CAP, dir, now)
}

/// As [`compact`], a log that is longer than `cap` bytes.
///
/// # Errors
/// As [`compact`].
pub fn compact_beyond(cap: u64, dir: &SessionDir, now: Moment) -> io::Result<Option<Compacted>> {
    let path = dir.events();
    let (mut log, about) = match store::open_regular(&path) {
        Ok(log) => log,
        Err(error) if store::is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let before = about.len();
    if before < cap {
        return Ok(None);
    }
    if !dir.is_full() && is_young(&mut log, now)? {
        return Ok(None);
    }
    // Reading and folding takes its time: hooks must not wait for it.
    let mut bytes = Vec::new();
    log.read_to_end(&mut bytes)?;
    let Some((header, cut)) = summary(&bytes, dir, &log, now)? else { return Ok(None) };
    if (bytes.len() - cut + header.len()) as u64 > before / 4 * 3 {
        return Ok(None);
    }
    let _lock = dir.lock(lock::PATIENT).map_err(io::Error::other)?;
    if std::fs::metadata(&path)?.ino() != log.metadata()?.ino() {
        return Ok(None);
    }
    log.read_to_end(&mut bytes)?;
    let mut text = header;
    text.extend_from_slice(&bytes[cut..]);
    store::replace(&path, &text, Durability::Rebuildable, 0o600)?;
    // A hook that could not wait for the lock may have written to the old log until now. A later one sees that
    // it was replaced, and writes again; what is there twice counts once.
    log.seek(SeekFrom::Start(bytes.len() as u64))?;
    let mut late = Vec::new();
    log.read_to_end(&mut late)?;
    if !late.is_empty() {
        store::open_append(&path)?.0.write_all(&late)?;
    }
    Ok(Some(Compacted { before, after: (text.len() + late.len()) as u64 }))
}

/// Whether the log's own events begin within the last day: all of them would stay, and a long log is not read to
/// find that out. What an earlier compaction began it with does not count.
fn is_young(log: &mut std::fs::File, now: Moment) -> io::Result<bool> {
    let mut head = vec![0; 64 * 1024];
    let read = log.read(&mut head)?;
    log.seek(SeekFrom::Start(0))?;
    let mut lines =
        head[..read].split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    let first = lines.find(|line: &LogLine<'_>| line.event != COMPACTED);
    let at = first.map_or(0, |line| record::millis(&line.recorded_at));
    Ok(at > now.wall.timestamp_millis() - KEPT)
}

/// The part of a line that gives its age.
#[derive(Deserialize)]
struct LogLine<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    recorded_at: Cow<'a, str>,
}

/// The first line of the new log, with its end, and the byte of the old one that follows it.
fn summary(
    bytes: &[u8],
    dir: &SessionDir,
    log: &std::fs::File,
    now: Moment,
) -> io::Result<Option<(Vec<u8>, usize)>> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let stretch = record::read(&bytes[..whole], &mut Boots::default());
    let Some((count, cut)) = stretch.clean_cut(limit(&stretch, dir.is_full(), now)) else { return Ok(None) };
    let (mut machine, mut boots) = (Machine::default(), Boots::default());
    for event in &stretch.events[..count] {
        machine.apply(&event.record);
    }
    boots.pass(&stretch.events[..count]);
    let Some(last) = stretch.events[..count].last() else { return Ok(None) };
    let upto = last.key();
    let session_id = dir.meta().map(|meta| meta.session_id);
    let session_id = session_id.or_else(|| Some(dir.path().file_name()?.to_str()?.to_owned()));
    let header = CompactedHeader {
        v: 1,
        event_id: format!("{}-{}-compacted", now.rfc3339(), std::process::id()),
        recorded_at: now.rfc3339(),
        mono_ns: upto.mono_ns,
        session_id: session_id.unwrap_or_default(),
        event: COMPACTED.to_owned(),
        upto: machine.events,
        from: Predecessor { ino: log.metadata()?.ino(), byte: cut as u64 },
        snapshot: Snapshot { machine, boots, upto },
    };
    let mut line = serde_json::to_vec(&header)?;
    line.push(b'\n');
    Ok(Some((line, cut)))
}

/// The first byte that must stay: what is younger than a day, unless the log is full, and the last events in any case.
fn limit(stretch: &Stretch<'_>, is_full: bool, now: Moment) -> usize {
    let young = now.wall.timestamp_millis() - KEPT;
    let mut starts: Vec<usize> = stretch.events.iter().map(|event| event.start).collect();
    starts.sort_unstable();
    let last = starts.len().saturating_sub(KEPT_EVENTS);
    let among_last = starts.get(last).copied().unwrap_or(0);
    // The line that an earlier compaction began the log with is as old as the events that it replaces.
    let is_young = |event: &&record::OrderedEvent<'_>| {
        !is_full && event.record.snapshot.is_none() && event.record.at() > young
    };
    let first_young = stretch.events.iter().filter(is_young).map(|event| event.start).min();
    first_young.map_or(among_last, |start| start.min(among_last))
}
