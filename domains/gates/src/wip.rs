//! The branches people work on, across projects: `~/.claude/wip_projects.json`, in the shape that other tools
//! share, `{"version": "1.0", "entries": {"<project>::<branch>": {…}}}`. Unknown keys and statuses are kept.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hooks_common::paths::Paths;
use hooks_common::session_id::SessionKey;
use platform::text::fact;
use platform::time::{Moment, age};
use serde_json::{Map, Value, json};

use crate::document::{DocumentError, SharedDocument};

/// How many sessions an entry remembers.
const MOST_SESSIONS: usize = 50;
/// The session that was asked about the branch last; ours, beside the shared keys.
const ASKED: &str = "asked_session";

/// How far the work on a branch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WipStatus {
    /// Somebody works on it.
    Wip,
    /// It is merged or given up.
    Done,
    /// It waits.
    Paused,
    /// It has not begun.
    Todo,
}

impl WipStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Wip, Self::Done, Self::Paused, Self::Todo];

    /// The name on disk.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wip => "wip",
            Self::Done => "done",
            Self::Paused => "paused",
            Self::Todo => "todo",
        }
    }
}

/// What is kept about one branch.
#[derive(Debug, Clone)]
pub struct WipEntry(Map<String, Value>);

impl WipEntry {
    /// Its project.
    pub fn project(&self) -> PathBuf {
        PathBuf::from(self.text("project_dir"))
    }

    /// Its branch.
    pub fn branch(&self) -> &str {
        self.text("branch")
    }

    /// Its status, perhaps one of another tool.
    pub fn status(&self) -> &str {
        self.text("status")
    }

    /// Whether its status is [`WipStatus::Done`].
    pub fn is_done(&self) -> bool {
        self.status() == WipStatus::Done.name()
    }

    /// What it is about.
    pub fn summary(&self) -> &str {
        self.text("summary")
    }

    /// Seconds since 1970 of its last change.
    pub fn updated_at(&self) -> i64 {
        self.number("updated_at") as i64
    }

    /// Seconds that sessions spent on it.
    pub fn total_time(&self) -> i64 {
        self.number("total_time_seconds") as i64
    }

