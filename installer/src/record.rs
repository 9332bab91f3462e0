//! The record of an installation, by which uninstalling restores the file exactly.

use std::io;
use std::path::{Path, PathBuf};

use hooks_common::paths::Paths;
use platform::hash::short_hash;
use platform::store::{self, replace};
use serde::{Deserialize, Serialize};

/// One installation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstallRecord {
    /// The settings file, links resolved.
    pub settings: PathBuf,
    /// Where the executables are.
    pub bin_dir: PathBuf,
    /// Whether the file existed before.
    pub existed: bool,
    /// Whether the kept original is the file without our entries. False once the file was edited between two
    /// installations.
    pub is_exact: bool,
    /// The SHA-256 of what we wrote.
    pub written: String,
    /// When, RFC 3339.
    pub at: String,
}

/// The folders that hooks were installed for, by the records; `None` for every folder, also where a record cannot be
/// read: it may be of any.
pub fn wired_folders(paths: &Paths) -> Option<Vec<PathBuf>> {
    let user = replace::link_target(&paths.user_settings());
    let dirs = std::fs::read_dir(paths.installs_dir()).into_iter().flatten().flatten();
    let mut folders = Vec::new();
    for dir in dirs.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let Some(record) = InstallRecordDir(dir.path()).read().ok()? else { continue };
        if record.settings == user {
            return None;
        }
        folders.extend(record.settings.parent().and_then(Path::parent).map(Path::to_path_buf));
    }
    Some(folders)
}

/// The folder of one settings file's record.
#[derive(Debug)]
pub struct InstallRecordDir(PathBuf);

impl InstallRecordDir {
    /// The record folder of a settings file, links resolved.
    pub fn of(paths: &Paths, settings: &Path) -> Self {
        Self(paths.installs_dir().join(short_hash(settings.as_os_str().as_encoded_bytes(), 16)))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the record is.
    pub fn record_path(&self) -> PathBuf {
        self.0.join("record.json")
    }

    /// Where the original is kept.
    pub fn original_path(&self) -> PathBuf {
        self.0.join("original-settings.json")
    }

    /// The record; `None` when there is none.
    ///
    /// # Errors
    /// When it exists and cannot be read, or is damaged: then the settings may hold entries that only it knows.
    pub fn read(&self) -> io::Result<Option<InstallRecord>> {
        let Some(bytes) = store::read(&self.record_path())? else { return Ok(None) };
        serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// The file as it was before the installation; `None` when it was deleted.
    ///
    /// # Errors
    /// When it exists and cannot be read as text.
    pub fn original(&self) -> io::Result<Option<String>> {
        let bytes = store::read(&self.original_path())?;
        bytes
            .map(String::from_utf8)
            .transpose()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}
