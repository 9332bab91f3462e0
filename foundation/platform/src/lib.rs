//! Access to the operating system. Each module can be used on its own.
//!
//! Files are read and changed through [`store`]: appended to under a lock, or replaced whole. Only [`sys`] contains
//! unsafe code.

pub mod base64;
pub mod budget;
pub mod child;
pub mod env_vars;
pub mod error;
pub mod hash;
pub mod path;
pub mod process;
pub mod shell_word;
pub mod store;
pub mod sys;
pub mod text;
pub mod time;

/// The version of this build. It is part of the compiled policy's key, and a session's `meta.json` names it as the
/// writer.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
