//! How many lines files have that a checkpoint points into.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use platform::store;

use super::folder;

/// The largest file that is looked at, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;
/// The most bytes that are read for one checkpoint.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Lengths that are known, and what may still be read.
pub struct Lengths<'a> {
    root: &'a Path,
    known: BTreeMap<String, Option<u64>>,
    left: u64,
}

impl<'a> Lengths<'a> {
    /// Of files of the project at `root`.
    pub fn of(root: &'a Path) -> Self {
        Self { root, known: BTreeMap::new(), left: MOST_BYTES }
    }

    /// The number of lines of a file that has no line `last`. `None` when it has, and when nobody knows: it lies outside
    /// the project, is too large, or no regular file.
    pub fn shorter_than(&mut self, path: &str, last: u64) -> Option<u64> {
        let length = match self.known.get(path) {
            Some(length) => *length,
            None => {
                let length = self.read(path);
                self.known.insert(path.to_owned(), length);
                length
            }
        };
        length.filter(|length| last > *length)
    }

    fn read(&mut self, path: &str) -> Option<u64> {
        let path = self.root.join(path);
        folder::check_inside(self.root, &path).ok()?;
        let size = std::fs::metadata(&path).ok().filter(|meta| meta.is_file())?.len();
        if size > LARGEST.min(self.left) {
            return None;
        }
        self.left -= size;
        let mut bytes = Vec::new();
        store::open_regular(&path).ok()?.0.take(LARGEST).read_to_end(&mut bytes).ok()?;
        let ended = memchr::memchr_iter(b'\n', &bytes).count() as u64;
        Some(ended + u64::from(bytes.last().is_some_and(|last| *last != b'\n')))
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_of_the_project_is_too_short() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        std::fs::create_dir_all(root.join("src")).unwrap();
        for (name, text) in [("two", "a\nb\n"), ("three", "a\nb\nc"), ("empty", ""), ("../outside", "a\n")] {
            std::fs::write(root.join(name), text).unwrap();
        }
        std::fs::write(root.join("large"), vec![b'x'; 5 * 1024 * 1024]).unwrap();
        std::os::unix::fs::symlink("/dev/zero", root.join("zero")).unwrap();
        let mut lengths = Lengths::of(&root);
        for (name, last, expected) in [
            ("two", 2, None),
            ("two", 3, Some(2)),
            ("three", 3, None),
            ("three", 4, Some(3)),
            ("empty", 1, Some(0)),
            ("empty", 0, None),
            ("none", 1, None),
            ("src", 1, None),
            ("large", 2, None),
            ("zero", 2, None),
            ("../outside", 2, None),
        ] {
            assert_eq!(lengths.shorter_than(name, last), expected, "{name}:{last}");
        }
    }
}
