//! Reads and changes Markdown documents.

pub mod front_matter;
