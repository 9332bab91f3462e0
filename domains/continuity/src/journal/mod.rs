//! `continuity.json` in a session's directory: what the session read, changed, planned and asked, made from its log.
//!
//! It is brought up to date when a turn begins or ends and before a compaction. What a session is told only once,
//! and when something was last saved, is remembered here as well.

use std::collections::VecDeque;
use std::io;
use std::path::Path;

use chrono::DateTime;
use config::tools::is_edit;
use config::types::ContextSettings;
use hooks_common::session_log::{Cursor, Detail, LoggedEvent, SessionDir};
use platform::store::{self, Durability, lock};
use platform::text::{cut_bytes, one_line};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::task::Task;

/// In a session's directory: what continuity makes of the log.
pub const JOURNAL: &str = "continuity.json";
/// In a session's directory: the lock for changes of [`JOURNAL`].
pub const JOURNAL_LOCK: &str = "continuity.lock";
/// The format version.
const FORMAT: u32 = 1;
/// How many of each are kept; the oldest go first.
const MOST_READ: usize = 2_000;
const MOST_EDITED: usize = 500;
const MOST_AGENTS: usize = 200;
const MOST_DECISIONS: usize = 20;
const MOST_FAILURES: usize = 5;
const MOST_TASKS: usize = 200;
/// The longest path that is kept, in bytes.
const LONGEST_PATH: usize = 1_024;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Journal {
    /// The format version.
    pub v: u32,
    /// The session's number; `None` until it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// When the session began, RFC 3339.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub started_at: String,
    /// Whether its end was written down: what happens in it now begins it again.
    pub is_ended: bool,
    /// How far the log was read.
    pub projection: Cursor,
    /// What it read.
    pub reads: Reads,
    /// Files that it changed, from the project's root, with how often.
    pub edited: Vec<(String, u32)>,
    /// Its tasks.
    pub tasks: Vec<Task>,
    /// The agents that it started.
    pub agents: Vec<AgentRun>,
    /// How many of them were written to the project's list, counted from the first ever.
    pub agents_written: u64,
    /// How many it started in all.
    pub agents_started: u64,
    /// Commands that failed lately and were not repeated with success since.
    pub failures: VecDeque<String>,
    /// What the user decided: question and answer.
    pub decisions: Vec<(String, String)>,
    /// The hand-offs that were saved because many files had been read.
    pub auto_saves: AutoSaves,
    /// When the hand-off was last saved for whatever reason, milliseconds since 1970.
    pub saved_at: i64,
    /// What holds and was told to the model at a prompt, so that it is not told again.
    pub vitals: Vec<String>,
    /// What its start found out about sessions without an end, a few words each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orphans: Vec<String>,
    /// What changed since the checkpoint before the last one; empty when nothing did.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// The open requirements that it was last told of, wherever.
    pub told_open: Vec<String>,
    /// Whatever else another version wrote.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The files that a session has read, since it was last idle for long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reads {
    /// From the project's root, in the order they were first read.
    pub files: Vec<String>,
    /// When the list began, milliseconds since 1970.
    pub since: i64,
    /// The session's last sign of life, milliseconds since 1970.
    pub last_activity: i64,
    /// Whether the model was told that they are many.
    pub is_warned: bool,
}

/// See [`Journal::auto_saves`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AutoSaves {
    /// When, milliseconds since 1970; 0 when never.
    pub last: i64,
    /// How often.
    pub count: u64,
}

/// An agent that the session started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentRun {
    /// When, RFC 3339.
    pub at: String,
    /// Its type.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The beginning of what it was told, redacted.
    pub prompt: String,
    /// Which use of the tool started it; empty when none did, or none told.
    pub tool_use_id: String,
    /// The host's id of it.
    pub id: String,
    /// `invoked`, `running`, `completed`.
    pub outcome: String,
}

/// The number of the session that a directory belongs to.
pub fn number_of(dir: &SessionDir) -> Option<u64> {
    read(dir).number
}

