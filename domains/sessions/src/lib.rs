//! Sessions: what each is doing, who lives, and what belongs to which project.

pub mod catalog;
pub mod compaction;
pub mod derived;
mod error;
pub mod known;
pub mod liveness;
pub mod machine;
pub mod projects;
pub mod reconcile;
pub mod record;
pub mod retention;
pub mod shells;
mod state;

pub use error::SessionsError;
pub use state::SessionState;
