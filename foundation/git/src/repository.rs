//! Reads a repository from git's own files. git is started only for the reftable format, which only git can read.

use std::io;
use std::path::{Path, PathBuf};

use platform::env_vars;
use platform::path;
use platform::store;

use crate::branch::Branch;
use crate::command::GitCommand;
use crate::error::GitError;

/// The largest `packed-refs` that is read, in bytes: a million references take 100 MiB.
pub(crate) const LARGEST_PACKED_REFS: u64 = 256 * 1024 * 1024;

/// A work tree and its git directories.
#[derive(Debug, Clone)]
pub struct Repository {
    pub(crate) top: PathBuf,
    pub(crate) git_dir: PathBuf,
    pub(crate) common_dir: PathBuf,
    pub(crate) head: String,
}

/// The target of HEAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// On a branch, born or unborn.
    Branch(String),
    /// At a commit, without a branch.
    Detached(String),
}

impl Repository {
    /// The repository whose work tree contains `dir`. `dir` must be absolute and free of symbolic links
    /// ([`path::resolve`]). `GIT_DIR` and `GIT_WORK_TREE` are used as git uses them, if `dir` is inside the work tree
    /// that they name.
    pub fn discover(dir: &Path) -> Option<Self> {
        Self::from_environment(dir).or_else(|| dir.ancestors().find_map(Self::at))
    }

