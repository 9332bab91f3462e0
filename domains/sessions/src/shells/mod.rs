//! Where the user's shells are: `shell-cwd.json`, one entry for each shell that runs, and `shell-history.jsonl`, a
//! line for each change of folder.
//!
//! The shape is the one that other tools share: `{"version": 1, "shells": {"<pid>": {…}}}`. Ours are only the fields
//! that tell a process from a later one of the same number, and when tmux was asked. Other fields are kept.

mod history;
mod parent_app;
mod shell;
mod tmux;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use hooks_common::paths::Paths;
use platform::process::{self, Liveness, Process};
use platform::store::{self, Durability, lock, quarantine};
use platform::time::Moment;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::SessionsError;

pub use parent_app::{ParentApp, Terminal};
pub use shell::Shell;

/// The only version there is.
const VERSION: u64 = 1;
/// A shell that has not moved is written again only when its entry is older than this.
const FRESH: TimeDelta = TimeDelta::seconds(5);
/// How far two readings of one process's start, in seconds, may lie apart.
const START_TOLERANCE: i64 = 2;

/// What a shell reports at its prompt.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// Its folder; trailing slashes do not count.
    pub cwd: String,
    /// Its process.
    pub pid: u32,
    /// Its terminal device, empty when it has none.
    pub tty: String,
    /// What its environment says about the terminal.
    pub terminal: Terminal,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportOutcome {
    /// It is kept, and the folder is another than before.
    Moved,
    /// It is kept; the folder is the same.
    Stayed,
    /// Nothing new, and the entry is young.
    Fresh,
    /// A younger report of the same shell was there first.
    Overtaken,
    /// The shell has ended.
    Gone,
    /// Another process held the lock; the next prompt reports again.
    Busy,
}

impl Shell {
    /// The entry of a shell that runs as `process`. What does not change while it runs is taken from `known`.
    fn of(prompt: &Prompt, known: Option<&Self>, process: Option<&Process>, now: Moment) -> Self {
        let parent_app =
            known.map_or_else(|| parent_app::of(process, &prompt.terminal), |known| known.parent_app);
        let pane = prompt.terminal.tmux_pane.as_deref().filter(|_| parent_app == ParentApp::Tmux);
        let place = pane.map(|pane| tmux::place(pane, known, now.wall));
        let started = known.and_then(|known| known.proc_started);
        Self {
            cwd: without_trailing_slashes(&prompt.cwd).to_owned(),
            tty: prompt.tty.clone(),
            parent_app,
            tmux_session: place.as_ref().and_then(|place| place.session.clone()),
            tmux_client_tty: place.as_ref().and_then(|place| place.client_tty.clone()),
            tmux_asked_at: place.map(|place| place.asked_at),
            updated_at: now.rfc3339(),
            proc_started: started.or_else(|| process.and_then(process::started_at)),
            start_raw: process.map(|process| process.start_raw.to_string()),
            other: known.map(|known| known.other.clone()).unwrap_or_default(),
        }
    }
}

/// A shell as a reader sees it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeenShell {
    /// Its process.
    pub pid: u32,
    /// Its last report.
    #[serde(flatten)]
    pub shell: Shell,
    /// Whether that process runs, looked up now.
    pub is_live: bool,
}

/// Of these shells the live one that was at its prompt last, unless that is too long ago.
pub fn most_recent(shells: &[SeenShell], now: DateTime<Utc>) -> Option<&SeenShell> {
    let candidates = shells.iter().filter(|seen| seen.is_live && !seen.shell.is_stale(now));
    candidates.min_by_key(|seen| (seen.shell.age(now), seen.pid))
}

/// A path without the slashes at its end; the root stays.
pub fn without_trailing_slashes(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if !path.is_empty() => "/",
        stripped => stripped,
    }
}

/// The two files.
#[derive(Debug, Clone)]
pub struct Shells {
    file: PathBuf,
    history: PathBuf,
}

impl Shells {
    /// The files below the roots that `paths` names.
    pub fn new(paths: &Paths) -> Self {
        Self { file: paths.shell_cwd(), history: paths.shell_history() }
    }

    /// All shells of the file, by their process numbers. A file that cannot be read has none.
    pub fn all(&self) -> Vec<SeenShell> {
        let entries = self.read().map(|file| file.document().shells).unwrap_or_default();
        let seen = |(pid, entry): (u32, Value)| {
            let is_live = liveness(pid, &entry) == Liveness::Live;
            Some(SeenShell { pid, shell: serde_json::from_value(entry).ok()?, is_live })
        };
        entries.into_iter().filter_map(seen).collect()
    }

    /// Keeps what a shell reports. What takes long is found out before the lock is taken, and shells that are gone
    /// leave the file.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn report(&self, prompt: &Prompt, now: Moment) -> Result<ReportOutcome, SessionsError> {
        let process = match process::look_up(prompt.pid) {
            Ok(Some(process)) if !process.zombie => Some(process),
            Ok(_) => return Ok(ReportOutcome::Gone),
            // Nothing can be looked up here; the shell that runs us is there all the same.
            Err(_) => None,
        };
        let known = self.read()?.document().shell(prompt.pid);
        let is_here = |shell: &Shell| shell.cwd == without_trailing_slashes(&prompt.cwd);
        if let Some(known) = &known {
            let age = known.age(now.wall);
            if is_here(known) && age >= TimeDelta::zero() && age < FRESH {
                return Ok(ReportOutcome::Fresh);
            }
        }
        let shell = Shell::of(prompt, known.as_ref(), process.as_ref(), now);

