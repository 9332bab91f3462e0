//! Checkpoints: what a session says about itself before it ends, one Markdown file each.
//!
//! A person or the model takes one through the phases of [`Phase`]. What is written without anybody
//! ([`emergency`], [`recovery`]) is made of facts alone and is whole as it stands.

mod blocks;
mod claims;
mod data;
mod document;
mod entry;
mod event;
mod folder;
mod length;
mod lens;
mod marks;
mod phase;
mod removal;
mod scaffold;
mod structure;
#[cfg(test)]
mod tests;
mod unattended;
mod verify;

pub use crate::error::CheckpointError;
pub use document::CheckpointDocument;
pub use entry::{CheckpointEntry, entries, latest, numbers, of_session};
pub use event::{Action, append_event};
pub use folder::{all as folders, read};
pub use lens::{Lens, LensFinding};
pub use phase::{Phase, enter, is_captured, leave, reached, reached_with};
pub use scaffold::scaffold;
pub use structure::{ProblemKind, SECTIONS, StructureProblem, validate};
pub use unattended::{UnattendedCheckpoint, emergency, prune, recovery};
pub use verify::{VerificationReport, verify};
