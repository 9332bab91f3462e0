//! Where a repository's commits are written down: one place for all its work trees.

use std::path::{Path, PathBuf};
use std::time::Duration;

use git::{Repository, reflog};
use hooks_common::paths::{self, in_project};
use hooks_common::project::Project;
use platform::store::lock::{self, Lock, LockError};

use super::state::State;
use super::tree::Tree;
use crate::error::ContinuityError;
use crate::{exclude, files};

/// See the module.
#[derive(Debug)]
pub struct CommitLedger {
    root: PathBuf,
    repository: Repository,
}

impl CommitLedger {
    /// The ledger of a project: in the main work tree where there is one. `None` outside git.
    pub fn of(project: &Project) -> Option<Self> {
        let repository = project.repository()?.clone();
        let main = repository.main_worktree().filter(|main| main.is_dir());
        Some(Self { root: main.unwrap_or_else(|| repository.top().to_owned()), repository })
    }

    /// The folder that the files lie in.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The repository, seen from the event's work tree.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The log.
    pub fn log(&self) -> PathBuf {
        in_project::commit_log(&self.root)
    }

    /// What was seen last.
    pub fn state(&self) -> PathBuf {
        in_project::commit_tracker(&self.root)
    }

    /// Commits that failed.
    pub fn failures(&self) -> PathBuf {
        in_project::commit_failures(&self.root)
    }

    /// The work tree of the event, and the others that a command line names.
    pub fn trees(&self, command: &str) -> Vec<Tree> {
        let others = self.others(command).into_iter().filter_map(|top| Repository::at(&top));
        let all = std::iter::once(self.repository.clone()).chain(others);
        all.filter_map(|repository| self.look(repository)).collect()
    }

    /// Whether nothing can have moved since `state`: git's journal of the event's work tree is as long as it was, no
    /// rebase is held back, and no other work tree is named. Every move of HEAD makes the journal longer, so HEAD itself need not be read.
    pub fn is_quiet(&self, state: &State, command: &str) -> bool {
        let key = (self.repository.top() != self.root).then(|| self.repository.git_dir().to_string_lossy());
        let is_settled = state.held(key.as_deref()).is_none();
        let seen = state.seen(key.as_deref()).and_then(|seen| seen.reflog_size);
        is_settled
            && seen.is_some()
            && seen == reflog::size(&self.repository)
            && self.others(command).is_empty()
    }

    /// The roots of the other work trees that a command line names.
    fn others(&self, command: &str) -> Vec<PathBuf> {
        let here = self.repository.top();
        let mut others = self.repository.linked_worktrees();
        others.extend(self.repository.main_worktree());
        others.retain(|top| {
            let name = top.file_name().and_then(|name| name.to_str());
            top != here && name.is_some_and(|name| command.contains(name))
        });
        others
    }

    /// The work tree of the event, if nothing was ever committed there.
    pub fn without_commits(&self) -> Option<Tree> {
        Tree::without_commits(self.repository.clone(), self.repository.top() == self.root)
    }

    fn look(&self, repository: Repository) -> Option<Tree> {
        let is_own = repository.top() == self.root;
        Tree::look(repository, is_own)
    }

    /// The lock for writing into the files; `None` when others hold it for longer than `wait`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn lock(&self, wait: Duration) -> Result<Option<Lock>, ContinuityError> {
        let path = paths::commits_lock(self.repository.common_dir());
        if let Some(folder) = path.parent() {
            platform::store::create_dir(folder).map_err(ContinuityError::file(folder))?;
        }
        match lock::exclusive(&path, wait) {
            Ok(lock) => Ok(Some(lock)),
            Err(LockError::Busy { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes the folder of one of the files.
    ///
    /// # Errors
    /// When a symbolic link stands on the way to it below the project, because nothing is written out of the project;
    /// and when what stands in its place is no file.
    pub fn prepare(&self, file: &Path) -> Result<(), ContinuityError> {
        files::prepare(&self.root, file)?;
        if !file.exists() {
            exclude::add(&self.repository).map_err(ContinuityError::file(Path::new("info/exclude")))?;
        }
        Ok(())
    }
}
