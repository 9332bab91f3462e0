//! What the command line offers as data: presets, the requirements they are made of, and features. The texts are
//! YAML files in `cli/catalog`, so that hooks link none of them.

pub mod features;
pub mod presets;

use serde::de::DeserializeOwned;

/// Reads one of our own files.
///
/// # Panics
/// When the file is broken. Tests read each of them, so a build that passes its tests cannot panic here.
fn read<T: DeserializeOwned>(text: &str) -> T {
    match config::read::from_str(text) {
        Ok(read) => read,
        Err(error) => panic!("a catalog of this program is broken: {error}"),
    }
}
