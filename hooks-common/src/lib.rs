//! Code that all Stanchion executables share.
//!
//! A hook reads one [`event::Payload`] and finds its [`project::Project`]. It runs its stages, each isolated from the
//! others ([`runtime`]), and prints one [`answer::Answer`]. Then it appends one line to its session's log
//! ([`session_log`]). [`paths`] names all files on disk, and [`platform::store`] writes them.

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