        if let Some(folder) = self.file.parent() {
            store::create_private_dir(folder).map_err(at(folder))?;
        }
        let lock = match lock::exclusive(&self.file.with_extension("lock"), lock::CHANGE) {
            Ok(lock) => lock,
            Err(lock::LockError::Busy { .. }) => return Ok(ReportOutcome::Busy),
            Err(error) => return Err(error.into()),
        };
        let mut document = self.read_or_set_aside()?;
        let before = document.shell(prompt.pid);
        // Each prompt's report runs by itself, so two of them may come in the wrong order. An entry from further ahead
        // was written before the clock was set back.
        if before.as_ref().is_some_and(|shell| (-FRESH..TimeDelta::zero()).contains(&shell.age(now.wall))) {
            return Ok(ReportOutcome::Overtaken);
        }
        document.shells.retain(|pid, entry| liveness(*pid, entry) != Liveness::Dead);
        document.insert(prompt.pid, &shell).map_err(|error| at(&self.file)(error.into()))?;
        let bytes = document.bytes().map_err(|error| at(&self.file)(error.into()))?;
        store::replace(&self.file, &bytes, Durability::Rebuildable, 0o600).map_err(at(&self.file))?;
        let has_moved = !before.as_ref().is_some_and(is_here);
        if has_moved {
            // Under the lock still: the next report's line must come after this one.
            history::append(&self.history, prompt.pid, &shell, now.wall).map_err(at(&self.history))?;
        }
        drop(lock);
        if history::is_due() {
            history::prune(&self.history, now.wall).map_err(at(&self.history))?;
        }
        Ok(if has_moved { ReportOutcome::Moved } else { ReportOutcome::Stayed })
    }

    fn read(&self) -> Result<FileContent, SessionsError> {
        let bytes = store::read(&self.file).map_err(at(&self.file))?;
        Ok(FileContent::of(&bytes.unwrap_or_default()))
    }

    /// What the next write starts from; a corrupt file is set aside first.
    fn read_or_set_aside(&self) -> Result<ShellsFile, SessionsError> {
        let content = self.read()?;
        if matches!(content, FileContent::Corrupt) {
            quarantine::keep_copy(&self.file).map_err(at(&self.file))?;
        }
        Ok(content.document())
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> SessionsError + '_ {
    |error| SessionsError::File { path: path.to_owned(), error }
}

/// Whether the process of an entry runs. One that another tool wrote may not say when its process started.
fn liveness(pid: u32, entry: &Value) -> Liveness {
    let start_raw = entry["start_raw"].as_str().and_then(|raw| raw.parse().ok());
    let verdict = process::liveness(pid.into(), start_raw);
    if let (Liveness::Live, None, Some(then)) = (verdict, start_raw, entry["proc_started"].as_i64())
        && let Ok(Some(process)) = process::look_up(pid)
        && let Some(started) = process::started_at(&process)
        && started.abs_diff(then) > START_TOLERANCE.unsigned_abs()
    {
        return Liveness::Dead;
    }
    verdict
}

/// What the file is.
enum FileContent {
    /// What we write.
    Known(ShellsFile),
    /// Nothing, or what another version wrote: both are begun afresh.
    Foreign,
    /// Corrupt content.
    Corrupt,
}

impl FileContent {
    fn of(bytes: &[u8]) -> Self {
        if bytes.trim_ascii().is_empty() {
            return Self::Foreign;
        }
        let Ok(mut other) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return Self::Corrupt };
        if other.remove("version").and_then(|version| version.as_u64()) != Some(VERSION) {
            return Self::Foreign;
        }
        let shells = match other.remove("shells") {
            Some(Value::Object(shells)) => shells,
            None => Map::new(),
            Some(_) => return Self::Corrupt,
        };
        let numbered = |(pid, entry): (String, Value)| Some((pid.parse().ok()?, entry));
        let shells = shells.into_iter().filter(|(_, entry)| entry.is_object()).filter_map(numbered).collect();
        Self::Known(ShellsFile { version: VERSION, shells, other })
    }

    fn document(self) -> ShellsFile {
        match self {
            Self::Known(document) => document,
            Self::Foreign | Self::Corrupt => ShellsFile::default(),
        }
    }
}

/// The file's content. Entries stay as they were written: those of other shells are not changed.
#[derive(Debug, Serialize)]
struct ShellsFile {
    version: u64,
    shells: BTreeMap<u32, Value>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Default for ShellsFile {
    fn default() -> Self {
        Self { version: VERSION, shells: BTreeMap::new(), other: Map::new() }
    }
}

impl ShellsFile {
    /// The entry of the shell that runs under this number now.
    fn shell(&self, pid: u32) -> Option<Shell> {
        let entry = self.shells.get(&pid)?;
        (liveness(pid, entry) != Liveness::Dead).then(|| serde_json::from_value(entry.clone()).ok())?
    }

    fn insert(&mut self, pid: u32, shell: &Shell) -> serde_json::Result<()> {
        self.shells.insert(pid, serde_json::to_value(shell)?);
        Ok(())
    }

    fn bytes(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec_pretty(self)
    }
}

#[cfg(test)]
mod tests;
