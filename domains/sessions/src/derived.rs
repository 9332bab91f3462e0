//! `derived-state.json`: the state of all sessions, derived for everything that displays it.
//!
//! It has one writer, the process that holds its lock, and can be deleted at any time: it is made from the session
//! directories alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use hooks_common::paths::Paths;
use hooks_common::session_id::SessionId;
use platform::process;
use platform::process::Liveness;
use platform::store::lock::{self, Lock, LockError};
use platform::store::{self, Durability};
use platform::time::rfc3339;
use serde::Serialize;
use serde_json::Value;

use crate::catalog::{LogProgress, SessionCatalog};
use crate::known::KnownSession;
use crate::liveness::Oracle;
use crate::machine::FileUse;
use crate::projects::Boundaries;
use crate::reconcile::{self, SessionVerdict};
use hooks_common::session_state::SessionState;

/// How long an edit makes its package look worked on, in milliseconds. At the age itself it still does.
pub const ACTIVITY: i64 = 300_000;

/// The document.
#[derive(Debug, Clone, Serialize)]
pub struct DerivedState {
    /// The format version, 1.
    pub v: u32,
    /// When it was made.
    pub generated_at: String,
    /// The process that wrote it.
    pub writer: StateWriter,
    /// What it was made from, by session directory.
    pub inputs: BTreeMap<String, LogProgress>,
    /// The sessions of the last day and all that live.
    pub sessions: Vec<DerivedSession>,
    /// The projects by their folder.
    pub projects: BTreeMap<String, DerivedProject>,
    /// The project that the user's last shell is in, by its folder.
    pub focus: Option<String>,
    /// What was odd.
    pub diagnostics: Diagnostics,
}

/// A process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StateWriter {
    /// Its number.
    pub pid: u32,
    /// When it started, in seconds since 1970.
    pub proc_started: Option<i64>,
}

/// A session. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DerivedSession {
    /// The full id.
    pub session_id: String,
    /// Its short form.
    pub id: String,
    /// The project, which never changes.
    pub project_dir: PathBuf,
    /// The folder it is in.
    pub cwd: PathBuf,
    /// What the session itself is doing.
    pub state: SessionState,
    /// The same, with its subagents: what to show.
    pub display_state: SessionState,
    /// When the state began.
    pub state_changed_at: Option<String>,
    /// The last event that counted.
    pub updated_at: Option<String>,
    /// `live`, `dead`, `unknown` or `ended`.
    pub liveness: &'static str,
    /// The client.
    pub owner: Option<StateWriter>,
    /// How often the session was started or resumed.
    pub generation: u64,
    /// Subagents at work.
    pub subagents_active: usize,
    /// What a person is waited for.
    pub pending: Option<PendingTool>,
    /// Background tasks that outlived the turn.
    pub background_tasks: u32,
    /// Why the last turn failed.
    pub error: Option<String>,
    /// The host's permission mode.
    pub permission_mode: String,
    /// The transcript.
    pub transcript_path: Option<PathBuf>,
    /// Seconds since the last event.
    pub quiet_secs: i64,
    /// The files that were last edited or read, latest first.
    pub recent_activity: Vec<Worked>,
    /// When and why it ended.
    pub ended: Option<DerivedEnd>,
    /// The rules that led to the state.
    pub why: Vec<&'static str>,
    /// When the session was first seen.
    pub created_at: String,
    /// The branch of its folder now.
    pub branch: Option<String>,
    /// Requirements that are open for it.
    pub open_requirements: Vec<String>,
    /// How full its context is, in percent.
    pub context_percent: Option<f64>,
}

/// What a person is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PendingTool {
    /// `permission`, `question`, `form` or `unnamed`.
    pub kind: crate::machine::WaitKind,
    /// The tool that is asked about; empty when there is none.
    pub tool_name: String,
}

/// A file that was worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worked {
    /// The project or package it belongs to.
    pub project_path: Option<PathBuf>,
    /// The file.
    pub file_path: String,
    /// `edit` or `read`.
    pub op: String,
    /// When.
    pub at: Option<String>,
}

/// How a session ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DerivedEnd {
    /// When; the last event for a client that is gone without a word.
    pub at: Option<String>,
    /// The host's reason, `pid_dead` or `superseded`.
    pub reason: String,
}