/// A session's journal as it is on disk; an empty one when there is none or it cannot be read.
pub fn read(dir: &SessionDir) -> Journal {
    store::read(&dir.file(JOURNAL))
        .ok()
        .flatten()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// Takes in what is new in the session's log, lets `change` change more, and writes the journal if that matters to
/// anybody. Files are named from `root`.
///
/// # Errors
/// When the log cannot be read or the journal not be written. A journal that another process holds is left as it is
/// on disk: `change` works on a copy then, and its changes are lost.
pub fn update<T>(
    dir: &SessionDir,
    root: &Path,
    settings: &ContextSettings,
    change: impl FnOnce(&mut Journal) -> T,
) -> io::Result<(Journal, T)> {
    dir.refuse_link()?;
    let held = lock::exclusive(&dir.file(JOURNAL_LOCK), lock::CHANGE);
    let before = read(dir);
    let mut journal = before.clone();
    journal.v = FORMAT;
    if let Some(news) = before.projection.news(dir)? {
        if !news.is_continued && before.projection != Cursor::default() {
            journal.forget_projection();
        }
        let folder = Root::new(root);
        for event in &news.events {
            journal.take_in(event, &folder, settings);
        }
        journal.projection = news.cursor;
    }
    let outcome = change(&mut journal);
    if held.is_ok() && dir.is_known() && matters(&before, &journal) {
        store::replace(&dir.file(JOURNAL), &serde_json::to_vec(&journal)?, Durability::Rebuildable, 0o600)?;
    }
    Ok((journal, outcome))
}

/// Whether there is more to write than that a few lines were read which told nothing: reading them again is cheaper
/// than replacing a file, reading many is not.
fn matters(before: &Journal, after: &Journal) -> bool {
    const MANY: u64 = 16 * 1024;
    if after.projection.beyond(before.projection) > MANY {
        return true;
    }
    let mut same = before.clone();
    same.projection = after.projection;
    same.v = after.v;
    // A difference of less than a minute does not matter.
    if (after.reads.last_activity - before.reads.last_activity).abs() < 60_000 {
        same.reads.last_activity = after.reads.last_activity;
    }
    same != *after
}

/// The project's folder as paths are compared with it.
struct Root<'a> {
    given: &'a Path,
    real: std::path::PathBuf,
}

impl<'a> Root<'a> {
    fn new(given: &'a Path) -> Self {
        Self { given, real: platform::path::resolve(given) }
    }

    /// A file of the project from its root; `None` for any other, and for names that no list should hold.
    fn relative(&self, file: &str) -> Option<String> {
        if file.is_empty() || file.len() > LONGEST_PATH || file.chars().any(char::is_control) {
            return None;
        }
        let file = Path::new(file);
        let inside = match platform::path::normalise(file).strip_prefix(self.given) {
            Ok(inside) if !self.given.join(inside).is_symlink() => inside.to_owned(),
            _ => platform::path::resolve(file).strip_prefix(&self.real).ok()?.to_owned(),
        };
        let name = inside.to_str()?;
        let is_odd = name.is_empty() || name.starts_with('-') || name.split('/').any(|part| part == "..");
        (!is_odd).then(|| name.to_owned())
    }
}

