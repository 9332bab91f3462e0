//! `~/.claude/sessions.json`: the index of live sessions, in a format that other tools read.
//!
//! SessionStart, the first event of an unknown session, SessionEnd and `req` write it. The session directories are
//! authoritative: a missing or corrupt registry is rebuilt from them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::owner::Owner;
use crate::paths::Paths;
use crate::session_id::{SessionId, SessionKey};
use crate::session_log;
use git::Branch;
use platform::process::{self, Liveness, Site};
use platform::store::lock::{self, LockError};
use platform::store::{self, Durability, quarantine, replace};
use platform::time::Moment;

/// One session's entry. `pid` is the hook that registered it, for information only. `ppid` is the client, which
/// decides whether the session is live. Only Stanchion writes `ppid_start` and `boot_id`; they detect a reused
/// process number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegistryEntry {
    /// The hook's process when the session was registered.
    #[serde(default)]
    pub pid: i64,
    /// The client's process; 0 if it is not known.
    #[serde(default)]
    pub ppid: i64,
    /// The project.
    #[serde(default)]
    pub project_dir: PathBuf,
    /// The branch at the last entry.
    #[serde(default)]
    pub branch: String,
    /// The start of the session, in seconds since 1970.
    #[serde(default)]
    pub started_at: i64,
    /// The last time the session was entered, in seconds since 1970. The session's directory contains its later
    /// activity.
    #[serde(default)]
    pub last_active: i64,
    /// The client's start time, in the platform's raw unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ppid_start: Option<String>,
    /// The boot in which the client runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// The machine on which the client runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Fields of other tools, kept unchanged.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl RegistryEntry {
    /// Whether the session's client runs.
    pub fn liveness(&self, now: i64) -> Liveness {
        let site = Site { boot_id: self.boot_id.clone(), host: self.host.clone(), pid_ns: None };
        if let Err(verdict) = site.reached_from(Site::here()) {
            return verdict;
        }
        let start = self.ppid_start.as_ref().and_then(|start| start.parse().ok());
        // Without a start time, another process may have the number after a day of inactivity.
        if start.is_none() && now - self.last_active > 86_400 {
            return Liveness::Dead;
        }
        process::liveness(self.ppid, start)
    }

    fn belong_to(&mut self, owner: &Owner) {
        let Site { boot_id, host, .. } = Site::here().clone();
        (self.pid, self.ppid) = (std::process::id().into(), owner.pid.into());
        (self.ppid_start, self.boot_id, self.host) = (Some(owner.start_raw.clone()), boot_id, host);
    }

    fn is_gone(&self, now: i64) -> bool {
        self.liveness(now) == Liveness::Dead
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct File {
    version: String,
    sessions: BTreeMap<String, Value>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// The reason why the registry was not changed.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Its lock is held or cannot be created.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The registry.
        path: String,
        /// The reason.
        error: io::Error,
    },
}

/// The registry of one user.
#[derive(Debug)]
pub struct Registry<'a> {
    paths: &'a Paths,
}

/// The data about a session that its hook enters.
#[derive(Debug)]
pub struct Presence<'a> {
    /// The session.
    pub session: &'a SessionId,
    /// Its project.
    pub project: &'a Path,
    /// Its branch.
    pub branch: &'a Branch,
    /// Its client, if one was found.
    pub owner: Option<&'a Owner>,
    /// The current time.
    pub now: Moment,
}

/// A live session, read from its directory.
#[derive(Debug)]
pub struct Living {
    /// Its key.
    pub key: SessionKey,
    /// Its project.
    pub project: PathBuf,
    /// Its branch.
    pub branch: String,
    /// Its client's process.
    pub pid: u32,
    /// The client's start time, in the platform's raw unit.
    pub start_raw: Option<String>,
    /// The start of the session, in seconds since 1970.
    pub started_at: i64,
    /// The session's last activity, in seconds since 1970.
    pub last_active: i64,
}

impl<'a> Registry<'a> {
    /// The registry below the roots that `paths` names.
    pub fn new(paths: &'a Paths) -> Self {
        Self { paths }
    }

