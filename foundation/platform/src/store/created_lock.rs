//! A lock by creating a file that must not exist, for file systems without `flock(2)` and for network file systems, where
//! asking for one may hang.
//!
//! The file names its owner, so that one whose process was killed is recognised and removed. Who removes it holds a second
//! file of the same kind meanwhile: two that find the same dead owner must not remove the lock that a third has just made.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

use super::Durability;
use crate::process::{self, Liveness, Site};

/// How long an owner is believed whose process cannot be looked up: on another machine, or not readable. Locks are held for
/// milliseconds.
const BELIEVED: Duration = Duration::from_secs(30);

/// Who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct LockOwner {
    pid: u32,
    /// When the process began, in the system's own units; tells it from a later one of the same number.
    started: Option<u64>,
    boot_id: Option<String>,
    pid_ns: Option<String>,
    host: Option<String>,
}

impl LockOwner {
    fn of(pid: u32, started: Option<u64>) -> Self {
        let Site { boot_id, pid_ns, host } = Site::here().clone();
        Self { pid, started, boot_id, pid_ns, host }
    }

    /// This process.
    fn here() -> Self {
        let pid = std::process::id();
        Self::of(pid, process::look_up(pid).ok().flatten().map(|process| process.start_raw))
    }

    fn liveness(self) -> Liveness {
        let site = Site { boot_id: self.boot_id, pid_ns: self.pid_ns, host: self.host };
        match site.reached_from(Site::here()) {
            Ok(()) => process::liveness(self.pid.into(), self.started),
            Err(verdict) => verdict,
        }
    }
}

/// A lock that was made, removed when it is dropped.
#[derive(Debug)]
pub(super) struct CreatedLock {
    path: PathBuf,
    /// Kept open, so that its number is given to no other file.
    file: File,
}

impl Drop for CreatedLock {
    fn drop(&mut self) {
        // One that was taken for dead meanwhile must not remove its successor's.
        let own = self.file.metadata().ok().map(|about| (about.dev(), about.ino()));
        if own.is_some() && own == inode(&self.path) {
            let _ = super::remove(&self.path);
        }
    }
}

/// Makes the lock beside the side file at `path`; `None` when another process held it for the whole wait.
///
/// # Errors
/// When the file cannot be made for another reason.
pub(super) fn within(path: &Path, wait: Duration) -> io::Result<Option<CreatedLock>> {
    let path = beside(path, "held");
    let started = Instant::now();
    loop {
        if let Some(lock) = create(&path)? {
            return Ok(Some(lock));
        }
        if remove_dead(&path)? {
            continue;
        }
        if started.elapsed() >= wait {
            return Ok(None);
        }
        #[allow(clippy::disallowed_methods, reason = "bounded by `wait`")]
        std::thread::sleep(Duration::from_micros(500).min(wait));
    }
}

/// A file beside another: `main.lock` has `main.lock.held`.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    PathBuf::from(name)
}

fn create(path: &Path) -> io::Result<Option<CreatedLock>> {
    // The file appears with its owner in it: one without would have to be believed, or taken for a killed process's.
    let owner = serde_json::to_vec(&LockOwner::here())?;
    match super::create(path, &owner, Durability::Rebuildable, 0o600) {
        Ok(()) => {
            let (file, _) = super::open_regular(path)?;
            Ok(Some(CreatedLock { path: path.to_owned(), file }))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a lock whose owner is gone; whether it did.
fn remove_dead(path: &Path) -> io::Result<bool> {
    if !is_dead(path) {
        return Ok(false);
    }
    let breaker_path = beside(path, "break");
    let Some(_breaker) = create(&breaker_path)? else {
        // Its owner works on it, or was killed there too.
        return Ok(is_dead(&breaker_path) && super::remove(&breaker_path)?);
    };
    // Somebody may have removed it and made their own since.
    Ok(is_dead(path) && super::remove(path)?)
}

fn is_dead(path: &Path) -> bool {
    let Some(bytes) = super::read(path).ok().flatten() else { return false };
    let is_older = |limit: Duration| {
        let changed = std::fs::metadata(path).and_then(|about| about.modified()).ok();
        // A clock that was set back makes nobody dead.
        changed.is_some_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > limit))
    };
    let Ok(owner) = serde_json::from_slice::<LockOwner>(&bytes) else { return is_older(BELIEVED) };
    match owner.liveness() {
        Liveness::Live => false,
        Liveness::Dead => true,
        Liveness::Unknown => is_older(BELIEVED),
    }
}

fn inode(path: &Path) -> Option<(u64, u64)> {
    std::fs::symlink_metadata(path).ok().map(|about| (about.dev(), about.ino()))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use super::*;

    fn lock(path: &Path, wait: Duration) -> Option<CreatedLock> {
        within(path, wait).unwrap()
    }

    #[test]
    fn one_at_a_time_holds_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let first = lock(&path, Duration::ZERO).unwrap();
        assert!(lock(&path, Duration::from_millis(20)).is_none());
        drop(first);
        assert!(lock(&path, Duration::ZERO).is_some());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_owner_that_is_gone_holds_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let held = beside(&path, "held");
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        let me = process::look_up(std::process::id()).unwrap().unwrap();
        let write = |path: &Path, owner: &LockOwner| {
            std::fs::write(path, serde_json::to_vec(owner).unwrap()).unwrap();
        };
        let elsewhere =
            LockOwner { host: Some("another".into()), boot_id: Some("b".into()), ..LockOwner::of(pid, None) };
        let before = LockOwner { boot_id: Some("before".into()), ..LockOwner::of(me.pid, None) };
        for (owner, is_held) in [
            (LockOwner::of(me.pid, Some(me.start_raw)), true),
            (LockOwner::of(me.pid, Some(me.start_raw + 1)), false),
            (LockOwner::of(pid, None), false),
            (before, false),
            (elsewhere.clone(), true),
        ] {
            write(&held, &owner);
            assert_eq!(lock(&path, Duration::ZERO).is_none(), is_held, "{owner:?}");
        }
        // What cannot be looked up is believed for a while.
        write(&held, &elsewhere);
        super::super::set_modified(&held, SystemTime::now() - BELIEVED * 2).unwrap();
        assert!(lock(&path, Duration::ZERO).is_some());
        std::fs::write(&held, "{").unwrap();
        assert!(lock(&path, Duration::ZERO).is_none(), "whose it is cannot be told");
        super::super::set_modified(&held, SystemTime::now() - BELIEVED * 2).unwrap();
        assert!(lock(&path, Duration::ZERO).is_some());
        // One that was killed while it removed another's.
        write(&held, &LockOwner::of(pid, None));
        write(&beside(&held, "break"), &LockOwner::of(pid, None));
        assert!(lock(&path, Duration::ZERO).is_some());
    }

    #[test]
    fn many_that_find_the_same_dead_owner_hold_it_one_after_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let counter = dir.path().join("counter");
        std::fs::write(&counter, "0").unwrap();
        let dead = serde_json::to_vec(&LockOwner::of(1, None)).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let held = lock(&path, Duration::from_secs(30)).unwrap();
                        let count: u32 = std::fs::read_to_string(&counter).unwrap().parse().unwrap();
                        std::fs::write(&counter, (count + 1).to_string()).unwrap();
                        // Every owner is killed with its lock.
                        std::mem::forget(held);
                        std::fs::write(beside(&path, "held"), &dead).unwrap();
                    }
                });
            }
        });
        assert_eq!(std::fs::read_to_string(&counter).unwrap(), "200");
    }
}
