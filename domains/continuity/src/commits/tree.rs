//! A work tree as it is now: where HEAD is, and how long git's journal of it.

use git::{Head, Repository, reflog};

/// What the log says of a commit that was made on no branch.
const DETACHED: &str = "HEAD (detached)";

/// See the module.
#[derive(Debug)]
pub struct Tree {
    repository: Repository,
    key: Option<String>,
    head: String,
    reflog_size: Option<u64>,
    is_rebasing: bool,
}

impl Tree {
    /// Looks at a work tree; `is_own` when it is the one that the project's files lie in. `None` before the first
    /// commit, and where git's files do not tell.
    pub fn look(repository: Repository, is_own: bool) -> Option<Self> {
        let head = repository.head_commit()?;
        let key = (!is_own).then(|| repository.git_dir().to_string_lossy().into_owned());
        // Before the journal is read: what ends meanwhile says so there.
        let is_rebasing =
            ["rebase-merge", "rebase-apply"].iter().any(|folder| repository.git_dir().join(folder).is_dir());
        Some(Self { is_rebasing, reflog_size: reflog::size(&repository), key, head, repository })
    }

    /// A work tree in which nothing was ever committed; `None` where something was, or git's files do not tell. Its
    /// HEAD is zeros, as git's journal has it.
    pub fn without_commits(repository: Repository, is_own: bool) -> Option<Self> {
        if repository.head_commit().is_some() || reflog::last(&repository).is_some_and(|all| !all.is_empty())
        {
            return None;
        }
        let Head::Branch(_) = repository.head() else { return None };
        let key = (!is_own).then(|| repository.git_dir().to_string_lossy().into_owned());
        Some(Self {
            is_rebasing: false,
            reflog_size: None,
            key,
            head: reflog::NOTHING.to_owned(),
            repository,
        })
    }

    /// The same work tree, looked at again.
    pub fn again(&self) -> Option<Self> {
        Self::look(Repository::at(self.repository.top())?, self.key.is_none())
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// What the state calls it; `None` for the project's own.
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The commit that HEAD is at.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// How long git's journal is, in bytes.
    pub fn reflog_size(&self) -> Option<u64> {
        self.reflog_size
    }

    /// Whether a rebase has begun here and is not over.
    pub fn is_rebasing(&self) -> bool {
        self.is_rebasing
    }

    /// The branch as the log names it.
    pub fn branch(&self) -> String {
        match self.repository.head() {
            Head::Branch(name) => name,
            Head::Detached(_) => DETACHED.to_owned(),
        }
    }
}

/// The name of what a checkout left: a branch, or a bare commit.
pub fn left_behind(name: &str) -> String {
    if git::is_commit_id(name) { DETACHED.to_owned() } else { name.to_owned() }
}
