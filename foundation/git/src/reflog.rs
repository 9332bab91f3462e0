//! Reads the reflog of HEAD, and interprets its entries.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use platform::store;

use crate::refs::is_commit_id;
use crate::repository::Repository;

/// The most entries that are read if the last read position is unknown.
const MOST_LINES: usize = 200;
/// The most bytes of a reflog that are read at once.
const MOST_BYTES: u64 = 256 * 1024;

/// The value of HEAD before the first commit.
pub const NOTHING: &str = "0000000000000000000000000000000000000000";

/// An entry of the reflog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReflogEntry {
    /// The commit before the entry; zeros before the first commit.
    pub old: String,
    /// The commit after the entry.
    pub new: String,
    /// The time, in seconds since 1970.
    pub at: i64,
    /// git's description: `commit (amend): subject`.
    pub message: String,
}

/// The meaning of an entry for the log of commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReflogStep {
    /// A new commit.
    Commit,
    /// A new commit that replaces the one before.
    Amend,
    /// A commit that a rebase wrote. It counts if it still exists at the end of the rebase.
    Pick,
    /// Another step of a rebase.
    Rebase,
    /// The end of a rebase. An aborted one ends at its start, and its commits are gone.
    RebaseEnd,
    /// HEAD moved to an existing commit.
    Move,
    /// An action that git does not define, from another tool.
    Unknown,
}

impl ReflogEntry {
    /// Parses a line: `<old> <new> <name> <<mail>> <seconds> <zone>\t<message>`.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = String::from_utf8_lossy(line);
        let (head, message) = line.split_once('\t').unwrap_or((line.trim_end(), ""));
        let mut words = head.splitn(3, ' ');
        let (old, new, rest) = (words.next()?, words.next()?, words.next()?);
        let at = rest.rsplit(' ').nth(1)?.parse().ok()?;
        let entry = Self { old: old.into(), new: new.into(), at, message: message.trim().into() };
        (is_commit_id(old) && is_commit_id(new)).then_some(entry)
    }

    /// The meaning of the entry.
    pub fn step(&self) -> ReflogStep {
        let (action, text) = self.message.split_once(": ").unwrap_or((&self.message, ""));
        let (verb, detail) = action.split_once(' ').unwrap_or((action, ""));
        let is_rebase = verb.starts_with("rebase") || verb == "pull" && is_rebase_detail(detail);
        match verb {
            "commit" if detail == "(amend)" => ReflogStep::Amend,
            "commit" | "revert" | "am" => ReflogStep::Commit,
            "cherry-pick" if text == "fast-forward" => ReflogStep::Move,
            "cherry-pick" => ReflogStep::Commit,
            _ if is_rebase => rebase_step(action),
            "merge" | "pull" if text.starts_with("Fast-forward") || text.is_empty() => ReflogStep::Move,
            "merge" | "pull" => ReflogStep::Commit,
            "checkout" | "reset" | "clone" | "branch" | "Branch" | "switch" | "worktree" | "initial"
            | "fetch" => ReflogStep::Move,
            _ => ReflogStep::Unknown,
        }
    }

    /// The branch that a checkout left.
    pub fn left_branch(&self) -> Option<&str> {
        let moved = self.message.strip_prefix("checkout: moving from ")?;
        moved.split_once(" to ").map(|(left, _)| left)
    }
}

/// Whether the last word is in parentheses, as in `pull --rebase (pick)` but not in `pull origin a(b)`.
fn is_rebase_detail(detail: &str) -> bool {
    detail.rsplit(' ').next().is_some_and(|word| word.starts_with('('))
}

fn rebase_step(action: &str) -> ReflogStep {
    if action.contains("(finish)") || action.contains("(abort)") || action.ends_with("finished") {
        ReflogStep::RebaseEnd
    } else if action.contains("(start)") {
        ReflogStep::Rebase
    } else {
        ReflogStep::Pick
    }
}

/// The length of the reflog in bytes. `None` if it does not exist.
pub fn size(repository: &Repository) -> Option<u64> {
    std::fs::metadata(repository.reflog()).ok().map(|meta| meta.len())
}

/// The entries after the one that led to `head`, when the reflog had `size` bytes. `None` if there is no reflog, or
/// the position cannot be determined.
pub fn since(repository: &Repository, head: &str, size: Option<u64>) -> Option<Vec<ReflogEntry>> {
    if let Some(size) = size
        && let Some(entries) = from(&repository.reflog(), size)
        && entries.first().is_none_or(|entry| entry.old == head)
    {
        return Some(entries);
    }
    // The reflog was truncated or rewritten, or its earlier size is unknown.
    let mut entries = last(repository)?;
    if head == NOTHING {
        let first = entries.iter().rposition(|entry| entry.old.bytes().all(|byte| byte == b'0'))?;
        return Some(entries.split_off(first));
    }
    let at = entries.iter().rposition(|entry| entry.new == head)?;
    Some(entries.split_off(at + 1))
}

/// The last entries, oldest first. `None` if there is no reflog.
pub fn last(repository: &Repository) -> Option<Vec<ReflogEntry>> {
    if repository.is_reftable() {
        return of_reftable(repository);
    }
    let length = std::fs::metadata(repository.reflog()).ok()?.len();
    let mut entries = from(&repository.reflog(), length.saturating_sub(MOST_BYTES))?;
    entries.drain(..entries.len().saturating_sub(MOST_LINES));
    Some(entries)
}

