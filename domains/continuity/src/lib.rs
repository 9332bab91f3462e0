//! What a session must not lose.
//!
//! While the agent works nothing is written here but the line in the session's log. At the turn a session's
//! [`journal`] takes in what is new of it: files read and changed, tasks, agents, answers. Everything a person or
//! another tool reads is made from that and from git: the files below `.claude/hooks/` and `.claude/state/`, the
//! hand-off, checkpoints.

pub mod checkpoint;
pub mod commits;
pub mod delta;
mod error;
pub mod exclude;
pub mod facts;
mod failures;
mod greatest;
pub mod handoff;
pub mod journal;
pub mod ledger;
pub mod meter;
pub mod mirror;
pub mod number;
pub mod place;
pub mod pressure;
pub mod recovery;
pub mod save;
pub mod session;
pub mod task;
pub mod transcript;
pub mod turn;
pub mod vitals;
mod work_tree;

pub use error::{CheckpointError, ContinuityError};
pub use place::ContinuityPlace;
use platform::store::document as files;
