//! Projections: files that are derived from a session's log. Each kind is one entry of a list, and all are updated
//! the same way.

use std::cell::OnceCell;
use std::error::Error;

use git::Branch;
use thiserror::Error;

use crate::paths::Paths;
use crate::project::Project;
use crate::runtime::Hook;
use crate::session_id::SessionId;
use crate::session_log::SessionDir;

/// A kind of projection. It remembers its position in the log. Its files can be deleted without loss.
#[derive(Debug, Clone, Copy)]
pub struct Projection {
    /// The name in an error message.
    pub name: &'static str,
    /// The files that its domain keeps in a session's directory.
    pub session_files: &'static [&'static str],
    /// Processes the part of the log that was not read before.
    pub bring_up_to_date: fn(&ProjectionScope<'_>) -> Result<(), ProjectionError>,
}

/// The reason why a projection was not updated. The next update processes the missing part.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct ProjectionError(Box<dyn Error + Send + Sync>);

impl ProjectionError {
    /// An error of a domain.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }
}

/// The session whose projections are updated, and its surroundings.
#[derive(Debug)]
pub struct ProjectionScope<'a> {
    /// The root folders of all files on disk.
    pub paths: &'a Paths,
    /// The project of the event, or the project in which a command runs.
    pub project: &'a Project,
    /// The branch of that project.
    pub branch: &'a Branch,
    /// The session.
    pub session: &'a SessionId,
    /// Its directory.
    pub dir: &'a SessionDir,
    /// Whether the session ends. No new work starts for it then.
    pub is_ending: bool,
    session_project: OnceCell<Project>,
}

impl<'a> ProjectionScope<'a> {
    /// The scope of a session that works in a project.
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

    /// The project of the session, as its first event set it.
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

/// Updates all projections of a list for the hook's session. A failure does not stop the other projections.
pub fn bring_up_to_date(hook: &mut Hook, projections: &[Projection], is_ending: bool) {
    let (Some(session), Some(dir)) = (hook.session.clone(), hook.session_dir()) else { return };
    let (paths, project, branch) = (hook.paths.clone(), hook.project().clone(), hook.branch().clone());
    let scope =
        ProjectionScope { is_ending, ..ProjectionScope::new(&paths, &project, &branch, &session, &dir) };
    for projection in projections {
        hook.stage(projection.name, |_| (projection.bring_up_to_date)(&scope));
    }
}
