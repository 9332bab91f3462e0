//! What can fail in this crate.

use std::io;
use std::path::PathBuf;

use platform::error::{ErrorKind, Explain};
use platform::store::lock::LockError;

/// Why a report of a shell was not kept.
#[derive(Debug, thiserror::Error)]
pub enum SessionsError {
    /// A file cannot be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The lock cannot be made.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl Explain for SessionsError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::System
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File { path, .. } => Some(format!("check the permissions of {}", path.display())),
            Self::Lock(_) => None,
        }
    }
}
