//! Session directories as they are found: torn, replaced, foreign, old.

#[path = "catalog/compaction.rs"]
mod compaction;
#[path = "catalog/derived.rs"]
mod derived;
#[path = "catalog/dirs.rs"]
mod dirs;
#[path = "catalog/log.rs"]
mod log;
#[path = "catalog/retention.rs"]
mod retention;
mod support;
