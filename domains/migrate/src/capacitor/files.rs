//! Reads one file of the older system.

use std::path::Path;

use platform::store;

use crate::MigrateError;

/// A text file's content; `None` when it does not exist.
pub(super) fn text(path: &Path) -> Result<Option<String>, MigrateError> {
    let Some(bytes) = store::read(path)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|_| MigrateError::NotText)
}

/// The same error, where a missing file is one of its own.
pub(super) fn missing_or(error: std::io::Error) -> MigrateError {
    if store::is_absent(&error) { MigrateError::Missing } else { error.into() }
}
