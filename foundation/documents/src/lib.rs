//! Reads and changes Markdown documents.

pub mod front_matter;

/// The words that mark text as still to be written.
pub const UNFINISHED_MARKS: [&str; 3] = ["TODO", "TBD", "FIXME"];
