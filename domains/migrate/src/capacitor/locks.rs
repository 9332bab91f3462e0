//! The older system's locks: a folder for each process that uses a session, `sessions/{session}-{pid}.lock/`, and
//! those of the version before, `sessions/{md5 of the path}.lock/`.

use std::path::Path;
use std::time::UNIX_EPOCH;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::files::{missing_or, text};
use crate::MigrateError;

/// Numbers below this are seconds since 1970, others milliseconds.
const FIRST_MILLISECONDS: u64 = 1_000_000_000_000;
/// How long a lock that does not know when its process started is believed, in milliseconds.
const VOID_AFTER: u64 = 24 * 60 * 60 * 1000;

/// A lock that the older system can read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionLock {
    /// The folder's name.
    pub name: String,
    /// The process that is said to be the client.
    pub pid: u32,
    /// The folder of the event that made the lock.
    pub path: String,
    /// The session; the version before did not know it.
    pub session_id: Option<String>,
    /// When the process started, in seconds since 1970.
    pub proc_started: Option<u64>,
    /// `created`, or the older `started` where that is a number: by this the newest lock is found. In the file's
    /// own unit, because the older system compares it unchanged.
    pub created: Option<u64>,
    /// When the lock was made, in milliseconds since 1970, by the best that is known: `created`, `started`, or
    /// the folder itself.
    pub made_ms: Option<u64>,
}

/// What a lock's name says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockKind {
    /// `{session}-{pid}`.
    Session,
    /// 32 hexadecimal digits: one lock for each path.
    Path,
    /// Neither; the older system reads it all the same.
    Other,
}

impl SessionLock {
    /// What the name says.
    pub fn kind(&self) -> LockKind {
        let stem = self.name.strip_suffix(".lock").unwrap_or(&self.name);
        if stem.len() == 32 && stem.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            LockKind::Path
        } else if named_pid(stem).is_some() {
            LockKind::Session
        } else {
            LockKind::Other
        }
    }

    /// Whether the lock is too old to be believed: without a start time, a number that was reused cannot be told
    /// from the process that made the lock.
    pub fn is_void(&self, now: DateTime<Utc>) -> bool {
        let now = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        self.proc_started.is_none() && self.made_ms.is_none_or(|made| now.saturating_sub(made) > VOID_AFTER)
    }
}

/// A time in seconds or milliseconds, in milliseconds.
pub fn milliseconds(time: u64) -> u64 {
    if time < FIRST_MILLISECONDS { time * 1000 } else { time }
}

/// All locks in a folder, by name, and what is wrong with others. Session directories of ours, names that begin
/// with a dot and `legacy` are no locks.
pub(super) fn read(folder: &Path) -> (Vec<SessionLock>, Vec<String>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return (Vec::new(), vec![format!("{}: {}", folder.display(), missing_or(error))]),
    };
    let (mut locks, mut problems) = (Vec::new(), Vec::new());
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        match read_lock(&path, entry.file_name().to_string_lossy().into_owned()) {
            Ok(lock) => {
                let oddity = oddity(&lock);
                problems.extend(oddity.map(|oddity| format!("{}: {oddity}", path.display())));
                locks.push(lock);
            }
            Err(reason) => problems.push(format!("{}: {reason}", path.display())),
        }
    }
    locks.sort_by(|a, b| a.name.cmp(&b.name));
    problems.sort();
    (locks, problems)
}

/// The process that a name of the form `{session}-{pid}` ends in.
fn named_pid(stem: &str) -> Option<u32> {
    stem.rsplit_once('-').filter(|(session, _)| !session.is_empty())?.1.parse().ok()
}

/// What is strange about a lock that can be read.
fn oddity(lock: &SessionLock) -> Option<String> {
    let stem = lock.name.strip_suffix(".lock")?;
    match lock.kind() {
        LockKind::Other => Some("named neither for a session and its process nor for a path".to_owned()),
        LockKind::Session if named_pid(stem) != Some(lock.pid) => {
            Some(format!("the name and the process {} in it differ", lock.pid))
        }
        _ => None,
    }
}

fn read_lock(folder: &Path, name: String) -> Result<SessionLock, MigrateError> {
    if !folder.is_dir() {
        return Err(MigrateError::NotAFolder);
    }
    let file = |name: &'static str| {
        let text = text(&folder.join(name)).map_err(|error| MigrateError::InLock(name, Box::new(error)))?;
        text.ok_or(MigrateError::UnfinishedLock(name))
    };
    let pid = file("pid")?;
    let pid = pid.trim().parse().map_err(|_| MigrateError::NotAPid(pid.trim().to_owned()))?;
    let meta: Value = serde_json::from_str(&file("meta.json")?).map_err(MigrateError::BadMeta)?;
    let path = meta.get("path").and_then(Value::as_str).ok_or(MigrateError::NoPath)?;
    let number = |key: &str| meta.get(key).and_then(Value::as_u64);
    let created = number("created").or_else(|| number("started"));
    Ok(SessionLock {
        name,
        pid,
        path: path.to_owned(),
        session_id: meta.get("session_id").and_then(Value::as_str).map(str::to_owned),
        proc_started: number("proc_started"),
        created,
        made_ms: created.map(milliseconds).or_else(|| iso(meta.get("started")?)).or_else(|| modified(folder)),
    })
}

/// An ISO time in milliseconds since 1970.
fn iso(value: &Value) -> Option<u64> {
    let time = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(u64::try_from(time.timestamp_millis()).unwrap_or(0))
}

