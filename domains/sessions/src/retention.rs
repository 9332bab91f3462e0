//! How long ended sessions are kept.
//!
//! A directory goes only when its client is gone, or ended the session, and nothing happened in it for the days
//! that were configured. Who lives stays, whoever cannot be asked stays a month, and what a newer version wrote
//! stays for ever.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use hooks_common::clock;
use hooks_common::paths::Paths;
use hooks_common::session_log::{self, SessionDir};
use platform::process::{Liveness, Site};
use platform::store::lock::LockError;
use platform::store::{self, lock};
use platform::time::Moment;
use serde::Serialize;

use crate::catalog::{SessionHistory, changed_at};
use crate::known::KnownSession;
use crate::liveness::Oracle;
use crate::reconcile;

/// Days that an ended session is kept unless the configuration says otherwise.
pub const DAYS: u32 = 14;
/// Days that a session is kept whose client cannot be looked up, at least.
const UNKNOWN_DAYS: u32 = 30;
/// How often SessionStart looks.
const INTERVAL: Duration = Duration::from_secs(3_600);
/// How many directories it looks at, and removes at most.
const FEW: Few = Few { looked_at: 256, removed: 16 };

/// A bound on one sweep.
#[derive(Debug, Clone, Copy)]
struct Few {
    looked_at: usize,
    removed: usize,
}

/// What a sweep found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Directories looked at.
    pub looked_at: usize,
    /// Sessions that were removed, or would be.
    pub removed: Vec<String>,
    /// Sessions that should have been removed and could not.
    pub failed: Vec<Failed>,
}

/// A session that stayed against its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// Its directory.
    pub session: String,
    /// Why.
    pub reason: String,
}

/// Removes what is older than `days` days, or only lists it with `dry_run`. A directory that holds anything but `files`,
/// the names of what sessions leave, stays. `None` while another sweep runs.
///
/// # Errors
/// When the sessions' folder cannot be written.
pub fn sweep(
    paths: &Paths,
    oracle: &mut dyn Oracle,
    files: &[&str],
    days: u32,
    dry_run: bool,
    now: Moment,
) -> io::Result<Option<Swept>> {
    let folder = paths.sessions_dir();
    session_log::can_list(paths)?;
    if !folder.is_dir() {
        return Ok(Some(Swept::default()));
    }
    let Some(_lock) = take(&paths.gc_lock())? else { return Ok(None) };
    remove_trash(&folder);
    remove_leftovers(paths);
    Ok(Some(of_dirs(&session_log::all(paths), oracle, files, (days, dry_run), None, now)))
}

/// What SessionStart does at most once an hour: looks at a stretch of the directories, another one each time, and
/// removes a few. `days` is asked only then.
///
/// # Errors
/// As [`sweep`].
pub fn sweep_a_few(
    paths: &Paths,
    oracle: &mut dyn Oracle,
    files: &[&str],
    days: impl FnOnce() -> u32,
    now: Moment,
) -> io::Result<Option<Swept>> {
    let (folder, mark) = (paths.sessions_dir(), paths.gc_lock());
    if !folder.is_dir() {
        return Ok(None);
    }
    let time = SystemTime::from(now.wall);
    if let Ok(last) = std::fs::metadata(&mark).and_then(|meta| meta.modified())
        && time.duration_since(last).is_ok_and(|age| age < INTERVAL)
    {
        return Ok(None);
    }
    if !clock::is_trusted(paths, now) {
        return Ok(None);
    }
    let Some(_lock) = take(&mark)? else { return Ok(None) };
    store::set_modified(&mark, time)?;
    remove_trash(&folder);
    remove_leftovers(paths);
    let mut dirs = session_log::all(paths);
    if dirs.len() > FEW.looked_at {
        let first = usize::try_from(now.mono_ns).unwrap_or_default() % dirs.len();
        dirs.rotate_left(first);
        dirs.truncate(FEW.looked_at);
    }
    Ok(Some(of_dirs(&dirs, oracle, files, (days(), false), Some(FEW), now)))
}

/// The sweeps' lock; `None` while another has it.
fn take(path: &Path) -> io::Result<Option<lock::Lock>> {
    match lock::exclusive(path, Duration::ZERO) {
        Ok(lock) => Ok(Some(lock)),
        Err(LockError::Busy { .. }) => Ok(None),
        Err(LockError::Open { error, .. }) => Err(error),
    }
}

fn of_dirs(
    dirs: &[SessionDir],
    oracle: &mut dyn Oracle,
    files: &[&str],
    (days, dry_run): (u32, bool),
    few: Option<Few>,
    now: Moment,
) -> Swept {
    let mut swept = Swept::default();
    for dir in dirs {
        swept.looked_at += 1;
        if few.is_some_and(|few| swept.removed.len() >= few.removed) {
            break;
        }
        let Some(seen) = expired(dir, oracle, files, days, now) else { continue };
        let name = dir.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        match if dry_run { Ok(true) } else { purge(dir, seen, now) } {
            Ok(true) => swept.removed.push(name),
            Ok(false) => {}
            Err(error) => swept.failed.push(Failed { session: name, reason: error.to_string() }),
        }
    }
    swept
}

