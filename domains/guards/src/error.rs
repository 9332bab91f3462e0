//! What can go wrong while guards look at a use of a tool, or keep what they learn from it.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use config::ConfigError;
use config::types::GuardName;
use git::GitError;
use platform::error::{ErrorKind, Explain};
use platform::store::lock::LockError;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum GuardsError {
    /// A guard failed. The others still look.
    #[error("guard {guard} failed: {source}")]
    Guard {
        /// The guard.
        guard: GuardName,
        /// Why.
        source: Box<GuardsError>,
    },
    /// The compiled policy, or an expression in it, cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// git gives no answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What a commit adds cannot be read. Several guards need it, git is asked once, and each gets the same error.
    #[error(transparent)]
    Commit(Arc<GuardsError>),
    /// A lock cannot be taken.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file or a folder cannot be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The session's log cannot be read.
    #[error("the session's log cannot be read: {0}")]
    SessionLog(#[source] io::Error),
    /// The failures and fixes that the project remembers cannot be read.
    #[error("the known failures cannot be read: {0}")]
    KnownFailures(#[source] io::Error),
    /// How commands ended cannot be kept.
    #[error("the outcomes of commands cannot be updated: {0}")]
    Outcomes(#[source] io::Error),
    /// The alerts of planning documents cannot be read or written.
    #[error("the alerts of planning documents cannot be updated: {0}")]
    Alerts(#[source] io::Error),
    /// git fails where it is asked what a command would destroy.
    #[error("git does not report what the command would destroy")]
    UnsavedUnknown,
    /// A line has more commits than git is asked about.
    #[error("the line has more than {0} commits and additions to them")]
    TooManyCommits(usize),
    /// A line removes files of more repositories than git is asked about.
    #[error("the line removes files of more than {0} repositories")]
    TooManyRepositories(usize),
    /// The search for a document's id ended before all documents were read.
    #[error("the search for the id ended after {files} documents: {reason}")]
    SearchEnded {
        /// How many were read.
        files: usize,
        /// Why it ended.
        reason: &'static str,
    },
    /// A check of patterns where the guard is off.
    #[error("guard patterns is off in {}", .0.display())]
    PatternsOff(PathBuf),
    /// git does not print the staged content of a file.
    #[error("git does not print the staged content of {0}")]
    NotStaged(String),
    /// A file that a person named is outside the project.
    #[error("{} is outside the project", .0.display())]
    OutsideProject(PathBuf),
    /// A path that a person named is not a file.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// The project's path cannot be given to git as text.
    #[error("{} is not valid UTF-8", .0.display())]
    NotUtf8(PathBuf),
}

impl GuardsError {
    /// A file's or a folder's error.
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
