//! `handoff.json`: what a session knows that a compaction, a crash or the next session must not lose.
//!
//! The session's own copy lies in its directory; the project's file is the one of the session that saved last. Both
//! have the documented shape, version 2, with more keys.

mod decision;
mod sources;
mod text;

pub use decision::UserDecision;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use hooks_common::paths::in_project;
use hooks_common::session_log::SessionDir;
use platform::store::{self, Durability};
use platform::time::Moment;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use text::{Restored, restore};

use crate::facts::Facts;
use crate::files;
use crate::journal::Journal;
use crate::place::ContinuityPlace;
use sources::{Plan, TaskState};

/// In a session's directory: its own hand-off.
pub const HANDOFF: &str = "handoff.json";
/// The version of the shape.
const VERSION: u32 = 2;
/// The largest document, in bytes.
const LARGEST: usize = 64 * 1024;
/// How many files that were read are kept.
const MOST_READ: usize = 50;
/// The longest summary of what was going on, in characters.
const LONGEST_CONTEXT: usize = 2_000;
/// How many edited files are kept.
const MOST_EDITED: usize = 50;

/// The document. The keys up to `context` are the documented shape, in its order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Handoff {
    /// 2.
    pub version: u32,
    /// When it was saved, RFC 3339.
    pub timestamp: String,
    /// The session's number.
    pub session: Option<u64>,
    /// The work tree.
    pub git: GitPart,
    /// What is still to be done.
    pub tasks: Vec<String>,
    /// The files that were read last.
    pub files_read: Vec<String>,
    /// The last commits, newest first.
    pub recent_commits: Vec<CommitPart>,
    /// What was going on, put together from the rest.
    pub context: String,
    /// When the session began: older tools take that for its id.
    pub session_id: String,
    /// The host's id.
    pub host_session_id: String,
    /// What saved it: `auto` or `manual` before a compaction, `stop`, `auto_save`, `session_end`, `command`.
    pub trigger: String,
    /// What the user asked the summary to keep.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub custom_instructions: String,
    /// What the user decided, apart from what is to be done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<UserDecision>,
    /// Files that the session changed, with how often.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files_edited: Vec<(String, u32)>,
    /// Tasks that the model keeps in files of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub task_states: Vec<TaskState>,
    /// How often which agent was started.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub agents_used: BTreeMap<String, u32>,
    /// The plan that was written last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_plan: Option<Plan>,
    /// Notes to remember.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The user's last prompt, cut.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_prompt: String,
    /// The command that failed last and was not repeated with success.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub last_failure: String,
    /// When it was given back to a session, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<String>,
    /// Whatever else another version wrote.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The work tree, in a hand-off.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GitPart {
    /// The branch.
    pub branch: String,
    /// The commit.
    pub head: String,
    /// Its subject.
    pub last_commit: String,
    /// Files in the index, by their new name.
    pub staged: Vec<String>,
    /// Files that differ from the index.
    pub unstaged: Vec<String>,
    /// Files that git does not know.
    pub untracked: Vec<String>,
    /// Whether there are more than are listed.
    pub truncated: bool,
}

/// A commit, in a hand-off.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CommitPart {
    /// Its hash.
    pub hash: String,
    /// Its subject.
    pub message: String,
}

/// What is said about the saving itself.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// See [`Handoff::trigger`].
    pub trigger: &'a str,
    /// See [`Handoff::custom_instructions`].
    pub custom_instructions: &'a str,
    /// Now.
    pub now: Moment,
}

/// Puts a hand-off together.
pub fn compose(
    place: &ContinuityPlace,
    journal: &Journal,
    facts: &Facts,
    occasion: &Occasion<'_>,
) -> Handoff {
    let root = place.root();
    let task_states = sources::task_states(root);
    let mut tasks: Vec<String> = facts.tasks.iter().filter(|task| task.is_open()).map(shown).collect();
    tasks.extend(task_states.iter().flat_map(TaskState::open_steps));
    let mut agents_used = BTreeMap::new();
    for run in &journal.agents {
        *agents_used.entry(run.name.clone()).or_insert(0) += 1;
    }
    let mut handoff = Handoff {
        version: VERSION,
        timestamp: occasion.now.rfc3339(),
        session: journal.number,
        git: GitPart {
            branch: facts.branch.clone(),
            head: facts.head.clone(),
            last_commit: facts.recent.first().map(|(_, subject)| subject.clone()).unwrap_or_default(),
            staged: facts.changes.staged.clone(),
            unstaged: facts.changes.unstaged.clone(),
            untracked: facts.changes.untracked.clone(),
            truncated: facts.changes.truncated,
        },
        tasks,
        files_read: facts.read[facts.read.len().saturating_sub(MOST_READ)..].to_vec(),
        recent_commits: facts
            .recent
            .iter()
            .map(|(hash, message)| CommitPart { hash: hash.clone(), message: message.clone() })
            .collect(),
        context: String::new(),
        session_id: journal.started_at.clone(),
        host_session_id: facts.session_id.clone(),
        trigger: occasion.trigger.to_owned(),
        custom_instructions: crate::transcript::beginning(occasion.custom_instructions),
        decisions: sources::decisions(root, &facts.decisions),
        files_edited: facts.edited[facts.edited.len().saturating_sub(MOST_EDITED)..].to_vec(),
        task_states,
        agents_used,
        active_plan: sources::plan(root, occasion.now),
        notes: sources::notes(root),
        last_prompt: facts.last_prompt.clone(),
        last_failure: facts.failures.last().cloned().unwrap_or_default(),
        restored_at: None,
        other: Map::new(),
    };
    handoff.context = handoff.summary();
    handoff.shrink();
    handoff
}

