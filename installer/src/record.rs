//! What an installation changed, kept so that it can be taken back exactly.

use std::path::{Path, PathBuf};

use anyhow::Context;
use hooks_common::paths::Paths;
use hooks_common::session_id::short_hash;
use hooks_common::store::{self, Durability};
use serde::{Deserialize, Serialize};

/// One installation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// The settings file, links resolved.
    pub settings: PathBuf,
    /// Where the executables are.
    pub bin_dir: PathBuf,
    /// Whether the file existed before.
    pub existed: bool,
    /// Whether the kept original is what the file would be without us. Not so once the file was edited
    /// between two installations.
    pub is_exact: bool,
    /// The SHA-256 of what we wrote.
    pub written: String,
    /// When, RFC 3339.
    pub at: String,
}

/// The folder of one settings file's record.
#[derive(Debug)]
pub struct RecordDir(PathBuf);

/// The whole SHA-256 of a text.
pub fn digest(text: &str) -> String {
    short_hash(text.as_bytes(), 64)
}

impl RecordDir {
    /// The record folder of a settings file.
    pub fn of(paths: &Paths, settings: &Path) -> Self {
        Self(paths.installs_dir().join(short_hash(settings.as_os_str().as_encoded_bytes(), 16)))
    }

    /// The record, if there is one that can be read.
    pub fn read(&self) -> Option<Record> {
        serde_json::from_slice(&store::read(&self.0.join("record.json")).ok()??).ok()
    }

    /// The file as it was before the installation.
    pub fn original(&self) -> anyhow::Result<Option<String>> {
        let path = self.original_path();
        let bytes = store::read(&path).with_context(|| path.display().to_string())?;
        bytes.map(String::from_utf8).transpose().with_context(|| path.display().to_string())
    }

    /// Where the original is kept.
    pub fn original_path(&self) -> PathBuf {
        self.0.join("original-settings.json")
    }

    /// Keeps a record and, with the first of an installation, the original.
    pub fn write(&self, record: &Record, original: Option<&str>) -> anyhow::Result<()> {
        let failed = || format!("{} cannot be written", self.0.display());
        store::create_private_dir(&self.0).with_context(failed)?;
        if let Some(original) = original {
            let path = self.original_path();
            store::replace(&path, original.as_bytes(), Durability::Durable, 0o600).with_context(failed)?;
        }
        let text = serde_json::to_vec_pretty(record)?;
        store::replace(&self.0.join("record.json"), &text, Durability::Durable, 0o600).with_context(failed)
    }

    /// Forgets the installation.
    pub fn remove(&self) -> anyhow::Result<()> {
        match std::fs::remove_dir_all(&self.0) {
            Err(error) if !store::is_absent(&error) => {
                Err(error).with_context(|| self.0.display().to_string())
            }
            _ => Ok(()),
        }
    }
}
