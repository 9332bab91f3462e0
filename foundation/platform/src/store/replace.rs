//! Replaces and creates whole files by rename.

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The content that survives a power cut. A killed process leaves a whole file with either value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A power cut may restore an older version. For files that can be rebuilt: the policy, metrics, the registry.
    Rebuildable,
    /// The new content is on the disk before the old content is replaced. For approvals.
    Durable,
}

/// Replaces `path` with `bytes` through a uniquely named temporary file in the same folder. Follows a symbolic link
/// to its target. An existing file keeps its permissions; a new one gets `new_mode` less the umask. The folder must
/// exist.
///
/// # Errors
/// When the folder is read-only, the disk is full, or a link leads to a device or another special file. The old
/// content is then unchanged.
pub fn replace(path: &Path, bytes: &[u8], durability: Durability, new_mode: u32) -> io::Result<()> {
    let target = link_target(path);
    let folder = target.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = target.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    let existing = std::fs::metadata(&target).ok();
    if target != path && existing.as_ref().is_some_and(|meta| !meta.is_file()) {
        // The rename would replace the device itself, for every program.
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the link leads to no regular file"));
    }
    let existing = existing.map(|meta| meta.permissions());
    // A rename swaps the content in one step, so a killed writer leaves the old or the new file.
    let mut file = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".tmp")
        .permissions(Permissions::from_mode(new_mode))
        .tempfile_in(folder)?;
    if let Some(permissions) = existing {
        file.as_file().set_permissions(permissions)?;
    }
    file.write_all(bytes)?;
    if durability == Durability::Durable {
        file.as_file().sync_data()?;
    }
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// Creates `path` with `bytes`, whole or not at all. An existing file is not changed. The folder must exist.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when the name is taken, even by a dangling link; otherwise as [`replace`].
pub fn create(path: &Path, bytes: &[u8], durability: Durability, mode: u32) -> io::Result<()> {
    let folder = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    let mut file = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".tmp")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    if durability == Durability::Durable {
        file.as_file().sync_data()?;
    }
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(())
}

/// The end of a chain of symbolic links, or the path itself if it is not a link. For a dangling link it is the
/// missing target, so that a write creates that file.
pub fn link_target(path: &Path) -> PathBuf {
    let mut at = path.to_owned();
    // A bound, because links may form a cycle.
    for _ in 0..16 {
        let Ok(next) = std::fs::read_link(&at) else { return at };
        at = match at.parent() {
            Some(dir) => dir.join(next),
            None => next,
        };
    }
    at
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests read and write their own files")]
mod tests {
    use super::*;

    #[test]
    fn a_link_and_a_mode_survive() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        replace(&real, b"old", Durability::Durable, 0o644).unwrap();
        std::fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("real", &link).unwrap();
        replace(&link, b"new", Durability::Rebuildable, 0o600).unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&real).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file stays");
        let device = dir.path().join("device");
        std::os::unix::fs::symlink("/dev/null", &device).unwrap();
        assert!(replace(&device, b"new", Durability::Rebuildable, 0o600).is_err());
    }

    #[test]
    fn what_is_there_is_never_created_over() {
        let dir = tempfile::tempdir().unwrap();
        let (new, link) = (dir.path().join("new"), dir.path().join("link"));
        create(&new, b"first", Durability::Durable, 0o644).unwrap();
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        for taken in [&new, &link] {
            let error = create(taken, b"second", Durability::Rebuildable, 0o644).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!(std::fs::read(&new).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary file stays");
    }
}
