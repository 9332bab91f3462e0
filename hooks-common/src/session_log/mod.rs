//! A session's directory. `meta.json` is written once and changed when the owner changes. Every hook appends one line
//! to `events.jsonl`.
//!
//! Neither file contains prompts, file contents or tool output. A line contains the data that explains and replays a
//! decision. Of a failure it contains the most informative line.

mod compacted;
mod context;
mod cursor;
mod detail;
mod event;
mod records;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use memchr::memmem;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use compacted::{COMPACTED, Predecessor, carried_over};
pub use context::LoggedContext;
pub use cursor::{Cursor, News};
pub use detail::{Detail, LoggedAgent, LoggedTask};
pub use event::{LoggedEvent, input_digest};
pub use records::{PendingRecord, PendingRecords, Record, Records};

use crate::event::Payload;
use crate::owner::Owner;
use crate::paths::Paths;
use crate::session_id::SessionId;
use platform::process::{Liveness, Site};
use platform::store::{self, Durability, append, lock, replace};
use platform::time::Moment;

/// The format version of `meta.json` and of each event.
const FORMAT: u32 = 1;
/// The most previous owners that are kept.
const MOST_OWNERS: usize = 8;
/// The log size in bytes from which tool events without further meaning are no longer kept.
const HARD_CAP: u64 = 5 * 1024 * 1024;
/// The number of bytes at the end of a full log that are searched for an open question.
const FULL_TAIL: u64 = 8 * 1024;

/// The files of this module in a session's directory. Domains name their files in their projections.
pub const FILES: [&str; 4] = ["meta.json", "events.jsonl", "lock", "context.json"];

/// A session's directory.
#[derive(Debug, Clone)]
pub struct SessionDir {
    path: PathBuf,
}

/// `meta.json`. Unknown keys are kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Meta {
    /// The format version.
    pub v: u32,
    /// The full session id.
    pub session_id: String,
    /// When the session was first seen, RFC 3339.
    pub created_at: String,
    /// The project of the session. It never changes.
    pub project_dir: PathBuf,
    /// The source of `project_dir`: `env` or `cwd`.
    #[serde(default)]
    pub project_dir_source: String,
    /// The project with symbolic links resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_dir_real: Option<PathBuf>,
    /// The folder of the first event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_cwd: Option<PathBuf>,
    /// The boot in which the owner runs.
    #[serde(default)]
    pub boot_id: Option<String>,
    /// The pid namespace of the owner.
    #[serde(default)]
    pub pid_ns: Option<String>,
    /// The machine on which the owner runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The client.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// Previous clients of the session.
    #[serde(default)]
    pub prev_owners: Vec<Owner>,
    /// A counter that grows when a new owner takes over the session.
    #[serde(default)]
    pub generation: u64,
    /// The transcript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript_path: Option<PathBuf>,
    /// The program and version that wrote this file.
    #[serde(default)]
    pub writer: String,
    /// Fields of other versions, kept unchanged.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The result of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The line's byte range in the log. `None` if the log was full and the line was dropped.
    pub place: Option<Range<u64>>,
    /// Whether the session's directory was created first.
    pub is_made_anew: bool,
}

impl SessionDir {
    /// The directory of a session; it may not exist.
    pub fn new(paths: &Paths, session: &SessionId) -> Self {
        Self { path: paths.session_dir(session) }
    }

