//! Where a session's continuity is kept, and as which configuration says.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::types::Continuity;
use hooks_common::paths::{self, Paths};
use hooks_common::project::Project;
use hooks_common::runtime::Hook;
use hooks_common::session_log::SessionDir;
use platform::store::lock::{self, Lock, LockError};

use crate::error::ContinuityError;
use crate::{exclude, files};

/// The project that a session belongs to. Only projects with a configuration have one: nothing is written into a
/// folder that is not set up.
#[derive(Debug)]
pub struct ContinuityPlace {
    project: Project,
    /// What is kept, and how.
    pub settings: Continuity,
}

impl ContinuityPlace {
    /// The place of the hook's session: the project that was fixed at its first event.
    ///
    /// # Errors
    /// When the compiled configuration is damaged.
    pub fn of_hook(hook: &Hook) -> Result<Option<Self>, ContinuityError> {
        if hook.session.is_none() {
            return Ok(None);
        }
        let meta = hook.session_dir().and_then(|dir| dir.meta());
        let root = meta.map_or_else(|| hook.session_project().0, |meta| meta.project_dir);
        Self::at(&hook.paths, hook.project(), root)
    }

    /// The place of a session that was recorded before; of another one the project of its event.
    ///
    /// # Errors
    /// When the compiled configuration is damaged.
    pub fn of_session(
        paths: &Paths,
        event: &Project,
        dir: &SessionDir,
    ) -> Result<Option<Self>, ContinuityError> {
        let root = dir.meta().map_or_else(|| event.root().to_owned(), |meta| meta.project_dir);
        Self::at(paths, event, root)
    }

    fn at(paths: &Paths, event: &Project, root: PathBuf) -> Result<Option<Self>, ContinuityError> {
        if event.root() == root {
            return Self::of(event.clone(), paths);
        }
        Self::of(Project::of_event(paths, None, &root).rooted_at(root), paths)
    }

    /// The place of a project; `None` where nothing is configured or `context.enabled` is off.
    ///
    /// # Errors
    /// When the compiled configuration is damaged.
    pub fn of(project: Project, paths: &Paths) -> Result<Option<Self>, ContinuityError> {
        let Some(policy) = project.policy(paths) else { return Ok(None) };
        let settings = policy.continuity()?;
        Ok(settings.context.enabled.then_some(Self { project, settings }))
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The folder that everything lies in.
    pub fn root(&self) -> &Path {
        self.project.root()
    }

    /// Makes the folder of a file of ours, and keeps the file out of `git status` before it is there.
    ///
    /// # Errors
    /// As [`files::prepare`], and when git's exclusions can be neither read nor written.
    pub fn prepare(&self, root: &Path, file: &Path) -> io::Result<()> {
        files::prepare(root, file)?;
        match self.project.repository() {
            Some(repository) if !file.exists() => exclude::add(repository).map(drop),
            _ => Ok(()),
        }
    }

    /// The folder that all work trees of the repository share: numbers and beginnings are told apart across them.
    pub fn shared_root(&self) -> PathBuf {
        let main = self.project.repository().and_then(|repository| {
            let main = repository.main_worktree().filter(|main| main.is_dir())?;
            Some(main.join(self.root().strip_prefix(repository.top()).ok()?))
        });
        main.unwrap_or_else(|| self.root().to_owned())
    }

    /// Where checkpoints lie.
    pub fn checkpoints(&self) -> PathBuf {
        self.root().join(platform::path::normalise(Path::new(&self.settings.checkpoints.dir)))
    }

    /// The lock for changes of the session files of a project, in any of its work trees.
    ///
    /// # Errors
    /// As [`lock::exclusive`].
    pub fn lock(&self, wait: Duration) -> Result<Lock, LockError> {
        let path = paths::continuity_lock(self.project.stores()[1]);
        if let Some(folder) = path.parent() {
            let _ = platform::store::create_dir(folder);
        }
        lock::exclusive(&path, wait)
    }
}
