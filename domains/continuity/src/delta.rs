//! What changed between the last two checkpoints: which work items were taken up, and which are done by now.

use std::path::Path;

use platform::store;

use crate::checkpoint::{self, CheckpointDocument};
use crate::place::ContinuityPlace;

/// The statuses of a work item that is done.
const DONE: [&str; 6] = ["complete", "closed", "done", "duplicate", "archived", "wontfix"];
/// The folders of work items.
const FOLDERS: [&str; 3] = ["active", "blocked", "archive"];

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// The session of the checkpoint before the last one.
    pub prior: u64,
    /// Items that the last checkpoint names and the one before does not.
    pub added: Vec<String>,
    /// Items that the one before names and that are done now.
    pub completed: Vec<String>,
}

impl Delta {
    /// The delta of a project; `None` with fewer than two checkpoints.
    pub fn of(place: &ContinuityPlace) -> Option<Self> {
        let mut entries = checkpoint::entries(place);
        let last = entries.pop()?;
        // A session may leave several: the one before is another session's.
        let prior = entries.into_iter().rev().find(|entry| entry.number < last.number)?;
        let (before, now) = (items(place, &prior.path), items(place, &last.path));
        let added = now.into_iter().filter(|item| !before.contains(item)).collect();
        let completed = before.into_iter().filter(|item| is_done(place.root(), item)).collect();
        Some(Self { prior: prior.number, added, completed })
    }

    /// `since session 144: +1 done, +2 new`; empty when nothing changed.
    pub fn told(&self) -> String {
        let counted = [(self.completed.len(), "done"), (self.added.len(), "new")];
        let parts: Vec<String> = counted
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("+{count} {what}"))
            .collect();
        if parts.is_empty() {
            return String::new();
        }
        format!("since session {}: {}", self.prior, parts.join(", "))
    }
}

fn items(place: &ContinuityPlace, path: &Path) -> Vec<String> {
    let Ok(text) = checkpoint::read(place.root(), path) else { return Vec::new() };
    let document = CheckpointDocument::of(&text);
    document.list("backlog_ids").into_iter().filter(|item| is_name(item)).map(str::to_owned).collect()
}

/// Whether an item can be a folder's name: it is looked for on disk.
fn is_name(item: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !item.is_empty() && item.len() <= 64 && item.chars().all(is_plain) && !item.starts_with('.')
}

fn is_done(root: &Path, item: &str) -> bool {
    let work = root.join("docs/work");
    for folder in FOLDERS {
        let file = work.join(folder).join(item).join("WORK.md");
        let Some(bytes) = store::read(&file).ok().flatten() else { continue };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        return DONE.contains(&CheckpointDocument::of(&text).scalar("status").to_ascii_lowercase().as_str());
    }
    false
}
