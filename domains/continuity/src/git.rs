//! What git knows about a work tree that only git can tell: what is not committed, and the last commits. Two
//! processes, never on the hot path.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use platform::child;
use platform::text::{cut_bytes, one_line};
use redact::redact;

use crate::facts::Changes;

/// How long git may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How many files of each kind are told.
const MOST_CHANGED: usize = 50;
const MOST_UNTRACKED: usize = 20;
/// The longest subject, in bytes.
const LONGEST_SUBJECT: usize = 500;

/// A work tree, as git sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkTree {
    /// The branch, or `HEAD (detached)`.
    pub branch: String,
    /// The commit; empty before the first one.
    pub head: String,
    /// What is not committed.
    pub changes: Changes,
    /// The last commits, newest first: hash and subject.
    pub recent: Vec<(String, String)>,
}

/// Asks git about the work tree at `root`, with its last `most` commits.
///
/// # Errors
/// When git cannot be run or knows no work tree there.
pub fn work_tree(root: &Path, most: usize) -> io::Result<WorkTree> {
    let mut tree = WorkTree::default();
    let status = git(root, &["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal"]);
    match status {
        Ok(Some(text)) => tree.take_in(&text),
        Ok(None) => return Err(io::Error::other(format!("git knows no work tree at {}", root.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
        // Too much, or too slow: there is more than can be told.
        Err(_) => tree.changes.truncated = true,
    }
    let count = format!("-{most}");
    if let Ok(Some(text)) = git(root, &["log", &count, "-z", "--format=%H%n%s"]) {
        let of_commit = |commit: &str| {
            let (hash, subject) = commit.split_once('\n')?;
            Some((hash.to_owned(), clean(subject)))
        };
        tree.recent = text.split('\0').filter_map(of_commit).collect();
    }
    if let Some((hash, _)) = tree.recent.first().filter(|_| tree.head.is_empty()) {
        tree.head.clone_from(hash);
    }
    Ok(tree)
}

/// What git prints; `None` when it fails.
fn git(root: &Path, arguments: &[&str]) -> io::Result<Option<String>> {
    let mut git = Command::new("git");
    git.arg("--no-optional-locks").args(["-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-C"]);
    let (status, text) = child::output(git.arg(root).args(arguments), LIMIT)?;
    Ok(status.success().then(|| String::from_utf8_lossy(&text).into_owned()))
}

/// A subject as it is kept: redacted, one line, bounded.
pub(crate) fn clean(subject: &str) -> String {
    let text = redact(cut_bytes(subject, 4 * LONGEST_SUBJECT));
    cut_bytes(one_line(&text).trim(), LONGEST_SUBJECT).to_owned()
}

impl WorkTree {
    fn take_in(&mut self, status: &str) {
        let mut records = status.split('\0');
        while let Some(record) = records.next() {
            let (kind, rest) = record.split_once(' ').unwrap_or((record, ""));
            match kind {
                "#" => self.header(rest),
                "1" => self.changed(rest, 7),
                "2" => {
                    // The old name follows; what the file is called now is what matters.
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

    /// `XY`, then as many fields before the path as its kind of record has.
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

    fn run(root: &Path, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=dev", "-c", "user.email=dev@example.invalid", "-C"]).arg(root);
        assert!(git.args(arguments).status().unwrap().success(), "{arguments:?}");
    }

    #[test]
    fn a_work_tree_tells_new_names_and_odd_ones() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        assert!(work_tree(root, 5).is_err());
        run(root, &["init", "-q", "-b", "main"]);
        let empty = work_tree(root, 5).unwrap();
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
        let tree = work_tree(root, 5).unwrap();
        assert_eq!(tree.changes.staged, ["größe x.txt", "new name.txt"]);
        assert_eq!(tree.changes.unstaged, ["b", "größe x.txt"]);
        assert_eq!((tree.changes.untracked.len(), tree.changes.truncated), (20, true));
        assert_eq!(tree.recent, [(tree.head.clone(), "first: token=[redacted]".to_owned())]);
        run(root, &["checkout", "-q", "--detach"]);
        assert_eq!(work_tree(root, 0).unwrap().branch, "HEAD (detached)");
    }
}
