//! What the older system shows for a project, step by step as its own reader finds it: a live lock, else a fresh
//! record, else recent file activity, else nothing. Ages count in whole seconds, and an age equal to a limit is
//! still fresh.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::locks::SessionLock;
use super::oracle::is_alive;
use super::stores::{SessionRecord, Stores};
use hooks_common::session_state::SessionState;

/// After so many seconds a record without a lock is not believed.
pub const STALE_SECS: i64 = 300;
/// After so many seconds without a lock, working and waiting pass for ready.
pub const ACTIVE_STALE_SECS: i64 = 30;
/// After so many seconds without a lock, ready passes for idle.
pub const READY_TO_IDLE_SECS: i64 = 900;
/// So many seconds a touched file makes its project work.
pub const ACTIVITY_SECS: i64 = 300;

/// Whether a process is taken for alive, given its number and when it is said to have started (seconds since
/// 1970, if that is known).
pub type IsAlive<'a> = &'a dyn Fn(u32, Option<u64>) -> bool;

/// What the older system shows for one project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CapacitorVerdict {
    /// The state.
    pub state: SessionState,
    /// Whose state it is.
    pub session_id: Option<String>,
    /// Whether a lock says that the session runs.
    pub is_locked: bool,
    /// Where the session is.
    pub cwd: Option<String>,
    /// Since when it is in its state, if a record says so.
    pub state_changed_at: Option<DateTime<Utc>>,
    /// Which step found it.
    pub via: Via,
    /// The lock that was chosen, by its folder's name.
    pub lock: Option<String>,
    /// The state in the record, before age made another one of it.
    pub recorded: Option<SessionState>,
}

/// The step that found a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// A live lock at the path.
    Lock,
    /// A fresh record at the path.
    Record,
    /// A file touched in the project lately.
    Activity,
    /// No step.
    Nothing,
}

/// How a record's path lies to a lock's, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum PathRelation {
    Parent,
    Child,
    Exact,
}

/// The stores at one moment, with every path in the form paths are compared in and every lock's process looked
/// up once.
pub struct StoresReader<'a> {
    stores: &'a Stores,
    now: DateTime<Utc>,
    form: fn(&str) -> String,
    records: Vec<(&'a SessionRecord, Vec<String>)>,
    locks: Vec<SeenLock<'a>>,
    touched: Vec<FileTouch<'a>>,
}

/// A lock, whether or not its process runs.
pub struct SeenLock<'a> {
    /// The lock.
    pub lock: &'a SessionLock,
    /// Whether it is believed.
    pub live: bool,
    path: String,
}

/// A file that was touched lately.
pub struct FileTouch<'a> {
    /// By whom.
    pub session: &'a str,
    /// With which tool.
    pub tool: &'a str,
    /// The project it counts for, in the compared form.
    pub project: String,
    /// The file, in the compared form.
    pub file: String,
}

/// The verdict on one path, with paths compared by their text.
pub fn resolve(stores: &Stores, path: &str, now: DateTime<Utc>, is_alive: IsAlive<'_>) -> CapacitorVerdict {
    StoresReader::new(stores, now, is_alive).resolve(path)
}

impl<'a> StoresReader<'a> {
    /// A reader that compares paths by their text and touches no disk.
    pub fn new(stores: &'a Stores, now: DateTime<Utc>, is_alive: IsAlive<'_>) -> Self {
        Self::with_form(stores, now, is_alive, text_form)
    }

    /// A reader for this machine, as the older system is one: paths are compared where they really lie, and
    /// processes are looked up.
    pub fn here(stores: &'a Stores, now: DateTime<Utc>) -> Self {
        Self::with_form(stores, now, &is_alive, real_form)
    }

