//! All sessions in their current state, with the facts of other domains: branch, open requirements, context use, and
//! whether hooks fire.

use std::path::{Path, PathBuf};

use gates::{EvalContext, Gates};
use hooks_common::heartbeat::{self, Heartbeat};
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::session_id::SessionKey;
use installer::firing;
use platform::time::Moment;
use sessions::catalog::SessionCatalog;
use sessions::derived::{DerivedSession, DerivedState, derive};
use sessions::liveness::ProcessTable;
use sessions::projects::Boundaries;
use sessions::reconcile;
use sessions::shells::{Shells, most_recent};

/// What was read, kept so that an update reads only what changed.
#[derive(Debug)]
pub struct Overview {
    /// The roots of everything on disk.
    pub paths: Paths,
    book: SessionCatalog,
    table: ProcessTable,
}

impl Overview {
    /// Reads everything.
    pub fn new(paths: Paths) -> Self {
        let table = ProcessTable::with_hints(&paths);
        let mut overview = Self { paths, book: SessionCatalog::default(), table };
        overview.refresh(Moment::now());
        overview
    }

    /// Reads every session directory again.
    pub fn refresh(&mut self, now: Moment) {
        self.book.refresh(&self.paths, now.wall.timestamp_millis());
    }

    /// Reads one session directory again.
    pub fn refresh_one(&mut self, name: &str, now: Moment) {
        self.book.refresh_one(&self.paths, name, now.wall.timestamp_millis());
    }

    /// The document of `derived-state.json`.
    pub fn derive(&mut self, now: Moment) -> DerivedState {
        let registered = gates::projects::all(&self.paths).unwrap_or_default();
        let tracked: Vec<PathBuf> = registered.into_iter().map(|project| project.root).collect();
        let of_sessions = self.book.sessions().filter_map(|(_, session)| session.meta.as_ref());
        let known = tracked.iter().cloned().chain(of_sessions.map(|meta| meta.project_dir.clone()));
        let mut boundaries = Boundaries::new(self.paths.home(), known.collect());
        let millis = now.wall.timestamp_millis();
        let mut state = derive(&self.book, &mut self.table, &mut boundaries, &tracked, millis);
        for session in state.sessions.iter_mut().filter(|session| session.ended.is_none()) {
            annotate(session, &self.paths, now);
        }
        let shells = Shells::new(&self.paths).all();
        let shell = most_recent(&shells, now.wall).map(|seen| Path::new(&seen.shell.cwd));
        state.focus = shell.and_then(|folder| state.project_around(folder)).cloned();
        // Hooks that no longer fire leave no sessions, so the recorded folders of installations are checked too.
        let wired = installer::record::wired_folders(&self.paths).map(|mut folders| {
            folders.extend(state.sessions.iter().map(|session| session.project_dir.clone()));
            folders
        });
        let has_live = state.sessions.iter().any(|session| session.liveness == "live");
        let health = firing::judge(&self.paths, wired.as_deref(), has_live, now);
        state.diagnostics.hook_health = serde_json::to_value(health).unwrap_or_default();
        state.diagnostics.heartbeat_age_secs = match heartbeat::read(&self.paths, now) {
            Heartbeat::Beat { age } => Some(age),
            Heartbeat::Missing | Heartbeat::Unreadable => None,
        };
        state
    }

    /// When time alone will change something, in milliseconds since 1970.
    pub fn next_change(&mut self, now: Moment) -> Option<i64> {
        let millis = now.wall.timestamp_millis();
        let known: Vec<_> = self.book.known().collect();
        let verdicts = reconcile::reconcile(&known, &mut self.table, millis);
        let sessions = self.book.sessions().zip(&verdicts);
        sessions
            .filter_map(|((_, session), verdict)| verdict.next_change(session.log.machine(), millis))
            .min()
    }
}

/// Adds what other domains know about a session.
fn annotate(session: &mut DerivedSession, paths: &Paths, now: Moment) {
    let Some(key) = SessionKey::new(&session.session_id) else { return };
    let folder: &Path = if session.cwd.is_dir() { &session.cwd } else { &session.project_dir };
    let project = Project::of_event(paths, None, folder);
    session.branch = project.repository().map(|repository| repository.branch().name().to_owned());
    session.context_percent = hooks_common::session_id::SessionId::new(&session.session_id)
        .and_then(|id| hooks_common::session_log::SessionDir::new(paths, &id).context())
        .and_then(|context| context.used_percentage);
    let Some(gates) = Gates::of(&project, paths, project.branch(), Some(key), now.epoch()) else { return };
    if !gates.policy.is_enabled() {
        return;
    }
    let situation = EvalContext { may_compute: false, ..EvalContext::of_project(paths, &project) };
    let open = gates.open(&situation).unwrap_or_default();
    session.open_requirements = open.into_iter().map(|rule| rule.name).collect();
}
