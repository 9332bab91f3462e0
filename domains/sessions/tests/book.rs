//! Session directories as they are found: torn, replaced, foreign, old.

#[path = "book/compaction.rs"]
mod compaction;
#[path = "book/derived.rs"]
mod derived;
#[path = "book/dirs.rs"]
mod dirs;
#[path = "book/log.rs"]
mod log;
#[path = "book/retention.rs"]
mod retention;
mod support;
