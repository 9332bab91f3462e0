//! A file of a commit.

use std::path::PathBuf;

/// A file that a commit would add or change, with the lines that it would add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedFile {
    /// The repository's top folder.
    pub top: PathBuf,
    /// The file, relative to that folder.
    pub path: PathBuf,
    /// The added lines, each with its number in the new file, from 1.
    pub lines: Vec<(usize, String)>,
}
