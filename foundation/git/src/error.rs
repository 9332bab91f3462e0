//! Errors of git, and of files in a git directory.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use platform::error::{ErrorKind, Explain};

/// The reason why git, or a file of a git directory, gives no result.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// git is not installed.
    #[error("git is not installed, or not in PATH")]
    Missing,
    /// git was killed at its deadline.
    #[error("`git {command}` takes longer than {} in {}", shown(*.limit), .folder.display())]
    TimedOut {
        /// The subcommand.
        command: String,
        /// The folder in which it ran.
        folder: PathBuf,
        /// The time limit.
        limit: Duration,
    },
    /// git was killed because its output exceeded the limit.
    #[error("`git {command}` prints more than {limit} bytes in {}", .folder.display())]
    TooMuch {
        /// The subcommand.
        command: String,
        /// The folder in which it ran.
        folder: PathBuf,
        /// The limit in bytes.
        limit: usize,
    },
    /// git refuses a repository of another user, because its configuration can run programs.
    #[error("git refuses the repository at {}: it belongs to another user", .0.display())]
    Refused(PathBuf),
    /// git exited with an error.
    #[error("`git {command}` fails in {}: {message}", .folder.display())]
    Failed {
        /// The subcommand.
        command: String,
        /// The folder in which it ran.
        folder: PathBuf,
        /// git's message in one line, or its exit status.
        message: String,
    },
    /// git could not be started, or its output could not be read.
    #[error("git cannot be run: {0}")]
    NotRun(#[source] io::Error),
    /// A file or folder of the repository cannot be read.
    #[error("{} cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A branch shares no commit with its base.
    #[error("the base `{0}` shares no commit with this branch, or does not exist")]
    UnrelatedBase(String),
    /// A branch was not deleted.
    #[error("{0}")]
    BranchKept(String),
}

/// A limit in the form for messages: `500 ms`, `3 s`.
fn shown(limit: Duration) -> String {
    match limit.as_millis() {
        milliseconds if milliseconds % 1000 == 0 => format!("{} s", milliseconds / 1000),
        milliseconds => format!("{milliseconds} ms"),
    }
}

impl Explain for GitError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(_) | Self::UnrelatedBase(_) | Self::BranchKept(_) => ErrorKind::User,
            Self::Missing
            | Self::TimedOut { .. }
            | Self::TooMuch { .. }
            | Self::Failed { .. }
            | Self::NotRun(_)
            | Self::Unreadable { .. } => ErrorKind::System,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing => "install git, or add its folder to PATH".to_owned(),
            Self::TimedOut { command, folder, .. } => {
                format!("run `git {command}` in {} and find out why it is slow", folder.display())
            }
            Self::Refused(path) => format!(
                "if you trust this repository, run `git config --global --add safe.directory {}`",
                path.display()
            ),
            Self::UnrelatedBase(_) => "set `base` to a branch that exists".to_owned(),
            Self::Unreadable { .. } => "run `git fsck` in this repository".to_owned(),
            Self::TooMuch { .. } | Self::Failed { .. } | Self::NotRun(_) | Self::BranchKept(_) => {
                return None;
            }
        })
    }
}
