//! The only ways a file is changed: locked, replaced whole, or appended to.
//!
//! A replaced file holds its old or its new content, whatever is killed when. A log may end in one torn line,
//! which readers skip and the next writer closes with a newline.

pub mod append;
pub mod document;
mod identity;
pub mod lock;
pub mod quarantine;
pub mod replace;

use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

pub use append::append_line;
pub use identity::FileIdentity;
pub use replace::{Durability, create, replace};

/// Reads a whole file; `None` when it does not exist.
///
/// # Errors
/// Any other reason why it cannot be read.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    /// What is larger is none of ours, and would hold everybody up.
    const LARGEST: u64 = 256 * 1024 * 1024;
    let file = match open(path) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let about = file.metadata()?;
    let kind = about.file_type();
    let unfit = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidData, why));
    if kind.is_char_device() || kind.is_block_device() {
        return unfit("it is a device");
    }
    if about.len() > LARGEST {
        return unfit("it is larger than 256 MiB");
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0) + 1);
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Reads a file that holds a line: in one go, where it is as short as it should be.
///
/// # Errors
/// As [`std::fs::read_to_string`].
pub fn read_line(path: &Path) -> io::Result<String> {
    const LONGEST: usize = 512;
    let mut file = open(path)?;
    let mut bytes = vec![0; LONGEST];
    let mut filled = 0;
    // What does not fill the room that is left was the end.
    while filled < LONGEST {
        match file.read(&mut bytes[filled..]) {
            Ok(read) if read == LONGEST - filled => filled += read,
            Ok(read) => {
                bytes.truncate(filled + read);
                break;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if filled == LONGEST {
        file.read_to_end(&mut bytes)?;
    }
    String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

/// Opens a file for reading without ever waiting: a pipe that lies in its place is empty.
///
/// # Errors
/// As [`std::fs::File::open`].
pub fn open(path: &Path) -> io::Result<std::fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
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

/// Removes what killed writers left in a folder: temporary files and folders of ours that nobody has touched
/// for an hour. Whatever cannot be removed stays for the next time.
pub fn sweep(folder: &Path) {
    sweep_of(folder, "");
}

/// [`sweep`] for the temporary files of one file alone.
pub fn sweep_of(folder: &Path, file: &str) {
    const LEFT_BEHIND: std::time::Duration = std::time::Duration::from_secs(3600);
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_file = name.ends_with(".tmp") && name.contains(".json.");
        let is_folder = name.starts_with(".atomicwrite");
        if !(is_file || is_folder) || !name.starts_with(file) {
            continue;
        }
        let age = entry.metadata().and_then(|meta| meta.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > LEFT_BEHIND) {
            let _ = if is_folder {
                std::fs::remove_dir_all(entry.path())
            } else {
                std::fs::remove_file(entry.path())
            };
        }
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

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_any_length_is_read_whole() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("HEAD");
        for length in [0, 41, 511, 512, 513, 5_000] {
            let text = "x".repeat(length);
            std::fs::write(&file, &text).unwrap();
            assert_eq!(read_line(&file).unwrap(), text);
        }
        std::fs::write(&file, b"\xff").unwrap();
        assert!(read_line(&file).is_err() && read_line(&dir.path().join("none")).is_err());
    }
}
