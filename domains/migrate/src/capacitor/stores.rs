//! Everything the older system keeps below its folder, as its own reader sees it.
//!
//! That reader takes a file that it does not understand for an empty one and says nothing. For resolution we see
//! the same emptiness; we also report a problem with the file and the reason, so that nothing is lost
//! unnoticed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::activity::{self, SessionActivity};
use super::files::{missing_or, text};
use super::locks::{self, SessionLock};
use hooks_common::session_state::SessionState;

/// The only version of `sessions.json` that is understood.
const RECORDS_VERSION: u64 = 3;

/// The older system's stores, read at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stores {
    /// `sessions.json`: the last known state of each session, by its key in the file.
    pub records: BTreeMap<String, SessionRecord>,
    /// `sessions/*.lock/`: who runs where, by name. Locks that cannot be read are among the problems.
    pub locks: Vec<SessionLock>,
    /// `ended-sessions/`: the sessions whose later events are ignored.
    pub ended: BTreeSet<String>,
    /// `file-activity.json`: the files that each session touched.
    pub activity: BTreeMap<String, SessionActivity>,
    /// Whether there is a `sessions.json` of which the older system reads nothing.
    pub records_unreadable: bool,
    /// What was passed over, each with its file and the reason.
    pub problems: Vec<String>,
}

/// One session in `sessions.json`. One record that lacks one of the first five fields, or holds another type in
/// any, costs the older system the whole file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct SessionRecord {
    /// The session.
    pub session_id: String,
    /// Its last state.
    pub state: SessionState,
    /// The folder of its last event.
    pub cwd: String,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
    /// When its state last became another one.
    pub state_changed_at: DateTime<Utc>,
    /// What it works on, in words; hooks leave it empty.
    #[serde(default)]
    pub working_on: Option<String>,
    /// Its transcript; hooks leave it empty.
    #[serde(default)]
    pub transcript_path: Option<String>,
    /// Its permission mode; hooks leave it empty.
    #[serde(default)]
    pub permission_mode: Option<String>,
    /// Where it was started; hooks leave it empty.
    #[serde(default)]
    pub project_dir: Option<String>,
    /// How many subagents run; hooks leave it at 0.
    #[serde(default)]
    pub active_subagent_count: u32,
    #[serde(default)]
    last_event: Option<LastEvent>,
}

/// Read for its types alone: another type in here makes the whole file unreadable for the older system.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct LastEvent {
    hook_event_name: Option<String>,
    at: Option<DateTime<Utc>>,
    tool_name: Option<String>,
    tool_use_id: Option<String>,
    notification_type: Option<String>,
    trigger: Option<String>,
    source: Option<String>,
    reason: Option<String>,
    stop_hook_active: Option<bool>,
    agent_id: Option<String>,
    agent_transcript_path: Option<String>,
}

impl SessionRecord {
    /// A record as the older system's hook writes it: the five fields, everything else empty.
    pub fn new(session_id: &str, state: SessionState, cwd: &str, at: DateTime<Utc>) -> Self {
        Self {
            session_id: session_id.to_owned(),
            state,
            cwd: cwd.to_owned(),
            updated_at: at,
            state_changed_at: at,
            working_on: None,
            transcript_path: None,
            permission_mode: None,
            project_dir: None,
            active_subagent_count: 0,
            last_event: None,
        }
    }

    /// The paths the session is found by.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        [Some(self.cwd.as_str()), self.project_dir.as_deref()].into_iter().flatten()
    }
}

impl Stores {
    /// Reads the stores below `root`. Files in the oldest activity format count for the folder of their session.
    pub fn read(root: &Path) -> Self {
        Self::read_with(root, &|_| None)
    }

    /// As [`Stores::read`], where `project_of` names the project of a file for entries that name none.
    pub fn read_with(root: &Path, project_of: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut stores = Self::default();
        if !root.is_dir() {
            stores.problems.push(format!("{}: not there", root.display()));
            return stores;
        }
        stores.read_records(&root.join("sessions.json"));
        let (found, problems) = locks::read(&root.join("sessions"));
        stores.locks = found;
        stores.problems.extend(problems);
        stores.read_ended(&root.join("ended-sessions"));
        let (found, problems) = activity::read(&root.join("file-activity.json"), project_of);
        stores.activity = found;
        stores.problems.extend(problems);
        stores
    }

