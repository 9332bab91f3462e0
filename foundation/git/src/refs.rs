//! Reads references: the commit of HEAD, the HEADs of remotes, and the repository's other work trees.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use platform::{path, store};

use crate::repository::{LARGEST_PACKED_REFS, Repository, short_branch};

/// The most symbolic references in a chain that are followed.
const MOST_STEPS: usize = 5;
/// The most work trees that are read.
const MOST_WORKTREES: usize = 64;
/// The most remotes that are read.
const MOST_REMOTES: usize = 64;

/// The target of a remote's HEAD, as stored in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteHead {
    /// The remote's name.
    pub remote: String,
    /// The branch.
    pub branch: String,
}

impl Repository {
    /// The commit of HEAD. `None` before the first commit, and if it cannot be determined. git is started only in a
    /// reftable repository.
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

    /// Whether the references have a format that only git can read (reftable).
    pub fn is_reftable(&self) -> bool {
        self.head.trim().strip_prefix("ref:").is_some_and(|name| short_branch(name.trim()) == ".invalid")
    }

    /// The path of HEAD's reflog. The file may not exist.
    pub fn reflog(&self) -> PathBuf {
        self.git_dir.join("logs/HEAD")
    }

    /// The output of git for `arguments` in this repository, without the newline at its end. `None` if git fails or
    /// takes longer than two seconds.
    pub fn ask(&self, arguments: &[&str]) -> Option<String> {
        let text = self.command().args(arguments).text().ok()?;
        Some(text.trim_end().to_owned())
    }

    /// The value of a loose or packed reference: a commit, or `ref:` and another reference. Reftable repositories are
    /// not supported.
    pub fn reference(&self, name: &str) -> Option<String> {
        // The name may come from a file of the repository, so it must not lead out of `refs`.
        if !name.starts_with("refs/") || name.split('/').any(|part| part == "..") {
            return None;
        }
        // A linked work tree also has references of its own.
        for folder in [&self.common_dir, &self.git_dir] {
            if let Ok(text) = store::read_line(&folder.join(name)) {
                return Some(text.trim().to_owned());
            }
            if !self.is_linked_worktree() {
                break;
            }
        }
        let packed =
            store::read_regular(&self.common_dir.join("packed-refs"), LARGEST_PACKED_REFS).ok()??;
        let of_line = |line: &[u8]| {
            let (id, found) = std::str::from_utf8(line).ok()?.trim_end().split_once(' ')?;
            (found == name).then(|| id.to_owned())
        };
        packed.split(|byte| *byte == b'\n').find_map(of_line)
    }

    /// The roots of the linked work trees that git has records of. The folder of a record may be gone.
    pub fn linked_worktrees(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.common_dir.join("worktrees")) else { return Vec::new() };
        let top = |record: &Path| {
            let link = store::read_line(&record.join("gitdir")).ok()?;
            Some(path::normalise(&record.join(link.trim())).parent()?.to_owned())
        };
        entries.flatten().take(MOST_WORKTREES).filter_map(|entry| top(&entry.path())).collect()
    }

    /// The targets of the remotes' HEADs. In a reftable repository git is started, for `origin` only.
    pub fn remote_heads(&self) -> Vec<RemoteHead> {
        let head = |remote: &str, target: &str| {
            let branch = target.trim().strip_prefix(&format!("refs/remotes/{remote}/"))?;
            Some(RemoteHead { remote: remote.to_owned(), branch: branch.to_owned() })
        };
        if self.is_reftable() {
            let target = self.ask(&["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"]);
            return target.and_then(|target| head("origin", &target)).into_iter().collect();
        }
        let folder = self.common_dir.join("refs/remotes");
        let Ok(entries) = std::fs::read_dir(&folder) else { return Vec::new() };
        let of_entry = |name: OsString| {
            let name = name.to_str()?;
            let line = store::read_line(&folder.join(name).join("HEAD")).ok()?;
            head(name, line.strip_prefix("ref:")?)
        };
        entries.flatten().take(MOST_REMOTES).filter_map(|entry| of_entry(entry.file_name())).collect()
    }

    /// The branch that a local branch refers to. A branch may be a symbolic reference to another one.
    pub fn real_branch(&self, branch: &str) -> String {
        let mut name = branch.to_owned();
        for _ in 0..MOST_STEPS {
            let held = self.reference(&format!("refs/heads/{name}")).unwrap_or_default();
            match held.strip_prefix("ref:").and_then(|target| target.trim().strip_prefix("refs/heads/")) {
                Some(target) => target.clone_into(&mut name),
                None => break,
            }
        }
        name
    }
}

/// Whether a text is a full commit id, SHA-1 or SHA-256.
pub fn is_commit_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use super::*;
    use crate::command::GitCommand;
    use crate::testing::{Repo, git};

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
        let root = dir.path();
        let made = GitCommand::in_folder(root).args(["init", "-q", "--ref-format=reftable"]);
        if !made.succeeds().unwrap() {
            return;
        }
        git(root, &["commit", "-q", "--allow-empty", "-m", "x"]);
        assert_eq!(head(root), Some(git(root, &["rev-parse", "HEAD"])));
    }

    #[test]
    fn remotes_and_branches_lead_where_git_says() {
        let repo = Repo::new();
        repo.commit("first");
        repo.git(&["update-ref", "refs/remotes/up/trunk", "HEAD"]);
        repo.git(&["symbolic-ref", "refs/remotes/up/HEAD", "refs/remotes/up/trunk"]);
        repo.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
        let repository = Repository::at(repo.root()).unwrap();
        let expected = RemoteHead { remote: "up".to_owned(), branch: "trunk".to_owned() };
        assert_eq!(repository.remote_heads(), [expected]);
        assert_eq!(repository.real_branch("alias"), "main");
        assert_eq!(repository.real_branch("main"), "main");
        assert_eq!(repository.real_branch("../../config"), "../../config");
    }
}
