//! Compares files with git's last commit. A file may say that it is committed although the commit was killed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::GitCommand;
use crate::repository::Repository;

/// The committed part of some paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommittedPaths {
    /// There is no repository, so nothing is committed.
    NoRepository,
    /// git gave no result.
    Unknown,
    /// All paths are committed, except these.
    AllBut(Vec<UncommittedPath>),
}

/// A path that differs between the work tree and the last commit, or is missing in one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncommittedPath {
    /// A file, or a folder with all files below it.
    pub path: PathBuf,
    /// Whether git would commit the path if it were added. False for an ignored file and for a repository inside the
    /// project.
    pub is_change: bool,
}

impl CommittedPaths {
    /// Asks git about files and folders below `root`. It starts one process and never runs on the hot path.
    pub fn of(repository: Option<&Repository>, root: &Path, paths: &[PathBuf]) -> Self {
        const PATIENCE: Duration = Duration::from_secs(20);
        let Some(repository) = repository else { return Self::NoRepository };
        let git = GitCommand::in_folder(root).literal_paths().within(PATIENCE);
        let git = git.args(["status", "--porcelain=v1", "-z", "--no-renames"]);
        let git = git.args(["--untracked-files=all", "--ignored=traditional", "--"]).args(paths);
        git.text().map_or(Self::Unknown, |text| Self::AllBut(others(&text, repository.top())))
    }

    /// Whether the last commit contains a file in its current state. If git gave no result, the file's own statement
    /// is trusted.
    pub fn holds(&self, path: &Path) -> bool {
        match self {
            Self::NoRepository => false,
            Self::Unknown => true,
            Self::AllBut(others) => !others.iter().any(|other| path.starts_with(&other.path)),
        }
    }

    /// Whether it is certain that there is nothing to commit.
    pub fn holds_all(&self) -> bool {
        matches!(self, Self::AllBut(others) if others.iter().all(|other| !other.is_change))
    }
}

/// Parses the output of `git status`: two letters, a space, and the path from the work tree's root.
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