/// A project or package.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DerivedProject {
    /// Its state: the most urgent session's, or `working` where files are edited.
    pub state: SessionState,
    /// The session that decides.
    pub session_id: Option<String>,
    /// `session`, `activity` or `none`.
    pub via: &'static str,
    /// Whether that session's client runs.
    pub live: bool,
    /// All sessions of the project.
    pub sessions: Vec<String>,
    /// When the state began.
    pub state_changed_at: Option<String>,
    /// The last event that counted.
    pub updated_at: Option<String>,
    /// The repository that a linked work tree belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub main_worktree: Option<PathBuf>,
}

/// What was odd.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Diagnostics {
    /// Seconds since hooks last fired.
    pub heartbeat_age_secs: Option<u64>,
    /// Whether they fire, as the caller says.
    pub hook_health: Value,
    /// Lines that could not be read, in all logs.
    pub skipped_lines: usize,
    /// Session directories of a newer version.
    pub unsupported: Vec<String>,
}

/// Milliseconds since 1970 as RFC 3339; `None` for 0, which means an unknown time.
pub fn time(at: i64) -> Option<String> {
    chrono::DateTime::from_timestamp_millis(at).filter(|_| at != 0).map(rfc3339)
}

/// Makes the document from what is known `now` (milliseconds since 1970). `tracked` are projects to show though
/// no session is in them. Branches, requirements and health are left to the caller.
pub fn derive(
    book: &SessionCatalog,
    oracle: &mut dyn Oracle,
    boundaries: &mut Boundaries,
    tracked: &[PathBuf],
    now: i64,
) -> DerivedState {
    let known: Vec<_> = book.known().collect();
    let (sessions, projects) = show(&known, oracle, boundaries, tracked, now);
    let inputs = book.sessions().map(|(name, session)| (name.to_owned(), session.log.input.clone()));
    let skipped_lines = book.sessions().map(|(_, session)| session.log.input.skipped).sum();
    DerivedState {
        v: 1,
        generated_at: time(now).unwrap_or_default(),
        writer: StateWriter::me(),
        inputs: inputs.collect(),
        sessions,
        projects,
        focus: None,
        diagnostics: Diagnostics {
            skipped_lines,
            unsupported: book.unsupported().cloned().collect(),
            ..Diagnostics::default()
        },
    }
}

