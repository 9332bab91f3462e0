//! The commit that HEAD is at, and the repository's other work trees.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::repository::{Repository, short_branch};
use platform::{child, path, store};

/// How many symbolic references lead to one another at most.
const MOST_STEPS: usize = 5;
/// How many work trees are looked at.
const MOST_WORKTREES: usize = 64;
/// How long git may take to name a commit.
const PATIENCE: Duration = Duration::from_secs(2);

impl Repository {
    /// The commit that HEAD is at; `None` before the first one, and where it cannot be told. Only of a reftable
    /// repository git itself is asked.
    pub fn head_commit(&self) -> Option<String> {
        let mut value = self.head.trim().to_owned();
        if self.is_reftable() {
            return self.ask(&["rev-parse", "--verify", "--quiet", "HEAD"]).filter(|id| is_commit_id(id));
        }
        for _ in 0..MOST_STEPS {
            let Some(name) = value.strip_prefix("ref:").map(str::trim) else {
                return is_commit_id(&value).then_some(value);
            };
            value = self.reference(name)?;
        }
        None
    }

    /// Whether the references lie in a format that only git reads.
    pub fn is_reftable(&self) -> bool {
        self.head.trim().strip_prefix("ref:").is_some_and(|name| short_branch(name.trim()) == ".invalid")
    }

    /// The journal of where HEAD has been, whether it exists or not.
    pub fn reflog(&self) -> PathBuf {
        self.git_dir.join("logs/HEAD")
    }

    /// What git prints for `arguments` in this repository; `None` when it fails or takes long.
    pub fn ask(&self, arguments: &[&str]) -> Option<String> {
        let mut git = Command::new("git");
        git.arg("--git-dir").arg(&self.git_dir).args(arguments);
        let (status, output) = child::output(&mut git, PATIENCE).ok()?;
        status.success().then(|| String::from_utf8_lossy(&output).trim_end().to_owned())
    }

    /// What a reference holds, loose or packed: a commit, or `ref:` and another reference. Not of a reftable
    /// repository.
    pub fn reference(&self, name: &str) -> Option<String> {
        if !name.starts_with("refs/") || name.split('/').any(|part| part == "..") {
            return None;
        }
        for folder in [&self.common_dir, &self.git_dir] {
            if let Ok(text) = std::fs::read_to_string(folder.join(name)) {
                return Some(text.trim().to_owned());
            }
            if !self.is_linked_worktree() {
                break;
            }
        }
        let packed = store::read(&self.common_dir.join("packed-refs")).ok()??;
        let of_line = |line: &[u8]| {
            let (id, found) = std::str::from_utf8(line).ok()?.trim_end().split_once(' ')?;
            (found == name).then(|| id.to_owned())
        };
        packed.split(|byte| *byte == b'\n').find_map(of_line)
    }

    /// The roots of the linked work trees, as git's own records name them; a removed one among them may be gone.
    pub fn linked_worktrees(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.common_dir.join("worktrees")) else { return Vec::new() };
        let top = |record: &Path| {
            let link = std::fs::read_to_string(record.join("gitdir")).ok()?;
            Some(path::normalise(&record.join(link.trim())).parent()?.to_owned())
        };
        entries.flatten().take(MOST_WORKTREES).filter_map(|entry| top(&entry.path())).collect()
    }
}

/// Whether a text is the whole name of a commit, SHA-1 or SHA-256.
pub fn is_commit_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use super::*;

    fn git(folder: &Path, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(folder).args(["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"]);
        let output = git.args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn head(top: &Path) -> Option<String> {
        Repository::at(top).unwrap().head_commit()
    }

    #[test]
    fn head_is_found_wherever_git_keeps_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let (main, linked) = (root.join("main"), root.join("linked"));
        std::fs::create_dir(&main).unwrap();
        git(&main, &["init", "-q", "-b", "a/b"]);
        assert_eq!(head(&main), None, "unborn");
        git(&main, &["commit", "-q", "--allow-empty", "-m", "x"]);
        let first = Some(git(&main, &["rev-parse", "HEAD"]));
        assert_eq!(head(&main), first, "loose");
        git(&main, &["pack-refs", "--all"]);
        assert!(!main.join(".git/refs/heads/a/b").exists());
        assert_eq!(head(&main), first, "packed");
        git(&main, &["worktree", "add", "-q", "../linked"]);
        assert_eq!(Repository::at(&main).unwrap().linked_worktrees(), std::slice::from_ref(&linked));
        git(&linked, &["commit", "-q", "--allow-empty", "-m", "y"]);
        assert_eq!(head(&linked), Some(git(&linked, &["rev-parse", "HEAD"])));
        assert_eq!(head(&main), first);
        git(&main, &["checkout", "-q", "--detach"]);
        assert_eq!(head(&main), first, "detached");
        std::fs::write(main.join(".git/HEAD"), "ref: refs/../../secret\n").unwrap();
        assert_eq!(head(&main), None);
    }

    #[test]
    fn a_reftable_repository_is_asked_about() {
        let dir = tempfile::tempdir().unwrap();
        let made =
            Command::new("git").current_dir(&dir).args(["init", "-q", "--ref-format=reftable"]).output();
        if !made.unwrap().status.success() {
            return;
        }
        git(dir.path(), &["commit", "-q", "--allow-empty", "-m", "x"]);
        assert_eq!(head(dir.path()), Some(git(dir.path(), &["rev-parse", "HEAD"])));
    }
}
