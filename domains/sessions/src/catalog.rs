//! All sessions' logs, read once and from then on only where they grew.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Seek, SeekFrom};
use std::num::NonZero;
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, PoisonError};

use hooks_common::paths::Paths;
use hooks_common::session_log::{self, Meta, SessionDir};
use platform::process::Liveness;
use platform::store;
use serde::Serialize;

use crate::known::KnownSession;
use crate::machine::Machine;
use crate::record::{self, Boots, EventKey, Stretch};

/// A session without events for so many milliseconds is listed only while its client runs.
const LISTED_FOR: i64 = 24 * 3_600_000;
/// How many bytes before the end of what was read are remembered, to see whether they are still the same.
const REMEMBERED: usize = 64;
/// How much of a log's end is kept apart, so that an event that comes out of order costs no more than that.
const WINDOW: usize = 64 * 1024;

/// The sessions that are worth a look.
#[derive(Debug, Default)]
pub struct SessionCatalog {
    sessions: BTreeMap<String, CatalogSession>,
    /// Old sessions that were looked at, by the time of their last change.
    passed_over: BTreeMap<String, i64>,
    unsupported: BTreeSet<String>,
}

/// One session.
#[derive(Debug)]
pub struct CatalogSession {
    /// Its directory.
    pub dir: SessionDir,
    /// What is fixed about it; a log may have lost it.
    pub meta: Option<Meta>,
    /// What its log says.
    pub log: SessionHistory,
}

/// How far a log was read, in the words of `inputs` in `derived-state.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LogProgress {
    /// The log's inode.
    pub ino: u64,
    /// Its size in bytes.
    pub size: u64,
    /// Its last change, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// Its events.
    pub lines: usize,
    /// Lines that could not be read.
    pub skipped: usize,
}

/// A log and what it leads to.
#[derive(Debug, Clone, Default)]
pub struct SessionHistory {
    /// How far it was read.
    pub input: LogProgress,
    now: LogPosition,
    base: LogPosition,
}

/// A session after the events up to a byte of its log.
#[derive(Debug, Clone, Default)]
struct LogPosition {
    offset: u64,
    /// The last bytes before it.
    before: Vec<u8>,
    boots: Boots,
    last: EventKey,
    machine: Machine,
    lines: usize,
    skipped: usize,
}

impl LogPosition {
    fn apply(&mut self, events: &[record::OrderedEvent<'_>]) {
        for event in events {
            self.machine.apply(&event.record);
        }
        if let Some(event) = events.last() {
            self.last = event.key();
        }
    }
}

impl SessionHistory {
    /// The session after all events that were read.
    pub fn machine(&self) -> &Machine {
        &self.now.machine
    }

    /// Reads what is new; whether anything was. A log that was replaced is read anew.
    ///
    /// # Errors
    /// When it exists and cannot be read.
    pub fn refresh(&mut self, dir: &SessionDir) -> io::Result<bool> {
        let (mut file, meta) = match store::open_regular(&dir.events()) {
            Ok(file) => file,
            Err(error) if store::is_absent(&error) => {
                let was_there = self.input != LogProgress::default();
                *self = Self::default();
                return Ok(was_there);
            }
            Err(error) => return Err(error),
        };
        let (ino, size) = (meta.ino(), meta.len());
        let mtime_ns = meta.mtime() * 1_000_000_000 + meta.mtime_nsec();
        if (ino, size, mtime_ns) == (self.input.ino, self.input.size, self.input.mtime_ns) {
            return Ok(false);
        }
        if ino != self.input.ino || size < self.now.offset {
            *self = Self::default();
        }
        if !self.go_on(&mut file, false)? && !self.go_on(&mut file, true)? {
            *self = Self::default();
            self.go_on(&mut file, false)?;
        }
        let (lines, skipped) = (self.now.lines, self.now.skipped);
        self.input = LogProgress { ino, size, mtime_ns, lines, skipped };
        Ok(true)
    }

    /// Reads on from where the last time ended, or from the place kept before that; `false` when something comes
    /// before what was already read.
    fn go_on(&mut self, file: &mut std::fs::File, from_base: bool) -> io::Result<bool> {
        let mut place = if from_base { self.base.clone() } else { self.now.clone() };
        let known = place.before.len();
        file.seek(SeekFrom::Start(place.offset - known as u64))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // Somebody wrote the log anew in its place.
        if !bytes.starts_with(&place.before) {
            return Ok(false);
        }
        // A line without its end may still be growing.
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(known, |end| end + 1));
        let boots = place.boots.clone();
        let stretch = record::read(&bytes[known..], &mut place.boots);
        if stretch.events.first().is_some_and(|event| event.place() <= place.last.place()) && place.offset > 0
        {
            return Ok(false);
        }
        let end = place.offset + (bytes.len() - known) as u64;
        let mut rest = 0;
        if end.saturating_sub(self.base.offset) > 2 * WINDOW as u64 || from_base {
            rest = self.keep_base(&mut place, &stretch, boots, &bytes);
        }
        place.apply(&stretch.events[rest..]);
        let counted = (self.base.lines, self.base.skipped);
        let (lines, skipped) = if rest > 0 { counted } else { (place.lines, place.skipped) };
        let cut = usize::try_from(self.base.offset.saturating_sub(place.offset)).unwrap_or(0);
        place.lines = lines + stretch.events.len() - rest;
        place.skipped = skipped + stretch.skipped.iter().filter(|at| rest == 0 || **at >= cut).count();
        place.offset = end;
        place.before = last_of(&bytes);
        self.now = place;
        Ok(true)
    }

