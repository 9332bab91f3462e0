//! A work tree that git is asked about. Only lines that may destroy something need it: starting git costs 2
//! ms.

use std::path::{Path, PathBuf};
use std::time::Duration;

use git::{GitCommand, GitError, Head, Repository};
use shell::GitCall;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::repository::{git_folder, is_protected, repository_of};

/// How long git may take for one answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A work tree, and the folder that paths are relative to.
#[derive(Debug)]
pub struct WorkTree {
    repository: Repository,
    folder: PathBuf,
    /// Whether the line determines that it is this work tree.
    pub is_told: bool,
    /// Whether the line names its git directory.
    has_git_dir: bool,
}

impl WorkTree {
    /// The work tree of a git call. If the line does not determine it, the one that the line starts in is
    /// assumed.
    pub fn of_call(call: &GitCall<'_>, examined: &ExaminedUse<'_>) -> Option<Self> {
        let start = &examined.tool_use.folder;
        let told = git_folder(call, examined);
        let is_told = told.is_some();
        let folder = told.unwrap_or_else(|| platform::path::resolve(start));
        let repository = match is_told {
            true => repository_of(call, start, examined.home())?,
            false => Repository::discover(&folder)?,
        };
        if !folder.is_dir() && makes_repositories(examined) {
            return None;
        }
        let folder = folder.ancestors().find(|folder| folder.is_dir())?.to_owned();
        let has_git_dir = is_told && call.git_dir.is_some();
        Some(Self { repository, folder, is_told, has_git_dir })
    }

    /// The work tree around a folder whose symbolic links are resolved; paths are relative to its root.
    pub fn around(folder: &Path) -> Option<Self> {
        let repository = Repository::discover(folder)?;
        let folder = repository.top().to_owned();
        Some(Self { repository, folder, is_told: true, has_git_dir: false })
    }

    /// Its root.
    pub fn top(&self) -> &Path {
        self.repository.top()
    }

    /// The folder that the call works in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The current branch; `None` if HEAD is detached.
    pub fn branch(&self) -> Option<String> {
        match self.repository.head() {
            Head::Branch(name) => Some(self.repository.real_branch(&name)),
            Head::Detached(_) => None,
        }
    }

    /// Whether the history of a branch is shared with others.
    pub fn is_protected(&self, branch: &str, examined: &ExaminedUse<'_>) -> bool {
        is_protected(branch, &self.repository, examined)
    }

    /// Returns the output of git; `None` if git exits with an error.
    ///
    /// # Errors
    /// If git takes too long or prints too much.
    pub fn ask<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Option<String>, GuardsError> {
        let mut git = GitCommand::in_folder(&self.folder);
        // Only then: with an explicit git directory, git skips its ownership check and could run another
        // user's configuration.
        if self.has_git_dir {
            git = git.git_dir(self.repository.git_dir()).work_tree(self.top());
        }
        match git.args(arguments).within(PATIENCE).answer() {
            // git would refuse the examined command too, so nothing is lost.
            Err(GitError::Missing | GitError::Refused(_)) => Ok(None),
            answer => Ok(answer?),
        }
    }

    /// How many commits git counts; 0 if it cannot.
    ///
    /// # Errors
    /// As [`WorkTree::ask`].
    pub fn count(&self, commits: &[&str]) -> Result<usize, GuardsError> {
        let said = self.ask(["rev-list", "--count"].iter().chain(commits))?;
        Ok(said.and_then(|said| said.trim().parse().ok()).unwrap_or_default())
    }
}

/// Whether the line itself creates a repository, in which it may then work.
fn makes_repositories(examined: &ExaminedUse<'_>) -> bool {
    let makes = |call: GitCall<'_>| matches!(call.subcommand(), "clone" | "init" | "worktree");
    examined.script().commands.iter().any(|command| command.git().is_some_and(makes))
}