    fn read_records(&mut self, path: &Path) {
        #[derive(Deserialize)]
        struct RecordsFile {
            version: u32,
            sessions: BTreeMap<String, SessionRecord>,
        }
        let text = match text(path) {
            Ok(Some(text)) => text,
            Ok(None) => return self.problems.push(format!("{}: not there", path.display())),
            Err(reason) => {
                self.records_unreadable = true;
                return self.problems.push(format!("{}: {reason}", path.display()));
            }
        };
        match serde_json::from_str::<RecordsFile>(&text) {
            Ok(file) if u64::from(file.version) == RECORDS_VERSION => {
                for (key, record) in file.sessions.iter().filter(|(key, record)| **key != record.session_id) {
                    let problem = format!("`{key}` holds the record of `{}`", record.session_id);
                    self.problems.push(format!("{}: {problem}", path.display()));
                }
                self.records = file.sessions;
            }
            parsed => {
                self.records_unreadable = true;
                let reason = unreadable(&text, parsed.err());
                self.problems.push(format!("{}: {reason}", path.display()));
            }
        }
    }

    fn read_ended(&mut self, folder: &Path) {
        match std::fs::read_dir(folder) {
            Ok(entries) => {
                self.ended =
                    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            }
            Err(error) => self.problems.push(format!("{}: {}", folder.display(), missing_or(error))),
        }
    }
}