/// The entries from an offset on. A line that begins before the offset is skipped.
fn from(path: &Path, offset: u64) -> Option<Vec<ReflogEntry>> {
    let (mut file, about) = store::open_regular(path).ok()?;
    let length = about.len();
    let start = offset.max(length.saturating_sub(MOST_BYTES));
    let mut bytes = Vec::new();
    // Reading starts one byte earlier. A newline there shows that the offset is the start of a line.
    file.seek(SeekFrom::Start(start.saturating_sub(1))).ok()?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).ok()?;
    let whole = if start == 0 { 0 } else { bytes.iter().position(|byte| *byte == b'\n')? + 1 };
    Some(bytes[whole..].split(|byte| *byte == b'\n').filter_map(ReflogEntry::parse).collect())
}

/// The entries of a reftable repository, whose reflog only git can read.
fn of_reftable(repository: &Repository) -> Option<Vec<ReflogEntry>> {
    let most = MOST_LINES.to_string();
    let format = "--format=%H%x09%gd%x09%gs";
    let text = repository.ask(&["reflog", "show", "--date=unix", format, "-n", &most, "HEAD"])?;
    let mut entries: Vec<ReflogEntry> = Vec::new();
    for line in text.lines().rev() {
        let mut parts = line.splitn(3, '\t');
        let (Some(new), Some(place), message) = (parts.next(), parts.next(), parts.next()) else { continue };
        let at = place.split_once("@{").and_then(|(_, at)| at.strip_suffix('}')?.parse().ok());
        let old = entries.last().map_or_else(|| "0".repeat(new.len()), |entry| entry.new.clone());
        let message = message.unwrap_or_default().to_owned();
        entries.push(ReflogEntry { old, new: new.to_owned(), at: at.unwrap_or(0), message });
    }
    Some(entries)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use super::*;

    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    #[test]
    fn a_line_is_read_with_any_name_in_it() {
        let line = format!("{A} {B} A 1 <a@b> 1795266355 +0100\tcommit: x: y\tz");
        let entry = ReflogEntry::parse(line.as_bytes()).unwrap();
        assert_eq!((entry.at, entry.message.as_str()), (1_795_266_355, "commit: x: y\tz"));
        assert_eq!(ReflogEntry::parse(b"half a li"), None);
    }

    #[test]
    fn every_action_of_git_has_its_meaning() {
        for (message, step) in [
            ("commit: x", ReflogStep::Commit),
            ("commit (initial): x", ReflogStep::Commit),
            ("commit (merge): x", ReflogStep::Commit),
            ("commit (cherry-pick): x", ReflogStep::Commit),
            ("commit (amend): x", ReflogStep::Amend),
            ("merge side: Merge made by the 'ort' strategy.", ReflogStep::Commit),
            ("merge topic: Fast-forward", ReflogStep::Move),
            ("pull: Fast-forward", ReflogStep::Move),
            ("pull origin a(b): Fast-forward", ReflogStep::Move),
            ("pull -q . w: Merge made by the 'ort' strategy.", ReflogStep::Commit),
            ("pull --rebase (start): checkout abc", ReflogStep::Rebase),
            ("pull --rebase (pick): x", ReflogStep::Pick),
            ("pull --rebase (finish): returning to refs/heads/main", ReflogStep::RebaseEnd),
            ("cherry-pick: x", ReflogStep::Commit),
            ("cherry-pick: fast-forward", ReflogStep::Move),
            ("revert: Revert \"x\"", ReflogStep::Commit),
            ("am: x", ReflogStep::Commit),
            ("rebase (start): checkout main", ReflogStep::Rebase),
            ("rebase (pick): x", ReflogStep::Pick),
            ("rebase -i (squash): x", ReflogStep::Pick),
            ("rebase (finish): returning to refs/heads/topic", ReflogStep::RebaseEnd),
            ("rebase (abort): returning to refs/heads/topic", ReflogStep::RebaseEnd),
            ("rebase finished: returning to refs/heads/topic", ReflogStep::RebaseEnd),
            ("reset: moving to HEAD~2", ReflogStep::Move),
            ("checkout: moving from a to b", ReflogStep::Move),
            ("clone: from https://example.org/x.git", ReflogStep::Move),
            ("foo: x", ReflogStep::Unknown),
            ("", ReflogStep::Unknown),
        ] {
            let entry = ReflogEntry { old: A.into(), new: B.into(), at: 0, message: message.into() };
            assert_eq!(entry.step(), step, "{message}");
        }
    }

    #[test]
    fn a_journal_is_read_from_the_end_of_a_line_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("HEAD");
        let line = |old: &str, new: &str| format!("{old} {new} a <a@b> 1 +0000\tcommit: x\n");
        let text = line(A, B) + &line(B, A);
        std::fs::write(&path, &text).unwrap();
        let half = text.len() as u64 / 2;
        assert_eq!(from(&path, 0).unwrap().len(), 2);
        assert_eq!(from(&path, half).unwrap().len(), 1);
        assert_eq!(from(&path, 2 * half).unwrap().len(), 0);
        assert_eq!(from(&path, 2 * half + 1), None);
        assert_eq!(from(&path, half - 5).unwrap().len(), 1, "half a line is none");
    }
}
