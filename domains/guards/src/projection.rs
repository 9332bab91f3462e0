//! Projections of how commands ended, derived from the sessions' logs at each turn:
//! `test-runs.jsonl` and `error-fingerprints.json` below `.claude/state/`.
//!
//! `outcomes.json` in a session's directory holds how far its log was read, and which failures have
//! no success yet.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use config::Policy;
use config::types::guards::{Errors, GuardName};
use hooks_common::paths::{self, Paths};
use hooks_common::project::Project;
use hooks_common::projection::{Projection, ProjectionError};
use hooks_common::runtime::Hook;
use hooks_common::session_id::SessionId;
use hooks_common::session_log::{Cursor, LoggedEvent, SessionDir};
use platform::store::{self, Durability, lock};
use platform::text::{cut_bytes, one_line};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::GuardsError;
use crate::errors::book::{FailureBook, FailureEntry, Fix};
use crate::outcome::{failure_of, success_of};
use crate::tests::runs::{self, Run};

/// The format version.
const FORMAT: u32 = 1;
/// How many failures without a success are kept; the oldest are dropped first.
const MOST_OPEN: usize = 50;
/// How many files of a fix are kept, the last ones.
const MOST_FILES: usize = 10;
/// The longest command of a fix that is kept, in bytes.
const LONGEST_COMMAND: usize = 200;
/// Events without a meaning here are read again until they exceed so many bytes: that costs less
/// than writing a file.
const UNREMEMBERED: u64 = 64 * 1024;

/// `outcomes.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Progress {
    v: u32,
    projection: Cursor,
    open: Vec<OpenFailure>,
}

/// A failure whose family has not succeeded since.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct OpenFailure {
    fingerprint: String,
    family: String,
    /// The file that the tool named. A success with another file is unrelated.
    target: String,
    /// The files that were edited since.
    files: Vec<String>,
}

/// What the new events add.
#[derive(Debug, Default)]
struct New {
    runs: Vec<Run>,
    failures: Vec<(String, FailureEntry)>,
    fixes: Vec<(String, Fix)>,
}

/// The row of this module in the list of projections.
pub const PROJECTION: Projection = Projection {
    name: "outcomes",
    session_files: &[OUTCOMES, ALERTS_TOLD],
    bring_up_to_date: |scope| {
        update(scope.session_project(), scope.paths, scope.dir, scope.session).map_err(ProjectionError::new)
    },
};

/// The file in a session's directory that holds how far its log was read, and the failures without
/// a success.
pub const OUTCOMES: &str = "outcomes.json";
/// The file in a session's directory that holds the alerts of planning documents that the session
/// was last shown.
pub const ALERTS_TOLD: &str = "alerts.told";

/// The root of the project that the hook's session belongs to.
pub fn root_of(hook: &Hook) -> PathBuf {
    let meta = hook.session_dir().and_then(|dir| dir.meta());
    meta.map_or_else(|| hook.session_project().0, |meta| meta.project_dir)
}

/// Updates the project's files from a session, if an enabled guard needs them.
///
/// # Errors
/// If the log cannot be read or a file cannot be written.
pub fn update(
    project: &Project,
    paths: &Paths,
    dir: &SessionDir,
    session: &SessionId,
) -> Result<(), GuardsError> {
    let Some(policy) = project.policy(paths).filter(Policy::is_enabled) else { return Ok(()) };
    let keeps_runs = policy.has_guard(GuardName::Tests);
    let errors = policy.guard::<Errors>()?.map(|guard| guard.settings);
    if !keeps_runs && errors.is_none() {
        return Ok(());
    }
    let most = errors.map(|errors| errors.most as usize);
    fold_in(project, dir, session, keeps_runs, most).map_err(GuardsError::Outcomes)
}

fn fold_in(
    project: &Project,
    dir: &SessionDir,
    session: &SessionId,
    keeps_runs: bool,
    most_errors: Option<usize>,
) -> io::Result<()> {
    dir.refuse_link()?;
    let Some(_lock) = lock_of(project)? else { return Ok(()) };
    let mut progress = Progress::read(dir)?;
    let Some(news) = progress.projection.news(dir)? else { return Ok(()) };
    let root = project.root();
    let session = name_of(dir, session);
    if !news.is_continued {
        progress.open.clear();
    }
    let mut new = progress.fold(&news.events, root, &session);
    if !keeps_runs {
        new.runs.clear();
    }
    let says_something = !(new.runs.is_empty() && new.failures.is_empty() && new.fixes.is_empty());
    runs::add(root, &new.runs)?;
    if let Some(most) = most_errors.filter(|_| !(new.failures.is_empty() && new.fixes.is_empty())) {
        let mut book = FailureBook::read(root)?;
        new.failures.into_iter().for_each(|(fingerprint, entry)| book.count(&fingerprint, &session, entry));
        new.fixes.into_iter().for_each(|(fingerprint, fix)| book.fix(&fingerprint, fix));
        book.write(root, most)?;
    }
    if says_something || news.cursor.beyond(progress.projection) > UNREMEMBERED {
        progress.projection = news.cursor;
        progress.write(dir)?;
    }
    Ok(())
}