/// The sessions, in the order of `known`, and the projects by their folder.
pub fn show(
    known: &[KnownSession<'_>],
    oracle: &mut dyn Oracle,
    boundaries: &mut Boundaries,
    tracked: &[PathBuf],
    now: i64,
) -> (Vec<DerivedSession>, BTreeMap<String, DerivedProject>) {
    let verdicts = reconcile::reconcile(known, oracle, now);
    let shown = known.iter().zip(&verdicts);
    let sessions: Vec<_> = shown.map(|(known, verdict)| session(known, verdict, boundaries, now)).collect();
    let projects = projects(&sessions, tracked, now);
    (sessions, projects)
}

impl StateWriter {
    /// This process.
    pub fn me() -> Self {
        let pid = std::process::id();
        let me = process::look_up(pid).ok().flatten();
        Self { pid, proc_started: me.as_ref().and_then(process::started_at) }
    }
}

fn session(
    known: &KnownSession<'_>,
    verdict: &SessionVerdict,
    boundaries: &mut Boundaries,
    now: i64,
) -> DerivedSession {
    let KnownSession { name, meta, machine } = *known;
    let full = meta.map_or(name, |meta| &meta.session_id);
    let project = meta.map_or_else(|| machine.start_cwd.clone().into(), |meta| meta.project_dir.clone());
    let owner = verdict.client.as_ref().map(|client| {
        let recorded = meta.and_then(|meta| meta.owners().find(|owner| owner.start_raw == client.start_raw));
        StateWriter { pid: client.pid, proc_started: recorded.and_then(|owner| owner.proc_started) }
    });
    let wait = machine.waits.iter().max_by_key(|wait| wait.agent.is_none());
    DerivedSession {
        session_id: full.to_owned(),
        id: SessionId::new(full).map(|id| id.key().to_string()).unwrap_or_default(),
        cwd: if machine.cwd.is_empty() { project.clone() } else { machine.cwd.clone().into() },
        project_dir: project,
        state: verdict.state,
        display_state: verdict.display_state,
        state_changed_at: time(verdict.state_changed_at),
        updated_at: time(machine.updated_at),
        liveness: match verdict.liveness {
            Some(Liveness::Live) => "live",
            Some(Liveness::Dead) => "dead",
            Some(Liveness::Unknown) => "unknown",
            None => "ended",
        },
        owner,
        generation: machine.generation,
        subagents_active: verdict.agents,
        pending: wait
            .filter(|_| verdict.display_state == SessionState::Waiting)
            .map(|wait| PendingTool { kind: wait.kind, tool_name: wait.tool.name.clone() }),
        background_tasks: machine.background_tasks,
        error: machine.error.clone(),
        permission_mode: machine.permission_mode.clone(),
        transcript_path: meta.and_then(|meta| meta.transcript_path.clone()),
        quiet_secs: ((now - machine.updated_at) / 1_000).max(0),
        recent_activity: machine
            .activity
            .iter()
            .rev()
            .map(|worked| self::worked(worked, boundaries))
            .collect(),
        ended: verdict
            .ended
            .as_ref()
            .map(|(at, reason)| DerivedEnd { at: time(*at), reason: reason.clone() }),
        why: verdict.why.iter().map(|rule| rule.name()).collect(),
        created_at: meta.map(|meta| meta.created_at.clone()).unwrap_or_default(),
        branch: None,
        open_requirements: Vec::new(),
        context_percent: None,
    }
}

fn worked(worked: &FileUse, boundaries: &mut Boundaries) -> Worked {
    Worked {
        project_path: boundaries.of(Path::new(&worked.file_path)),
        file_path: worked.file_path.clone(),
        op: worked.op.clone(),
        at: time(worked.at),
    }
}

fn projects(sessions: &[DerivedSession], tracked: &[PathBuf], now: i64) -> BTreeMap<String, DerivedProject> {
    let mut of_project: BTreeMap<PathBuf, Vec<&DerivedSession>> = BTreeMap::new();
    let mut spelled: BTreeMap<PathBuf, PathBuf> = BTreeMap::new();
    for session in sessions {
        let real =
            std::fs::canonicalize(&session.project_dir).unwrap_or_else(|_| session.project_dir.clone());
        spelled.entry(real.clone()).or_insert_with(|| session.project_dir.clone());
        of_project.entry(real).or_default().push(session);
    }
    let mut projects = BTreeMap::new();
    for (real, sessions) in &of_project {
        projects.insert(name_of(&spelled[real]), of_sessions(&spelled[real], sessions));
    }
    for (package, session, at) in edits(sessions, now) {
        let real = std::fs::canonicalize(&package).unwrap_or_else(|_| package.clone());
        let name = name_of(spelled.get(&real).unwrap_or(&package));
        let entry = projects.entry(name).or_insert_with(|| DerivedProject::quiet(&package));
        let is_decided = match entry.via {
            // What the sessions of the place itself say counts more, if anybody is there.
            "session" => entry.live || entry.state != SessionState::Idle,
            "activity" => entry.updated_at > time(at),
            _ => false,
        };
        if !is_decided {
            entry.state = SessionState::Working;
            entry.session_id = Some(session.session_id.clone());
            (entry.via, entry.live) = ("activity", true);
            (entry.state_changed_at, entry.updated_at) = (time(at), time(at));
        }
    }
    for project in tracked {
        projects.entry(name_of(project)).or_insert_with(|| DerivedProject::quiet(project));
    }
    projects
}

fn name_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl DerivedProject {
    fn quiet(path: &Path) -> Self {
        Self {
            state: SessionState::Idle,
            session_id: None,
            via: "none",
            live: false,
            sessions: Vec::new(),
            state_changed_at: None,
            updated_at: None,
            main_worktree: git::Repository::at(path).and_then(|repository| repository.main_worktree()),
        }
    }
}

/// The session that most needs a look decides: an active one, then one that is ready, then the latest.
fn of_sessions(path: &Path, sessions: &[&DerivedSession]) -> DerivedProject {
    let mut project = DerivedProject::quiet(path);
    project.sessions = sessions.iter().map(|session| session.session_id.clone()).collect();
    let urgency = |session: &&&DerivedSession| match session.display_state {
        state if state.is_active() => 2,
        SessionState::Ready => 1,
        _ => 0,
    };
    let there = sessions.iter().filter(|session| session.ended.is_none());
    let chosen = there
        .max_by_key(|session| (urgency(session), session.updated_at.clone(), session.session_id.clone()));
    if let Some(session) = chosen {
        project.state = session.display_state;
        project.session_id = Some(session.session_id.clone());
        (project.via, project.live) = ("session", session.liveness == "live");
        project.state_changed_at = session.state_changed_at.clone();
        project.updated_at = session.updated_at.clone();
    }
    project
}

/// The latest edits of live sessions at work, by the package they were made in.
fn edits(sessions: &[DerivedSession], now: i64) -> Vec<(PathBuf, &DerivedSession, i64)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for session in
        sessions.iter().filter(|session| session.liveness == "live" && session.display_state.is_active())
    {
        for worked in session.recent_activity.iter().filter(|worked| worked.op == "edit") {
            let (Some(package), Some(at)) = (&worked.project_path, &worked.at) else { continue };
            let at = crate::record::millis(at);
            let is_own = *package == session.project_dir;
            if now - at <= ACTIVITY && !is_own && seen.insert((package.clone(), session.session_id.clone())) {
                found.push((package.clone(), session, at));
            }
        }
    }
    found
}

