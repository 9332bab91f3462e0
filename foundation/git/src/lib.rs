//! What git knows about a folder, read from git's own files; where only git can answer it is asked.

mod branch;
mod refs;
mod repository;

pub use branch::Branch;
pub use refs::is_commit_id;
pub use repository::{Head, Repository};
