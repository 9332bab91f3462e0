//! Checkpoints: what a session says about itself before it ends, one Markdown file each.

use crate::place::Place;

/// The session numbers that checkpoints' file names carry.
pub fn numbers(_place: &Place) -> Vec<u64> {
    Vec::new()
}
