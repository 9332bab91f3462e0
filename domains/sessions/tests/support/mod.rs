//! What several test binaries share.

pub mod home;
pub mod log;
