//! What several test binaries share.

pub mod home;
pub mod legacy_table;
pub mod log;
