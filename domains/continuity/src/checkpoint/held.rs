//! What git's last commit holds. A file that says it is committed may have been left so by a commit that was killed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use platform::child;

use crate::Place;

/// What the last commit holds of some paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Nothing: there is no repository.
    Nothing,
    /// Git cannot tell.
    Unknown,
    /// What lies there, but for these.
    AllBut(Vec<Other>),
}

/// A path that is otherwise in the work tree than in the last commit, or not there at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Where: a file, or a folder for all that lies in it.
    pub path: PathBuf,
    /// Whether git would commit it if it were named: not what is ignored, no repository inside the project.
    pub is_change: bool,
}

impl Held {
    /// Asks git about files and folders of the project. One process, never on the hot path.
    pub fn of(place: &Place, paths: &[PathBuf]) -> Self {
        const PATIENCE: Duration = Duration::from_secs(20);
        let Some(repository) = place.project().repository() else { return Self::Nothing };
        let mut git = Command::new("git");
        git.args(["--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-C"]);
        git.arg(place.root()).args(["status", "--porcelain=v1", "-z", "--no-renames"]);
        git.args(["--untracked-files=all", "--ignored=traditional", "--"]).args(paths);
        match child::output(&mut git, PATIENCE) {
            Ok((status, text)) if status.success() => {
                Self::AllBut(others(&String::from_utf8_lossy(&text), repository.top()))
            }
            _ => Self::Unknown,
        }
    }

    /// Whether the last commit holds a file as it is. Where git cannot tell, nobody is called a liar.
    pub fn holds(&self, path: &Path) -> bool {
        match self {
            Self::Nothing => false,
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
fn others(status: &str, top: &Path) -> Vec<Other> {
    let other = |record: &str| {
        let (state, path) = (record.get(..2)?, record.get(3..)?);
        let is_change = state != "!!" && !(state == "??" && path.ends_with('/'));
        Some(Other { path: top.join(path), is_change })
    };
    status.split('\0').filter_map(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_would_not_commit_is_no_change() {
        let top = Path::new("/r");
        let all_but = |status: &str| Held::AllBut(others(status, top));
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
        assert!(!Held::Nothing.holds(top) && !Held::Nothing.holds_all());
        assert!(Held::Unknown.holds(top) && !Held::Unknown.holds_all());
    }
}