    /// All entries by key, including those of dead clients. A registry that cannot be read is rebuilt in memory.
    pub fn entries(&self) -> BTreeMap<SessionKey, RegistryEntry> {
        let file = match store::read(&self.paths.registry()) {
            Ok(Some(bytes)) => serde_json::from_slice(&bytes).ok(),
            _ => None,
        };
        typed(&file.unwrap_or_else(|| self.rebuilt()))
    }

    /// The sessions whose client may still run; only those of `project` if one is given.
    pub fn live(&self, project: Option<&Path>) -> Vec<(SessionKey, RegistryEntry)> {
        let now = Moment::now().epoch();
        let same =
            |entry: &RegistryEntry| project.is_none_or(|project| is_same_dir(&entry.project_dir, project));
        self.entries().into_iter().filter(|(_, entry)| same(entry) && !entry.is_gone(now)).collect()
    }

    /// Enters a session or updates its entry. Removes the entries of dead clients, other spellings of this session's
    /// id, and other sessions of the same client.
    ///
    /// # Errors
    /// When the lock stays busy for `wait` or the file cannot be written.
    pub fn enter(&self, presence: &Presence<'_>, wait: std::time::Duration) -> Result<(), RegistryError> {
        let key = presence.session.key().as_str();
        let now = presence.now.epoch();
        let owner_pid = presence.owner.map_or(0, |owner| i64::from(owner.pid));
        // A client has one session at a time. A process that was only guessed to be the client may have started many.
        let is_client = presence.owner.is_some_and(Owner::is_recognised);
        self.update(wait, |file| {
            file.sessions.retain(|name, value| {
                let Some(entry) = entry_of(value) else { return true };
                let left_behind = is_client && entry.ppid == owner_pid;
                let older_spelling = SessionKey::new(name).as_ref() == Some(presence.session.key());
                name == key || !(entry.is_gone(now) || left_behind || older_spelling)
            });
            let old = file.sessions.get(key).and_then(entry_of);
            let mut entry = old.unwrap_or_else(|| RegistryEntry {
                pid: std::process::id().into(),
                ppid: 0,
                project_dir: PathBuf::new(),
                branch: String::new(),
                started_at: now,
                last_active: now,
                ppid_start: None,
                boot_id: None,
                host: None,
                other: Map::new(),
            });
            entry.project_dir = presence.project.to_owned();
            entry.branch = presence.branch.name().to_owned();
            entry.last_active = now;
            // The entry keeps its client while the client runs. A resumed session gets the new client.
            if let Some(owner) = presence.owner
                && (entry.ppid == 0 || entry.is_gone(now))
            {
                entry.belong_to(owner);
            }
            file.sessions.insert(key.to_owned(), serde_json::to_value(entry).unwrap_or_default());
        })
    }

    /// Removes a session. Returns its entry, if it existed.
    ///
    /// # Errors
    /// As [`Registry::enter`].
    pub fn remove(
        &self,
        key: &SessionKey,
        wait: std::time::Duration,
    ) -> Result<Option<RegistryEntry>, RegistryError> {
        let mut removed = None;
        self.update(wait, |file| removed = file.sessions.remove(key.as_str()).as_ref().and_then(entry_of))?;
        Ok(removed)
    }

    /// Assigns a session's entry, if it exists, to another client of the session.
    ///
    /// # Errors
    /// As [`Registry::enter`].
    pub fn hand_over(
        &self,
        key: &SessionKey,
        heir: &Owner,
        wait: std::time::Duration,
    ) -> Result<(), RegistryError> {
        self.update(wait, |file| {
            let Some(value) = file.sessions.get_mut(key.as_str()) else { return };
            let Some(mut entry) = entry_of(value) else { return };
            entry.belong_to(heir);
            *value = serde_json::to_value(entry).unwrap_or_default();
        })
    }

    /// Removes the entries of dead clients. Returns their number.
    ///
    /// # Errors
    /// As [`Registry::enter`].
    pub fn clean(&self, wait: std::time::Duration) -> Result<usize, RegistryError> {
        let now = Moment::now().epoch();
        let mut removed = 0;
        self.update(wait, |file| {
            let before = file.sessions.len();
            file.sessions.retain(|_, value| entry_of(value).is_none_or(|entry| !entry.is_gone(now)));
            removed = before - file.sessions.len();
        })?;
        Ok(removed)
    }