    /// The directory at `path`.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The event log.
    pub fn events(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    /// A domain's file, by its name in the domain's projection.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The session's number in its project, if it has one. Other domains name the session by this number.
    pub fn number(&self) -> Option<u64> {
        #[derive(Deserialize)]
        struct Numbered {
            number: Option<u64>,
        }
        // The file belongs to domain `continuity`. Other domains cannot depend on it, so its number is read here.
        let bytes = store::read(&self.file("continuity.json")).ok()??;
        serde_json::from_slice::<Numbered>(&bytes).ok()?.number
    }

    fn meta_path(&self) -> PathBuf {
        self.path.join("meta.json")
    }

    fn lock_path(&self) -> PathBuf {
        self.path.join("lock")
    }

    /// Whether the session was recorded before.
    pub fn is_known(&self) -> bool {
        self.meta_path().exists()
    }

    /// The content of `meta.json`. `None` if it is missing or not valid.
    pub fn meta(&self) -> Option<Meta> {
        serde_json::from_slice(&store::read(&self.meta_path()).ok()??).ok()
    }

    /// Whether a newer version wrote `meta.json`. This version must not change or remove such a session.
    pub fn is_of_newer_version(&self) -> bool {
        store::read(&self.meta_path()).ok().flatten().is_some_and(|bytes| is_newer(&bytes))
    }

    /// Creates the directory and `meta.json` if they are missing, and records `owner` if it is a new process.
    /// `project` is only used for a new session.
    ///
    /// # Errors
    /// When the directory or the file cannot be written.
    pub fn open(
        &self,
        session: &SessionId,
        payload: &Payload,
        project: &(PathBuf, &str),
        owner: Option<Owner>,
        entered: Moment,
    ) -> io::Result<()> {
        // A purge may remove the directory between two steps. The second attempt creates it again.
        match self.try_open(session, payload, project, owner.clone(), entered) {
            Err(error) if store::is_absent(&error) => {
                self.try_open(session, payload, project, owner, entered)
            }
            done => done,
        }
    }

    fn try_open(
        &self,
        session: &SessionId,
        payload: &Payload,
        project: &(PathBuf, &str),
        owner: Option<Owner>,
        entered: Moment,
    ) -> io::Result<()> {
        self.refuse_link()?;
        store::create_private_dir(&self.path)?;
        // A lock that stays busy is ignored, because it must not hold up the hook.
        let _lock = lock::exclusive(&self.lock_path(), lock::HOT);
        let mut meta = match store::read(&self.meta_path())? {
            None => self.first_meta(session, payload, project, entered),
            // The file of a newer version is not changed.
            Some(bytes) if is_newer(&bytes) => return Ok(()),
            Some(bytes) => match serde_json::from_slice::<Meta>(&bytes) {
                Ok(meta) => meta,
                Err(_) => {
                    store::quarantine::keep_copy(&self.meta_path())?;
                    self.first_meta(session, payload, project, entered)
                }
            },
        };
        let owner = owner.map(|owner| Owner { first_seen: Some(entered.rfc3339()), ..owner });
        if !meta.adopt(owner) && self.is_known() {
            return Ok(());
        }
        let Site { boot_id, pid_ns, host } = Site::here().clone();
        (meta.boot_id, meta.pid_ns, meta.host) = (boot_id, pid_ns, host);
        let bytes = serde_json::to_vec(&meta)?;
        replace(&self.meta_path(), &bytes, Durability::Rebuildable, 0o600)
    }

    fn first_meta(
        &self,
        session: &SessionId,
        payload: &Payload,
        (project_dir, source): &(PathBuf, &str),
        entered: Moment,
    ) -> Meta {
        let real = std::fs::canonicalize(project_dir).ok();
        Meta {
            v: FORMAT,
            session_id: session.full().to_owned(),
            created_at: entered.rfc3339(),
            project_dir_real: real.filter(|real| real != project_dir),
            project_dir: project_dir.clone(),
            project_dir_source: (*source).to_owned(),
            start_cwd: (!payload.cwd.is_empty()).then(|| payload.cwd.clone().into()),
            boot_id: None,
            pid_ns: None,
            host: None,
            owner: None,
            prev_owners: Vec::new(),
            generation: 1,
            transcript_path: (!payload.transcript_path.is_empty())
                .then(|| payload.transcript_path.clone().into()),
            writer: format!("stanchion/{}", platform::VERSION),
            other: Map::new(),
        }
    }

    /// Appends one event, and creates the directory if it is missing. A log of 5 MiB or more takes no further tool
    /// events without meaning. Returns the line's position, and whether the directory had to be created.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub fn append(&self, event: &LoggedEvent, wait: std::time::Duration) -> io::Result<Appended> {
        self.refuse_link()?;
        let line = event.to_line()?;
        // Even in a full log, the end of a tool may end a wait for the user. Such an event must be recorded.
        let is_kept =
            |log: &File, length| !event.is_heartbeat() || length < HARD_CAP || is_waited_for(log, length);
        let append = || append::append_where(&self.events(), &self.lock_path(), &line, wait, is_kept);
        match append() {
            Err(error) if store::is_absent(&error) => {
                store::create_private_dir(&self.path)?;
                append().map(|place| Appended { place, is_made_anew: true })
            }
            done => done.map(|place| Appended { place, is_made_anew: false }),
        }
    }

    /// Whether the log has reached the size from which such tool events are dropped.
    pub fn is_full(&self) -> bool {
        std::fs::metadata(self.events()).is_ok_and(|meta| meta.len() >= HARD_CAP)
    }

