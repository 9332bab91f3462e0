//! The files of a configuration, and the files of its compiled policy.

use std::path::PathBuf;

use platform::store::FileIdentity;

/// A level of the configuration cascade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The user's configuration, for all projects.
    Global,
    /// The team's configuration, in the repository.
    Project,
    /// The configuration of one clone.
    Local,
}

/// A configuration file of the cascade. It may not exist.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// Its level.
    pub level: Level,
    /// Its path, even if it does not exist.
    pub path: PathBuf,
    /// Which version of it is there; `None` when there is none, or when that cannot be determined.
    pub identity: Option<FileIdentity>,
    /// Whether it cannot be determined if the file is there. Such a file counts as one that cannot be read, not as none:
    /// who takes away the right to look must not switch the gates off.
    pub is_hidden: bool,
}

impl ConfigFile {
    /// The file of a level in its current state.
    pub fn at(level: Level, path: PathBuf) -> Self {
        let found = FileIdentity::look(&path);
        Self { level, is_hidden: found.is_err(), identity: found.ok().flatten(), path }
    }

    /// The place of a level whose file does not count.
    pub fn absent(level: Level, path: PathBuf) -> Self {
        Self { level, path, identity: None, is_hidden: false }
    }

    /// Whether the file is there, or may be.
    pub fn is_present(&self) -> bool {
        self.identity.is_some() || self.is_hidden
    }
}

/// A project's cascade, and the files of its policy.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The files of the cascade, lowest level first.
    pub files: Vec<ConfigFile>,
    /// The file of the compiled policy.
    pub policy: PathBuf,
    /// The file of the policy compiled from the global file only.
    pub global_policy: PathBuf,
    /// The folder that `~` means in a path.
    pub home: PathBuf,
}

impl Sources {
    /// Whether the project has its own configuration. The global file alone does not enable any gate.
    pub fn is_configured(&self) -> bool {
        is_configured(&self.files)
    }
}

/// Whether a file above the global level exists.
pub fn is_configured(files: &[ConfigFile]) -> bool {
    files.iter().any(|file| file.is_present() && file.level != Level::Global)
}
