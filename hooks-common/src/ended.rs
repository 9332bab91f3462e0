//! Seals that count no longer: of exceptions that were used, of pauses that ended, of satisfactions that were taken back. A
//! copy of their file, put back, lets nothing through.

use std::io::{self, Write};

use crate::paths::Paths;
use platform::store::{self, Durability};

/// Beyond this many bytes the older half goes: thousands of overrides later.
const MOST: usize = 512 * 1024;

/// Notes that a seal counts no longer.
///
/// # Errors
/// When it cannot be written.
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

/// Notes that no pause of a session that began up to now (RFC 3339) counts any longer, wherever its mark lies. Where no
/// person ever gave anything there is none.
///
/// # Errors
/// When it cannot be written.
pub fn end_pauses(paths: &Paths, session: &str, now: &str) -> io::Result<()> {
    if paths.seal_key().exists() { end(paths, &format!("pause {session} {now}")) } else { Ok(()) }
}

/// Whether a session's pause that began then (RFC 3339, UTC) counts no longer. One of which that cannot be told counts not.
pub fn is_pause_ended(paths: &Paths, session: &str, since: &str) -> bool {
    let known = match store::read(&paths.ended_seals()) {
        Ok(known) => known.unwrap_or_default(),
        Err(_) => return true,
    };
    let prefix = format!("pause {session} ");
    let mut ends = known.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(prefix.as_bytes()));
    ends.any(|end| end >= since.as_bytes())
}

/// Whether a seal counts no longer. One of which that cannot be told counts not.
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
