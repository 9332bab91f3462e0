//! Seals that count no longer: of exceptions that were used, of pauses that ended, of satisfactions that were taken back. A
//! copy of their file, put back, lets nothing through.

use std::io::{self, Write};

use crate::paths::Paths;
use platform::store::{self, Durability};

/// The size above which the older half of the list is dropped, in bytes. It holds thousands of
/// overrides.
const MOST: usize = 512 * 1024;

/// Records that a seal is no longer valid.
///
/// # Errors
/// If the list cannot be written.
pub fn end(paths: &Paths, seal: &str) -> io::Result<()> {
    if seal.is_empty() {
        return Ok(());
    }
    let path = paths.ended_seals();
    if let Some(known) = store::read(&path)?.filter(|known| known.len() > MOST) {
        let half = &known[known.len() / 2..];
        let from = memchr::memchr(b'\n', half).map_or(half.len(), |end| end + 1);
        store::replace(&path, &half[from..], Durability::Rebuildable, 0o600)?;
    }
    store::open_append(&path)?.0.write_all(format!("{seal}\n").as_bytes())
}

/// Records that every pause of a session that began up to now (RFC 3339) has ended, wherever its
/// mark is. Does nothing if no key of seals exists: then no person has given an override.
///
/// # Errors
/// If the list cannot be written.
pub fn end_pauses(paths: &Paths, session: &str, now: &str) -> io::Result<()> {
    if paths.seal_key().exists() { end(paths, &format!("pause {session} {now}")) } else { Ok(()) }
}

/// Returns whether a session's pause that began at `since` (RFC 3339, UTC) has ended; true if the
/// list cannot be read.
pub fn is_pause_ended(paths: &Paths, session: &str, since: &str) -> bool {
    let known = match store::read(&paths.ended_seals()) {
        Ok(known) => known.unwrap_or_default(),
        Err(_) => return true,
    };
    let prefix = format!("pause {session} ");
    let mut ends = known.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(prefix.as_bytes()));
    ends.any(|end| end >= since.as_bytes())
}

/// Returns whether a seal is no longer valid; true if the list cannot be read.
pub fn is_ended(paths: &Paths, seal: &str) -> bool {
    let known = match store::read(&paths.ended_seals()) {
        Ok(known) => known.unwrap_or_default(),
        Err(_) => return true,
    };
    !seal.is_empty() && known.split(|byte| *byte == b'\n').any(|one| one == seal.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_stays_ended_and_the_file_is_bounded() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        store::create_private_dir(paths.stanchion_dir()).unwrap();
        assert!(!is_ended(&paths, "ab"));
        end(&paths, "ab").unwrap();
        end(&paths, "").unwrap();
        assert!(is_ended(&paths, "ab") && !is_ended(&paths, "a") && !is_ended(&paths, ""));
        end_pauses(&paths, "s", "2026-01-02T00:00:00.000Z").unwrap();
        assert!(!is_pause_ended(&paths, "s", "2026-01-01T00:00:00.000Z"), "nobody ever gave anything");
        store::replace(&paths.seal_key(), b"key", Durability::Durable, 0o600).unwrap();
        end_pauses(&paths, "s", "2026-01-02T00:00:00.000Z").unwrap();
        assert!(is_pause_ended(&paths, "s", "2026-01-01T00:00:00.000Z"));
        assert!(!is_pause_ended(&paths, "s", "2026-01-03T00:00:00.000Z"));
        assert!(!is_pause_ended(&paths, "t", "2026-01-01T00:00:00.000Z"));
        let many = "0123456789\n".repeat(MOST / 11 + 1);
        store::replace(&paths.ended_seals(), many.as_bytes(), Durability::Rebuildable, 0o600).unwrap();
        end(&paths, "cd").unwrap();
        assert!(is_ended(&paths, "cd") && is_ended(&paths, "0123456789"));
        std::fs::remove_file(paths.ended_seals()).unwrap();
        std::os::unix::fs::symlink("/dev/null", paths.ended_seals()).unwrap();
        assert!(
            is_ended(&paths, "ab") && is_pause_ended(&paths, "s", "2026-01-03T00:00:00.000Z"),
            "nobody can tell"
        );
        std::fs::remove_file(paths.ended_seals()).unwrap();
        store::replace(&paths.ended_seals(), many.as_bytes(), Durability::Rebuildable, 0o600).unwrap();
        end(&paths, "ef").unwrap();
        assert!(std::fs::metadata(paths.ended_seals()).unwrap().len() < MOST as u64);
    }
}