    /// The repository whose work tree has its root at `top`.
    pub fn at(top: &Path) -> Option<Self> {
        let entry = top.join(".git");
        // One open call shows the type of `.git`: a folder with a HEAD, a file that names the folder, or nothing.
        match store::read_line(&entry.join("HEAD")) {
            Ok(head) => Some(Self { top: top.to_owned(), common_dir: entry.clone(), git_dir: entry, head }),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                let link = store::read_line(&entry).ok()?;
                let git_dir = path::normalise(&top.join(link.strip_prefix("gitdir:")?.trim()));
                Self::with_git_dir(top.to_owned(), git_dir)
            }
            // HEAD may be a symbolic link to a branch without commits. Very old versions of git wrote it so.
            Err(_) if std::fs::symlink_metadata(entry.join("HEAD")).is_ok() => {
                Self::with_git_dir(top.to_owned(), entry)
            }
            Err(_) => None,
        }
    }

    fn from_environment(dir: &Path) -> Option<Self> {
        let git_dir = env_vars::get_os(env_vars::GIT_DIR)?;
        let here = std::env::current_dir().ok()?;
        let top =
            env_vars::get_os(env_vars::GIT_WORK_TREE).map_or_else(|| here.clone(), |top| here.join(top));
        let top = path::resolve(&top);
        dir.starts_with(&top).then(|| Self::with_git_dir(top, path::resolve(&here.join(git_dir))))?
    }

    /// The work tree at `top` with the git directory `git_dir`, at any place.
    pub fn with_git_dir(top: PathBuf, git_dir: PathBuf) -> Option<Self> {
        let head = match store::read_line(&git_dir.join("HEAD")) {
            Ok(head) => head,
            Err(_) => {
                let target = std::fs::read_link(git_dir.join("HEAD")).ok()?;
                format!("ref: {}", target.to_str().filter(|target| target.starts_with("refs/"))?)
            }
        };
        let common_dir = match store::read_line(&git_dir.join("commondir")) {
            Ok(common) => path::normalise(&git_dir.join(common.trim())),
            Err(error) if store::is_absent(&error) => git_dir.clone(),
            // With the work tree's own folder in place of the common one, requirement state would be split over
            // several folders.
            Err(_) => return None,
        };
        Some(Self { top, git_dir, common_dir, head })
    }

    /// The work tree's root.
    pub fn top(&self) -> &Path {
        &self.top
    }

    /// The git directory of this work tree.
    pub fn git_dir(&self) -> &Path {
        &self.git_dir
    }

    /// The git directory that all work trees of the repository share.
    pub fn common_dir(&self) -> &Path {
        &self.common_dir
    }

    /// A git command on this repository, without its work tree.
    pub fn command(&self) -> GitCommand {
        GitCommand::in_git_dir(&self.top, &self.git_dir)
    }

    /// Whether this work tree was created by `git worktree add`.
    pub fn is_linked_worktree(&self) -> bool {
        self.git_dir != self.common_dir
    }

    /// The root of the main work tree, if this one is linked and the main one is not bare.
    pub fn main_worktree(&self) -> Option<PathBuf> {
        let top = self.common_dir.parent()?;
        (self.is_linked_worktree() && self.common_dir.ends_with(".git")).then(|| top.to_owned())
    }

    /// The target of HEAD. During a rebase it is the branch that is rebased, because the work belongs to that branch.
    pub fn head(&self) -> Head {
        let head = self.head.trim();
        if let Some(reference) = head.strip_prefix("ref:") {
            let name = short_branch(reference.trim());
            if name != ".invalid" {
                return Head::Branch(name.to_owned());
            }
            return self.head_from_git();
        }
        for state in ["rebase-merge/head-name", "rebase-apply/head-name"] {
            if let Ok(name) = store::read_line(&self.git_dir.join(state))
                && let Some(branch) = name.trim().strip_prefix("refs/heads/")
            {
                return Head::Branch(branch.to_owned());
            }
        }
        Head::Detached(head.to_owned())
    }

    /// The target of HEAD in a reftable repository, whose references only git can read.
    fn head_from_git(&self) -> Head {
        if let Some(name) = self.ask(&["symbolic-ref", "--short", "HEAD"]) {
            return Head::Branch(name);
        }
        Head::Detached(self.ask(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned()))
    }

    /// The branch that requirement state belongs to. It is a pseudo-branch on a detached HEAD.
    pub fn branch(&self) -> Branch {
        match self.head() {
            Head::Branch(name) => Branch::named(name),
            Head::Detached(commit) => Branch::detached(&commit),
        }
    }

    /// The names of all local branches, loose and packed.
    ///
    /// # Errors
    /// When the list may be incomplete. A caller must not conclude then that a branch is gone.
    pub fn branches(&self) -> Result<Vec<String>, GitError> {
        if self.common_dir.join("reftable").is_dir() {
            let asked = ["for-each-ref", "--format=%(refname:short)", "refs/heads"];
            return Ok(self.command().args(asked).text()?.lines().map(str::to_owned).collect());
        }
        let heads = self.common_dir.join("refs/heads");
        let mut names = Vec::new();
        let mut folders = vec![heads.clone()];
        while let Some(folder) = folders.pop() {
            let unreadable = |source| GitError::Unreadable { path: folder.clone(), source };
            for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                if entry.file_type().map_err(unreadable)?.is_dir() {
                    folders.push(entry.path());
                } else if let Ok(name) = entry.path().strip_prefix(&heads)
                    && let Some(name) = name.to_str()
                    && !name.ends_with(".lock")
                {
                    names.push(name.to_owned());
                }
            }
        }
        let packed = self.common_dir.join("packed-refs");
        let text = store::read_regular(&packed, LARGEST_PACKED_REFS)
            .map_err(|source| GitError::Unreadable { path: packed, source })?;
        if let Some(text) = text {
            let text = String::from_utf8_lossy(&text);
            let of_line = |line: &str| Some(line.split_once(" refs/heads/")?.1.trim().to_owned());
            names.extend(text.lines().filter(|line| !line.starts_with(['#', '^'])).filter_map(of_line));
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// The branches of the repository's work trees, including pseudo-branches.
    ///
    /// # Errors
    /// When the work trees cannot be listed.
    pub fn branches_in_use(&self) -> Result<Vec<Branch>, GitError> {
        let mut dirs = vec![self.common_dir.clone()];
        let records = self.common_dir.join("worktrees");
        let unreadable = |source| GitError::Unreadable { path: records.clone(), source };
        match std::fs::read_dir(&records) {
            Ok(entries) => {
                for entry in entries {
                    dirs.push(entry.map_err(unreadable)?.path());
                }
            }
            Err(error) if store::is_absent(&error) => {}
            Err(error) => return Err(unreadable(error)),
        }
        let on = |dir: PathBuf| Some(Self::with_git_dir(self.top.clone(), dir)?.branch());
        Ok(dirs.into_iter().filter_map(on).collect())
    }
}