/// Why the older system reads nothing of `sessions.json`, and what that costs.
fn unreadable(text: &str, error: Option<serde_json::Error>) -> String {
    let loose: Value = serde_json::from_str(text).unwrap_or_default();
    let sessions = loose.get("sessions").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    let version = loose.get("version");
    let why = match error {
        _ if text.trim().is_empty() => return "empty".to_owned(),
        _ if version.is_some_and(|version| version.as_u64() != Some(RECORDS_VERSION)) => {
            format!("version {} instead of {RECORDS_VERSION}", version.unwrap_or(&Value::Null))
        }
        Some(error) => error.to_string(),
        None => "not understood".to_owned(),
    };
    match sessions {
        0 => why,
        count => format!("{why}; none of its {count} sessions is read"),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    fn read(sessions: &str) -> Stores {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("sessions.json"), sessions).unwrap();
        Stores::read(root.path())
    }

    fn record(fields: &str) -> String {
        format!(
            r#"{{"session_id": "s1", "state": "working", "cwd": "/repo",
            "updated_at": "2026-01-27T18:22:11.882126059Z", {fields}}}"#
        )
    }

    fn says(stores: &Stores, file: &str, reason: &str) {
        let found = stores.problems.iter().any(|problem| problem.contains(file) && problem.contains(reason));
        assert!(found, "{reason}: {:?}", stores.problems);
    }

    #[test]
    fn a_store_in_the_exact_format_is_read() {
        let stores = read(
            r#"{
  "version": 3,
  "sessions": {
    "s1": {
      "session_id": "s1",
      "state": "waiting",
      "cwd": "/repo",
      "updated_at": "2026-01-27T18:22:11.882126059Z",
      "state_changed_at": "2026-01-27T19:20:00+01:00",
      "working_on": null,
      "transcript_path": null,
      "permission_mode": null,
      "project_dir": null,
      "last_event": null,
      "active_subagent_count": 0
    }
  }
}"#,
        );
        let record = &stores.records["s1"];
        assert_eq!((record.state, record.cwd.as_str()), (SessionState::Waiting, "/repo"));
        assert_eq!(record.updated_at.timestamp_subsec_nanos(), 882_126_059);
        assert_eq!(record.state_changed_at.to_rfc3339(), "2026-01-27T18:20:00+00:00");
        assert!(!stores.records_unreadable);
        assert_eq!(stores.problems.len(), 3, "only the three that are missing: {:?}", stores.problems);
    }

    #[test]
    fn five_fields_are_enough_and_any_fraction_or_offset_is_a_time() {
        for time in [
            "2026-01-27T18:22:11Z",
            "2026-01-27T18:22:11.5Z",
            "2026-01-27T18:22:11.123456789+00:00",
            "2026-01-27T13:22:11-05:00",
        ] {
            let stores = read(&format!(
                r#"{{"version": 3, "sessions": {{"s1": {}}}}}"#,
                record(&format!(r#""state_changed_at": "{time}""#))
            ));
            assert_eq!(stores.records["s1"].state_changed_at.timestamp(), 1_769_538_131, "{time}");
        }
    }

    #[test]
    fn one_broken_record_costs_the_file_and_is_told() {
        let whole = record(r#""state_changed_at": "2026-01-27T18:22:11Z""#);
        let broken = record(r#""working_on": null"#);
        let stores = read(&format!(r#"{{"version": 3, "sessions": {{"s1": {whole}, "s2": {broken}}}}}"#));
        assert!(stores.records.is_empty() && stores.records_unreadable);
        says(&stores, "sessions.json", "state_changed_at");
        says(&stores, "sessions.json", "none of its 2 sessions is read");

        let typed = record(r#""state_changed_at": "2026-01-27T18:22:11Z", "last_event": {"trigger": 7}"#);
        let stores = read(&format!(r#"{{"version": 3, "sessions": {{"s1": {typed}}}}}"#));
        assert!(stores.records.is_empty() && stores.records_unreadable);
    }

    #[test]
    fn what_is_not_version_3_reads_as_nothing_and_is_told() {
        for (text, reason) in [
            ("", "empty"),
            ("  \n", "empty"),
            ("{\"version\": 3, \"sess", "EOF"),
            (
                r#"{"version": 2, "sessions": {"/repo": {}}}"#,
                "version 2 instead of 3; none of its 1 sessions",
            ),
            (r#"{"version": "3", "sessions": {}}"#, "version \"3\" instead of 3"),
            (r#"{"sessions": {}}"#, "version"),
            ("[]", "invalid"),
        ] {
            let stores = read(text);
            assert!(stores.records.is_empty() && stores.records_unreadable, "{text}");
            says(&stores, "sessions.json", reason);
        }
    }

    #[test]
    fn a_key_that_names_another_session_is_told() {
        let record = record(r#""state_changed_at": "2026-01-27T18:22:11Z""#);
        let stores = read(&format!(r#"{{"version": 3, "sessions": {{"other": {record}}}}}"#));
        assert_eq!(stores.records["other"].session_id, "s1");
        says(&stores, "sessions.json", "`other` holds the record of `s1`");
    }

    #[test]
    fn whatever_is_missing_is_told_once() {
        let root = tempfile::tempdir().unwrap();
        let stores = Stores::read(root.path());
        for file in ["sessions.json", "sessions", "ended-sessions", "file-activity.json"] {
            says(&stores, file, "not there");
        }
        assert_eq!(stores.problems.len(), 4);
        assert!(!stores.records_unreadable, "there is no file to be read");
        assert_eq!(Stores::read(&root.path().join("none")).problems.len(), 1);
    }

    #[test]
    fn the_name_of_an_ended_session_is_all_there_is() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("ended-sessions")).unwrap();
        std::fs::write(root.path().join("ended-sessions/s9"), "").unwrap();
        assert_eq!(Stores::read(root.path()).ended, BTreeSet::from(["s9".to_owned()]));
    }

    #[test]
    fn a_whole_folder_reads_without_a_problem_beside_our_own_sessions() {
        let root = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let record = record(r#""state_changed_at": "2026-01-27T18:22:11Z""#);
        write("sessions.json", &format!(r#"{{"version": 3, "sessions": {{"s1": {record}}}}}"#));
        write("sessions/s1-42.lock/pid", "42");
        write("sessions/s1-42.lock/meta.json", r#"{"created": 1769538131882, "path": "/repo", "pid": 42}"#);
        write("sessions/s2/events.jsonl", "");
        write("sessions/legacy/meta.json", "{}");
        write("ended-sessions/s0", "");
        let file = r#"{"file_path": "a.rs", "tool": "Edit", "timestamp": "2026-01-27T18:22:11Z"}"#;
        let session = format!(r#"{{"cwd": "/repo", "files": [{file}]}}"#);
        write("file-activity.json", &format!(r#"{{"version": 1, "sessions": {{"s1": {session}}}}}"#));

        let stores = Stores::read_with(root.path(), &|_| Some("/repo/auth".to_owned()));
        assert_eq!(stores.problems, Vec::<String>::new());
        let locks: Vec<_> = stores.locks.iter().map(|lock| lock.name.as_str()).collect();
        assert_eq!((stores.records.len(), locks, stores.ended.len()), (1, vec!["s1-42.lock"], 1));
        assert_eq!(stores.activity["s1"].entries[0].project_path, "/repo/auth");
        assert_eq!(Stores::read(root.path()).activity["s1"].entries[0].project_path, "/repo");
    }
}
