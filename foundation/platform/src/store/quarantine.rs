//! Copies of corrupt files, for a person to inspect.

use std::io;
use std::path::{Path, PathBuf};

use chrono::Utc;

/// Copies the file at `path` to `<name>.corrupt-<UTC time>`, so that the next write loses no data. Returns the copy's
/// path, or `None` if the file is missing or empty.
///
/// # Errors
/// When the file cannot be copied. The caller must not overwrite the file then.
pub fn keep_copy(path: &Path) -> io::Result<Option<PathBuf>> {
    /// A larger file is hard-linked instead of read. Both names share the content, so the next writer must replace
    /// the file.
    const LARGEST: u64 = 16 * 1024 * 1024;
    let size = match std::fs::metadata(path) {
        Ok(about) => about.len(),
        Err(error) if super::is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let stamp = Utc::now().format("%Y%m%dT%H%M%S%.3fZ");
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".corrupt-{stamp}"));
    let copy = path.with_file_name(name);
    if size > LARGEST {
        std::fs::hard_link(path, &copy)?;
        return Ok(Some(copy));
    }
    let Some(bytes) = super::read(path)?.filter(|bytes| !bytes.is_empty()) else { return Ok(None) };
    super::replace(&copy, &bytes, super::Durability::Durable, 0o600)?;
    Ok(Some(copy))
}
