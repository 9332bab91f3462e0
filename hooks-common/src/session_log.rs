//! A session's own directory: `meta.json`, written once and changed only when the owner changes, and
//! `events.jsonl`, to which every hook appends one line.
//!
//! Neither holds prompts, file contents or tool output: a line keeps what explains and replays a decision.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::Payload;
use crate::owner::Owner;
use crate::paths::Paths;
use crate::process;
use crate::redact::redact;
use crate::session_id::SessionId;
use crate::store::{self, Durability, append, lock, replace};
use crate::text::cut_bytes;
use crate::time::Moment;

/// The longest line, in bytes.
const LONGEST_LINE: usize = 8 * 1024;
/// The longest redacted command kept, in bytes.
const LONGEST_COMMAND: usize = 1024;
/// The longest path kept, in bytes.
const LONGEST_PATH: usize = 1024;
/// The format version of `meta.json` and of each event.
const FORMAT: u32 = 1;
/// Previous owners kept.
const MOST_OWNERS: usize = 8;

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

/// One line of `events.jsonl`. Events of a session are ordered by `mono_ns` within a boot, then by position.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoggedEvent {
    /// The format version.
    pub v: u32,
    /// Unique; a line that stands twice counts once.
    pub event_id: String,
    /// Wall-clock time, RFC 3339.
    pub recorded_at: String,
    /// Nanoseconds of the monotonic clock at hook entry.
    #[serde(default)]
    pub mono_ns: u64,
    /// The boot `mono_ns` belongs to; only on SessionStart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// The full session id.
    pub session_id: String,
    /// The host's event name, or one of ours with a leading underscore.
    pub event: String,
    /// The hook's process.
    #[serde(default)]
    pub pid: u32,
    /// The session's folder.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cwd: String,
    /// The host's permission mode.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub permission_mode: String,
    /// The tool.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tool_name: String,
    /// Ties a tool's events together.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tool_use_id: String,
    /// The file the tool names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file_path: String,
    /// `edit` or `read`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file_op: String,
    /// Bash: the command, redacted, at most 1 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// Skill: its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub skill: String,
    /// SessionStart: its source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// SessionEnd: its reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The subagent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent_id: String,
    /// The subagent's type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent_type: String,
    /// Stop: whether the turn was sent back before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_hook_active: bool,
    /// PostToolUseFailure: whether the user interrupted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_interrupt: bool,
    /// Whether a text above was cut.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// What the gates decided and on which facts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gates: Option<GateRecord>,
}

/// The gates' part of an event: enough to explain the decision and to take it again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GateRecord {
    /// `pass`, `deny`, `block`, or why the gates did not look: `paused`, `skipped`, `disabled`, `exempt`. Empty
    /// for events that decide nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// The hash of the policy that decided.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub policy: String,
    /// The branch whose state was asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub branch: String,
    /// The requirements that the event triggered, each with its state: `open`, `satisfied`, `armed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<(String, String)>,
    /// Requirements marked as triggered for the first time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggered: Vec<String>,
    /// Requirements satisfied by the event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub satisfied: Vec<String>,
    /// How: `skill:<name>`, `cli`, `carry_over`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub satisfied_by: String,
    /// Requirements whose satisfaction the event ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<String>,
    /// Requirements the model was reminded of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminded: Vec<String>,
}