    /// How many sessions it remembers.
    pub fn sessions(&self) -> usize {
        self.0.get("session_history").and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// Everything, as on disk.
    pub fn json(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Whether a session should be asked how far the work is: once a session, and not about finished work.
    pub fn should_prompt(&self, session: &SessionKey) -> bool {
        !self.is_done() && self.text(ASKED) != session.as_str()
    }

    fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn number(&self, key: &str) -> f64 {
        self.0.get(key).and_then(Value::as_f64).unwrap_or(0.0)
    }
}

/// The store of one user.
#[derive(Debug)]
pub struct Wip {
    document: SharedDocument,
    wait: Duration,
}

impl Wip {
    /// The store below the roots that `paths` names; changes wait this long for its lock.
    pub fn new(paths: &Paths, wait: Duration) -> Self {
        Self { document: SharedDocument::new(paths.wip_projects(), "entries"), wait }
    }

    /// All entries, the latest first. What is no entry is passed over.
    ///
    /// # Errors
    /// When the file cannot be read or is something else.
    pub fn entries(&self) -> Result<Vec<WipEntry>, DocumentError> {
        let items = self.document.items()?;
        let objects = items.into_iter().filter_map(|(_, value)| match value {
            Value::Object(entry) => Some(WipEntry(entry)),
            _ => None,
        });
        let mut entries: Vec<_> = objects.collect();
        entries.sort_by(|a, b| b.number("updated_at").total_cmp(&a.number("updated_at")));
        Ok(entries)
    }

    /// The entry of a branch.
    ///
    /// # Errors
    /// As [`Wip::entries`].
    pub fn entry(&self, project: &Path, branch: &str) -> Result<Option<WipEntry>, DocumentError> {
        match self.document.items()?.remove(&key(project, branch)) {
            Some(Value::Object(entry)) => Ok(Some(WipEntry(entry))),
            _ => Ok(None),
        }
    }

    /// Notes that a session works on a branch; the entry is made when there is none.
    ///
    /// # Errors
    /// When the file cannot be changed.
    pub fn touch(
        &self,
        project: &Path,
        branch: &str,
        session: &SessionKey,
        now: Moment,
    ) -> Result<(), DocumentError> {
        self.upsert(project, branch, now, |entry| {
            entry.insert("session_id".into(), session.as_str().into());
            let history = entry.entry("session_history").or_insert_with(|| json!([]));
            if let Some(history) = history.as_array_mut()
                && !history.iter().any(|known| known == session.as_str())
            {
                history.push(session.as_str().into());
                let surplus = history.len().saturating_sub(MOST_SESSIONS);
                history.drain(..surplus);
            }
        })
    }

    /// Adds the time that a session took, in seconds, to the entry of a branch, if there is one.
    ///
    /// # Errors
    /// As [`Wip::touch`].
    pub fn add_time(
        &self,
        project: &Path,
        branch: &str,
        seconds: i64,
        now: Moment,
    ) -> Result<(), DocumentError> {
        self.update(project, branch, now, |entry| {
            let total = entry.get("total_time_seconds").and_then(Value::as_f64).unwrap_or(0.0);
            entry.insert("total_time_seconds".into(), json!(total as i64 + seconds.max(0)));
        })
    }

    /// Sets the status of a branch; the entry is made when there is none.
    ///
    /// # Errors
    /// As [`Wip::touch`].
    pub fn set_status(
        &self,
        project: &Path,
        branch: &str,
        status: WipStatus,
        now: Moment,
    ) -> Result<(), DocumentError> {
        self.upsert(project, branch, now, |entry| {
            entry.insert("status".into(), status.name().into());
        })
    }

    /// Sets what a branch is about; the entry is made when there is none.
    ///
    /// # Errors
    /// As [`Wip::touch`].
    pub fn set_summary(
        &self,
        project: &Path,
        branch: &str,
        summary: &str,
        now: Moment,
    ) -> Result<(), DocumentError> {
        self.upsert(project, branch, now, |entry| {
            entry.insert("summary".into(), summary.into());
        })
    }

    /// Notes that a session was asked about a branch; see [`WipEntry::should_prompt`].
    ///
    /// # Errors
    /// As [`Wip::touch`].
    pub fn prompted(
        &self,
        project: &Path,
        branch: &str,
        session: &SessionKey,
        now: Moment,
    ) -> Result<(), DocumentError> {
        self.update(project, branch, now, |entry| {
            entry.insert(ASKED.into(), session.as_str().into());
        })
    }

    /// Marks branches of a project as done; those that were not yet.
    ///
    /// # Errors
    /// As [`Wip::touch`].
    pub fn mark_done(
        &self,
        project: &Path,
        branches: &[String],
        now: Moment,
    ) -> Result<Vec<String>, DocumentError> {
        self.document.change(self.wait, |items, _| {
            let mut marked = Vec::new();
            for branch in branches {
                let Some(Value::Object(entry)) = items.get_mut(&key(project, branch)) else { continue };
                if entry.get("status").and_then(Value::as_str) != Some(WipStatus::Done.name()) {
                    entry.insert("status".into(), WipStatus::Done.name().into());
                    stamp(entry, now);
                    marked.push(branch.clone());
                }
            }
            marked
        })
    }

    /// Removes entries that are still done.
    ///
    /// # Errors
    /// As [`Wip::touch`].
    pub fn remove_done(&self, entries: &[WipEntry]) -> Result<(), DocumentError> {
        self.document.change(self.wait, |items, _| {
            items.retain(|_, value| {
                let Value::Object(entry) = value else { return true };
                let entry = WipEntry(entry.clone());
                let is_meant =
                    |other: &WipEntry| other.project() == entry.project() && other.branch() == entry.branch();
                !(entry.is_done() && entries.iter().any(is_meant))
            });
        })
    }

    fn upsert(
        &self,
        project: &Path,
        branch: &str,
        now: Moment,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), DocumentError> {
        self.document.change(self.wait, |items, _| {
            let value = items.entry(key(project, branch)).or_insert_with(|| new(project, branch, now));
            if !value.is_object() {
                *value = new(project, branch, now);
            }
            if let Value::Object(entry) = value {
                change(entry);
                stamp(entry, now);
            }
        })
    }

    fn update(
        &self,
        project: &Path,
        branch: &str,
        now: Moment,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), DocumentError> {
        self.document.change(self.wait, |items, _| {
            if let Some(Value::Object(entry)) = items.get_mut(&key(project, branch)) {
                change(entry);
                stamp(entry, now);
            }
        })
    }
}

/// Unfinished work for a briefing: at most `most` lines, the latest first; `None` when there is none.
pub fn table(entries: &[WipEntry], most: usize, now: i64) -> Option<String> {
    let open: Vec<_> = entries.iter().filter(|entry| !entry.is_done()).collect();
    let mut lines = vec![
        "| Project | Branch | Status | Summary | Changed |".to_owned(),
        "|---|---|---|---|---|".to_owned(),
    ];
    for entry in open.iter().take(most) {
        let project = entry.project();
        let project = project.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let cell = |text: &str| if text.is_empty() { String::new() } else { fact(text).replace('|', "/") };
        lines.push(format!(
            "| {} | {} | {} | {} | {} ago |",
            cell(&project),
            cell(entry.branch()),
            cell(entry.status()),
            cell(entry.summary()),
            age(now - entry.updated_at())
        ));
    }
    if open.len() > most {
        lines.push(format!("{} more: `req wip`", open.len() - most));
    }
    (!open.is_empty()).then(|| lines.join("\n"))
}

fn key(project: &Path, branch: &str) -> String {
    format!("{}::{branch}", project.display())
}

fn seconds(now: Moment) -> Value {
    json!(now.wall.timestamp_micros() as f64 / 1e6)
}

fn stamp(entry: &mut Map<String, Value>, now: Moment) {
    entry.insert("updated_at".into(), seconds(now));
}

fn new(project: &Path, branch: &str, now: Moment) -> Value {
    json!({
        "project_dir": project, "branch": branch, "status": WipStatus::Wip.name(), "summary": "",
        "github_issue": "", "plan_path": "", "session_id": "", "session_history": [],
        "created_at": seconds(now), "updated_at": seconds(now), "total_time_seconds": 0,
        "git_metrics": {
            "commit_count": 0, "files_changed": 0, "lines_added": 0, "lines_removed": 0,
            "last_commit_hash": null, "pushed": false, "pr_url": null,
        },
    })
}

#[cfg(test)]
mod tests {
    use platform::store::lock;

    use super::*;

    #[test]
    fn an_entry_lives_as_its_branch_does() {
        let dir = tempfile::tempdir().unwrap();
        let wip = Wip {
            document: SharedDocument::new(dir.path().join("wip.json"), "entries"),
            wait: lock::PATIENT,
        };
        let (project, now) = (Path::new("/p"), Moment::now());
        let session = |id: &str| SessionKey::new(id).unwrap();
        wip.add_time(project, "b", 5, now).unwrap();
        assert!(wip.entries().unwrap().is_empty(), "time alone makes no entry");
        for id in ["aaaaaaaa", "bbbbbbbb", "aaaaaaaa"] {
            wip.touch(project, "b", &session(id), now).unwrap();
        }
        wip.add_time(project, "b", 65, now).unwrap();
        wip.set_summary(project, "b", "a | b\nc", now).unwrap();
        let entry = wip.entry(project, "b").unwrap().unwrap();
        assert_eq!((entry.sessions(), entry.total_time(), entry.status()), (2, 65, "wip"));
        assert!(entry.should_prompt(&session("aaaaaaaa")));
        wip.prompted(project, "b", &session("aaaaaaaa"), now).unwrap();
        let entry = wip.entry(project, "b").unwrap().unwrap();
        assert!(!entry.should_prompt(&session("aaaaaaaa")) && entry.should_prompt(&session("cccccccc")));
        let shown = table(&wip.entries().unwrap(), 10, now.epoch()).unwrap();
        assert!(shown.contains("| `p` | `b` | `wip` | `a / b c` | 0s ago |"), "{shown}");
        assert_eq!(wip.mark_done(project, &["b".into(), "x".into()], now).unwrap(), ["b"]);
        let entries = wip.entries().unwrap();
        assert!(
            table(&entries, 10, now.epoch()).is_none() && !entries[0].should_prompt(&session("cccccccc"))
        );
        wip.remove_done(&entries).unwrap();
        assert!(wip.entries().unwrap().is_empty());
    }

    #[test]
    fn a_table_is_bounded() {
        let entry = |at: usize| {
            let Value::Object(entry) = new(Path::new("/p"), &format!("b{at}"), Moment::now()) else {
                unreachable!("an object")
            };
            WipEntry(entry)
        };
        let entries: Vec<_> = (0..12).map(entry).collect();
        let shown = table(&entries, 10, 0).unwrap();
        assert_eq!(shown.lines().count(), 2 + 10 + 1);
        assert!(shown.ends_with("2 more: `req wip`"));
    }
}
