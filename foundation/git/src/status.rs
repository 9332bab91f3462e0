//! Reads the state of a work tree with git: uncommitted changes and the last commits. It starts two processes and
//! never runs on the hot path.

use std::path::Path;
use std::time::Duration;

use platform::text::one_line;
use serde::{Deserialize, Serialize};

use crate::command::GitCommand;
use crate::error::GitError;

/// The time limit for each git command.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most files of each kind that are listed.
const MOST_CHANGED: usize = 50;
const MOST_UNTRACKED: usize = 20;

/// The uncommitted changes, as paths from the repository's root.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkTreeChanges {
    /// Changed in the index. A renamed file has its new name.
    pub staged: Vec<String>,
    /// Changed in the work tree only.
    pub unstaged: Vec<String>,
    /// Not tracked by git.
    pub untracked: Vec<String>,
    /// Whether some paths were not listed.
    pub truncated: bool,
}

impl WorkTreeChanges {
    /// Whether everything is committed.
    pub fn is_clean(&self) -> bool {
        self.staged.is_empty() && self.unstaged.is_empty() && self.untracked.is_empty()
    }
}

/// The state of a work tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkTreeStatus {
    /// The branch, or `HEAD (detached)`.
    pub branch: String,
    /// The commit; empty before the first one.
    pub head: String,
    /// The uncommitted changes.
    pub changes: WorkTreeChanges,
    /// The last commits, newest first, each with hash and subject.
    pub recent: Vec<(String, String)>,
}

impl WorkTreeStatus {
    /// Reads the state of the work tree at `root`, with its last `most` commits. If git takes too long or prints too
    /// much, [`WorkTreeChanges::truncated`] is set.
    ///
    /// # Errors
    /// When git cannot be run, refuses the repository, or finds no work tree there.
    pub fn of(root: &Path, most: usize) -> Result<Self, GitError> {
        let ask = |arguments: &[&str]| GitCommand::in_folder(root).args(arguments).within(PATIENCE).text();
        let mut tree = Self::default();
        match ask(&["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal"]) {
            Ok(text) => tree.take_in(&text),
            Err(GitError::TimedOut { .. } | GitError::TooMuch { .. }) => tree.changes.truncated = true,
            Err(error) => return Err(error),
        }
        if let Ok(text) = ask(&["log", &format!("-{most}"), "-z", "--format=%H%n%s"]) {
            let of_commit = |commit: &str| {
                let (hash, subject) = commit.split_once('\n')?;
                Some((hash.to_owned(), subject.to_owned()))
            };
            tree.recent = text.split('\0').filter_map(of_commit).collect();
        }
        if let Some((hash, _)) = tree.recent.first().filter(|_| tree.head.is_empty()) {
            tree.head.clone_from(hash);
        }
        Ok(tree)
    }

    fn take_in(&mut self, status: &str) {
        let mut records = status.split('\0');
        while let Some(record) = records.next() {
            let (kind, rest) = record.split_once(' ').unwrap_or((record, ""));
            match kind {
                "#" => self.header(rest),
                "1" => self.changed(rest, 7),
                "2" => {
                    // The old name follows. It is skipped, because only the current name is listed.
                    self.changed(rest, 8);
                    records.next();
                }
                "u" => self.changed(rest, 9),
                "?" => push(&mut self.changes.untracked, rest, MOST_UNTRACKED, &mut self.changes.truncated),
                _ => {}
            }
        }
    }

    fn header(&mut self, header: &str) {
        match header.split_once(' ') {
            Some(("branch.oid", "(initial)")) => {}
            Some(("branch.oid", hash)) => self.head = hash.to_owned(),
            Some(("branch.head", "(detached)")) => self.branch = "HEAD (detached)".to_owned(),
            Some(("branch.head", name)) => self.branch = name.to_owned(),
            _ => {}
        }
    }

    /// Reads a record of a changed path. The path follows `fields` fields, and the first one is `XY`.
    fn changed(&mut self, record: &str, fields: usize) {
        let Some(path) = record.splitn(fields + 1, ' ').nth(fields) else { return };
        let mut states = record.chars();
        let (index, tree) = (states.next().unwrap_or('.'), states.next().unwrap_or('.'));
        let changes = &mut self.changes;
        if index != '.' {
            push(&mut changes.staged, path, MOST_CHANGED, &mut changes.truncated);
        }
        if tree != '.' {
            push(&mut changes.unstaged, path, MOST_CHANGED, &mut changes.truncated);
        }
    }
}

fn push(list: &mut Vec<String>, path: &str, most: usize, truncated: &mut bool) {
    if list.len() < most {
        list.push(one_line(path));
    } else {
        *truncated = true;
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;
    use crate::testing::git as run;

    #[test]
    fn a_work_tree_tells_new_names_and_odd_ones() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        assert!(matches!(WorkTreeStatus::of(root, 5), Err(GitError::Failed { .. })));
        run(root, &["init", "-q", "-b", "main"]);
        let empty = WorkTreeStatus::of(root, 5).unwrap();
        assert_eq!((empty.branch.as_str(), empty.head.as_str(), empty.recent.len()), ("main", "", 0));
        for name in ["old.txt", "b", "größe x.txt"] {
            std::fs::write(root.join(name), "text of some length\n".repeat(5)).unwrap();
        }
        run(root, &["add", "-A"]);
        run(root, &["commit", "-qm", "first: token=hunter2"]);
        run(root, &["mv", "old.txt", "new name.txt"]);
        std::fs::write(root.join("b"), "changed").unwrap();
        std::fs::write(root.join("größe x.txt"), "changed").unwrap();
        run(root, &["add", "größe x.txt"]);
        std::fs::write(root.join("größe x.txt"), "again").unwrap();
        for at in 0..25 {
            std::fs::write(root.join(format!("u{at:02}")), "").unwrap();
        }
        let tree = WorkTreeStatus::of(root, 5).unwrap();
        assert_eq!(tree.changes.staged, ["größe x.txt", "new name.txt"]);
        assert_eq!(tree.changes.unstaged, ["b", "größe x.txt"]);
        assert_eq!((tree.changes.untracked.len(), tree.changes.truncated), (20, true));
        assert_eq!(tree.recent, [(tree.head.clone(), "first: token=hunter2".to_owned())]);
        run(root, &["checkout", "-q", "--detach"]);
        assert_eq!(WorkTreeStatus::of(root, 0).unwrap().branch, "HEAD (detached)");
    }
}
