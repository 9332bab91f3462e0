//! JSON documents below a project's folder. They are never written through a symbolic link below that folder or
//! without a change. A document that cannot be parsed is set aside.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::Durability;
use crate::store;

/// The largest document that is read, in bytes.
pub const LARGEST: u64 = 1024 * 1024;

/// Creates the folder of a file below `root`. The path to the root may contain symbolic links, the path below it must
/// not.
///
/// # Errors
/// When the file or a folder below `root` is a symbolic link, or the folder cannot be created. Also when `file` exists
/// and is not a regular file.
pub fn prepare(root: &Path, file: &Path) -> io::Result<()> {
    let inside = file.strip_prefix(root).map_err(|_| io::Error::other("a file outside the project"))?;
    let mut at = root.to_owned();
    for part in inside.components() {
        at.push(part);
        match std::fs::symlink_metadata(&at) {
            Ok(meta) if meta.is_symlink() => {
                return Err(io::Error::other(format!(
                    "nothing is written through a symbolic link until a folder or file of its own replaces it: {}",
                    at.display()
                )));
            }
            Ok(meta) if at == file && !meta.is_file() => {
                return Err(io::Error::other(format!("no file stands at {}", at.display())));
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    match file.parent() {
        Some(folder) => super::create_dir(folder),
        None => Ok(()),
    }
}

/// Replaces a JSON file below `root` if its content differs. Returns whether it was replaced.
///
/// # Errors
/// As [`prepare`], and when the file cannot be written.
pub fn replace(root: &Path, file: &Path, value: &impl Serialize, durability: Durability) -> io::Result<bool> {
    let text = pretty(value)?;
    if store::read(file).ok().flatten().is_some_and(|old| old == text) {
        return Ok(false);
    }
    prepare(root, file)?;
    store::replace(file, &text, durability, 0o600)?;
    Ok(true)
}

/// The value as JSON in the format of the older systems: indented by two spaces, with a newline at the end.
pub fn pretty(value: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"  "));
    value.serialize(&mut serializer)?;
    text.push(b'\n');
    Ok(text)
}

/// Reads a state file. A missing file gives the default. A file that cannot be parsed is set aside and gives the
/// default, so that the next write loses no data.
///
/// # Errors
/// When the file exists but can neither be read nor set aside.
pub fn read<T: DeserializeOwned + Default>(file: &Path) -> io::Result<T> {
    if std::fs::metadata(file).is_ok_and(|meta| meta.len() > LARGEST) {
        set_aside(file)?;
        return Ok(T::default());
    }
    let Some(bytes) = store::read(file)? else { return Ok(T::default()) };
    // A document that a person saved with some editors begins with a byte order mark, which JSON does not allow.
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    if let Ok(value) = serde_json::from_slice(text) {
        return Ok(value);
    }
    set_aside(file)?;
    Ok(T::default())
}

fn set_aside(file: &Path) -> io::Result<Option<PathBuf>> {
    let kept = store::quarantine::keep_copy(file)?;
    // keep_copy leaves the original in place. Without its removal every read would make another copy.
    store::remove(file)?;
    Ok(kept)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn nothing_is_written_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("root"), dir.path().join("outside"));
        std::fs::create_dir_all(root.join(".claude")).unwrap();
        std::fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, root.join(".claude/state")).unwrap();
        std::os::unix::fs::symlink(outside.join("x"), root.join(".claude/x.json")).unwrap();
        for file in [".claude/state/a.json", ".claude/x.json"] {
            let refused = replace(&root, &root.join(file), &json!({}), Durability::Rebuildable);
            assert!(refused.unwrap_err().to_string().contains("symbolic link"), "{file}");
        }
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
        let linked = dir.path().join("linked");
        std::os::unix::fs::symlink(&root, &linked).unwrap();
        let file = linked.join(".claude/hooks/a.json");
        assert!(replace(&linked, &file, &json!({"a": 1}), Durability::Rebuildable).unwrap());
        assert!(!replace(&linked, &file, &json!({"a": 1}), Durability::Rebuildable).unwrap());
    }

    #[test]
    fn what_is_no_document_is_kept_aside_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("state.json");
        std::fs::write(&file, "{bad").unwrap();
        for _ in 0..2 {
            assert!(read::<Map<String, Value>>(&file).unwrap().is_empty());
        }
        let kept: Vec<_> = std::fs::read_dir(dir.path()).unwrap().flatten().collect();
        assert_eq!((kept.len(), std::fs::read(kept[0].path()).unwrap()), (1, b"{bad".to_vec()));
        std::fs::write(&file, "\u{feff}{\"a\":1}\r\n").unwrap();
        assert_eq!(read::<Map<String, Value>>(&file).unwrap().len(), 1);
    }
}
