//! Why a file of another system is not read.

use std::io;

use platform::error::{ErrorKind, Explain};

/// Why a file of another system is not read. Its reader names the file.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The file does not exist.
    #[error("not there")]
    Missing,
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// The file is not text.
    #[error("not UTF-8")]
    NotText,
    /// A lock is not a folder.
    #[error("not a folder, so no lock")]
    NotAFolder,
    /// A lock lacks one of its files.
    #[error("no {0} yet: the lock is being made, or its maker was killed")]
    UnfinishedLock(&'static str),
    /// A file in a lock is not read.
    #[error("{0}: {1}")]
    InLock(&'static str, Box<Self>),
    /// A lock names no process.
    #[error("pid holds no process number but `{0}`")]
    NotAPid(String),
    /// The description of a lock is not valid JSON.
    #[error("meta.json: {0}")]
    BadMeta(serde_json::Error),
    /// The description of a lock names no folder.
    #[error("meta.json names no path")]
    NoPath,
}

impl Explain for MigrateError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreadable(_) => ErrorKind::System,
            Self::InLock(_, error) => error.kind(),
            _ => ErrorKind::User,
        }
    }
}
