//! Markdown documents as people write them.

pub mod front_matter;