/// Takes the lock of the project's files; `None` if another process holds it. The rest is then read
/// the next time.
fn lock_of(project: &Project) -> io::Result<Option<lock::Lock>> {
    let path = paths::outcomes_lock(project.stores()[0]);
    if let Some(folder) = path.parent() {
        store::create_dir(folder)?;
    }
    match lock::exclusive(&path, lock::HOT) {
        Ok(lock) => Ok(Some(lock)),
        Err(lock::LockError::Busy { .. }) => Ok(None),
        Err(error) => Err(io::Error::other(error)),
    }
}

/// How the files name a session: by its number, or else by its short id.
fn name_of(dir: &SessionDir, session: &SessionId) -> Value {
    dir.number().map_or_else(|| session.key().as_str().into(), Value::from)
}

impl Progress {
    /// Reads the stored progress; empty if it is damaged, because it can be rebuilt.
    fn read(dir: &SessionDir) -> io::Result<Self> {
        let bytes = store::read(&dir.file(OUTCOMES))?.unwrap_or_default();
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn write(&mut self, dir: &SessionDir) -> io::Result<()> {
        self.v = FORMAT;
        store::replace(&dir.file(OUTCOMES), &serde_json::to_vec(self)?, Durability::Rebuildable, 0o600)
    }

    /// Adds the events in the order of the log.
    fn fold(&mut self, events: &[LoggedEvent], root: &Path, session: &Value) -> New {
        let mut new = New::default();
        let mut seen = HashSet::new();
        for event in events.iter().filter(|event| seen.insert(&event.event_id)) {
            new.runs.extend(Run::of(event, session));
            if let Some(outcome) = failure_of(event) {
                let open = OpenFailure {
                    fingerprint: outcome.fingerprint.clone(),
                    family: outcome.family.clone(),
                    target: event.file_path.clone(),
                    files: Vec::new(),
                };
                self.open.retain(|known| known.fingerprint != open.fingerprint);
                self.open.push(open);
                let surplus = self.open.len().saturating_sub(MOST_OPEN);
                self.open.drain(..surplus);
                let entry = FailureEntry {
                    tool: event.tool_name.clone(),
                    family: outcome.family.clone(),
                    message: outcome.said.clone(),
                    last_seen: event.recorded_at.clone(),
                    ..FailureEntry::default()
                };
                new.failures.push((outcome.fingerprint.clone(), entry));
            } else if !self.open.is_empty() {
                self.close(event, session, &mut new);
                self.note_edit(event, root);
            }
        }
        new
    }

    /// Closes the failures of a success's family: the files edited since each failure are its fix.
    fn close(&mut self, event: &LoggedEvent, session: &Value, new: &mut New) {
        let Some(family) = success_of(event) else { return };
        // Without a file, a success of a tool other than Bash cannot be related to the failure.
        let is_tied = event.tool_name == "Bash" || !event.file_path.is_empty();
        let fix = Fix {
            at: event.recorded_at.clone(),
            session: session.clone(),
            command: cut_bytes(one_line(&event.command).trim(), LONGEST_COMMAND).to_owned(),
            files: Vec::new(),
        };
        let is_closed = |open: &OpenFailure| open.family == family && open.target == event.file_path;
        for open in self.open.iter().filter(|open| is_tied && is_closed(open)) {
            new.fixes.push((open.fingerprint.clone(), Fix { files: open.files.clone(), ..fix.clone() }));
        }
        self.open.retain(|open| !is_closed(open));
    }

    fn note_edit(&mut self, event: &LoggedEvent, root: &Path) {
        if event.event != "PostToolUse" || event.file_op != "edit" || event.file_path.is_empty() {
            return;
        }
        let file = Path::new(&event.file_path);
        let file = file.strip_prefix(root).unwrap_or(file).to_string_lossy();
        for open in &mut self.open {
            open.files.retain(|known| *known != *file);
            open.files.push(file.clone().into_owned());
            let surplus = open.files.len().saturating_sub(MOST_FILES);
            open.files.drain(..surplus);
        }
    }
}
