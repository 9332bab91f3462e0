//! Writing and removing the record of an installation.

use platform::hash::short_hash;
use platform::store::{self, Durability};

use crate::error::InstallError;
use crate::record::{InstallRecord, InstallRecordDir};

/// The whole SHA-256 of a text.
pub fn digest(text: &str) -> String {
    short_hash(text.as_bytes(), 64)
}

/// Writes a record and, with the first of an installation, the original.
pub fn write(
    dir: &InstallRecordDir,
    record: &InstallRecord,
    original: Option<&str>,
) -> Result<(), InstallError> {
    let write = || {
        store::create_private_dir(dir.path())?;
        if let Some(original) = original {
            store::replace(&dir.original_path(), original.as_bytes(), Durability::Durable, 0o600)?;
        }
        let text = serde_json::to_vec_pretty(record).map_err(std::io::Error::from)?;
        store::replace(&dir.record_path(), &text, Durability::Durable, 0o600)
    };
    write().map_err(InstallError::file(dir.path(), "written"))
}

/// Removes the record and the original.
pub fn remove(dir: &InstallRecordDir) -> Result<(), InstallError> {
    match std::fs::remove_dir_all(dir.path()) {
        Err(error) if !store::is_absent(&error) => Err(InstallError::file(dir.path(), "removed")(error)),
        _ => Ok(()),
    }
}
