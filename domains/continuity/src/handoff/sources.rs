//! What a hand-off takes from files that the model, a person or another tool wrote. All of it is foreign: bounded,
//! redacted, one line each; what has another shape is passed over.

use std::path::Path;
use std::time::{Duration, SystemTime};

use hooks_common::paths::in_project;
use platform::path::leads_out;
use platform::store;
use platform::text::{cut_bytes, one_line};
use platform::time::Moment;
use redact::redact;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decision::UserDecision;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 * 1024;
/// How many files of tasks are read, and how many steps of each are kept.
const MOST_STATES: usize = 20;
const MOST_STEPS: usize = 50;
/// How old a plan may be to be the present one.
const PLAN_AGE: Duration = Duration::from_secs(24 * 3600);
/// How many lines of it are kept.
const PLAN_LINES: usize = 30;
/// How many notes and decisions are kept, the last ones.
const MOST_NOTES: usize = 5;
const MOST_DECISIONS: usize = 10;
/// The file in which people write decisions down.
const DECISIONS: &str = "docs/SESSION_DECISIONS.md";
/// How many headings of the file of decisions are kept.
const MOST_HEADINGS: usize = 3;

/// A task that the model keeps in `task-*.state.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskState {
    /// What it is.
    pub task: String,
    /// How many steps are done.
    pub done: usize,
    /// Of how many.
    pub total: usize,
    /// Those that are not, in progress first.
    pub open: Vec<String>,
    /// Where to go on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub resume_point: String,
}

impl TaskState {
    pub(super) fn open_steps(&self) -> impl Iterator<Item = String> {
        self.open.iter().map(|step| format!("{}: {step}", self.task))
    }
}

/// A plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Plan {
    /// Its first heading, or its file's name.
    pub title: String,
    /// Where it lies, from the project's root.
    pub path: String,
    /// Its beginning.
    pub lines: Vec<String>,
}

/// The tasks in files, those that changed last first.
pub fn task_states(root: &Path) -> Vec<TaskState> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(in_project::state(root)).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_task =
            name.to_str().is_some_and(|name| name.starts_with("task-") && name.ends_with(".state.json"));
        let Some(meta) =
            entry.metadata().ok().filter(|meta| is_task && meta.is_file() && meta.len() <= LARGEST)
        else {
            continue;
        };
        found.push((meta.modified().unwrap_or(SystemTime::UNIX_EPOCH), entry.path()));
    }
    found.sort();
    found.into_iter().rev().take(MOST_STATES).filter_map(|(_, path)| task_state(&path)).collect()
}

fn task_state(path: &Path) -> Option<TaskState> {
    let document: Value = serde_json::from_slice(&store::read(path).ok()??).ok()?;
    let mut state = TaskState {
        task: text(&document["task"], 160)
            .or_else(|| text(&document["name"], 160))
            .unwrap_or_else(|| one_line(&path.file_name().unwrap_or_default().to_string_lossy())),
        resume_point: text(&document["resume_point"], 300).unwrap_or_default(),
        ..TaskState::default()
    };
    let (mut doing, mut waiting) = (Vec::new(), Vec::new());
    for step in document["steps"].as_array().into_iter().flatten() {
        state.total += 1;
        let Some(name) = text(&step["name"], 160) else { continue };
        match step["status"].as_str() {
            Some("done" | "completed") => state.done += 1,
            Some("in_progress") => doing.push(format!("{name} (in_progress)")),
            _ => waiting.push(name),
        }
    }
    state.open = doing.into_iter().chain(waiting).take(MOST_STEPS).collect();
    Some(state)
}

/// The plan that changed last, if that is not long ago.
pub fn plan(root: &Path, now: Moment) -> Option<Plan> {
    let now: SystemTime = now.wall.into();
    let mut newest: Option<(SystemTime, std::path::PathBuf)> = None;
    for entry in std::fs::read_dir(in_project::plans(root)).ok()?.flatten() {
        let path = entry.path();
        let is_plan = path.extension().is_some_and(|end| end == "md");
        let Some(meta) =
            entry.metadata().ok().filter(|meta| is_plan && meta.is_file() && meta.len() <= LARGEST)
        else {
            continue;
        };
        let Ok(changed) = meta.modified() else { continue };
        let is_recent = now.duration_since(changed).map_or(true, |age| age < PLAN_AGE);
        if is_recent && newest.as_ref().is_none_or(|(best, _)| changed > *best) {
            newest = Some((changed, path));
        }
    }
    let (_, path) = newest?;
    let bytes = store::read(&path).ok()??;
    let document = String::from_utf8_lossy(&bytes);
    let lines: Vec<String> = document.lines().filter_map(|line| clean(line, 200)).take(PLAN_LINES).collect();
    let heading = lines.iter().find_map(|line| line.strip_prefix('#'));
    let title = heading.map(|title| title.trim_start_matches('#').trim().to_owned());
    let name = || path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Some(Plan {
        title: title.unwrap_or_else(name),
        path: path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned(),
        lines,
    })
}

/// The last notes to remember.
pub fn notes(root: &Path) -> Vec<String> {
    let Some(document) = small(root, &in_project::session_notes(root)) else { return Vec::new() };
    let document: Value = serde_json::from_slice(&document).unwrap_or_default();
    let notes = document["notes"].as_array().cloned().unwrap_or_default();
    let mut texts: Vec<String> =
        notes.iter().rev().filter_map(|note| text(&note["text"], 300)).take(MOST_NOTES).collect();
    texts.reverse();
    texts
}

/// What the user answered, and the last headings of the file in which people write decisions down.
pub fn decisions(root: &Path, answers: &[(String, String)]) -> Vec<UserDecision> {
    let answered = answers[answers.len().saturating_sub(MOST_DECISIONS)..].iter();
    let mut decisions: Vec<UserDecision> = answered
        .map(|(question, answer)| UserDecision {
            question: question.clone(),
            answer: answer.clone(),
            file: None,
        })
        .collect();
    let Some(document) = small(root, &root.join(DECISIONS)) else { return decisions };
    let document = String::from_utf8_lossy(&document).into_owned();
    let headings: Vec<UserDecision> = document.lines().filter_map(heading).collect();
    decisions.extend_from_slice(&headings[headings.len().saturating_sub(MOST_HEADINGS)..]);
    decisions
}

/// `### [2026-01-31] - what was decided`.
fn heading(line: &str) -> Option<UserDecision> {
    let (date, title) = line.strip_prefix("### [")?.split_once(']')?;
    let is_date = date.len() == 10 && date.chars().all(|c| c.is_ascii_digit() || c == '-');
    let title = clean(title.trim().trim_start_matches('-'), 200)?;
    is_date.then(|| UserDecision {
        question: format!("decided on {date}"),
        answer: title,
        file: Some(DECISIONS.to_owned()),
    })
}

/// A file of the project that is not large. A link of the repository must not put another file before the model.
fn small(root: &Path, path: &Path) -> Option<Vec<u8>> {
    if std::fs::metadata(path).ok()?.len() > LARGEST || leads_out(path, root).is_some() {
        return None;
    }
    store::read(path).ok()?
}

fn text(value: &Value, most: usize) -> Option<String> {
    clean(value.as_str()?, most)
}

fn clean(text: &str, most: usize) -> Option<String> {
    let text = one_line(&redact(cut_bytes(text, 4 * most)));
    let text = cut_bytes(text.trim(), most);
    (!text.is_empty()).then(|| text.to_owned())
}
