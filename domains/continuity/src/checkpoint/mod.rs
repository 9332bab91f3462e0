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
pub use document::Document;
pub use entry::{Entry, entries, latest, numbers, of_session};
pub use event::{Action, append_event};
pub use folder::{all as folders, read};
pub use lens::{Finding, Lens};
pub use phase::{Phase, enter, is_captured, leave, reached, reached_with};
pub use scaffold::scaffold;
pub use structure::{Problem, ProblemKind, SECTIONS, validate};
pub use unattended::{Written, emergency, prune, recovery};
pub use verify::{Report, verify};
