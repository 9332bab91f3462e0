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

use std::io;
use std::path::{Path, PathBuf};

use platform::store::lock::LockError;

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

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file system said no.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A path or a link leads out of the project.
    #[error("{} leads out of the project; nothing is read or written there", .0.display())]
    Outside(PathBuf),
    /// A folder, a pipe, a device.
    #[error("{} is no regular file", .0.display())]
    NoFile(PathBuf),
    /// Larger than a checkpoint can be.
    #[error("{} is larger than {} KiB, which no checkpoint is", path.display(), most / 1024)]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The most bytes.
        most: u64,
    },
    /// Bytes that are no UTF-8.
    #[error("{} is no UTF-8 text (the first odd byte is byte {at})", path.display())]
    NoText {
        /// Which file.
        path: PathBuf,
        /// How many bytes come before.
        at: usize,
    },
    /// Somebody else is numbering checkpoints for too long.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl CheckpointError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { path: path.to_owned(), error }
    }
}
