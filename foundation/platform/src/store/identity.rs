//! Identifies a version of a file without reading it.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Identifies a version of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    inode: u64,
    size: u64,
    modified_ns: i128,
    changed_ns: i128,
}

impl FileIdentity {
    /// The identity of the file at `path`; links are followed. `None` if no file exists. A dangling link has the
    /// identity of the link itself, because a file is expected there.
    pub fn of(path: &Path) -> Option<Self> {
        Self::look(path).ok().flatten()
    }

    /// As [`FileIdentity::of`], with the difference between a file that is not there and one that cannot be looked at.
    ///
    /// # Errors
    /// When it cannot be determined whether anything stands at `path`: a folder on the way that may not be searched, a
    /// loop of links, a disk that fails.
    pub fn look(path: &Path) -> io::Result<Option<Self>> {
        let mut meta = match std::fs::symlink_metadata(path) {
            Ok(meta) => meta,
            // A file in the place of a folder has nothing in it.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if meta.is_symlink() {
            meta = std::fs::metadata(path).unwrap_or(meta);
        }
        let ns =
            |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        Ok(Some(Self {
            inode: meta.ino(),
            size: meta.len(),
            modified_ns: ns(meta.mtime(), meta.mtime_nsec()),
            changed_ns: ns(meta.ctime(), meta.ctime_nsec()),
        }))
    }

    /// The later of the file's two change times (content, metadata), in nanoseconds since 1970.
    pub fn changed_ns(&self) -> i128 {
        self.changed_ns.max(self.modified_ns)
    }
}