    fn with_form(
        stores: &'a Stores,
        now: DateTime<Utc>,
        is_alive: IsAlive<'_>,
        form: fn(&str) -> String,
    ) -> Self {
        let placed = |record: &'a SessionRecord| (record, record.paths().map(form).collect());
        let seen = |lock: &'a SessionLock| SeenLock {
            lock,
            path: form(&lock.path),
            live: !lock.is_void(now) && is_alive(lock.pid, lock.proc_started),
        };
        let mut touched = Vec::new();
        for (session, activity) in &stores.activity {
            // The older system does not count a time in the future as recent, which counts whole seconds here too.
            let age = |at: DateTime<Utc>| now.timestamp() - at.timestamp();
            for entry in &activity.entries {
                if entry.at.is_some_and(|at| (0..=ACTIVITY_SECS).contains(&age(at))) {
                    let (project, file) = (form(&entry.project_path), form(&entry.file_path));
                    touched.push(FileTouch { session, tool: &entry.tool, project, file });
                }
            }
        }
        Self {
            now,
            form,
            records: stores.records.values().map(placed).collect(),
            locks: stores.locks.iter().map(seen).collect(),
            touched,
            stores,
        }
    }

    /// What is read.
    pub fn stores(&self) -> &'a Stores {
        self.stores
    }

    /// The verdict on one path.
    pub fn resolve(&self, path: &str) -> CapacitorVerdict {
        let path = self.form(path);
        self.by_lock(&path)
            .or_else(|| self.by_record(&path))
            .or_else(|| self.by_activity(&path))
            .unwrap_or_else(|| CapacitorVerdict::bare(SessionState::Idle, Via::Nothing))
    }

    /// Every path that the stores give a verdict for: compared form and written form.
    pub fn paths(&self) -> BTreeMap<String, String> {
        let records = self.stores.records.values().flat_map(SessionRecord::paths);
        let locks = self.stores.locks.iter().map(|lock| lock.path.as_str());
        let touched = self.stores.activity.values().flat_map(|session| &session.entries);
        let touched = touched.map(|entry| entry.project_path.as_str()).filter(|path| !path.is_empty());
        records.chain(locks).chain(touched).map(|path| (self.form(path), path.to_owned())).collect()
    }

    /// A path in the form that paths are compared in.
    pub fn form(&self, path: &str) -> String {
        (self.form)(path)
    }

    /// A session's record.
    pub fn record(&self, session: &str) -> Option<&'a SessionRecord> {
        self.records.iter().map(|(record, _)| *record).find(|record| record.session_id == session)
    }

    /// Whether a record names exactly this path, in the compared form.
    pub fn is_at(&self, record: &SessionRecord, path: &str) -> bool {
        record.paths().any(|own| self.form(own) == path)
    }

    /// The locks that name the session.
    pub fn locks_of<'s>(&'s self, session: &'s str) -> impl Iterator<Item = &'s SeenLock<'a>> {
        self.locks.iter().filter(move |seen| seen.lock.session_id.as_deref() == Some(session))
    }

    /// The files touched lately, in any project.
    pub fn touched(&self) -> &[FileTouch<'a>] {
        &self.touched
    }

    fn by_lock(&self, path: &str) -> Option<CapacitorVerdict> {
        let here = self.locks.iter().filter(|seen| seen.live && seen.path == path);
        // Of two that compare equal the older system takes the one that its folder lists first, which cannot be determined later;
        // here it is the first by name.
        let lock =
            here.rev().max_by_key(|seen| (seen.lock.created.unwrap_or(0), seen.lock.path.as_str()))?.lock;
        let record = self.record_for(path);
        Some(CapacitorVerdict {
            state: record.map_or(SessionState::Ready, |record| record.state),
            session_id: record.map(|record| record.session_id.clone()).or_else(|| lock.session_id.clone()),
            is_locked: true,
            cwd: Some(lock.path.clone()),
            state_changed_at: record.map(|record| record.state_changed_at),
            via: Via::Lock,
            lock: Some(lock.name.clone()),
            recorded: record.map(|record| record.state),
        })
    }

    /// The record that the older system takes for a lock's: it goes by paths and never asks for the session.
    fn record_for(&self, lock_path: &str) -> Option<&'a SessionRecord> {
        self.records
            .iter()
            .filter_map(|(record, paths)| {
                let relation = paths.iter().filter_map(|path| relation(path, lock_path)).max()?;
                Some((
                    (relation, Reverse(self.is_stale(record)), record.updated_at, &record.session_id),
                    *record,
                ))
            })
            .max_by(|(a, _), (b, _)| a.cmp(b))
            .map(|(_, record)| record)
    }

    fn by_record(&self, path: &str) -> Option<CapacitorVerdict> {
        let (record, _) = self
            .records
            .iter()
            .filter(|(record, paths)| !self.is_stale(record) && paths.iter().any(|own| own == path))
            .max_by_key(|(record, _)| (record.updated_at, &record.session_id))?;
        let mut state = record.state;
        let tires = matches!(state, SessionState::Working | SessionState::Waiting);
        if tires && self.age(record.updated_at) > ACTIVE_STALE_SECS {
            state = SessionState::Ready;
        }
        if state == SessionState::Ready && self.age(record.state_changed_at) > READY_TO_IDLE_SECS {
            state = SessionState::Idle;
        }
        Some(CapacitorVerdict {
            session_id: Some(record.session_id.clone()),
            cwd: Some(record.cwd.clone()),
            state_changed_at: Some(record.state_changed_at),
            recorded: Some(record.state),
            ..CapacitorVerdict::bare(state, Via::Record)
        })
    }

    fn by_activity(&self, path: &str) -> Option<CapacitorVerdict> {
        let found = self.touched.iter().any(|touched| touched.counts_for(path));
        found.then(|| CapacitorVerdict::bare(SessionState::Working, Via::Activity))
    }

    fn is_stale(&self, record: &SessionRecord) -> bool {
        self.age(record.updated_at) > STALE_SECS
    }

    fn age(&self, at: DateTime<Utc>) -> i64 {
        (self.now - at).num_seconds()
    }
}

