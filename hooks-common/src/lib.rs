//! What every Stanchion executable shares.
//!
//! A hook reads one [`event::Payload`], finds the [`project::Project`] it belongs to, lets its stages decide
//! behind fences ([`runtime`]), prints one [`answer::Answer`], and appends one line to its session's log
//! ([`session_log`]). Everything on disk is named in [`paths`] and written through [`platform::store`].

pub mod answer;
pub mod clock;
pub mod decision;
pub mod ended;
pub mod event;
pub mod executables;
pub mod failures;
pub mod heartbeat;
pub mod log;
pub mod owner;
pub mod paths;
pub mod pause;
pub mod plugins;
pub mod project;
pub mod projection;
pub mod registry;
pub mod req;
pub mod requirements;
pub mod runtime;
pub mod seal;
pub mod session_id;
pub mod session_log;
pub mod session_state;
pub mod tool_use;