impl Journal {
    /// The tasks that are still to be done.
    pub fn open_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.is_open())
    }

    /// Everything that is made from the log; a log that is not the one that was read tells it anew.
    fn forget_projection(&mut self) {
        self.reads = Reads::default();
        self.edited.clear();
        self.tasks.clear();
        self.agents.clear();
        self.failures.clear();
        self.decisions.clear();
        (self.agents_started, self.agents_written) = (0, 0);
    }

    fn take_in(&mut self, event: &LoggedEvent, root: &Root<'_>, settings: &ContextSettings) {
        let at = milliseconds(&event.recorded_at);
        let pause = at - self.reads.last_activity.max(self.reads.since);
        if pause > i64::from(settings.inactivity_minutes) * 60_000 && !self.reads.files.is_empty() {
            self.reads = Reads::default();
        }
        self.reads.last_activity = self.reads.last_activity.max(at);
        match event.event.as_str() {
            "PostToolUse" => self.tool_ran(event, root, at),
            // A compaction ends one without a type that never began.
            "SubagentStart" if !event.agent_type.is_empty() => {
                let run = self.agent(&event.agent_id, event);
                run.outcome = "running".to_owned();
            }
            "SubagentStop" if !event.agent_type.is_empty() => {
                let run = self.agents.iter_mut().rfind(|run| !run.id.is_empty() && run.id == event.agent_id);
                if let Some(run) = run {
                    run.outcome = "completed".to_owned();
                }
            }
            "PostToolUseFailure" if !event.is_interrupt && !event.command.is_empty() => {
                let command = shown(&event.command);
                self.failures.retain(|failed| *failed != command);
                self.failures.push_back(command);
                while self.failures.len() > MOST_FAILURES {
                    self.failures.pop_front();
                }
            }
            _ => {}
        }
    }

    fn tool_ran(&mut self, event: &LoggedEvent, root: &Root<'_>, at: i64) {
        if !event.command.is_empty() && !self.failures.is_empty() {
            let command = shown(&event.command);
            self.failures.retain(|failed| *failed != command);
        }
        if event.tool_name == "Read" && event.agent_id.is_empty() {
            self.read(&event.file_path, root, at);
        } else if is_edit(&event.tool_name) {
            self.edit(&event.file_path, root);
        }
        let Some(detail) = &event.detail else { return };
        self.plan(detail, event);
        if let Some(agent) = &detail.agent {
            let run = self.agent(&agent.id, event);
            run.name.clone_from(&agent.name);
            run.description.clone_from(&agent.description);
            run.prompt.clone_from(&agent.prompt);
            run.tool_use_id.clone_from(&event.tool_use_id);
        }
        self.decisions.extend(detail.answers.iter().cloned());
        drop_oldest(&mut self.decisions, MOST_DECISIONS);
    }

    /// The run of an agent, begun if it is not known. Its start may be told by the tool, by the agent, or by both in
    /// either order.
    fn agent(&mut self, id: &str, event: &LoggedEvent) -> &mut AgentRun {
        let known = self.agents.iter().rposition(|run| !id.is_empty() && run.id == id);
        let at = known.unwrap_or_else(|| {
            self.agents.push(AgentRun {
                at: event.recorded_at.clone(),
                name: event.agent_type.clone(),
                id: id.to_owned(),
                outcome: "invoked".to_owned(),
                ..AgentRun::default()
            });
            self.agents_started += 1;
            drop_oldest(&mut self.agents, MOST_AGENTS);
            self.agents.len() - 1
        });
        &mut self.agents[at]
    }

    fn read(&mut self, file: &str, root: &Root<'_>, at: i64) {
        let Some(file) = root.relative(file) else { return };
        if self.reads.files.contains(&file) {
            return;
        }
        if self.reads.files.is_empty() {
            self.reads.since = at;
        }
        self.reads.files.push(file);
        drop_oldest(&mut self.reads.files, MOST_READ);
    }

    fn edit(&mut self, file: &str, root: &Root<'_>) {
        let Some(file) = root.relative(file) else { return };
        match self.edited.iter().position(|(known, _)| *known == file) {
            // The latest stands last: what is dropped first was left alone longest.
            Some(at) => {
                let (file, count) = self.edited.remove(at);
                self.edited.push((file, count + 1));
            }
            None => self.edited.push((file, 1)),
        }
        drop_oldest(&mut self.edited, MOST_EDITED);
    }

    fn plan(&mut self, detail: &Detail, event: &LoggedEvent) {
        if detail.is_whole_list {
            // A subagent's list is its own.
            if !event.agent_id.is_empty() {
                return;
            }
            self.tasks.clear();
        }
        for told in &detail.tasks {
            let known = self.tasks.iter_mut().find(|task| !told.id.is_empty() && task.id == told.id);
            match known {
                Some(task) => {
                    for (value, new) in [(&mut task.subject, &told.subject), (&mut task.status, &told.status)]
                    {
                        if !new.is_empty() {
                            value.clone_from(new);
                        }
                    }
                }
                // An update of a task that was made before anybody listened: its number is all that is known.
                None => {
                    let or =
                        |text: &str, other: String| if text.is_empty() { other } else { text.to_owned() };
                    self.tasks.push(Task {
                        id: told.id.clone(),
                        subject: or(&told.subject, format!("task {}", told.id)),
                        status: or(&told.status, "pending".to_owned()),
                    });
                }
            }
        }
        self.tasks.retain(|task| task.status != "deleted");
        drop_oldest(&mut self.tasks, MOST_TASKS);
    }
}

fn drop_oldest<T>(list: &mut Vec<T>, most: usize) {
    let surplus = list.len().saturating_sub(most);
    list.drain(..surplus);
}

/// A command as lists show it: its first line, not too long.
fn shown(command: &str) -> String {
    one_line(cut_bytes(command.lines().next().unwrap_or_default(), 200))
}

/// Milliseconds since 1970; 0 when the time cannot be read.
pub(crate) fn milliseconds(time: &str) -> i64 {
    DateTime::parse_from_rfc3339(time).map_or(0, |time| time.timestamp_millis())
}

#[cfg(test)]
mod tests;
