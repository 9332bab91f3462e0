//! Access to git: its files, read without a process, and git commands with limits.
//!
//! [`Repository`] reads `.git`: the work tree, HEAD, references and other work trees. [`GitConfig`] and [`reflog`]
//! read the rest. Only regular files of limited size are read, without blocking. [`GitCommand`] runs git for
//! everything else. Starting git costs 2 ms, so the hot path does not.

mod branch;
mod branch_size;
mod command;
mod commits;
mod config;
mod error;
mod merged;
mod questions;
pub mod reflog;
mod refs;
mod repository;
mod status;
mod trunks;
mod uncommitted;

#[cfg(test)]
mod testing;

pub use branch::Branch;
pub use branch_size::{BranchSize, LineCount, branch_size};
pub use command::{GitCommand, GitOutput};
pub use commits::{CommitDetails, commits};
pub use config::GitConfig;
pub use error::GitError;
pub use merged::{delete_merged, merged};
pub use questions::{author, is_in_head, is_tracked};
pub use reflog::{ReflogEntry, ReflogStep};
pub use refs::{RemoteHead, is_commit_id};
pub use repository::{Head, Repository};
pub use status::{WorkTreeChanges, WorkTreeStatus};
pub use trunks::{LONG_LIVED, TRUNKS, is_trunk};
pub use uncommitted::{CommittedPaths, UncommittedPath};
