//! `.claude/state/commit-log.jsonl`: appended to, and cut when it has grown long.

use std::collections::HashSet;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use chrono::{DateTime, FixedOffset};
use git::is_commit_id;
use hooks_common::paths::in_project;
use platform::store::{self, Durability, append};
use serde_json::{Map, Value};

use super::Commit;

/// How much of the log's end is searched for commits that it has already, in bytes.
pub const TAIL: u64 = 64 * 1024;
/// How much of its end is read at most, in bytes.
pub const MOST: u64 = 16 * 1024 * 1024;

/// The last `most` commits of the log below `root` by the time when they were authored, oldest first: the log itself is in
/// the order in which they were found. Lines that are no commits are skipped.
pub fn latest(root: &Path, most: usize) -> Vec<Commit> {
    let mut commits = read(&in_project::commit_log(root), MOST);
    commits.sort_by_cached_key(Commit::authored);
    commits.drain(..commits.len().saturating_sub(most));
    commits
}

/// The commits of a session, by its number, oldest first.
pub fn of_session(root: &Path, number: u64) -> Vec<Commit> {
    let mut commits = read(&in_project::commit_log(root), MOST);
    commits.retain(|commit| commit.session == Some(number));
    commits
}

/// The commits in the last `most` bytes of a log; none when it cannot be read.
pub fn read(path: &Path, most: u64) -> Vec<Commit> {
    let bytes = tail(path, most).unwrap_or_default();
    bytes.split(|byte| *byte == b'\n').filter_map(Commit::from_line).collect()
}

/// Appends commits with one write; the caller holds the lock.
///
/// # Errors
/// When the log cannot be written.
pub fn append(path: &Path, commits: &[Commit]) -> io::Result<()> {
    let mut lines = Vec::new();
    for commit in commits {
        if !lines.is_empty() {
            lines.push(b'\n');
        }
        serde_json::to_writer(&mut lines, commit)?;
    }
    if lines.is_empty() { Ok(()) } else { append::append_held(path, &lines) }
}

/// Cuts a log of more than `above` lines to its last `to`; the caller holds the lock. A log that is not cut is not
/// touched.
///
/// # Errors
/// When it cannot be read or replaced.
pub fn rotate(path: &Path, above: u32, to: u32) -> io::Result<()> {
    let bytes = tail(path, MOST)?;
    let lines: Vec<_> =
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
    let (above, to) = (above as usize, to.min(above) as usize);
    if lines.len() <= above {
        return Ok(());
    }
    let mut kept = lines[lines.len() - to..].join(&b'\n');
    kept.push(b'\n');
    store::replace(path, &kept, Durability::Durable, 0o600)
}

/// The hashes in the last `most` bytes of a log.
pub fn hashes(path: &Path, most: u64) -> HashSet<String> {
    read(path, most).into_iter().map(|commit| commit.hash).collect()
}

fn tail(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let (mut file, about) = match store::open_regular(path) {
        Ok(file) => file,
        Err(error) if store::is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let start = about.len().saturating_sub(most);
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start.saturating_sub(1)))?;
    file.take(most + 1).read_to_end(&mut bytes)?;
    if start > 0 {
        let whole = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
        bytes.drain(..whole);
    }
    Ok(bytes)
}

impl Commit {
    /// When it was authored; when it was recorded where that is not told, and `None` where nothing is.
    pub fn authored(&self) -> Option<DateTime<FixedOffset>> {
        let told = [&self.author_date, &self.timestamp];
        told.into_iter().find_map(|at| DateTime::parse_from_rfc3339(at).ok())
    }

    /// Reads a line of the log, also one of another program. A field that is missing or of a wrong type is empty.
    /// `None` when it names no commit.
    pub fn from_line(line: &[u8]) -> Option<Self> {
        let mut map: Map<String, Value> = serde_json::from_slice(line).ok()?;
        let mut text = |key: &str| match map.remove(key) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        };
        let mut commit = Self {
            timestamp: text("timestamp"),
            hash: text("hash"),
            short_hash: text("shortHash"),
            message: text("message"),
            author: text("author"),
            author_date: text("authorDate"),
            branch: text("branch"),
            amends: Some(text("amends")).filter(|hash| !hash.is_empty()),
            ..Self::default()
        };
        if !is_commit_id(&commit.hash) {
            return None;
        }
        if commit.short_hash.is_empty() {
            commit.short_hash = commit.hash[..7].to_owned();
        }
        commit.files_changed = map.remove("filesChanged").and_then(|count| count.as_u64()).unwrap_or(0);
        commit.session = map.remove("session").and_then(|number| number.as_u64());
        commit.rewritten = map.remove("rewritten").is_some_and(|value| value == true);
        if let Some(Value::Array(paths)) = map.remove("filesList") {
            commit.files_list = paths.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        commit.other = map;
        Some(commit)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use super::*;

    fn line(at: usize) -> String {
        format!("{{\"hash\":\"{at:040x}\",\"message\":\"c{at}\"}}\n")
    }

    #[test]
    fn case_10_a_log_is_cut_at_its_exact_bounds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let count = |lines: usize| {
            std::fs::write(&path, (0..lines).map(line).collect::<String>()).unwrap();
            append(&path, &[Commit { hash: format!("{lines:040x}"), ..Commit::default() }]).unwrap();
            rotate(&path, 500, 300).unwrap();
            let left = read(&path, MOST);
            assert_eq!(left.last().unwrap().hash, format!("{lines:040x}"));
            left.len()
        };
        assert_eq!((count(499), count(500)), (500, 300));
        assert_eq!(read(&path, MOST)[0].message, "c201", "the newest stay");
    }

    #[test]
    fn foreign_and_torn_lines_cost_themselves_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let hash = "a".repeat(40);
        let seeded = format!(
            "{{\"hash\":\"{hash}\",\"author\":null,\"session\":\"7\",\"filesList\":[1,\"x\"],\"seeded\":true}}"
        );
        std::fs::write(&path, format!("no json\n{{\"hash\":5}}\n\n{seeded}\n{{\"hash\":\"bbb")).unwrap();
        let new = Commit { hash: "c".repeat(40), session: Some(3), ..Commit::default() };
        append(&path, std::slice::from_ref(&new)).unwrap();
        let commits = read(&path, MOST);
        assert_eq!(commits.len(), 2);
        assert_eq!((commits[0].short_hash.as_str(), commits[0].session), ("aaaaaaa", None));
        assert_eq!((&commits[0].files_list, &commits[0].other["seeded"]), (&vec!["x".into()], &true.into()));
        assert_eq!(commits[1].hash, new.hash);
        assert_eq!(hashes(&path, 250).len(), 1, "only the end is read");
    }

    #[test]
    fn a_line_has_the_documented_keys_in_their_order() {
        let text = serde_json::to_string(&Commit::default()).unwrap();
        assert_eq!(
            text,
            r#"{"timestamp":"","hash":"","shortHash":"","message":"","author":"","authorDate":"","branch":"","filesChanged":0,"filesList":[],"session":null}"#
        );
    }
}
