//! What git's last commit holds. A file that says it is committed may come from a commit that was killed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::GitCommand;
use crate::repository::Repository;

/// What the last commit holds of some paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommittedPaths {
    /// Nothing: there is no repository.
    NoRepository,
    /// Git gives no answer.
    Unknown,
    /// What lies there, except these.
    AllBut(Vec<UncommittedPath>),
}

/// A path that differs between the work tree and the last commit, or is missing in one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncommittedPath {
    /// Where: a file, or a folder for everything that lies in it.
    pub path: PathBuf,
    /// Whether git would commit it if it were named: not an ignored file, nor a repository inside the project.
    pub is_change: bool,
}

impl CommittedPaths {
    /// Asks git about files and folders below `root`. One process, never on the hot path.
    pub fn of(repository: Option<&Repository>, root: &Path, paths: &[PathBuf]) -> Self {
        const PATIENCE: Duration = Duration::from_secs(20);
        let Some(repository) = repository else { return Self::NoRepository };
        let git = GitCommand::in_folder(root).literal_paths().within(PATIENCE);
        let git = git.args(["status", "--porcelain=v1", "-z", "--no-renames"]);
        let git = git.args(["--untracked-files=all", "--ignored=traditional", "--"]).args(paths);
        git.text().map_or(Self::Unknown, |text| Self::AllBut(others(&text, repository.top())))
    }

    /// Whether the last commit holds a file as it is. Where git gives no answer the file's own word counts.
    pub fn holds(&self, path: &Path) -> bool {
        match self {
            Self::NoRepository => false,
            Self::Unknown => true,
            Self::AllBut(others) => !others.iter().any(|other| path.starts_with(&other.path)),
        }
    }

    /// Whether there is nothing to commit, for certain.
    pub fn holds_all(&self) -> bool {
        matches!(self, Self::AllBut(others) if others.iter().all(|other| !other.is_change))
    }
}

/// Two letters, a space, and the path from the work tree's top.
fn others(status: &str, top: &Path) -> Vec<UncommittedPath> {
    let other = |record: &str| {
        let (state, path) = (record.get(..2)?, record.get(3..)?);
        let is_change = state != "!!" && !(state == "??" && path.ends_with('/'));
        Some(UncommittedPath { path: top.join(path), is_change })
    };
    status.split('\0').filter_map(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_would_not_commit_is_no_change() {
        let top = Path::new("/r");
        let all_but = |status: &str| CommittedPaths::AllBut(others(status, top));
        for (status, holds, holds_all) in [
            ("", true, true),
            (" M a/b.md\0", false, false),
            (" A a/b.md\0", false, false),
            ("?? a/b.md\0?? a/c.md\0", false, false),
            ("!! a/b.md\0", false, true),
            ("?? a/\0", false, true),
            ("?? a/nest/\0", true, true),
            (" M a/b\0", true, false),
        ] {
            let held = all_but(status);
            assert_eq!(
                (held.holds(Path::new("/r/a/b.md")), held.holds_all()),
                (holds, holds_all),
                "{status}"
            );
        }
        assert!(!CommittedPaths::NoRepository.holds(top) && !CommittedPaths::NoRepository.holds_all());
        assert!(CommittedPaths::Unknown.holds(top) && !CommittedPaths::Unknown.holds_all());
    }
}
