//! Keeping and forgetting what an installation changed.

use crate::record::{Record, RecordDir};
use anyhow::Context;
use platform::hash::short_hash;
use platform::store::{self, Durability};

/// The whole SHA-256 of a text.
pub fn digest(text: &str) -> String {
    short_hash(text.as_bytes(), 64)
}

/// Keeps a record and, with the first of an installation, the original.
pub fn write(dir: &RecordDir, record: &Record, original: Option<&str>) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be written", dir.path().display());
    store::create_private_dir(dir.path()).with_context(failed)?;
    if let Some(original) = original {
        let path = dir.original_path();
        store::replace(&path, original.as_bytes(), Durability::Durable, 0o600).with_context(failed)?;
    }
    let text = serde_json::to_vec_pretty(record)?;
    store::replace(&dir.record_path(), &text, Durability::Durable, 0o600).with_context(failed)
}

/// Forgets the installation.
pub fn remove(dir: &RecordDir) -> anyhow::Result<()> {
    match std::fs::remove_dir_all(dir.path()) {
        Err(error) if !store::is_absent(&error) => {
            Err(error).with_context(|| dir.path().display().to_string())
        }
        _ => Ok(()),
    }
}
