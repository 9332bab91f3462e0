//! What every Stanchion executable shares.
//!
//! A hook reads one [`event::Payload`], finds the [`project::Project`] it belongs to, lets its stages decide
//! behind fences ([`runtime`]), prints one [`answer::Answer`], and appends one line to its session's log
//! ([`session_log`]). Everything on disk is named in [`paths`] and written through [`store`].

pub mod answer;
pub mod event;
pub mod executables;
pub mod failures;
pub mod finding;
pub mod heartbeat;
pub mod log;
pub mod owner;
pub mod paths;
pub mod project;
pub mod registry;
pub mod req;
pub mod requirements;
pub mod runtime;
pub mod session_id;
pub mod session_log;

/// The version every executable of this build carries; it keys the compiled policy and names the writer of a
/// session's `meta.json`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
