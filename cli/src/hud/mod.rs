//! The HUD. It sleeps until a file changes, a client ends, a key is pressed, or time alone changes something.

mod changes;
mod deaths;
pub mod screen;
mod signal;
pub mod view;

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use hooks_common::paths::Paths;
use platform::time::Moment;
use sessions::derived::{ACTIVITY, DerivedState, WriterLock};
use sessions::liveness::ProcessTable;
use sessions::record::millis;
use sessions::retention;

use crate::commands::{gc, sessions as sessions_command};
use crate::overview::Overview;
use changes::FileWatch;
use deaths::Deaths;
pub use signal::{Signal, TouchedFiles};

/// Changes within this time are handled as one.
const SETTLE: Duration = Duration::from_millis(80);
/// During a stream of changes the screen is updated at least this often.
const LONGEST: Duration = Duration::from_millis(300);
/// How often old sessions are searched, in milliseconds.
const SWEEP: i64 = 3_600_000;
/// How often the ages on the screen are drawn again, in milliseconds: they are shown in minutes.
const AGES: i64 = 60_000;

/// The state of all sessions, and the lock for writing it to `derived-state.json`.
#[derive(Debug)]
pub struct Hud {
    overview: Overview,
    /// The document as last derived.
    pub state: DerivedState,
    writer: Option<WriterLock>,
    changes: FileWatch,
    deaths: Deaths,
    swept_at: i64,
    made_at: i64,
    /// What changed since the screen last took it.
    pub touched: Vec<TouchedFiles>,
    /// A problem to show.
    pub trouble: Option<String>,
}

impl Hud {
    /// Reads everything, removes old sessions, and starts to watch; changes are sent to `signals`.
    pub fn start(paths: Paths, signals: &Sender<Signal>) -> Self {
        let now = Moment::now();
        let mut overview = Overview::new(paths);
        let state = overview.derive(now);
        let changes = FileWatch::start(&overview.paths, signals.clone());
        let mut hud = Self {
            overview,
            state,
            writer: None,
            changes,
            deaths: Deaths::new(signals.clone()),
            swept_at: 0,
            made_at: 0,
            touched: Vec::new(),
            trouble: None,
        };
        hud.sweep(now);
        hud.make(now);
        let _ = sessions_command::settle_registry(&hud.overview.paths, &hud.state.sessions);
        hud
    }

    /// Whether this process writes the document.
    pub fn is_writer(&self) -> bool {
        self.writer.is_some()
    }

    /// Waits for the next signal; `None` when time alone changes something. Where files cannot be watched, it returns at
    /// least every two seconds.
    pub fn wait(&mut self, signals: &Receiver<Signal>, shows_ages: bool) -> Option<Signal> {
        let now = Moment::now();
        let now_millis = now.wall.timestamp_millis();
        let mut until = self.swept_at + SWEEP;
        if let Some(change) = self.overview.next_change(now) {
            until = until.min(change);
        }
        // An edit marks its package as active for a limited time only.
        let edited = self.state.projects.values().filter(|project| project.via == "activity");
        let until_then =
            edited.filter_map(|project| Some(millis(project.updated_at.as_deref()?) + ACTIVITY + 1));
        if let Some(then) = until_then.filter(|then| *then > now_millis).min() {
            until = until.min(then);
        }
        if shows_ages && self.state.sessions.iter().any(|session| session.ended.is_none()) {
            until = until.min(self.made_at + AGES);
        }
        if !self.changes.is_watching() {
            until = until.min(now_millis + 2_000);
        }
        let wait = Duration::from_millis(u64::try_from(until - now_millis).unwrap_or(0).max(1));
        match signals.recv_timeout(wait) {
            Ok(signal) => Some(signal),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Signal::End),
        }
    }

    /// Reads what changed, including changes that follow within [`SETTLE`], and derives the document again. Returns the
    /// other signals that came meanwhile.
    pub fn take_in(&mut self, mut touched: Vec<TouchedFiles>, signals: &Receiver<Signal>) -> Vec<Signal> {
        let mut others = Vec::new();
        let began = Instant::now();
        while !touched.is_empty() && began.elapsed() < LONGEST {
            match signals.recv_timeout(SETTLE) {
                Ok(Signal::Files(more)) => touched.push(more),
                Ok(Signal::Death) => {}
                Ok(other) => {
                    others.push(other);
                    break;
                }
                Err(_) => break,
            }
        }
        let now = Moment::now();
        let names: BTreeSet<&String> = touched
            .iter()
            .filter_map(|touched| match touched {
                TouchedFiles::Session(name) => Some(name),
                TouchedFiles::All | TouchedFiles::Around => None,
            })
            .collect();
        if touched.contains(&TouchedFiles::All) || !self.changes.is_watching() {
            self.overview.refresh(now);
        } else {
            for name in names {
                self.overview.refresh_one(name, now);
            }
        }
        self.touched.extend(touched);
        if now.wall.timestamp_millis() - self.swept_at >= SWEEP {
            self.sweep(now);
        }
        self.make(now);
        others
    }

    fn make(&mut self, now: Moment) {
        self.state = self.overview.derive(now);
        // Newly watched files may have changed between the read and the start of watching.
        if let Some(unseen) = self.changes.follow(&self.overview.paths, &self.state) {
            for name in unseen {
                self.overview.refresh_one(&name, now);
            }
            self.state = self.overview.derive(now);
        }
        self.made_at = now.wall.timestamp_millis();
        let mut unwritable = None;
        if self.writer.as_ref().is_none_or(WriterLock::is_lost) {
            let writer = WriterLock::take(&self.overview.paths);
            unwritable =
                writer.as_ref().err().map(|error| (self.overview.paths.derived_state(), error.to_string()));
            self.writer = writer.ok().flatten();
        }
        self.trouble =
            unwritable.map(|(path, error)| format!("{} cannot be written: {error}", path.display()));
        match &mut self.writer {
            Some(writer) => {
                if let Err(error) = writer.write(&self.state) {
                    let path = self.overview.paths.derived_state();
                    self.trouble = Some(format!("{} cannot be written: {error}", path.display()));
                }
            }
            // When that process ends, the lock is free.
            None if self.trouble.is_none() => self.deaths.watch_writer(&self.overview.paths),
            None => {}
        }
        if let Some(trouble) = self.changes.trouble() {
            self.trouble.get_or_insert(trouble);
        }
        let live = self.state.sessions.iter().filter(|session| session.liveness == "live");
        for owner in live.filter_map(|session| session.owner.as_ref()) {
            self.deaths.watch(owner.pid);
        }
    }

    /// Removes sessions that ended long ago and shortens long logs.
    fn sweep(&mut self, now: Moment) {
        self.swept_at = now.wall.timestamp_millis();
        let paths = self.overview.paths.clone();
        let days = config::cascade::retention_days(paths.global_config());
        if let Err(error) = retention::sweep(
            &paths,
            &mut ProcessTable::default(),
            &projections::session_files(),
            days,
            false,
            now,
        ) {
            self.trouble = Some(format!("old sessions cannot be removed: {error}"));
        }
        if !gc::compact_all(&paths, now).is_empty() {
            self.overview.refresh(now);
        }
    }
}
