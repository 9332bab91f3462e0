//! The only ways a file is changed: locked, replaced whole, or appended to.
//!
//! A replaced file holds its old or its new content, whatever is killed when. A log may end in one torn line,
//! which readers skip and the next writer closes with a newline.

pub mod append;
pub mod lock;
pub mod quarantine;
pub mod replace;

use std::io;
use std::path::Path;

pub use append::append_line;
pub use replace::{Durability, replace};

/// Reads a whole file; `None` when it does not exist.
///
/// # Errors
/// Any other reason why it cannot be read.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a file; whether it was there.
///
/// # Errors
/// Any reason but its absence.
pub fn remove(path: &Path) -> io::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether an error says that the file, or a folder on the way to it, is not there.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Creates a folder that only its owner may enter, with its parents.
///
/// # Errors
/// As [`std::fs::DirBuilder::create`].
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
