//! The only functions that change a file: under a lock, by replacement, or by appending.
//!
//! A killed writer leaves a replaced file with its old or its new content. A log may end in one torn line. Readers
//! skip it, and the next writer ends it with a newline.

pub mod append;
mod created_lock;
pub mod document;
mod identity;
pub mod lock;
pub mod quarantine;
pub mod replace;

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::SystemTime;

pub use append::append_line;
pub use identity::FileIdentity;
pub use replace::{Durability, create, replace};

/// Reads a whole regular file; `None` when it does not exist.
///
/// # Errors
/// As [`open_regular`], and when the file is larger than 256 MiB. No file of Stanchion's is, and reading it would
/// delay the hook.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    const LARGEST: u64 = 256 * 1024 * 1024;
    read_regular(path, LARGEST)
}

/// Reads a regular file of at most `most` bytes; `None` when it does not exist.
///
/// # Errors
/// As [`open_regular`], and when the file is larger.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    match open_regular(path) {
        Ok((file, about)) => rest_of(file, about.len(), most).map(Some),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a regular file that contains one short line, with one read.
///
/// # Errors
/// As [`open_regular`], when the file is larger than 64 KiB, and when it is not UTF-8.
pub fn read_line(path: &Path) -> io::Result<String> {
    const USUAL: usize = 512;
    const LONGEST: u64 = 64 * 1024;
    let (mut file, about) = open_regular(path)?;
    // A read reports the end of a file only by returning no bytes. A hook reads HEAD at each event. A line shorter
    // than the buffer needs one read instead of two.
    let mut bytes = vec![0; USUAL];
    let filled = file.read(&mut bytes)?;
    bytes.truncate(filled);
    if filled == USUAL {
        bytes.extend(rest_of(file, about.len(), LONGEST)?);
    }
    String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
}

/// The bytes after the current position of a file of `size` bytes.
fn rest_of(file: File, size: u64, most: u64) -> io::Result<Vec<u8>> {
    let too_large = || unfit(&format!("it is larger than {most} bytes"));
    if size > most {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    // The file may have grown since its size was read.
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(too_large()) } else { Ok(bytes) }
}

fn unfit(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Opens a regular file for reading, without blocking. Returns the file and its metadata.
///
/// # Errors
/// As [`std::fs::File::open`], and `InvalidData` for a folder, a pipe, a socket or a device.
pub fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    regular(OpenOptions::new().read(true), path)
}

/// Opens a regular file for appending, without blocking. A new file is readable by its owner only.
///
/// # Errors
/// As [`open_regular`], and when the file cannot be created.
pub fn open_append(path: &Path) -> io::Result<(File, Metadata)> {
    regular(OpenOptions::new().read(true).append(true).create(true).mode(0o600), path)
}

/// Sets the modification time of a regular file.
///
/// # Errors
/// As [`open_regular`].
pub fn set_modified(path: &Path, time: SystemTime) -> io::Result<()> {
    regular(OpenOptions::new().write(true), path)?.0.set_modified(time)
}

/// Opens a file by its name. All other functions use this one.
fn regular(options: &mut OpenOptions, path: &Path) -> io::Result<(File, Metadata)> {
    // O_NONBLOCK: opening a pipe would wait for its other end. O_NOCTTY: a terminal must not become the controlling
    // one.
    let options = options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    #[allow(clippy::disallowed_methods, reason = "this is what everybody else calls")]
    let file = options.open(path)?;
    let about = file.metadata()?;
    if about.is_file() { Ok((file, about)) } else { Err(unfit("it is not a regular file")) }
}

/// Removes a file. Returns whether it existed.
///
/// # Errors
/// For any reason except that the file does not exist.
pub fn remove(path: &Path) -> io::Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes Stanchion's temporary files and folders that killed writers left in a folder, if they are unchanged for an
/// hour. Entries that cannot be removed stay until the next sweep.
pub fn sweep(folder: &Path) {
    sweep_of(folder, "");
}

/// [`sweep`] for the temporary files of one file only.
pub fn sweep_of(folder: &Path, file: &str) {
    const LEFT_BEHIND: std::time::Duration = std::time::Duration::from_secs(3600);
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_file = name.ends_with(".tmp") && [".json.", ".held."].iter().any(|of| name.contains(of));
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

/// Whether an error means that the file, or a folder on its path, does not exist.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Creates a folder in a repository, with its parents. A group that shares the repository may write there, as far as the
/// umask lets it; nobody else may, whatever the umask.
///
/// # Errors
/// As [`std::fs::DirBuilder::create`].
pub fn create_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o775).create(path)
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

    #[test]
    fn what_is_not_a_bounded_regular_file_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, sparse, small) =
            (dir.path().join("pipe"), dir.path().join("sparse"), dir.path().join("small"));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        File::create(&sparse).unwrap().set_len(3 << 30).unwrap();
        std::fs::write(&small, "0123456789").unwrap();
        for path in [&pipe, &sparse, Path::new("/dev/zero"), Path::new("/dev/null"), dir.path()] {
            assert!(read_line(path).is_err(), "{}", path.display());
            assert!(read_regular(path, 1 << 20).is_err(), "{}", path.display());
        }
        assert_eq!(read_regular(&dir.path().join("none"), 1).unwrap(), None);
        assert_eq!(read_regular(&small, 10).unwrap().unwrap(), b"0123456789");
        assert!(read_regular(&small, 9).is_err());
    }
}
