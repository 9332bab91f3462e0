//! The commits that sessions make: `.claude/state/commit-log.jsonl`.
//!
//! After every command line HEAD is compared with what was seen last; where nothing moved nothing is written. What
//! moved is explained by git's own journal, so a checkout is no commit, and two commits in one line are two.

mod attribution;
mod candidate;
mod catch_up;
mod details;
mod failure;
mod ledger;
mod log;
mod rebase;
mod record;
mod state;
mod track;
mod tree;
mod verb;

#[cfg(test)]
mod tests;

pub use catch_up::{CatchUpDepth, catch_up};
pub use ledger::CommitLedger;
pub use log::{latest, of_session};
pub use track::track;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One line of the log. The first ten keys are the documented shape; the others are ours.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Commit {
    /// When it was recorded, RFC 3339.
    pub timestamp: String,
    /// Forty hexadecimal digits, or sixty-four.
    pub hash: String,
    /// The first seven of them, or as many as git shows.
    pub short_hash: String,
    /// Its subject, redacted, at most 500 characters.
    pub message: String,
    /// The author's name.
    pub author: String,
    /// When it was authored, strict ISO 8601.
    pub author_date: String,
    /// The branch, or `HEAD (detached)`; empty when it is unknown.
    pub branch: String,
    /// How many files it changed.
    pub files_changed: u64,
    /// The first thirty of them.
    pub files_list: Vec<String>,
    /// The number of the session that made it; `None` when none did.
    pub session: Option<u64>,
    /// The commit that it replaces, if it amends one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amends: Option<String>,
    /// Whether a rebase wrote it anew.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rewritten: bool,
    /// Whatever else another version wrote.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}
