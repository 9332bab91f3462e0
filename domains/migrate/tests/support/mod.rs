//! What several tests share.

pub mod hook_table;