impl DerivedState {
    /// The innermost project that contains a folder, by its name in the document.
    pub fn project_around(&self, folder: &Path) -> Option<&String> {
        let around = self.projects.keys().filter(|project| folder.starts_with(project));
        around.max_by_key(|project| project.len())
    }
}

/// The right to write the document: one process at a time has it.
#[derive(Debug)]
pub struct WriterLock {
    path: PathBuf,
    written: Option<Value>,
    lock: Lock,
}

impl WriterLock {
    /// The right; `None` while another process has it.
    ///
    /// # Errors
    /// When the lock cannot be made.
    pub fn take(paths: &Paths) -> io::Result<Option<Self>> {
        let path = paths.derived_state();
        store::create_private_dir(paths.stanchion_dir())?;
        let lock = match lock::exclusive(&path.with_extension("lock"), std::time::Duration::ZERO) {
            Ok(lock) => lock,
            Err(LockError::Busy { .. }) => return Ok(None),
            Err(LockError::Open { error, .. }) => return Err(error),
        };
        // Where the file system grants no locks, the name in the file must do.
        let signer = lock::signer(&path.with_extension("lock")).filter(|pid| *pid != std::process::id());
        if !lock.is_granted()
            && signer.is_some_and(|pid| process::liveness(pid.into(), None) == Liveness::Live)
        {
            return Ok(None);
        }
        lock.sign()?;
        let found = store::read(&path).ok().flatten();
        let written = found.and_then(|bytes| serde_json::from_slice(&bytes).ok()).map(lasting);
        Ok(Some(Self { path, written, lock }))
    }

    /// The process that has the right.
    pub fn holder(paths: &Paths) -> Option<u32> {
        lock::signer(&paths.derived_state().with_extension("lock"))
    }

    /// Whether the lock is lost because its folder was removed.
    pub fn is_lost(&self) -> bool {
        !self.lock.is_at(&self.path.with_extension("lock"))
    }

    /// Replaces the document if it says something new; whether it did. Readers may skip a file whose modification
    /// time has not changed, so the mere passing of time is nothing new.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, state: &DerivedState) -> io::Result<bool> {
        let document = serde_json::to_value(state)?;
        let new = lasting(document.clone());
        if self.written.as_ref() == Some(&new) && self.path.exists() {
            return Ok(false);
        }
        let text = serde_json::to_vec_pretty(&document)?;
        store::replace(&self.path, &text, Durability::Rebuildable, 0o600)?;
        self.written = Some(new);
        Ok(true)
    }
}

/// The document without what every second changes.
fn lasting(mut document: Value) -> Value {
    let mut forget = |at: &str| {
        if let Some(value) = document.pointer_mut(at) {
            *value = Value::Null;
        }
    };
    forget("/generated_at");
    forget("/diagnostics/heartbeat_age_secs");
    for session in document.get_mut("sessions").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(quiet) = session.get_mut("quiet_secs") {
            *quiet = Value::Null;
        }
    }
    document
}