impl LoggedEvent {
    /// The line for a payload, bounded and redacted.
    pub fn of(payload: &Payload, session: &SessionId, event: &str, entered: Moment) -> Self {
        let mut truncated = false;
        let mut bounded = |text: &str, most: usize| {
            let cut = cut_bytes(text, most);
            truncated |= cut.len() < text.len();
            cut.to_owned()
        };
        let file = payload.file().map(|file| payload.folder().join(file));
        let file = file.as_deref().map(Path::to_string_lossy).unwrap_or_default();
        let edits = crate::event::is_edit_tool(&payload.tool_name);
        // A command is cut before it is redacted, so that a huge one costs no more than a long one; the cut
        // leaves room for a secret that ends beyond the kept part.
        let command = redact(cut_bytes(&payload.tool_input.command, 4 * LONGEST_COMMAND)).into_owned();
        let mut line = Self {
            v: FORMAT,
            event_id: event_id(&entered),
            recorded_at: entered.rfc3339(),
            mono_ns: entered.mono_ns,
            session_id: session.full().to_owned(),
            event: event.to_owned(),
            pid: std::process::id(),
            cwd: bounded(&payload.cwd, LONGEST_PATH),
            permission_mode: bounded(&payload.permission_mode, 64),
            tool_name: bounded(&payload.tool_name, 128),
            tool_use_id: bounded(&payload.tool_use_id, 128),
            file_op: if file.is_empty() {
                ""
            } else if edits {
                "edit"
            } else {
                "read"
            }
            .to_owned(),
            file_path: bounded(&file, LONGEST_PATH),
            command: bounded(&command, LONGEST_COMMAND),
            skill: bounded(&payload.tool_input.skill, 128),
            source: bounded(&payload.source, 64),
            reason: bounded(&payload.reason, 64),
            agent_id: bounded(&payload.agent_id, 128),
            agent_type: bounded(&payload.agent_type, 128),
            stop_hook_active: payload.stop_hook_active,
            is_interrupt: payload.is_interrupt,
            ..Self::default()
        };
        line.truncated = truncated;
        line
    }

    /// A line for something that `req` did in the session.
    pub fn of_command(session: &SessionId, name: &str, gates: GateRecord) -> Self {
        let now = Moment::now();
        Self {
            v: FORMAT,
            event_id: event_id(&now),
            recorded_at: now.rfc3339(),
            mono_ns: now.mono_ns,
            session_id: session.full().to_owned(),
            event: format!("_{name}"),
            pid: std::process::id(),
            gates: Some(gates),
            ..Self::default()
        }
    }

    /// Seconds since 1970, 0 when the timestamp cannot be read.
    pub fn epoch(&self) -> i64 {
        chrono::DateTime::parse_from_rfc3339(&self.recorded_at).map_or(0, |time| time.timestamp())
    }

    fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        let line = serde_json::to_vec(self)?;
        if line.len() <= LONGEST_LINE {
            return Ok(line);
        }
        // Escapes or many requirement names made it too long: drop what can be long, keep what identifies it.
        let gates = self.gates.as_ref().map(|gates| GateRecord {
            outcome: gates.outcome.clone(),
            policy: gates.policy.clone(),
            ..GateRecord::default()
        });
        let short = Self {
            command: String::new(),
            cwd: String::new(),
            file_path: String::new(),
            truncated: true,
            gates,
            ..self.clone()
        };
        serde_json::to_vec(&short)
    }
}

