//! A session's own directory: `meta.json`, written once and changed only when the owner changes, and
//! `events.jsonl`, to which every hook appends one line.
//!
//! Neither holds prompts, file contents or tool output: a line keeps what explains and replays a decision, of a failure
//! the one line that tells most.

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
/// Previous owners kept.
const MOST_OWNERS: usize = 8;
/// A log that reached so many bytes takes no more heartbeats of tools, only what means something.
const HARD_CAP: u64 = 5 * 1024 * 1024;
/// How much of a full log is looked at for an open question, in bytes.
const FULL_TAIL: u64 = 8 * 1024;

/// What the spine keeps in a session's directory. Domains name their files in their projections.
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
    /// The project the session belongs to; never changes.
    pub project_dir: PathBuf,
    /// Where that came from: `env` or `cwd`.
    #[serde(default)]
    pub project_dir_source: String,
    /// The project with symbolic links resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_dir_real: Option<PathBuf>,
    /// The folder of the first event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_cwd: Option<PathBuf>,
    /// The boot the owner runs in.
    #[serde(default)]
    pub boot_id: Option<String>,
    /// The namespace of the owner's number.
    #[serde(default)]
    pub pid_ns: Option<String>,
    /// The machine the owner runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The client.
    #[serde(default)]
    pub owner: Option<Owner>,
    /// Clients that had the session before.
    #[serde(default)]
    pub prev_owners: Vec<Owner>,
    /// Counts the session's lives: it grows when a new owner takes the session up.
    #[serde(default)]
    pub generation: u64,
    /// The transcript.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transcript_path: Option<PathBuf>,
    /// Who wrote this file.
    #[serde(default)]
    pub writer: String,
    /// Whatever else another version wrote.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Where in the log it stands; `None` when the log was full and the line told nothing.
    pub place: Option<Range<u64>>,
    /// Whether the session's directory had to be made first.
    pub is_made_anew: bool,
}

impl SessionDir {
    /// The directory of a session, whether it exists or not.
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

    /// A file of a domain's, by the name that its projection gives.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The session's number in its project, where it has one: other domains name the session by it.
    pub fn number(&self) -> Option<u64> {
        #[derive(Deserialize)]
        struct Numbered {
            number: Option<u64>,
        }
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

    /// `meta.json`; `None` when it is missing or cannot be read as one.
    pub fn meta(&self) -> Option<Meta> {
        serde_json::from_slice(&store::read(&self.meta_path()).ok()??).ok()
    }

    /// Whether a newer version wrote `meta.json`, whatever that looks like: nothing may change or remove it.
    pub fn is_of_newer_version(&self) -> bool {
        store::read(&self.meta_path()).ok().flatten().is_some_and(|bytes| is_newer(&bytes))
    }

    /// Makes the directory and `meta.json` if they are not there, and records a new owner if `owner` is
    /// another process than the one on record. `project` is used only when the session is new.
    ///
    /// # Errors
    /// When the directory cannot be made or the file not written.
    pub fn open(
        &self,
        session: &SessionId,
        payload: &Payload,
        project: &(PathBuf, &str),
        owner: Option<Owner>,
        entered: Moment,
    ) -> io::Result<()> {
        // A directory that is being purged may go between the steps; the second time it is made anew.
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
        let _lock = lock::exclusive(&self.lock_path(), lock::HOT);
        let mut meta = match store::read(&self.meta_path())? {
            None => self.first_meta(session, payload, project, entered),
            // A newer version's file is left alone.
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

    /// Appends one event; makes the directory when it is gone. A log that has reached 5 MiB takes no more
    /// heartbeats of tools. Where the line stands, and whether the directory had gone with all that is fixed about
    /// the session.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub fn append(&self, event: &LoggedEvent, wait: std::time::Duration) -> io::Result<Appended> {
        self.refuse_link()?;
        let line = event.to_line()?;
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

    /// Whether the log has reached the size from which on heartbeats are no longer kept.
    pub fn is_full(&self) -> bool {
        std::fs::metadata(self.events()).is_ok_and(|meta| meta.len() >= HARD_CAP)
    }

    /// Nothing of a session lies behind a symbolic link: readers ignore it, and its target belongs to the user.
    ///
    /// # Errors
    /// When the directory is one.
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

    /// The events in the last `most` bytes of the log, in log order. An event cut in half is left out.
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

    /// Every event of the session in log order, doubles dropped, and how many lines could not be read.
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

/// Whether the log ends in a turn in which a person was asked something: the end of a tool may end that wait. The
/// lines are searched as text, because a full log must not cost a hook more than another; a quote inside a value is
/// escaped, so what is found is a key.
fn is_waited_for(log: &File, length: u64) -> bool {
    let looked_at = FULL_TAIL.min(length);
    let mut tail = vec![0; looked_at as usize];
    if log.read_exact_at(&mut tail, length - looked_at).is_err() {
        return false;
    }
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
    /// Makes `owner` the owner; whether that changed anything.
    fn adopt(&mut self, owner: Option<Owner>) -> bool {
        let Some(new) = owner else { return false };
        match &self.owner {
            // A client that had the session before another took it up as well still has it.
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

    /// The present owner, then the previous ones, oldest first.
    pub fn owners(&self) -> impl Iterator<Item = &Owner> + Clone {
        self.owner.iter().chain(&self.prev_owners)
    }

    /// Where the present owner's number means something.
    pub fn site(&self) -> Site {
        Site { boot_id: self.boot_id.clone(), pid_ns: self.pid_ns.clone(), host: self.host.clone() }
    }

    /// Whether the session's client still runs.
    pub fn liveness(&self) -> Liveness {
        self.owner.as_ref().map_or(Liveness::Unknown, |owner| owner.liveness(&self.site()))
    }

    /// The clients but `leaving` that may still have the session. One that cannot be looked up may.
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

/// Whether the bytes of a `meta.json` name a version that this one does not know.
fn is_newer(meta: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    serde_json::from_slice::<Version>(meta).is_ok_and(|found| found.v > u64::from(FORMAT))
}

/// Whether sessions can be listed; where nothing was recorded yet they can.
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

/// The recorded sessions whose id has this short form. A directory is named by its session's id, so only the
/// few hashed names need their `meta.json` read.
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
