//! Sessions: the state of each, whether its client runs, and its project.

pub mod catalog;
pub mod compaction;
pub mod derived;
mod error;
pub mod known;
pub mod liveness;
pub mod machine;
pub mod position;
pub mod projects;
pub mod reconcile;
pub mod record;
pub mod retention;
pub mod shells;

pub use error::SessionsError;
pub use hooks_common::session_state::SessionState;