/// When the last thing happened in a session whose time is over; `None` when it stays.
fn expired(dir: &SessionDir, oracle: &mut dyn Oracle, files: &[&str], days: u32, now: Moment) -> Option<i64> {
    let millis = now.wall.timestamp_millis();
    let last = last_sign(dir);
    let is_over = |days: u32| millis - last > i64::from(days) * 86_400_000;
    if !is_over(days) || !is_ours(dir, files) {
        return None;
    }
    let meta = dir.meta();
    if meta.as_ref().map_or_else(|| dir.is_of_newer_version(), |meta| !meta.is_supported()) {
        return None;
    }
    let mut log = SessionHistory::default();
    log.refresh(dir).ok()?;
    let known = KnownSession { name: "", meta: meta.as_ref(), machine: log.machine() };
    let verdict = reconcile::reconcile(&[known], oracle, millis).pop()?;
    // Files may be older than what they hold: a copy, a clock that was set.
    let last = last.max(log.machine().updated_at).max(verdict.ended.as_ref().map_or(0, |(at, _)| *at));
    let is_over = |days: u32| millis - last > i64::from(days) * 86_400_000;
    // A client that is in another session now still runs: its old session ends with it.
    let of_meta = meta.as_ref().map_or(Liveness::Unknown, |meta| {
        let site = meta.site();
        let all = meta.owners().map(|owner| {
            let boot_id = owner.boot_id.clone().or_else(|| site.boot_id.clone());
            match oracle.liveness(&owner.into(), &Site { boot_id, ..site.clone() }, millis) {
                // What was only guessed to be the client may run for other reasons.
                Liveness::Live if !owner.is_recognised() => Liveness::Unknown,
                verdict => verdict,
            }
        });
        all.max_by_key(|liveness| match liveness {
            Liveness::Dead => 0,
            Liveness::Unknown => 1,
            Liveness::Live => 2,
        })
        .unwrap_or(Liveness::Unknown)
    });
    let is_live = verdict.liveness == Some(Liveness::Live)
        && verdict.client.as_ref().is_some_and(|client| !client.guessed);
    let stays = match (verdict.ended.is_some(), of_meta) {
        _ if is_live || !is_over(days) => true,
        (_, Liveness::Live) => true,
        (true, _) | (false, Liveness::Dead) => false,
        (false, Liveness::Unknown) => !is_over(days.max(UNKNOWN_DAYS)),
    };
    (!stays).then_some(last)
}

/// Whether the directory holds nothing but what sessions leave.
fn is_ours(dir: &SessionDir, files: &[&str]) -> bool {
    let Ok(entries) = std::fs::read_dir(dir.path()) else { return false };
    let is_known = |name: &str| {
        files.iter().any(|own| {
            name == *own
                || name
                    .strip_prefix(own)
                    .is_some_and(|rest| rest.ends_with(".tmp") || rest.starts_with(".corrupt-"))
        })
    };
    entries.flatten().all(|entry| entry.file_name().to_str().is_some_and(is_known))
}

/// The last sign of a session: its log or its directory changed. Milliseconds since 1970.
fn last_sign(dir: &SessionDir) -> i64 {
    let of_dir = std::fs::metadata(dir.path()).and_then(|meta| meta.modified()).ok();
    let of_dir = of_dir.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    let of_dir = of_dir.and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0);
    changed_at(dir).max(of_dir)
}

/// Removes a directory under its lock unless something happened since it was judged: it is renamed first, so
/// a half-removed one is never visible, and a session that begins at that moment makes a new one. Whether it is gone.
fn purge(dir: &SessionDir, seen: i64, now: Moment) -> io::Result<bool> {
    let folder = dir.path().parent().unwrap_or(Path::new("/"));
    let trash = folder.join(format!(".trash-{}-{:x}", std::process::id(), now.mono_ns ^ seen.unsigned_abs()));
    {
        let _lock = dir.lock(lock::HOT).map_err(io::Error::other)?;
        // Taking the lock of a directory that never had one changed it.
        if changed_at(dir) > seen {
            return Ok(false);
        }
        std::fs::rename(dir.path(), &trash)?;
    }
    std::fs::remove_dir_all(&trash)?;
    Ok(true)
}

/// What a killed sweep left behind.
fn remove_trash(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_trash = entry.file_name().to_string_lossy().starts_with(".trash-");
        if is_trash && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    store::sweep(folder);
}

/// What killed writers left beside the files that all sessions share.
fn remove_leftovers(paths: &Paths) {
    store::sweep(paths.stanchion_dir());
    // In a folder that others use too, only what bears our file's name.
    let registry = paths.registry();
    let name = registry.file_name().unwrap_or_default().to_string_lossy().into_owned();
    store::sweep_of(paths.claude_dir(), &name);
}