fn modified(folder: &Path) -> Option<u64> {
    let time = std::fs::metadata(folder).ok()?.modified().ok()?;
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    const MD5: &str = "0cc175b9c0f1b6a831c399e269772661.lock";
    const HOUR: i64 = 3600;

    fn write(folder: &Path, name: &str, pid: &str, meta: &str) {
        let lock = folder.join(name);
        std::fs::create_dir(&lock).unwrap();
        std::fs::write(lock.join("pid"), pid).unwrap();
        std::fs::write(lock.join("meta.json"), meta).unwrap();
    }

    fn one(name: &str, meta: &str) -> SessionLock {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), name, "42", meta);
        let (locks, problems) = read(folder.path());
        assert_eq!((locks.len(), problems), (1, vec![]));
        locks[0].clone()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_lock_in_the_exact_format_is_read() {
        let lock = one(
            "A-b-42.lock",
            r#"{"created": 1769538131882, "handoff_from": 7, "lock_version": "0.1.27", "path": "/repo",
               "pid": 42, "proc_started": 1769530000, "session_id": "A-b"}"#,
        );
        assert_eq!(lock.kind(), LockKind::Session);
        assert_eq!((lock.pid, lock.path.as_str(), lock.session_id.as_deref()), (42, "/repo", Some("A-b")));
        assert_eq!((lock.proc_started, lock.created), (Some(1_769_530_000), Some(1_769_538_131_882)));
        assert!(!lock.is_void(at(4_000_000_000)), "its process can be verified for ever");
    }

    #[test]
    fn a_day_is_a_day_in_seconds_milliseconds_and_iso() {
        let made = 1_769_538_131;
        for started in [
            r#""started": 1769538131"#,
            r#""started": 1769538131000"#,
            r#""started": "2026-01-27T18:22:11Z""#,
            r#""started": "2026-01-27T19:22:11.000+01:00""#,
            r#""created": 1769538131, "started": "2020-01-01T00:00:00Z""#,
        ] {
            let lock = one(MD5, &format!(r#"{{"path": "/repo", "pid": 42, {started}}}"#));
            assert_eq!((lock.kind(), lock.session_id.as_deref()), (LockKind::Path, None));
            assert!(!lock.is_void(at(made + 24 * HOUR)), "exactly a day is not over it: {started}");
            assert!(lock.is_void(at(made + 24 * HOUR + 1)), "{started}");
        }
    }

    #[test]
    fn without_any_time_the_folder_tells_the_age() {
        for started in [r#""started": "yesterday""#, r#""started": null"#] {
            let lock = one(MD5, &format!(r#"{{"path": "/repo", {started}}}"#));
            let made = i64::try_from(lock.made_ms.unwrap() / 1000).unwrap();
            assert_eq!(lock.created, None);
            assert!((Utc::now().timestamp() - made).abs() < 600);
            assert!(!lock.is_void(Utc::now()) && lock.is_void(at(made + 25 * HOUR)));
        }
        assert!(SessionLock::default().is_void(at(0)), "no time at all");
    }

    #[test]
    fn the_unit_changes_at_ten_to_the_twelfth() {
        assert_eq!(milliseconds(999_999_999_999), 999_999_999_999_000);
        assert_eq!(milliseconds(1_000_000_000_000), 1_000_000_000_000);
    }

    #[test]
    fn a_lock_being_made_is_told_and_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let new = |name: &str| {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            folder.path().join(name)
        };
        new("a-1.lock");
        std::fs::write(new("b-2.lock").join("pid"), "2").unwrap();
        write(folder.path(), "c-3.lock", "", r#"{"path": "/repo"}"#);
        write(folder.path(), "d-4.lock", "4", r#"{"path": "/re"#);
        write(folder.path(), "e-5.lock", "5", r#"{"pid": 5}"#);
        write(folder.path(), "f-6.lock", "-6", r#"{"path": "/repo"}"#);
        let (locks, problems) = read(folder.path());
        assert!(locks.is_empty());
        let reasons =
            ["a-1.lock: no pid yet", "b-2.lock: no meta.json yet", "c-3.lock: pid", "d-4.lock: meta.json"];
        for reason in reasons.into_iter().chain(["e-5.lock: meta.json names no path", "f-6.lock: pid"]) {
            assert!(problems.iter().any(|problem| problem.contains(reason)), "{reason}: {problems:?}");
        }
        assert_eq!(problems.len(), 6);
    }

    #[test]
    fn other_names_are_left_alone_or_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in ["legacy", ".lock", "0f1e2d3c-aaaa", "x-0123456789abcdef0123456789abcdef"] {
            write(path, name, "1", r#"{"path": "/repo"}"#);
        }
        std::fs::write(path.join("sessions.lock"), "").unwrap();
        write(path, "x.lock", "1", r#"{"path": "/repo"}"#);
        write(path, "s-7.lock", "8", r#"{"path": "/repo"}"#);
        let (locks, problems) = read(path);
        let names: Vec<_> = locks.iter().map(|lock| lock.name.as_str()).collect();
        assert_eq!(names, ["s-7.lock", "x.lock"], "the older system reads any folder that ends in .lock");
        let reasons =
            ["s-7.lock: the name and the process 8", "sessions.lock: not a folder", "x.lock: named"];
        for (problem, reason) in problems.iter().zip(reasons) {
            assert!(problem.contains(reason), "{problem}");
        }
        assert_eq!(problems.len(), 3, "{problems:?}");
    }
}
