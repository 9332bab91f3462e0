//! Advisory locks: `flock(2)` on a side file that is never deleted, as other tools that share these files
//! take it. Every wait has a bound.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long the hot path waits before it goes on without.
pub const HOT: Duration = Duration::from_millis(50);
/// How long a hook waits where state must change.
pub const CHANGE: Duration = Duration::from_millis(250);
/// How long a command that a person started waits.
pub const PATIENT: Duration = Duration::from_secs(2);

/// A held lock, released when it is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    held: bool,
}

impl Lock {
    /// Whether the file system granted a lock, or has none to grant and the holder goes on without.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Writes into the side file which process holds the lock, for whoever waits for it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn sign(&self) -> io::Result<()> {
        self.file.set_len(0)?;
        (&self.file).write_all(format!("{}\n", std::process::id()).as_bytes())
    }

    /// Whether the side file at `path` is still the one that was locked: a folder that was removed takes its locks
    /// along.
    pub fn is_at(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        match (self.file.metadata(), std::fs::metadata(path)) {
            (Ok(held), Ok(there)) => (held.dev(), held.ino()) == (there.dev(), there.ino()),
            _ => false,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.held {
            let _ = fs2::FileExt::unlock(&self.file);
        }
    }
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process held it for the whole wait.
    #[error("another process holds {path} for more than {waited:?}")]
    Busy {
        /// The lock file.
        path: String,
        /// The wait.
        waited: Duration,
    },
    /// The lock file cannot be opened.
    #[error("cannot open the lock {path}: {error}")]
    Open {
        /// The lock file.
        path: String,
        /// The reason.
        error: io::Error,
    },
}

/// The lock for writers, on the side file at `path`, whose folder must exist. Skipped (granted without being
/// held) on file systems that know no locks and on network file systems, where asking may hang.
///
/// # Errors
/// [`LockError::Busy`] after `wait`, [`LockError::Open`] when the side file cannot be made.
pub fn exclusive(path: &Path, wait: Duration) -> Result<Lock, LockError> {
    acquire(path, wait, fs2::FileExt::try_lock_exclusive)
}

/// The lock for readers. See [`exclusive`].
///
/// # Errors
/// As [`exclusive`].
pub fn shared(path: &Path, wait: Duration) -> Result<Lock, LockError> {
    acquire(path, wait, fs2::FileExt::try_lock_shared)
}

fn acquire(path: &Path, wait: Duration, try_lock: fn(&File) -> io::Result<()>) -> Result<Lock, LockError> {
    // Nothing is written to it, so what it is costs no question: a pipe without another end is an error, and one with
    // it is locked like any file.
    #[allow(clippy::disallowed_methods, reason = "a lock is opened at each event, and asks once less")]
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(|error| LockError::Open { path: path.display().to_string(), error })?;
    if crate::sys::is_network_file_system(&file) {
        return Ok(Lock { file, held: false });
    }
    let contended = fs2::lock_contended_error().raw_os_error();
    let mut started = None;
    let mut pause = Duration::from_micros(200);
    loop {
        match try_lock(&file) {
            Ok(()) => return Ok(Lock { file, held: true }),
            Err(error) if error.raw_os_error() == contended => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // No locks here (ENOLCK, EOPNOTSUPP, EINVAL and their kin): go on without.
            Err(_) => return Ok(Lock { file, held: false }),
        }
        let elapsed = started.get_or_insert_with(Instant::now).elapsed();
        if elapsed >= wait {
            return Err(LockError::Busy { path: path.display().to_string(), waited: wait });
        }
        #[allow(clippy::disallowed_methods, reason = "bounded by `wait`")]
        std::thread::sleep(pause.min(wait.saturating_sub(elapsed)));
        pause = (pause * 2).min(Duration::from_millis(5));
    }
}

/// The process that signed the lock at `path` last.
pub fn signer(path: &Path) -> Option<u32> {
    let text = super::read(path).ok()??;
    std::str::from_utf8(&text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_bounded_and_a_drop_releases() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let first = exclusive(&path, HOT).unwrap();
        let started = Instant::now();
        assert!(matches!(exclusive(&path, HOT), Err(LockError::Busy { .. })));
        assert!(started.elapsed() < Duration::from_secs(1));
        drop(first);
        let readers = (shared(&path, HOT).unwrap(), shared(&path, HOT).unwrap());
        assert!(matches!(exclusive(&path, Duration::ZERO), Err(LockError::Busy { .. })));
        drop(readers);
    }
}
