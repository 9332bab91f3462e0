//! Seals that count no longer: of allowances that were used and of pauses that ended. A copy of their file, put back,
//! lets nothing through.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use hooks_common::paths::Paths;
use hooks_common::store::{self, Durability};

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
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
    file.write_all(format!("{seal}\n").as_bytes())
}

/// Whether a seal counts no longer.
pub fn is_ended(paths: &Paths, seal: &str) -> bool {
    let Some(known) = store::read(&paths.ended_seals()).ok().flatten().filter(|_| !seal.is_empty()) else {
        return false;
    };
    known.split(|byte| *byte == b'\n').any(|one| one == seal.as_bytes())
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
        let many = "0123456789\n".repeat(MOST / 11 + 1);
        store::replace(&paths.ended_seals(), many.as_bytes(), Durability::Rebuildable, 0o600).unwrap();
        end(&paths, "cd").unwrap();
        assert!(is_ended(&paths, "cd") && is_ended(&paths, "0123456789"));
        assert!(std::fs::metadata(paths.ended_seals()).unwrap().len() < MOST as u64);
    }
}