impl CapacitorVerdict {
    fn bare(state: SessionState, via: Via) -> Self {
        Self {
            state,
            session_id: None,
            is_locked: false,
            cwd: None,
            state_changed_at: None,
            via,
            lock: None,
            recorded: None,
        }
    }

    /// Whether age made another state of the recorded one.
    pub fn is_faded(&self) -> bool {
        self.recorded.is_some_and(|recorded| recorded != self.state)
    }
}

impl FileTouch<'_> {
    /// Whether the file makes the project at `path` work: it must be attributed to it and lie in it.
    pub fn counts_for(&self, path: &str) -> bool {
        self.project == path && is_within(&self.file, path)
    }
}

/// Whether `path` is `folder` or lies below it; both in the compared form.
pub fn is_within(path: &str, folder: &str) -> bool {
    path == folder || is_below(path, folder)
}

fn is_below(path: &str, folder: &str) -> bool {
    let rest = if folder == "/" { path } else { path.strip_prefix(folder).unwrap_or_default() };
    path != folder && rest.starts_with('/')
}

fn relation(record: &str, lock: &str) -> Option<PathRelation> {
    if record == lock {
        Some(PathRelation::Exact)
    } else if is_below(record, lock) {
        Some(PathRelation::Child)
    } else if is_below(lock, record) {
        Some(PathRelation::Parent)
    } else {
        None
    }
}

/// A path without trailing slashes, in lower case where the system ignores case.
fn text_form(path: &str) -> String {
    let trimmed = match path.trim_end_matches('/') {
        "" => "/",
        trimmed => trimmed,
    };
    if cfg!(target_os = "macos") { trimmed.to_lowercase() } else { trimmed.to_owned() }
}

/// As [`text_form`], of where the path really lies if it exists.
fn real_form(path: &str) -> String {
    let real = std::fs::canonicalize(path).ok();
    text_form(&real.map_or_else(|| path.to_owned(), |real| real.to_string_lossy().into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_ignore_trailing_slashes_alone() {
        for (path, form) in [("/a/", "/a"), ("/a//", "/a"), ("//", "/"), ("", "/"), ("/a//b/..", "/a//b/..")]
        {
            assert_eq!(text_form(path), form);
        }
    }

    #[test]
    fn relations_respect_names() {
        for (record, lock, expected) in [
            ("/a", "/a", Some(PathRelation::Exact)),
            ("/a/b", "/a", Some(PathRelation::Child)),
            ("/a", "/a/b", Some(PathRelation::Parent)),
            ("/ab", "/a", None),
            ("/a", "/ab", None),
            ("/a", "/", Some(PathRelation::Child)),
            ("/", "/a", Some(PathRelation::Parent)),
            ("/", "/", Some(PathRelation::Exact)),
            ("a", "/", None),
        ] {
            assert_eq!(relation(record, lock), expected, "{record} {lock}");
        }
    }

    #[test]
    fn a_link_and_its_target_are_one_project_here() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, folder.path().join("link")).unwrap();
        let now = Utc::now();
        let record = SessionRecord::new("s", SessionState::Working, &real.to_string_lossy(), now);
        let stores = Stores { records: [("s".to_owned(), record)].into(), ..Stores::default() };
        let link = folder.path().join("link/");
        let link = link.to_string_lossy();
        assert_eq!(StoresReader::here(&stores, now).resolve(&link).state, SessionState::Working);
        assert_eq!(resolve(&stores, &link, now, &|_, _| true).state, SessionState::Idle);
    }
}