/// Unique without a source of randomness: no two processes share a number at one nanosecond of one clock.
fn event_id(entered: &Moment) -> String {
    format!("{}-{}-{:04x}", entered.rfc3339(), std::process::id(), entered.mono_ns & 0xffff)
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

    /// Makes the directory and `meta.json` if they are not there, and records a new owner if `owner` is
    /// another process than the one on record. `project` is used only when the session is new.
    ///
    /// # Errors
    /// When the directory cannot be made or the file not written.
    pub fn open(
        &self,
        session: &SessionId,
        payload: &Payload,
        project: (PathBuf, &str),
        owner: Option<Owner>,
        entered: Moment,
    ) -> io::Result<()> {
        store::create_private_dir(&self.path)?;
        let _lock = lock::exclusive(&self.lock_path(), lock::HOT);
        let mut meta = match store::read(&self.meta_path())? {
            None => self.first_meta(session, payload, project, entered),
            Some(bytes) => match serde_json::from_slice::<Meta>(&bytes) {
                // A newer version's file is left alone.
                Ok(meta) if meta.v > FORMAT => return Ok(()),
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
        meta.boot_id = process::boot_id();
        meta.pid_ns = process::pid_namespace();
        let bytes = serde_json::to_vec(&meta)?;
        replace(&self.meta_path(), &bytes, Durability::Rebuildable, 0o600)
    }

    fn first_meta(
        &self,
        session: &SessionId,
        payload: &Payload,
        (project_dir, source): (PathBuf, &str),
        entered: Moment,
    ) -> Meta {
        let real = std::fs::canonicalize(&project_dir).ok();
        Meta {
            v: FORMAT,
            session_id: session.full().to_owned(),
            created_at: entered.rfc3339(),
            project_dir_real: real.filter(|real| *real != project_dir),
            project_dir,
            project_dir_source: source.to_owned(),
            start_cwd: (!payload.cwd.is_empty()).then(|| payload.cwd.clone().into()),
            boot_id: None,
            pid_ns: None,
            owner: None,
            prev_owners: Vec::new(),
            generation: 1,
            transcript_path: (!payload.transcript_path.is_empty())
                .then(|| payload.transcript_path.clone().into()),
            writer: format!("stanchion/{}", crate::VERSION),
            other: Map::new(),
        }
    }

    /// Appends one event; makes the directory when it is gone.
    ///
    /// # Errors
    /// When the log cannot be written.
    pub fn append(&self, event: &LoggedEvent, wait: std::time::Duration) -> io::Result<()> {
        let line = event.to_line()?;
        match append::append_line(&self.events(), &self.lock_path(), &line, wait) {
            Err(error) if store::is_absent(&error) => {
                store::create_private_dir(&self.path)?;
                append::append_line(&self.events(), &self.lock_path(), &line, wait)
            }
            done => done,
        }
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

impl Meta {
    /// Makes `owner` the owner; whether that changed anything.
    fn adopt(&mut self, owner: Option<Owner>) -> bool {
        let Some(new) = owner else { return false };
        match &self.owner {
            Some(old) if old.is_same(&new) => return false,
            Some(old) => {
                self.prev_owners.push(old.clone());
                let surplus = self.prev_owners.len().saturating_sub(MOST_OWNERS);
                self.prev_owners.drain(..surplus);
                self.generation += 1;
            }
            None => {}
        }
        self.owner = Some(new);
        true
    }

    /// Whether the session's client still runs.
    pub fn liveness(&self) -> process::Liveness {
        match &self.owner {
            Some(owner) => owner.liveness(self.boot_id.as_deref(), self.pid_ns.as_deref()),
            None => process::Liveness::Unknown,
        }
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
    fn a_line_keeps_no_bodies_and_no_secrets() {
        let payload = payload(
            r#"{"session_id":"abc","cwd":"/r","tool_name":"Bash","prompt":"PROMPT-TEXT",
                "tool_input":{"command":"TOKEN=hunter2 make","content":"BODY","new_string":"BODY"},
                "tool_response":{"stdout":"OUTPUT"}}"#,
        );
        let session = payload.session().unwrap();
        let event = LoggedEvent::of(&payload, &session, "PostToolUse", Moment::now());
        let line = String::from_utf8(event.to_line().unwrap()).unwrap();
        for absent in ["PROMPT-TEXT", "BODY", "OUTPUT", "hunter2"] {
            assert!(!line.contains(absent), "{line}");
        }
        assert!(line.contains("TOKEN=[redacted] make"));
    }

    #[test]
    fn a_line_is_bounded() {
        let long = "\\u0001".repeat(60_000);
        let payload = payload(&format!(
            r#"{{"session_id":"abc","cwd":"/{long}","tool_name":"Bash","tool_input":{{"command":"{long}"}}}}"#
        ));
        let session = payload.session().unwrap();
        let event = LoggedEvent::of(&payload, &session, "PreToolUse", Moment::now());
        assert!(event.truncated && event.to_line().unwrap().len() <= LONGEST_LINE);
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
            start_unit: process::START_UNIT.into(),
            found_by: "exe".into(),
            exe: "claude".into(),
            first_seen: None,
            other: Map::new(),
        };
        let open = |project: &str, pid: u32| {
            dir.open(&session, &payload, (project.into(), "cwd"), Some(owner(pid)), Moment::now()).unwrap();
            dir.meta().unwrap()
        };
        assert_eq!(open("/one", 10).generation, 1);
        let same = store::read(&dir.meta_path()).unwrap();
        open("/two", 10);
        assert_eq!(store::read(&dir.meta_path()).unwrap(), same, "nothing changed, nothing is written");
        let meta = open("/two", 11);
        assert_eq!((meta.generation, meta.prev_owners.len()), (2, 1));
        assert_eq!(meta.project_dir, Path::new("/one"));
    }
}
