//! The cycle of a checkpoint: SCAFFOLD → FILL → VERIFY → CAPTURE → COMMIT.

use std::path::Path;

use documents::front_matter;
use git::CommittedPaths;
use platform::time::Moment;

use super::document::CheckpointDocument;
use super::{folder, marks, structure};
use crate::error::CheckpointError;

/// A phase that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The file is there, with marks to fill in.
    Scaffold,
    /// No mark is left.
    Fill,
    /// What it claims is supported.
    Verify,
    /// What was learned is kept.
    Capture,
    /// It is committed.
    Commit,
}

impl Phase {
    /// As the front matter has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scaffold => "scaffold",
            Self::Fill => "fill",
            Self::Verify => "verify",
            Self::Capture => "capture",
            Self::Commit => "commit",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Scaffold, Self::Fill, Self::Verify, Self::Capture, Self::Commit]
            .into_iter()
            .find(|phase| phase.name() == name)
    }
}

/// How far a checkpoint has come: what its front matter says, and what can be seen. `None` when it does not take
/// part in the cycle.
pub fn reached(text: &str) -> Option<Phase> {
    let document = CheckpointDocument::of(text);
    let phase = Phase::named(document.scalar("phase"))?;
    Some(match phase {
        Phase::Scaffold if !marks::any_left(&document) => Phase::Fill,
        Phase::Verify if is_captured(&document) => Phase::Capture,
        phase => phase,
    })
}

/// The same, but that a file is committed is believed only if git's last commit holds it as it is. Else the phase was
/// left behind by a commit that was killed, or the file has changed since: it must be verified again.
pub fn reached_with(held: &CommittedPaths, path: &Path, text: &str) -> Option<Phase> {
    let phase = reached(text)?;
    if phase < Phase::Commit || held.holds(path) {
        return Some(phase);
    }
    Some(if marks::any_left(&CheckpointDocument::of(text)) { Phase::Scaffold } else { Phase::Fill })
}

/// Whether what was learned is kept: `memory_refs`, or rows in WHY Captured, or a reason why there are none.
pub fn is_captured(document: &CheckpointDocument<'_>) -> bool {
    !document.list("memory_refs").is_empty()
        || document
            .section(structure::WHY)
            .is_some_and(|section| structure::skipped(section).is_some() || structure::has_rows(section))
}

/// Writes the phase into a checkpoint's front matter, and when; what was written. A checkpoint without these lines
/// stays as it is.
///
/// # Errors
/// When it cannot be read or replaced.
pub fn enter(root: &Path, path: &Path, phase: Phase, now: Moment) -> Result<String, CheckpointError> {
    let old = folder::read(root, path)?;
    let mut text = old.clone();
    for (key, value) in [("phase", phase.name()), ("last_updated", &now.rfc3339())] {
        text = front_matter::with_value(&text, key, value).unwrap_or(text);
    }
    // Somebody who keeps no phase is told nothing by a time alone.
    if !CheckpointDocument::of(&old).scalar("phase").is_empty() && text != old {
        folder::replace(root, path, &text)?;
        return Ok(text);
    }
    Ok(old)
}

/// Takes back what [`enter`] wrote, unless it has changed since.
///
/// # Errors
/// As [`enter`].
pub fn leave(root: &Path, path: &Path, written: &str, before: &str) -> Result<(), CheckpointError> {
    if written != before && folder::read(root, path)? == written {
        folder::replace(root, path, before)?;
    }
    Ok(())
}