    /// Moves the kept place to a clean cut of the new stretch; how many events are before that. `place` is
    /// at the stretch's beginning and is moved there too.
    fn keep_base(
        &mut self,
        place: &mut LogPosition,
        stretch: &Stretch<'_>,
        boots: Boots,
        bytes: &[u8],
    ) -> usize {
        let known = place.before.len();
        let limit = (bytes.len() - known).saturating_sub(WINDOW);
        let Some((count, byte)) = stretch.clean_cut(limit) else {
            if place.offset > self.base.offset {
                self.base = LogPosition { boots, ..place.clone() };
            }
            return 0;
        };
        place.apply(&stretch.events[..count]);
        let mut at_cut = boots;
        at_cut.pass(&stretch.events[..count]);
        self.base = LogPosition {
            offset: place.offset + byte as u64,
            before: last_of(&bytes[..known + byte]),
            boots: at_cut,
            lines: place.lines + count,
            skipped: place.skipped + stretch.skipped.iter().filter(|at| **at < byte).count(),
            ..place.clone()
        };
        count
    }
}

fn last_of(bytes: &[u8]) -> Vec<u8> {
    bytes[bytes.len().saturating_sub(REMEMBERED)..].to_vec()
}

impl SessionCatalog {
    /// The sessions, by the names of their directories.
    pub fn sessions(&self) -> impl Iterator<Item = (&str, &CatalogSession)> {
        self.sessions.iter().map(|(name, session)| (name.as_str(), session))
    }

    /// What is known about each, in the same order.
    pub fn known(&self) -> impl Iterator<Item = KnownSession<'_>> {
        self.sessions().map(|(name, session)| KnownSession {
            name,
            meta: session.meta.as_ref(),
            machine: session.log.machine(),
        })
    }

    /// Directories that a newer version wrote; nothing is said about them and nothing removes them.
    pub fn unsupported(&self) -> impl Iterator<Item = &String> {
        self.unsupported.iter()
    }

    /// Looks at every session directory. What cannot be read keeps what was known about it.
    pub fn refresh(&mut self, paths: &Paths, now: i64) {
        let mut names = BTreeSet::new();
        for dir in session_log::all(paths) {
            let Some(name) = dir.path().file_name().and_then(|name| name.to_str()) else { continue };
            let name = name.to_owned();
            self.look_at(&name, dir, now);
            names.insert(name);
        }
        self.sessions.retain(|name, _| names.contains(name));
        self.passed_over.retain(|name, _| names.contains(name));
        self.unsupported.retain(|name| names.contains(name));
        read_logs(self.sessions.values_mut().collect());
    }

    /// Looks at one session directory.
    pub fn refresh_one(&mut self, paths: &Paths, name: &str, now: i64) {
        let dir = SessionDir::at(paths.sessions_dir().join(name));
        if dir.path().is_dir() {
            self.look_at(name, dir, now);
            read_logs(self.sessions.get_mut(name).into_iter().collect());
        } else {
            self.sessions.remove(name);
            self.unsupported.remove(name);
        }
    }

    /// Decides whether a session is worth a look, and reads all of it but its log.
    fn look_at(&mut self, name: &str, dir: SessionDir, now: i64) {
        let changed = changed_at(&dir);
        if self.passed_over.get(name) == Some(&changed) && !self.sessions.contains_key(name) {
            return;
        }
        let meta = dir.meta();
        self.unsupported.retain(|unsupported| unsupported != name);
        if meta.as_ref().map_or_else(|| dir.is_of_newer_version(), |meta| !meta.is_supported()) {
            self.sessions.remove(name);
            self.unsupported.insert(name.to_owned());
            return;
        }
        let is_recent = now - changed <= LISTED_FOR;
        if !is_recent && !meta.as_ref().is_some_and(has_live_client) {
            self.sessions.remove(name);
            self.passed_over.insert(name.to_owned(), changed);
            return;
        }
        self.passed_over.remove(name);
        let session = self.sessions.entry(name.to_owned()).or_insert_with(|| CatalogSession {
            dir,
            meta: None,
            log: SessionHistory::default(),
        });
        session.meta = meta.or_else(|| session.meta.take());
    }
}

/// Reads what is new in these logs, on all processors: one log may be as long as all others together, so whoever
/// is done takes the next.
fn read_logs(sessions: Vec<&mut CatalogSession>) {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let helpers = processors.min(sessions.len()).saturating_sub(1);
    let queue = Mutex::new(sessions.into_iter());
    let work = || {
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(session) = next else { return };
            let _ = session.log.refresh(&session.dir);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            scope.spawn(work);
        }
        work();
    });
}

fn has_live_client(meta: &Meta) -> bool {
    let site = meta.site();
    meta.owners().any(|owner| owner.liveness(&site) == Liveness::Live)
}

/// When the session's log last changed, else its directory: milliseconds since 1970.
pub fn changed_at(dir: &SessionDir) -> i64 {
    let meta = std::fs::metadata(dir.events()).or_else(|_| std::fs::metadata(dir.path()));
    meta.map_or(0, |meta| meta.mtime() * 1_000 + meta.mtime_nsec() / 1_000_000)
}