    /// Synchronises the registry with the session directories. Removes the entries of dead clients and of sessions
    /// that are `over`, and adds missing entries of the `living` sessions.
    ///
    /// # Errors
    /// As [`Registry::enter`].
    pub fn settle(
        &self,
        living: &[Living],
        over: &[SessionKey],
        wait: std::time::Duration,
    ) -> Result<(), RegistryError> {
        let now = Moment::now().epoch();
        let Site { boot_id, host, .. } = Site::here().clone();
        self.update(wait, |file| {
            // Two sessions may share an eight-character key. A key is removed only if no live session has it.
            let is_living = |name: &str| living.iter().any(|session| session.key.as_str() == name);
            let is_over = |name: &str| !is_living(name) && over.iter().any(|key| key.as_str() == name);
            file.sessions.retain(|name, value| {
                !is_over(name) && entry_of(value).is_none_or(|entry| !entry.is_gone(now))
            });
            for session in living.iter().filter(|session| session.start_raw.is_some()) {
                file.sessions.entry(session.key.to_string()).or_insert_with(|| {
                    let entry = RegistryEntry {
                        pid: 0,
                        ppid: session.pid.into(),
                        project_dir: session.project.clone(),
                        branch: session.branch.clone(),
                        started_at: session.started_at,
                        last_active: session.last_active,
                        ppid_start: session.start_raw.clone(),
                        boot_id: boot_id.clone(),
                        host: host.clone(),
                        other: Map::new(),
                    };
                    serde_json::to_value(entry).unwrap_or_default()
                });
            }
        })
    }

    /// Reads and changes the registry under its lock, and replaces it if it changed.
    fn update(&self, wait: std::time::Duration, change: impl FnOnce(&mut File)) -> Result<(), RegistryError> {
        let path = self.paths.registry();
        let io_error = |error| RegistryError::Io { path: path.display().to_string(), error };
        store::create_private_dir(self.paths.claude_dir()).map_err(io_error)?;
        let _lock = lock::exclusive(&self.paths.registry_lock(), wait)?;
        let before = store::read(&path).map_err(io_error)?;
        let parsed = before.as_deref().map(serde_json::from_slice::<File>);
        let mut file = match parsed {
            Some(Ok(file)) => file,
            Some(Err(_)) => {
                quarantine::keep_copy(&path).map_err(io_error)?;
                self.rebuilt()
            }
            None => self.rebuilt(),
        };
        change(&mut file);
        let after = serde_json::to_vec_pretty(&file).map_err(io::Error::from).map_err(io_error)?;
        // Replacing a file costs 1.4 ms, so an unchanged registry is not written.
        if before.as_deref() == Some(&after) {
            return Ok(());
        }
        replace(&path, &after, Durability::Rebuildable, 0o600).map_err(io_error)
    }

    /// A registry built from the session directories.
    fn rebuilt(&self) -> File {
        let mut sessions = BTreeMap::new();
        for meta in session_log::all(self.paths).iter().filter_map(session_log::SessionDir::meta) {
            let (Some(id), Some(owner)) = (SessionId::new(&meta.session_id), &meta.owner) else { continue };
            if meta.liveness() != Liveness::Live {
                continue;
            }
            let started =
                chrono::DateTime::parse_from_rfc3339(&meta.created_at).map_or(0, |at| at.timestamp());
            let entry = RegistryEntry {
                pid: 0,
                ppid: owner.pid.into(),
                project_dir: meta.project_dir,
                branch: String::new(),
                started_at: started,
                last_active: started,
                ppid_start: Some(owner.start_raw.clone()),
                boot_id: meta.boot_id,
                host: meta.host,
                other: Map::new(),
            };
            sessions.insert(id.key().to_string(), serde_json::to_value(entry).unwrap_or_default());
        }
        File { version: "1.0".to_owned(), sessions, other: Map::new() }
    }
}

/// Whether two paths name the same folder, by text or after resolving links.
pub fn is_same_dir(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn entry_of(value: &Value) -> Option<RegistryEntry> {
    serde_json::from_value(value.clone()).ok()
}

fn typed(file: &File) -> BTreeMap<SessionKey, RegistryEntry> {
    file.sessions
        .iter()
        .filter_map(|(name, value)| Some((SessionKey::new(name)?, entry_of(value)?)))
        .collect()
}
