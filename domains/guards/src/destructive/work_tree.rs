//! A work tree that git is asked about. Only lines that may destroy something come here: starting git costs 2 ms.

use std::path::{Path, PathBuf};
use std::time::Duration;

use git::{GitCommand, GitError, Head, Repository};
use shell::GitCall;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::repository::{git_folder, is_protected, repository_of};

/// How long git may take for one answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A work tree, and the folder from which paths are seen.
#[derive(Debug)]
pub struct WorkTree {
    repository: Repository,
    folder: PathBuf,
    /// Whether the line tells that it is this one.
    pub is_told: bool,
    /// Whether the line names the folder that git keeps for it.
    has_git_dir: bool,
}

impl WorkTree {
    /// The one that a call of git works on. Where the line does not tell, the one it starts in may be meant.
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

    /// The one that holds a folder, free of symbolic links; paths are seen from its root.
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

    /// The branch that it is on.
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

    /// What git prints; `None` when it says no.
    ///
    /// # Errors
    /// When it takes too long or prints too much.
    pub fn ask<S: AsRef<std::ffi::OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Option<String>, GuardsError> {
        let mut git = GitCommand::in_folder(&self.folder);
        // Else git finds it by itself, and refuses one of another user, whose configuration could run anything.
        if self.has_git_dir {
            git = git.git_dir(self.repository.git_dir()).work_tree(self.top());
        }
        match git.args(arguments).within(PATIENCE).answer() {
            // git would refuse the command that is looked at too, so nothing is lost.
            Err(GitError::Missing | GitError::Refused(_)) => Ok(None),
            answer => Ok(answer?),
        }
    }

    /// How many commits git counts; none where it cannot.
    ///
    /// # Errors
    /// As [`WorkTree::ask`].
    pub fn count(&self, commits: &[&str]) -> Result<usize, GuardsError> {
        let said = self.ask(["rev-list", "--count"].iter().chain(commits))?;
        Ok(said.and_then(|said| said.trim().parse().ok()).unwrap_or_default())
    }
}

/// Whether the line itself makes the repository that it then works in.
fn makes_repositories(examined: &ExaminedUse<'_>) -> bool {
    let makes = |call: GitCall<'_>| matches!(call.subcommand(), "clone" | "init" | "worktree");
    examined.script().commands.iter().any(|command| command.git().is_some_and(makes))
}
