//! Checkpoints: what a session says about itself before it ends, one Markdown file each.

use crate::place::Place;

/// The session numbers that checkpoints' file names carry.
pub fn numbers(_place: &Place) -> Vec<u64> {
    Vec::new()
}

/// What was done.
#[derive(Debug)]
pub struct Written {
    /// The checkpoint.
    pub path: std::path::PathBuf,
    /// Whether it was there.
    pub was_there: bool,
}

/// See the module.
///
/// # Errors
/// Always, for now.
pub fn emergency(
    _: &Place,
    _: &crate::facts::Facts,
    _: hooks_common::time::Moment,
    _: &str,
) -> Result<Written, std::io::Error> {
    Err(std::io::Error::other("not yet"))
}

/// See the module.
///
/// # Errors
/// Always, for now.
pub fn recovery(
    _: &Place,
    _: &crate::facts::Facts,
    _: u64,
    _: hooks_common::time::Moment,
) -> Result<Written, std::io::Error> {
    Err(std::io::Error::other("not yet"))
}
