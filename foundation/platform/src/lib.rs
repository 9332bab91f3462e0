//! What the operating system gives, each part usable by itself.
//!
//! Files are read and changed through [`store`]: locked, appended to, or replaced whole. Unsafe code stands in
//! [`sys`] alone.

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

/// The version that every executable of this build carries; it keys the compiled policy and names the writer of a
/// session's `meta.json`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
