//! What can go wrong with what a session must not lose.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use config::ConfigError;
use platform::error::{ErrorKind, Explain};
use platform::store::lock::LockError;
use thiserror::Error;

/// See the module.
#[derive(Debug, Error)]
pub enum ContinuityError {
    /// The compiled policy is damaged.
    #[error(transparent)]
    Policy(#[from] ConfigError),
    /// A file of a session cannot be read or written.
    #[error("{0}")]
    Session(#[from] io::Error),
    /// A file of the project cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A lock cannot be made.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A checkpoint cannot be read or written.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The commits of a project cannot be followed.
    #[error("the commit log of {}: {reason}", root.display())]
    Commits {
        /// The project.
        root: PathBuf,
        /// The reason.
        reason: String,
    },
    /// Some of several things failed; the others were done.
    #[error("{}", .0.join("; "))]
    Several(Vec<String>),
}

impl ContinuityError {
    /// A file that could not be read or written.
    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::File { path: path.to_owned(), error }
    }

    /// Commits that could not be followed.
    pub(crate) fn commits(root: &Path, reason: &impl Display) -> Self {
        Self::Commits { root: root.to_owned(), reason: reason.to_string() }
    }
}

impl Explain for ContinuityError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Checkpoint(error) => error.kind(),
            _ => ErrorKind::System,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Policy(_) => Some("run `req doctor`; the next hook compiles the policy again".to_owned()),
            Self::File { path, .. } => Some(format!("check the permissions of {}", path.display())),
            Self::Checkpoint(error) => error.hint(),
            Self::Session(_) | Self::Lock(_) | Self::Commits { .. } | Self::Several(_) => {
                Some("run `req doctor`".to_owned())
            }
        }
    }
}

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
    #[error("{} leads out of the project; it is neither read nor written", .0.display())]
    Outside(PathBuf),
    /// A folder, a pipe, a device.
    #[error("{} is not a regular file", .0.display())]
    NoFile(PathBuf),
    /// Larger than a checkpoint can be.
    #[error("{} is larger than {} KiB, the limit for a checkpoint", path.display(), most / 1024)]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The most bytes.
        most: u64,
    },
    /// Bytes that are no UTF-8.
    #[error("{} is not valid UTF-8 (the first invalid byte is byte {at})", path.display())]
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
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { path: path.to_owned(), error }
    }
}

impl Explain for CheckpointError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. } | Self::Lock(_) => ErrorKind::System,
            Self::Outside(_) | Self::NoFile(_) | Self::TooLarge { .. } | Self::NoText { .. } => {
                ErrorKind::User
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Io { path, .. } => Some(format!("check the permissions of {}", path.display())),
            Self::Lock(_) => Some("try again in a moment".to_owned()),
            Self::Outside(_) => Some("name a file inside the project".to_owned()),
            Self::NoFile(_) | Self::TooLarge { .. } | Self::NoText { .. } => {
                Some("name a checkpoint: `req checkpoint list` shows them".to_owned())
            }
        }
    }
}
