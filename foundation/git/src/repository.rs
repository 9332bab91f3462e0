//! What git knows about a folder, read from git's own files: no git process is started, except for the
//! reftable format, which only git can read.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::branch::Branch;
use platform::env_vars;
use platform::path;
use platform::store;

/// A work tree and the folders that git keeps for it.
#[derive(Debug, Clone)]
pub struct Repository {
    pub(crate) top: PathBuf,
    pub(crate) git_dir: PathBuf,
    pub(crate) common_dir: PathBuf,
    pub(crate) head: String,
}

/// Where HEAD points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// On a branch, born or unborn.
    Branch(String),
    /// At a commit, without a branch.
    Detached(String),
}

impl Repository {
    /// The repository whose work tree holds `dir`, which must be absolute and free of symbolic links
    /// ([`path::resolve`]). `GIT_DIR` and `GIT_WORK_TREE` are honoured as git does, for folders inside the
    /// work tree that they name.
    pub fn discover(dir: &Path) -> Option<Self> {
        Self::from_environment(dir).or_else(|| dir.ancestors().find_map(Self::at))
    }

    /// The repository whose work tree starts at `top`.
    pub fn at(top: &Path) -> Option<Self> {
        let entry = top.join(".git");
        // One open finds out what `.git` is: a folder with a HEAD, a file that names the folder, or nothing.
        match store::read_line(&entry.join("HEAD")) {
            Ok(head) => Some(Self { top: top.to_owned(), common_dir: entry.clone(), git_dir: entry, head }),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                let link = std::fs::read_to_string(&entry).ok()?;
                let git_dir = path::normalise(&top.join(link.strip_prefix("gitdir:")?.trim()));
                Self::with_git_dir(top.to_owned(), git_dir)
            }
            // A HEAD that is a symbolic link to a branch without commits, as very old git wrote it.
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

    /// The work tree at `top` whose git directory is `git_dir`, wherever that lies.
    pub fn with_git_dir(top: PathBuf, git_dir: PathBuf) -> Option<Self> {
        let head = match std::fs::read_to_string(git_dir.join("HEAD")) {
            Ok(head) => head,
            Err(_) => format!("ref: {}", std::fs::read_link(git_dir.join("HEAD")).ok()?.to_str()?),
        };
        let common_dir = match std::fs::read_to_string(git_dir.join("commondir")) {
            Ok(common) => path::normalise(&git_dir.join(common.trim())),
            Err(_) => git_dir.clone(),
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

    /// Whether this is a work tree made by `git worktree add`.
    pub fn is_linked_worktree(&self) -> bool {
        self.git_dir != self.common_dir
    }

    /// The root of the main work tree, when this one is linked and the main one is not bare.
    pub fn main_worktree(&self) -> Option<PathBuf> {
        let top = self.common_dir.parent()?;
        (self.is_linked_worktree() && self.common_dir.ends_with(".git")).then(|| top.to_owned())
    }

    /// Where HEAD points. During a rebase the branch being rebased, because that is what the work belongs to.
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
            if let Ok(name) = std::fs::read_to_string(self.git_dir.join(state))
                && let Some(branch) = name.trim().strip_prefix("refs/heads/")
            {
                return Head::Branch(branch.to_owned());
            }
        }
        Head::Detached(head.to_owned())
    }

    /// A reftable repository keeps its references where only git reads them.
    fn head_from_git(&self) -> Head {
        let ask = |args: &[&str]| {
            let mut git = Command::new("git");
            git.arg("--git-dir").arg(&self.git_dir).args(args);
            let output = git.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
            let text = String::from_utf8(output.stdout).ok()?;
            (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
        };
        if let Some(name) = ask(&["symbolic-ref", "--short", "HEAD"]) {
            return Head::Branch(name);
        }
        Head::Detached(ask(&["rev-parse", "HEAD"]).unwrap_or_else(|| "unknown".to_owned()))
    }

    /// The branch that requirement state belongs to; a pseudo-branch on a detached HEAD.
    pub fn branch(&self) -> Branch {
        match self.head() {
            Head::Branch(name) => Branch::named(name),
            Head::Detached(commit) => Branch::detached(&commit),
        }
    }

    /// The names of all local branches, loose and packed.
    ///
    /// # Errors
    /// When they cannot be listed for certain: then nobody may conclude that a branch is gone.
    pub fn branches(&self) -> io::Result<Vec<String>> {
        if self.common_dir.join("reftable").is_dir() {
            return self.branches_from_git();
        }
        let heads = self.common_dir.join("refs/heads");
        let mut names = Vec::new();
        let mut folders = vec![heads.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else if let Ok(name) = entry.path().strip_prefix(&heads)
                    && let Some(name) = name.to_str()
                    && !name.ends_with(".lock")
                {
                    names.push(name.to_owned());
                }
            }
        }
        if let Some(packed) = store::read(&self.common_dir.join("packed-refs"))? {
            let packed = String::from_utf8_lossy(&packed);
            let of_line = |line: &str| Some(line.split_once(" refs/heads/")?.1.trim().to_owned());
            names.extend(packed.lines().filter(|line| !line.starts_with(['#', '^'])).filter_map(of_line));
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn branches_from_git(&self) -> io::Result<Vec<String>> {
        let mut git = Command::new("git");
        git.arg("--git-dir").arg(&self.git_dir).args([
            "for-each-ref",
            "--format=%(refname:short)",
            "refs/heads",
        ]);
        let output = git.stdin(Stdio::null()).stderr(Stdio::null()).output()?;
        if !output.status.success() {
            return Err(io::Error::other("git for-each-ref failed"));
        }
        Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
    }

    /// The branches, pseudo-branches among them, that the repository's work trees are on.
    ///
    /// # Errors
    /// When the work trees cannot be listed.
    pub fn branches_in_use(&self) -> io::Result<Vec<Branch>> {
        let mut dirs = vec![self.common_dir.clone()];
        match std::fs::read_dir(self.common_dir.join("worktrees")) {
            Ok(entries) => {
                for entry in entries {
                    dirs.push(entry?.path());
                }
            }
            Err(error) if store::is_absent(&error) => {}
            Err(error) => return Err(error),
        }
        let on = |dir: PathBuf| Some(Self::with_git_dir(self.top.clone(), dir)?.branch());
        Ok(dirs.into_iter().filter_map(on).collect())
    }
}

pub(crate) fn short_branch(reference: &str) -> &str {
    reference.strip_prefix("refs/heads/").unwrap_or(reference)
}
