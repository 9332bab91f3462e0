//! A repository of a test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository on branch `main`, without commits.
pub(crate) struct Repo {
    _dir: tempfile::TempDir,
    root: PathBuf,
}

impl Repo {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("repo");
        std::fs::create_dir(&root).unwrap();
        let repo = Self { _dir: dir, root };
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Runs git; what it prints.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.root, arguments)
    }

    /// An empty commit.
    pub(crate) fn commit(&self, message: &str) {
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    #[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.root.join(name), text).unwrap();
    }
}

/// Runs git in a folder as a person without configuration; what it prints.
#[track_caller]
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"]);
    git.env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1");
    let output = git.args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
