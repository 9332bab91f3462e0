//! Logs of JSON lines.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::time::Duration;

use super::lock;

/// Appends `line` and a newline to the log at `path` with one write, under the lock at `lock_path`. A torn last line
/// gets its newline first, so that only that line is lost. The folder must exist. A new log is readable by its owner
/// only.
///
/// If the lock stays busy for `wait`, the line is appended without it. If the log was replaced meanwhile, the line is
/// appended again. Readers drop duplicates by `event_id`.
///
/// # Errors
/// When the log cannot be opened or written.
pub fn append_line(path: &Path, lock_path: &Path, line: &[u8], wait: Duration) -> io::Result<()> {
    append_where(path, lock_path, line, wait, |_, _| true).map(drop)
}

/// As [`append_line`], if `has_room` returns true for the open log and its length in bytes. Returns the line's byte
/// range, or `None` if nothing was written.
///
/// # Errors
/// As [`append_line`].
pub fn append_where(
    path: &Path,
    lock_path: &Path,
    line: &[u8],
    wait: Duration,
    has_room: impl FnOnce(&File, u64) -> bool,
) -> io::Result<Option<Range<u64>>> {
    let lock = match lock::exclusive(lock_path, wait) {
        Ok(lock) => Some(lock),
        // A lock that another process holds must not hold up a hook.
        Err(lock::LockError::Busy { .. }) => None,
        Err(lock::LockError::Open { error, .. }) => return Err(error),
    };
    let Some((log, place)) = write_line(path, line, has_room)? else { return Ok(None) };
    let safe = lock.is_some();
    if !safe && was_replaced(&log, path) {
        write_line(path, line, |_, _| true)?;
    }
    Ok(Some(place))
}

/// Appends whole lines with one write. `lines` has no newline at its end, and the caller must hold the log's lock. A
/// torn last line gets its newline first.
///
/// # Errors
/// When the log cannot be opened or written.
pub fn append_held(path: &Path, lines: &[u8]) -> io::Result<()> {
    write_line(path, lines, |_, _| true).map(drop)
}

fn write_line(
    path: &Path,
    line: &[u8],
    has_room: impl FnOnce(&File, u64) -> bool,
) -> io::Result<Option<(File, Range<u64>)>> {
    let (mut log, about) = super::open_append(path)?;
    let length = about.len();
    if !has_room(&log, length) {
        return Ok(None);
    }
    let mut last = [b'\n'];
    if length > 0 {
        log.read_exact_at(&mut last, length - 1)?;
    }
    // The line is appended with one write, so that the lines of parallel processes do not mix.
    let mut text = Vec::with_capacity(line.len() + 2);
    if last != [b'\n'] {
        text.push(b'\n');
    }
    text.extend_from_slice(line);
    text.push(b'\n');
    log.write_all(&text)?;
    Ok(Some((log, length..length + text.len() as u64)))
}

fn was_replaced(log: &File, path: &Path) -> bool {
    match (log.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) != (named.dev(), named.ino()),
        // The folder may have been removed. The second write then returns that error.
        (Ok(_), Err(error)) => super::is_absent(&error),
        _ => false,
    }
}

/// Parses the lines of a log as `T`. Returns them and the number of lines that are torn or not of this type.
pub fn read_lines<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> (Vec<T>, usize) {
    let mut skipped = 0;
    let lines = bytes
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty())
        .filter_map(|line| serde_json::from_slice(line).map_err(|_| skipped += 1).ok())
        .collect();
    (lines, skipped)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read and write their own files")]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_costs_itself_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (log, lock) = (dir.path().join("log"), dir.path().join("lock"));
        append_line(&log, &lock, b"{\"a\":1}", lock::HOT).unwrap();
        let mut torn = std::fs::OpenOptions::new().append(true).open(&log).unwrap();
        torn.write_all(b"{\"a\":").unwrap();
        append_line(&log, &lock, b"{\"a\":2}", lock::HOT).unwrap();
        let (lines, skipped) = read_lines::<serde_json::Value>(&std::fs::read(&log).unwrap());
        assert_eq!((lines.len(), skipped), (2, 1));
    }
}
