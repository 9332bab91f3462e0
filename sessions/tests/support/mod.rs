//! What several test binaries share.

pub mod legacy_table;
pub mod log;
