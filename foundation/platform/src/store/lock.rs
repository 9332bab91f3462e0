//! Advisory locks: `flock(2)` on a side file that is never deleted, as other tools that share these files
//! take it. Where there is none, or asking for one may hang, a file beside it is the lock. Every wait has a bound.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use super::created_lock::{self, CreatedLock};
use crate::sys;

/// The wait on the hot path, before the caller continues without the lock.
pub const HOT: Duration = Duration::from_millis(50);
/// The wait of a hook that must change state.
pub const CHANGE: Duration = Duration::from_millis(250);
/// The wait of a command that a person started.
pub const PATIENT: Duration = Duration::from_secs(2);

/// A lock, released on drop.
#[derive(Debug)]
pub struct Lock {
    file: File,
    /// The lock where the file system grants none.
    created: Option<CreatedLock>,
}

impl Lock {
    /// Whether the file system granted the lock; else a file stands in for it, which other tools do not know.
    pub fn is_granted(&self) -> bool {
        self.created.is_none()
    }

    /// Writes this process's number into the side file, for processes that wait for the lock.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn sign(&self) -> io::Result<()> {
        self.file.set_len(0)?;
        (&self.file).write_all(format!("{}\n", std::process::id()).as_bytes())
    }

    /// Whether `path` still names the locked side file. A removed folder takes its lock files with it.
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
        if self.is_granted() {
            let _ = fs2::FileExt::unlock(&self.file);
        }
    }
}

/// The reason why a lock was not acquired.
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

/// The lock of the side file at `path`, whose folder must exist. On file systems that know no locks, and on network file
/// systems, where asking may hang, it is one that only Stanchion knows.
///
/// Those who wait are served in the order in which they came, as far as the kernel keeps it.
///
/// # Errors
/// [`LockError::Busy`] after `wait`, [`LockError::Open`] when the side file or its stand-in cannot be made.
pub fn exclusive(path: &Path, wait: Duration) -> Result<Lock, LockError> {
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
    if !sys::is_network_file_system(&file) {
        match granted(&file, wait) {
            Ok(true) => return Ok(Lock { file, created: None }),
            Ok(false) => return Err(LockError::Busy { path: path.display().to_string(), waited: wait }),
            // No locks here: ENOLCK, EOPNOTSUPP, EINVAL and their kin.
            Err(_) => {}
        }
    }
    match created_lock::within(path, wait) {
        Ok(Some(created)) => Ok(Lock { file, created: Some(created) }),
        Ok(None) => Err(LockError::Busy { path: path.display().to_string(), waited: wait }),
        Err(error) => Err(LockError::Open { path: path.display().to_string(), error }),
    }
}

/// Whether the kernel grants the lock of a file within `wait`.
fn granted(file: &File, wait: Duration) -> io::Result<bool> {
    let contended = fs2::lock_contended_error().raw_os_error();
    loop {
        match fs2::FileExt::try_lock_exclusive(file) {
            Ok(()) => return Ok(true),
            Err(error) if error.raw_os_error() == contended && wait.is_zero() => return Ok(false),
            // Asking again and again loses to those who wait in the kernel.
            Err(error) if error.raw_os_error() == contended => return sys::lock_within(file, wait),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The number of the process that last signed the lock at `path`.
pub fn signer(path: &Path) -> Option<u32> {
    let text = super::read(path).ok()??;
    std::str::from_utf8(&text).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

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
        assert!(exclusive(&path, Duration::ZERO).unwrap().is_granted());
    }

    /// One who waits gets it though others take it again and again.
    #[test]
    fn who_waits_is_served() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..5 {
                scope.spawn(|| {
                    while !done.load(std::sync::atomic::Ordering::SeqCst) {
                        let _held = exclusive(&path, Duration::from_secs(30)).unwrap();
                        let began = Instant::now();
                        while began.elapsed() < Duration::from_millis(2) {}
                    }
                });
            }
            for _ in 0..50 {
                exclusive(&path, PATIENT).unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::SeqCst);
        });
    }

    /// The alarm that ends a wait must not be missed, nor end anything else.
    #[test]
    fn many_short_waits_end() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let _held = exclusive(&path, HOT).unwrap();
        for _ in 0..200 {
            assert!(matches!(exclusive(&path, Duration::from_micros(300)), Err(LockError::Busy { .. })));
        }
    }
}
