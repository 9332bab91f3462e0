//! The folders of checkpoints, and what is allowed to be read and written there.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use hooks_common::paths::in_project;
use platform::store::{self, Durability};

use crate::ContinuityPlace;
use crate::error::CheckpointError;

/// The most bytes of a checkpoint.
const MOST_BYTES: u64 = 1024 * 1024;

/// Where people's checkpoints and ours lie, in this order.
pub fn all(place: &ContinuityPlace) -> [PathBuf; 2] {
    [place.checkpoints(), in_project::own_checkpoints(place.root())]
}

/// Where an unattended checkpoint is written: with the others in a project that keeps any.
pub fn unattended(place: &ContinuityPlace) -> PathBuf {
    let [own, ours] = all(place);
    if own.is_dir() && check_inside(place.root(), &own).is_ok() { own } else { ours }
}

/// Creates a folder of the project.
pub fn make(root: &Path, folder: &Path) -> Result<(), CheckpointError> {
    check_inside(root, folder)?;
    store::create_dir(folder).map_err(CheckpointError::io(folder))
}

/// An error unless `path` lies in the project, links followed.
pub fn check_inside(root: &Path, path: &Path) -> Result<(), CheckpointError> {
    if platform::path::resolve(path).starts_with(platform::path::resolve(root)) {
        return Ok(());
    }
    Err(CheckpointError::Outside(path.to_owned()))
}

/// The text of a checkpoint of the project, byte for byte: a byte order mark and line ends stay.
///
/// # Errors
/// When it lies outside the project, is not a regular file, is too large, is not text, or cannot be read.
pub fn read(root: &Path, path: &Path) -> Result<String, CheckpointError> {
    check_inside(root, path)?;
    let (file, _) = store::open_regular(path).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => CheckpointError::NoFile(path.to_owned()),
        _ => CheckpointError::Io { path: path.to_owned(), error },
    })?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(CheckpointError::io(path))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(CheckpointError::TooLarge { path: path.to_owned(), most: MOST_BYTES });
    }
    String::from_utf8(bytes).map_err(|error| CheckpointError::NoText {
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })
}

/// Replaces a checkpoint of the project.
pub fn replace(root: &Path, path: &Path, text: &str) -> Result<(), CheckpointError> {
    check_inside(root, path)?;
    store::replace(path, text.as_bytes(), Durability::Durable, 0o644).map_err(CheckpointError::io(path))
}
