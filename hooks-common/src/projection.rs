//! Files that are derived from a session's log: each is one row of one list, brought up to date in one way.

use std::cell::OnceCell;
use std::error::Error;

use git::Branch;
use thiserror::Error;

use crate::paths::Paths;
use crate::project::Project;
use crate::runtime::Hook;
use crate::session_id::SessionId;
use crate::session_log::SessionDir;

/// A kind of derived files. It remembers how far it has read the log; deleting its files loses nothing.
#[derive(Debug, Clone, Copy)]
pub struct Projection {
    /// What it is called when it fails.
    pub name: &'static str,
    /// What its domain keeps in a session's directory.
    pub session_files: &'static [&'static str],
    /// Takes in what the log has beyond what was read before.
    pub bring_up_to_date: fn(&ProjectionScope<'_>) -> Result<(), ProjectionError>,
}

/// Why a projection could not be brought up to date; the next time takes in what is missing.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct ProjectionError(Box<dyn Error + Send + Sync>);

impl ProjectionError {
    /// An error of a domain.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// The session that projections are brought up to date for.
#[derive(Debug)]
pub struct ProjectionScope<'a> {
    /// The roots of everything on disk.
    pub paths: &'a Paths,
    /// The project of the event, or the one that a command is run in.
    pub project: &'a Project,
    /// The branch of that project.
    pub branch: &'a Branch,
    /// The session.
    pub session: &'a SessionId,
    /// Its directory.
    pub dir: &'a SessionDir,
    /// Whether the session ends: nothing is begun for it any more.
    pub is_ending: bool,
    session_project: OnceCell<Project>,
}

impl<'a> ProjectionScope<'a> {
    /// The scope of a session that is at work in a project.
    pub fn new(
        paths: &'a Paths,
        project: &'a Project,
        branch: &'a Branch,
        session: &'a SessionId,
        dir: &'a SessionDir,
    ) -> Self {
        let session_project = OnceCell::new();
        Self { paths, project, branch, session, dir, is_ending: false, session_project }
    }

    /// The project that the session belongs to, as its first event fixed it.
    pub fn session_project(&self) -> &Project {
        self.session_project.get_or_init(|| {
            let fixed = self.dir.meta().map(|meta| meta.project_dir);
            match fixed.filter(|root| root != self.project.root()) {
                Some(root) => Project::of_event(self.paths, None, &root).rooted_at(root),
                None => self.project.clone(),
            }
        })
    }
}

/// Brings every projection of a list up to date for the hook's session. One that fails costs no other.
pub fn bring_up_to_date(hook: &mut Hook, projections: &[Projection], is_ending: bool) {
    let (Some(session), Some(dir)) = (hook.session.clone(), hook.session_dir()) else { return };
    let (paths, project, branch) = (hook.paths.clone(), hook.project().clone(), hook.branch().clone());
    let scope =
        ProjectionScope { is_ending, ..ProjectionScope::new(&paths, &project, &branch, &session, &dir) };
    for projection in projections {
        hook.stage(projection.name, |_| (projection.bring_up_to_date)(&scope));
    }
}
