//! Unattended checkpoints: before the context runs out, and for a session that is gone. They hold facts
//! alone, say of everything else that it is missing, and are whole as they stand.

use std::path::{Path, PathBuf};

use documents::front_matter;
use hooks_common::paths::in_project;
use platform::hash::short_hash;
use platform::store::{self, lock};
use platform::time::Moment;

use super::data::scalar;
use super::document::CheckpointDocument;
use super::scaffold::{self, Front};
use super::{Action, append_event, entry, folder};
use crate::ContinuityPlace;
use crate::error::CheckpointError;
use crate::facts::Facts;

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnattendedCheckpoint {
    /// The checkpoint.
    pub path: PathBuf,
    /// Whether it took the place of an earlier one, or is one that was already there.
    pub was_there: bool,
}

/// Writes down what a session knows before it is too late. The session's last checkpoint of this kind is replaced
/// while its bytes are what was written; an edited one stays, and another is made.
///
/// # Errors
/// When it can be written neither among the project's checkpoints nor among our own.
pub fn emergency(
    place: &ContinuityPlace,
    facts: &Facts,
    now: Moment,
    reason: &str,
) -> Result<UnattendedCheckpoint, CheckpointError> {
    // Without the lock two of a day may get one number; without the checkpoint everything is lost.
    let _lock = entry::lock(place, lock::CHANGE);
    let author = scaffold::author(place);
    let front = Front {
        title: "emergency checkpoint",
        author: &author,
        status: "active",
        phase: "fill",
        more: own_fields("emergency: true", facts, reason),
    };
    let text = |path: &Path| signed(&scaffold::text(place, facts, &front, Some(reason), path, now));
    let old = mine(place, facts, "emergency", true);
    let written = match old {
        Some(path) => {
            folder::replace(place.root(), &path, &text(&path))?;
            UnattendedCheckpoint { path, was_there: true }
        }
        None => {
            let name = (now.wall.date_naive(), facts.number, "emergency");
            let create = |folder: &Path| entry::create(place.root(), folder, name, text);
            let path = create(&folder::unattended(place))
                .or_else(|_| create(&in_project::own_checkpoints(place.root())))?;
            UnattendedCheckpoint { path, was_there: false }
        }
    };
    // The checkpoint is what counts; a log that cannot be written must not take it away from the caller.
    let _ = append_event(place, Action::Emergency, facts.number, &written.path, now);
    Ok(written)
}

/// Writes down what is known of a session that ended without saying anything, at the start of session
/// `recovered_by`. Where that was done before, nothing is written.
///
/// # Errors
/// As [`super::scaffold()`], after a shorter wait.
pub fn recovery(
    place: &ContinuityPlace,
    facts: &Facts,
    recovered_by: u64,
    now: Moment,
) -> Result<UnattendedCheckpoint, CheckpointError> {
    let _lock = entry::lock(place, lock::CHANGE)?;
    if let Some(path) = mine(place, facts, "recovered", false) {
        return Ok(UnattendedCheckpoint { path, was_there: true });
    }
    let author = scaffold::author(place);
    let reason = "the session ended without an end of its own";
    let mut more = own_fields("recovered: true", facts, reason);
    more.insert(1, format!("recovered_by: {recovered_by}"));
    let front = Front { title: "recovery", author: &author, status: "draft", phase: "fill", more };
    let name = (now.wall.date_naive(), facts.number, "recovery");
    let path = entry::create(place.root(), &folder::unattended(place), name, |path| {
        signed(&scaffold::text(place, facts, &front, Some(reason), path, now))
    })?;
    let _ = append_event(place, Action::Recovered, facts.number, &path, now);
    Ok(UnattendedCheckpoint { path, was_there: false })
}

/// Removes the oldest of those that lie in our own folder, beyond the newest hundred; an edited one
/// stays. How many.
///
/// # Errors
/// When one cannot be removed.
pub fn prune(place: &ContinuityPlace) -> Result<usize, CheckpointError> {
    const MOST_KEPT: usize = 100;
    let folder = in_project::own_checkpoints(place.root());
    let mut own = entry::entries(place);
    own.retain(|entry| entry.path.starts_with(&folder));
    let surplus = own.len().saturating_sub(MOST_KEPT);
    let mut removed = 0;
    for entry in &own[..surplus] {
        if folder::read(place.root(), &entry.path).is_ok_and(|text| is_untouched(&text)) {
            store::remove(&entry.path).map_err(CheckpointError::io(&entry.path))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// What tells these checkpoints from others, and what other tools read of them.
fn own_fields(kind: &str, facts: &Facts, reason: &str) -> Vec<String> {
    const MOST_PENDING: usize = 20;
    let changes = &facts.changes;
    let tasks = facts.tasks.iter().filter(|task| task.is_open()).map(|task| task.subject.clone());
    let files = [&changes.staged, &changes.unstaged, &changes.untracked].into_iter().flatten();
    let pending = tasks.chain(files.map(|path| format!("uncommitted: {path}")));
    let pending: Vec<_> = pending.take(MOST_PENDING).map(|item| format!("  - {}", scalar(&item))).collect();
    let mut lines = vec![kind.to_owned(), format!("reason: {}", scalar(reason)), "digest: none".to_owned()];
    lines.push(if pending.is_empty() { "pending: []".to_owned() } else { "pending:".to_owned() });
    lines.extend(pending);
    lines
}

/// The session's last checkpoint of a kind. `untouched`: only one whose bytes are what was written.
fn mine(place: &ContinuityPlace, facts: &Facts, kind: &str, untouched: bool) -> Option<PathBuf> {
    let mut entries = entry::entries(place);
    entries.retain(|entry| entry.number == facts.number);
    entries.into_iter().rev().map(|entry| entry.path).find(|path| {
        let Ok(text) = folder::read(place.root(), path) else { return false };
        let document = CheckpointDocument::of(&text);
        document.scalar(kind) == "true"
            && document.scalar("session_id") == facts.session_id
            && (!untouched || is_untouched(&text))
    })
}

/// `text` with the digest of everything else in its front matter.
fn signed(text: &str) -> String {
    front_matter::with_value(text, "digest", &digest(text)).unwrap_or_else(|| text.to_owned())
}

fn digest(text: &str) -> String {
    const DIGITS: usize = 32;
    let unsigned = front_matter::with_value(text, "digest", "none").unwrap_or_default();
    short_hash(unsigned.as_bytes(), DIGITS)
}

fn is_untouched(text: &str) -> bool {
    let document = CheckpointDocument::of(text);
    let digest_ = document.scalar("digest");
    !digest_.is_empty() && digest_ == digest(text)
}
