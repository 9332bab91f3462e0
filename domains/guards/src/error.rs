//! Errors of guards: while they examine a use of a tool, or store what they learn from it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use config::ConfigError;
use config::types::GuardName;
use git::GitError;
use platform::error::{ErrorKind, Explain};
use platform::store::lock::LockError;

/// An error of a guard.
#[derive(Debug, thiserror::Error)]
pub enum GuardsError {
    /// A guard failed. The other guards still run.
    #[error("guard {guard} failed: {source}")]
    Guard {
        /// The guard.
        guard: GuardName,
        /// The cause.
        source: Box<GuardsError>,
    },
    /// The compiled policy, or an expression in it, cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The changes of a commit cannot be read. Several guards need them; git is asked once, and
    /// each guard gets the same error.
    #[error(transparent)]
    Commit(Arc<GuardsError>),
    /// A lock cannot be taken.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file or a folder cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The session's log cannot be read.
    #[error("the session's log cannot be read: {0}")]
    SessionLog(#[source] io::Error),
    /// The project's known failures and fixes cannot be read.
    #[error("the known failures cannot be read: {0}")]
    KnownFailures(#[source] io::Error),
    /// The outcomes of commands cannot be stored.
    #[error("the outcomes of commands cannot be updated: {0}")]
    Outcomes(#[source] io::Error),
    /// The alerts of planning documents cannot be read or written.
    #[error("the alerts of planning documents cannot be updated: {0}")]
    Alerts(#[source] io::Error),
    /// git failed to list the work that a command would destroy.
    #[error("git does not report what the command would destroy")]
    UnsavedUnknown,
    /// A line has more commits than git is asked about.
    #[error("the line has more than {0} commits and additions to them")]
    TooManyCommits(usize),
    /// A line removes files of more repositories than git is asked about.
    #[error("the line removes files of more than {0} repositories")]
    TooManyRepositories(usize),
    /// The search for a document's id stopped before all documents were read.
    #[error("the search for the id ended after {files} documents: {reason}")]
    SearchEnded {
        /// How many documents were read.
        files: usize,
        /// Why the search stopped.
        reason: &'static str,
    },
    /// Patterns were to be checked while the guard is off.
    #[error("guard patterns is off in {}", .0.display())]
    PatternsOff(PathBuf),
    /// git does not print the staged content of a file.
    #[error("git does not print the staged content of {0}")]
    NotStaged(String),
    /// A file that the user named is outside the project.
    #[error("{} is outside the project", .0.display())]
    OutsideProject(PathBuf),
    /// A path that the user named is not a file.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// The project's path is not valid UTF-8, so git cannot be given it as text.
    #[error("{} is not valid UTF-8", .0.display())]
    NotUtf8(PathBuf),
}

impl GuardsError {
    /// Wraps an I/O error of a file or folder.
    pub(crate) fn file(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { path: path.into(), source }
    }

    /// Whether a guard could not answer because of the use of the tool that it examines, or of what an agent can make of
    /// the repository: such a use is asked about. Everything else is a failure of ours or of the machine.
    pub(crate) fn is_about_the_use(&self) -> bool {
        match self {
            Self::Guard { source, .. } => source.is_about_the_use(),
            Self::Commit(error) => error.is_about_the_use(),
            Self::Git(_)
            | Self::File { .. }
            | Self::UnsavedUnknown
            | Self::TooManyCommits(_)
            | Self::TooManyRepositories(_)
            | Self::SearchEnded { .. }
            | Self::NotStaged(_)
            | Self::NotUtf8(_) => true,
            Self::Config(_)
            | Self::Lock(_)
            | Self::SessionLog(_)
            | Self::KnownFailures(_)
            | Self::Outcomes(_)
            | Self::Alerts(_)
            | Self::PatternsOff(_)
            | Self::OutsideProject(_)
            | Self::NotAFile(_) => false,
        }
    }

    /// Why, without the guard's name.
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Guard { source, .. } => source.reason(),
            error => error.to_string(),
        }
    }

    /// The same error as a guard's.
    pub(crate) fn of_guard(self, guard: GuardName) -> Self {
        Self::Guard { guard, source: Box::new(self) }
    }
}

impl Explain for GuardsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Guard { source, .. } => source.kind(),
            Self::Commit(error) => error.kind(),
            Self::Config(error) => error.kind(),
            Self::Git(error) => error.kind(),
            Self::Lock(_)
            | Self::File { .. }
            | Self::SessionLog(_)
            | Self::KnownFailures(_)
            | Self::Outcomes(_)
            | Self::Alerts(_)
            | Self::UnsavedUnknown
            | Self::SearchEnded { .. }
            | Self::NotStaged(_) => ErrorKind::System,
            Self::TooManyCommits(_)
            | Self::TooManyRepositories(_)
            | Self::PatternsOff(_)
            | Self::OutsideProject(_)
            | Self::NotAFile(_)
            | Self::NotUtf8(_) => ErrorKind::User,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Guard { source, .. } => return source.hint(),
            Self::Commit(error) => return error.hint(),
            Self::Config(error) => return error.hint(),
            Self::Git(error) => return error.hint(),
            Self::File { path, .. } => return Some(format!("check the permissions of {}", path.display())),
            Self::Lock(_)
            | Self::SessionLog(_)
            | Self::KnownFailures(_)
            | Self::Outcomes(_)
            | Self::Alerts(_) => "run `req doctor`",
            Self::UnsavedUnknown | Self::NotStaged(_) => "run `git status` in this repository",
            Self::TooManyCommits(_) | Self::TooManyRepositories(_) => "run the line in parts",
            Self::PatternsOff(_) => "add rules to `guards.patterns.rules` in .claude/requirements.yaml",
            Self::OutsideProject(_) | Self::NotAFile(_) => "name files of the project",
            Self::SearchEnded { .. } | Self::NotUtf8(_) => return None,
        };
        Some(hint.to_owned())
    }
}
