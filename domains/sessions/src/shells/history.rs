//! `shell-history.jsonl`: where each shell went, a line for each change of folder.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use platform::store::{self, Durability, append, lock};
use serde::{Deserialize, Serialize};

use super::parent_app::ParentApp;
use super::shell::Shell;

/// How long a line is kept.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Of how many reports one looks for lines that are older.
const RARELY: u64 = 100;

/// A line; the order of the fields is the one on disk.
#[derive(Serialize)]
struct HistoryLine<'a> {
    cwd: &'a str,
    parent_app: ParentApp,
    pid: u32,
    timestamp: String,
    tty: &'a str,
}

/// Appends that a shell is somewhere else now.
pub fn append(path: &Path, pid: u32, shell: &Shell, now: DateTime<Utc>) -> io::Result<()> {
    let line = HistoryLine {
        cwd: &shell.cwd,
        parent_app: shell.parent_app,
        pid,
        timestamp: now.to_rfc3339_opts(SecondsFormat::Nanos, false),
        tty: &shell.tty,
    };
    append::append_line(path, &path.with_extension("lock"), &serde_json::to_vec(&line)?, lock::HOT)
}

/// Whether this report is the one of many that prunes.
pub fn is_due() -> bool {
    RandomState::new().build_hasher().finish().is_multiple_of(RARELY)
}

/// Removes lines older than thirty days. Lines without a date that can be read stay, and so does the file's every
/// byte when no line goes. Another who holds the lock prunes, or the next one does.
pub fn prune(path: &Path, now: DateTime<Utc>) -> io::Result<()> {
    let Ok(_lock) = lock::exclusive(&path.with_extension("lock"), lock::HOT) else { return Ok(()) };
    let Some(bytes) = store::read(path)? else { return Ok(()) };
    let kept: Vec<&[u8]> =
        bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| !is_old(line, now)).collect();
    let kept = kept.concat();
    if kept.len() == bytes.len() {
        return Ok(());
    }
    store::replace(path, &kept, Durability::Rebuildable, 0o600)
}

fn is_old(line: &[u8], now: DateTime<Utc>) -> bool {
    #[derive(Deserialize)]
    struct Dated {
        timestamp: DateTime<Utc>,
    }
    serde_json::from_slice::<Dated>(line).is_ok_and(|line| now.signed_duration_since(line.timestamp) > KEPT)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read and write their own files")]
mod tests {
    use super::*;

    fn at(days: i64, now: DateTime<Utc>) -> String {
        let timestamp = (now - TimeDelta::days(days)).to_rfc3339_opts(SecondsFormat::Nanos, false);
        format!("{{\"cwd\":\"/{days}\",\"timestamp\":\"{timestamp}\"}}\n")
    }

    #[test]
    fn only_old_lines_go() {
        let dir = tempfile::tempdir().unwrap();
        let (path, now) = (dir.path().join("history.jsonl"), Utc::now());
        prune(&path, now).unwrap();
        assert!(!path.exists(), "nothing is made of nothing");
        let others = "not JSON\n{\"cwd\":\"/\"}\n\n{\"timestamp\":7}\n";
        let text = format!("{}{others}{}{}torn", at(31, now), at(30, now), at(1, now));
        store::replace(&path, text.as_bytes(), Durability::Rebuildable, 0o600).unwrap();
        prune(&path, now).unwrap();
        let kept = format!("{others}{}{}torn", at(30, now), at(1, now));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), kept);

        let inode = |path| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(path).unwrap());
        let before = inode(&path);
        prune(&path, now).unwrap();
        assert_eq!(inode(&path), before, "nothing to remove, nothing written");
    }

    #[test]
    fn pruning_is_rare_and_happens() {
        let count = (0..20_000).filter(|_| is_due()).count();
        assert!((50..500).contains(&count), "{count} of 20000");
    }
}