pub(crate) fn short_branch(reference: &str) -> &str {
    reference.strip_prefix("refs/heads/").unwrap_or(reference)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use std::fs::File;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::config::GitConfig;
    use crate::testing::{Repo, git};

    /// Puts a pipe, then a file of 3 GiB, then a device in the place of a file.
    fn replaced(file: &Path, mut check: impl FnMut(&str)) {
        let before = std::fs::read(file).ok();
        for what in ["pipe", "3 GiB", "device"] {
            let _ = std::fs::remove_file(file);
            match what {
                "pipe" => assert!(std::process::Command::new("mkfifo").arg(file).status().unwrap().success()),
                "3 GiB" => File::create(file).unwrap().set_len(3 << 30).unwrap(),
                _ => std::os::unix::fs::symlink("/dev/zero", file).unwrap(),
            }
            let started = Instant::now();
            check(&format!("{what} at {}", file.display()));
            assert!(started.elapsed() < Duration::from_secs(2), "{what} at {}", file.display());
        }
        std::fs::remove_file(file).unwrap();
        if let Some(before) = before {
            std::fs::write(file, before).unwrap();
        }
    }

    #[test]
    fn only_bounded_regular_files_of_a_repository_are_read() {
        let repo = Repo::new();
        repo.commit("first");
        repo.git(&["branch", "side"]);
        repo.git(&["worktree", "add", "-q", "../linked"]);
        let linked = repo.root().with_file_name("linked");
        let dot_git = repo.root().join(".git");
        let record = dot_git.join("worktrees/linked");
        let found = || Repository::at(repo.root());
        let before = found().unwrap();
        let commit = before.head_commit();

        replaced(&dot_git.join("HEAD"), |what| assert!(found().is_none(), "{what}"));
        replaced(&record.join("HEAD"), |what| assert!(Repository::at(&linked).is_none(), "{what}"));
        replaced(&record.join("commondir"), |what| assert!(Repository::at(&linked).is_none(), "{what}"));
        replaced(&linked.join(".git"), |what| assert!(Repository::at(&linked).is_none(), "{what}"));
        replaced(&record.join("gitdir"), |what| {
            assert!(found().unwrap().linked_worktrees().is_empty(), "{what}");
        });
        replaced(&dot_git.join("refs/heads/main"), |what| {
            assert_eq!(found().unwrap().head_commit(), None, "{what}");
        });
        replaced(&dot_git.join("packed-refs"), |what| {
            let repository = found().unwrap();
            assert!(repository.branches().is_err(), "{what}");
            assert_eq!(repository.reference("refs/heads/none"), None, "{what}");
        });
        replaced(&dot_git.join("config"), |what| {
            assert_eq!(GitConfig::read(found().as_ref(), repo.root()).get("core.bare"), None, "{what}");
        });
        replaced(&dot_git.join("logs/HEAD"), |what| {
            assert!(crate::reflog::last(&found().unwrap()).is_none(), "{what}");
        });
        git(repo.root(), &["checkout", "-q", "--detach"]);
        std::fs::create_dir(dot_git.join("rebase-merge")).unwrap();
        replaced(&dot_git.join("rebase-merge/head-name"), |what| {
            assert!(matches!(found().unwrap().head(), Head::Detached(_)), "{what}");
        });
        assert_eq!(found().unwrap().head_commit(), commit, "what was replaced is back");
        assert!(Repository::at(&linked).is_some());
    }

    #[test]
    fn branches_are_named_loose_and_packed() {
        let repo = Repo::new();
        repo.commit("first");
        repo.git(&["branch", "a/b"]);
        repo.git(&["pack-refs", "--all"]);
        repo.git(&["branch", "c"]);
        assert_eq!(Repository::at(repo.root()).unwrap().branches().unwrap(), ["a/b", "c", "main"]);
        std::fs::remove_dir_all(repo.root().join(".git/refs")).unwrap();
        let error = Repository::at(repo.root()).unwrap().branches().unwrap_err();
        assert!(error.to_string().contains("refs/heads cannot be read"), "{error}");
    }
}