    /// Returns an error if the directory is a symbolic link. Readers ignore such a directory, and the link's target
    /// belongs to the user.
    ///
    /// # Errors
    /// When the directory is a symbolic link.
    pub fn refuse_link(&self) -> io::Result<()> {
        if !std::fs::symlink_metadata(&self.path).is_ok_and(|meta| meta.is_symlink()) {
            return Ok(());
        }
        let path = self.path.display();
        Err(io::Error::other(format!(
            "nothing is recorded through a symbolic link until it is removed: {path}"
        )))
    }

    /// The lock for writing in this directory.
    ///
    /// # Errors
    /// As [`lock::exclusive`].
    pub fn lock(&self, wait: std::time::Duration) -> Result<lock::Lock, lock::LockError> {
        lock::exclusive(&self.lock_path(), wait)
    }

    /// The events in the last `most` bytes of the log, in log order. A partial first line is skipped.
    ///
    /// # Errors
    /// When the log exists and cannot be read.
    pub fn read_tail(&self, most: u64) -> io::Result<Vec<LoggedEvent>> {
        Ok(append::read_lines::<LoggedEvent>(&self.tail(most)?).0)
    }

    /// The last `most` bytes of the log.
    fn tail(&self, most: u64) -> io::Result<Vec<u8>> {
        let (mut log, about) = match store::open_regular(&self.events()) {
            Ok(log) => log,
            Err(error) if store::is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        log.seek(SeekFrom::Start(about.len().saturating_sub(most)))?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// All events of the session in log order without duplicates, and the number of lines that are not valid.
    ///
    /// # Errors
    /// When the log exists and cannot be read.
    pub fn read_events(&self) -> io::Result<(Vec<LoggedEvent>, usize)> {
        let bytes = store::read(&self.events())?.unwrap_or_default();
        let (mut events, skipped) = append::read_lines::<LoggedEvent>(&bytes);
        let mut seen = std::collections::HashSet::new();
        events.retain(|event| seen.insert(event.event_id.clone()));
        Ok((events, skipped))
    }
}

/// Whether the log ends in a turn with an open question to the user. The end of a tool may answer it.
fn is_waited_for(log: &File, length: u64) -> bool {
    let looked_at = FULL_TAIL.min(length);
    let mut tail = vec![0; looked_at as usize];
    if log.read_exact_at(&mut tail, length - looked_at).is_err() {
        return false;
    }
    // The lines are searched as text: parsing a full log would cost the hook more. A quote in a value is escaped, so
    // a match is a key.
    for line in tail.rsplit(|byte| *byte == b'\n') {
        const KEY: &[u8] = br#""event":""#;
        let Some(at) = memmem::find(line, KEY) else { continue };
        let rest = &line[at + KEY.len()..];
        let says = |value: &[u8]| memmem::find(rest, value).is_some();
        match rest.split(|byte| *byte == b'"').next().unwrap_or_default() {
            b"Stop" | b"UserPromptSubmit" => return false,
            b"PermissionRequest" | b"Notification" | b"Elicitation" => return true,
            b"PreToolUse" if says(br#""AskUserQuestion""#) || says(br#""ExitPlanMode""#) => return true,
            _ => {}
        }
    }
    false
}

impl Meta {
    /// Sets the owner. Returns whether it changed.
    fn adopt(&mut self, owner: Option<Owner>) -> bool {
        let Some(new) = owner else { return false };
        match &self.owner {
            // A client that had the session before another client took it over still has it.
            Some(_) if self.owners().any(|old| old.is_same(&new)) => return false,
            Some(old) => {
                self.prev_owners.push(Owner { boot_id: self.boot_id.clone(), ..old.clone() });
                let surplus = self.prev_owners.len().saturating_sub(MOST_OWNERS);
                self.prev_owners.drain(..surplus);
                self.generation += 1;
            }
            None => {}
        }
        self.owner = Some(new);
        true
    }

    /// The current owner, then the previous ones, oldest first.
    pub fn owners(&self) -> impl Iterator<Item = &Owner> + Clone {
        self.owner.iter().chain(&self.prev_owners)
    }

    /// The scope of the current owner's process number.
    pub fn site(&self) -> Site {
        Site { boot_id: self.boot_id.clone(), pid_ns: self.pid_ns.clone(), host: self.host.clone() }
    }

    /// Whether the session's client still runs.
    pub fn liveness(&self) -> Liveness {
        self.owner.as_ref().map_or(Liveness::Unknown, |owner| owner.liveness(&self.site()))
    }

    /// The other recognised clients that may still have the session. One that cannot be looked up may still have it.
    pub fn others_than<'a>(&'a self, leaving: &'a Owner) -> impl Iterator<Item = &'a Owner> {
        let site = self.site();
        self.owners().filter(move |owner| {
            !owner.is_same(leaving) && owner.is_recognised() && owner.liveness(&site) != Liveness::Dead
        })
    }

    /// Whether this version may change the session's files.
    pub fn is_supported(&self) -> bool {
        self.v <= FORMAT
    }
}

/// Whether a `meta.json` names a format version that is newer than this one.
fn is_newer(meta: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    serde_json::from_slice::<Version>(meta).is_ok_and(|found| found.v > u64::from(FORMAT))
}

/// Returns an error if sessions cannot be listed. A missing folder is not an error.
///
/// # Errors
/// When their folder cannot be read.
pub fn can_list(paths: &Paths) -> io::Result<()> {
    match std::fs::read_dir(paths.sessions_dir()) {
        Err(error) if !store::is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}

/// The directories of all recorded sessions.
pub fn all(paths: &Paths) -> Vec<SessionDir> {
    let Ok(entries) = std::fs::read_dir(paths.sessions_dir()) else { return Vec::new() };
    let is_session = |name: &str| !name.starts_with('.') && !name.ends_with(".lock") && name != "legacy";
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_session))
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| SessionDir::at(entry.path()))
        .collect()
}

/// The recorded sessions with this key. A directory's name is the session's id, so only the few hashed names need
/// their `meta.json`.
pub fn with_key(paths: &Paths, key: &crate::session_id::SessionKey) -> Vec<(SessionId, SessionDir)> {
    let id_of = |dir: &SessionDir| {
        let name = dir.path().file_name()?.to_str()?;
        if name.starts_with("x-") { SessionId::new(&dir.meta()?.session_id) } else { SessionId::new(name) }
    };
    all(paths)
        .into_iter()
        .filter_map(|dir| Some((id_of(&dir)?, dir)))
        .filter(|(id, _)| id.key() == key)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(json: &str) -> Payload {
        Payload::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_new_owner_opens_a_generation_and_the_project_stays() {
        let home = tempfile::tempdir().unwrap();
        let dir = SessionDir::at(home.path().join("s"));
        let payload = payload(r#"{"session_id":"abc","cwd":"/one"}"#);
        let session = payload.session().unwrap();
        let owner = |pid: u32| Owner {
            pid,
            proc_started: None,
            start_raw: "1".into(),
            start_unit: platform::process::START_UNIT.into(),
            found_by: "exe".into(),
            exe: "claude".into(),
            first_seen: None,
            boot_id: None,
            other: Map::new(),
        };
        let open = |project: &str, pid: u32| {
            dir.open(&session, &payload, &(project.into(), "cwd"), Some(owner(pid)), Moment::now()).unwrap();
            dir.meta().unwrap()
        };
        assert_eq!(open("/one", 10).generation, 1);
        let same = store::read(&dir.meta_path()).unwrap();
        open("/two", 10);
        assert_eq!(store::read(&dir.meta_path()).unwrap(), same, "nothing changed, nothing is written");
        let meta = open("/two", 11);
        assert_eq!((meta.generation, meta.prev_owners.len()), (2, 1));
        assert_eq!(open("/two", 10).generation, 2, "both have it");
        assert_eq!(meta.project_dir, Path::new("/one"));
    }

    #[test]
    fn what_a_newer_version_wrote_stays_whatever_it_looks_like() {
        let home = tempfile::tempdir().unwrap();
        let dir = SessionDir::at(home.path().join("s"));
        store::create_private_dir(dir.path()).unwrap();
        let payload = payload(r#"{"session_id":"abc","cwd":"/one"}"#);
        let session = payload.session().unwrap();
        let text = br#"{"v":2,"session_id":["abc"]}"#;
        replace(&dir.meta_path(), text, Durability::Rebuildable, 0o600).unwrap();
        dir.open(&session, &payload, &("/one".into(), "cwd"), None, Moment::now()).unwrap();
        assert!(dir.meta().is_none() && dir.is_of_newer_version());
        assert_eq!(store::read(&dir.meta_path()).unwrap().unwrap(), text);
        replace(&dir.meta_path(), b"{\"v\":1}", Durability::Rebuildable, 0o600).unwrap();
        assert!(!dir.is_of_newer_version());
    }
}