fn shown(task: &crate::task::Task) -> String {
    match task.status.as_str() {
        "" | "pending" => task.subject.clone(),
        status => format!("{} ({status})", task.subject),
    }
}

impl Handoff {
    /// What was going on, in a few sentences.
    fn summary(&self) -> String {
        let git = &self.git;
        let changed = format!(
            "{} staged, {} unstaged, {} untracked files{}",
            git.staged.len(),
            git.unstaged.len(),
            git.untracked.len(),
            if git.truncated { " or more" } else { "" },
        );
        let doing = self.tasks.iter().find(|task| task.ends_with("(in_progress)"));
        let parts = [
            ("The user's last prompt", self.last_prompt.as_str()),
            ("In progress", doing.map_or("", String::as_str)),
            ("On", git.branch.as_str()),
            ("Work tree", if git.branch.is_empty() { "" } else { &changed }),
            ("Last commit", &git.last_commit),
            ("Last failed command", &self.last_failure),
            ("Plan", self.active_plan.as_ref().map_or("", |plan| &plan.title)),
        ];
        let told = parts.into_iter().filter(|(_, text)| !text.is_empty());
        let text = told.map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>().join("\n");
        text.chars().take(LONGEST_CONTEXT).collect()
    }

    /// Drops what can be spared until the document is small enough.
    fn shrink(&mut self) {
        let is_large =
            |handoff: &Self| serde_json::to_vec(handoff).map_or(0, |text| text.len()) > LARGEST - 4_096;
        for step in 0..6 {
            if !is_large(self) {
                return;
            }
            match step {
                0 => self.agents_used.clear(),
                1 => self.active_plan = None,
                2 => self.task_states.clear(),
                3 => self.files_read.clear(),
                4 => (self.files_edited, self.notes) = (Vec::new(), Vec::new()),
                _ => {
                    self.git.truncated = true;
                    for list in [
                        &mut self.git.staged,
                        &mut self.git.unstaged,
                        &mut self.git.untracked,
                        &mut self.tasks,
                    ] {
                        list.truncate(10);
                        list.iter_mut().for_each(|text| *text = tail(text));
                    }
                }
            }
        }
    }
}

/// The end of a long text: of a path it tells more than the beginning.
fn tail(text: &str) -> String {
    const MOST: usize = 300;
    let surplus = text.chars().count().saturating_sub(MOST);
    text.chars().skip(surplus).collect()
}

/// Writes a session's hand-off, its own copy first.
///
/// # Errors
/// When either cannot be written.
pub fn save(place: &ContinuityPlace, dir: &SessionDir, handoff: &Handoff) -> io::Result<()> {
    let text = files::pretty(handoff)?;
    if dir.is_known() {
        store::replace(&dir.file(HANDOFF), &text, Durability::Rebuildable, 0o600)?;
    }
    let file = in_project::handoff(place.root());
    place.prepare(place.root(), &file)?;
    let mut document: Map<String, Value> = serde_json::from_slice(&text)?;
    // What other tools keep there stays.
    for (key, value) in files::read::<Map<String, Value>>(&file)? {
        if !OWN_KEYS.contains(&key.as_str()) {
            document.entry(key).or_insert(value);
        }
    }
    let text = files::pretty(&document)?;
    store::replace(&file, &text, Durability::Durable, 0o600)
}

/// Keys of ours that are not always there: an older one must not outlive its time.
const OWN_KEYS: [&str; 10] = [
    "customInstructions",
    "decisions",
    "filesEdited",
    "taskStates",
    "agentsUsed",
    "activePlan",
    "notes",
    "lastPrompt",
    "lastFailure",
    "restoredAt",
];

/// Notes that a hand-off was given back, wherever that very one stands.
///
/// # Errors
/// When a file cannot be written.
pub fn mark_restored(
    place: &ContinuityPlace,
    dir: &SessionDir,
    timestamp: &str,
    now: Moment,
) -> io::Result<()> {
    for file in [dir.file(HANDOFF), in_project::handoff(place.root())] {
        let Some(mut document) = read_loose(&file) else { continue };
        if document.get("timestamp").and_then(Value::as_str) != Some(timestamp) {
            continue;
        }
        document.insert("restoredAt".to_owned(), now.rfc3339().into());
        if file.starts_with(place.root()) {
            files::prepare(place.root(), &file)?;
        }
        store::replace(&file, &files::pretty(&document)?, Durability::Rebuildable, 0o600)?;
    }
    Ok(())
}

/// A hand-off as whatever it is: a section of a wrong type must not cost the others.
pub fn read_loose(file: &Path) -> Option<Map<String, Value>> {
    const LARGEST_READ: u64 = 1024 * 1024;
    if std::fs::metadata(file).ok()?.len() > LARGEST_READ {
        return None;
    }
    let bytes = store::read(file).ok()??;
    serde_json::from_slice(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes)).ok()
}
