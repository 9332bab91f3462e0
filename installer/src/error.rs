//! What can go wrong while an installation is changed, who can do something about it, and what.

use std::io;
use std::path::PathBuf;

use platform::error::{ErrorKind, Explain};
use platform::store::lock::LockError;

use crate::settings::SettingsError;

/// Why an installation was not changed. Nothing is half-written.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The named repository does not exist.
    #[error("{} cannot be found", path.display())]
    NoRepository {
        /// The path as it was named.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The named repository is a file.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// An executable to be wired does not exist.
    #[error("{} does not exist", .0.display())]
    NoExecutable(PathBuf),
    /// A settings file keeps every hook from running, so that entries of ours would have no effect.
    #[error("no hook can run: {} sets `{key}`", file.display())]
    HooksAreOff {
        /// The settings file.
        file: PathBuf,
        /// Its key.
        key: &'static str,
    },
    /// The settings file of a repository is a link that leads out of it.
    #[error("{} stays as it is: it is a link to {}, outside the repository", file.display(), target.display())]
    Elsewhere {
        /// The link.
        file: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// The settings cannot be understood, so they are not changed.
    #[error("{} stays as it is", file.display())]
    Settings {
        /// The settings file.
        file: PathBuf,
        /// What is wrong with it.
        source: SettingsError,
    },
    /// The settings file is not text.
    #[error("{} stays as it is: it is not UTF-8", .0.display())]
    NotText(PathBuf),
    /// The settings file changes whenever it is edited.
    #[error("{} stays as it is: another program changes it again and again", .0.display())]
    KeepsChanging(PathBuf),
    /// The record of an installation exists and cannot be read.
    #[error("nothing was changed: the record of this installation in {} cannot be read", folder.display())]
    Record {
        /// The folder of the record and of the kept original.
        folder: PathBuf,
        /// What the system said, or what is wrong with it.
        source: io::Error,
    },
    /// Another installer runs.
    #[error("another installation is running")]
    Locked(#[source] LockError),
    /// A file cannot be read, written or removed.
    #[error("{} cannot be {action}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// `read`, `written`, `created` or `removed`.
        action: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl InstallError {
    /// For `map_err`: what could not be done with a file.
    pub(crate) fn file(path: impl Into<PathBuf>, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, action, source }
    }
}

impl Explain for InstallError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoRepository { .. }
            | Self::NotAFolder(_)
            | Self::HooksAreOff { .. }
            | Self::Elsewhere { .. }
            | Self::Settings { .. }
            | Self::NotText(_) => ErrorKind::User,
            Self::NoExecutable(_)
            | Self::KeepsChanging(_)
            | Self::Record { .. }
            | Self::Locked(_)
            | Self::File { .. } => ErrorKind::System,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRepository { .. } | Self::NotAFolder(_) => "name the folder of a repository",
            Self::NoExecutable(_) => "run `cargo setup`, which builds and installs the executables",
            Self::Elsewhere { .. } => "replace the link with a file, use --level user, or add --force",
            Self::HooksAreOff { key, .. } => return Some(format!("remove `{key}`, or add --force")),
            Self::Settings { .. } | Self::NotText(_) => "fix the file, then run this command again",
            Self::KeepsChanging(_) | Self::Locked(_) => "run this command again",
            Self::Record { folder, .. } => {
                return Some(format!(
                    "make it readable; if it is damaged, move {} away and run this command again",
                    folder.display()
                ));
            }
            Self::File { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
