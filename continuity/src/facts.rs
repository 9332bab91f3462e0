//! What is known about a session without asking anybody: what hand-offs and checkpoints are made of. Every text in
//! it is redacted, one line, bounded.

use serde::{Deserialize, Serialize};

use crate::commits::Commit;

/// A task of the session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its number, if the host gave one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// What is to be done.
    pub subject: String,
    /// `pending`, `in_progress`, `completed`.
    pub status: String,
}

impl Task {
    /// Whether it is still to be done.
    pub fn is_open(&self) -> bool {
        !matches!(self.status.as_str(), "completed" | "deleted" | "cancelled")
    }
}

/// What is not committed, by path from the repository's top.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// In the index; of a renamed file the new name.
    pub staged: Vec<String>,
    /// In the work tree only.
    pub unstaged: Vec<String>,
    /// Unknown to git.
    pub untracked: Vec<String>,
    /// Whether there are more of any.
    pub truncated: bool,
}

impl Changes {
    /// Whether everything is committed.
    pub fn is_clean(&self) -> bool {
        self.staged.is_empty() && self.unstaged.is_empty() && self.untracked.is_empty()
    }
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The session's number.
    pub number: u64,
    /// The host's id of the session; empty when nobody knows it.
    pub session_id: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// The branch; empty outside git.
    pub branch: String,
    /// The commit that HEAD is at; empty when there is none.
    pub head: String,
    /// The first prompt of the user.
    pub first_prompt: String,
    /// The last one.
    pub last_prompt: String,
    /// The end of the model's last answer.
    pub last_answer: String,
    /// Files that the session changed, from the project's root, with how often.
    pub edited: Vec<(String, u32)>,
    /// Files that it read.
    pub read: Vec<String>,
    /// What it committed, oldest first.
    pub commits: Vec<Commit>,
    /// Its tasks.
    pub tasks: Vec<Task>,
    /// What lies uncommitted in the work tree, whoever changed it.
    pub changes: Changes,
    /// Tools that failed lately, one line each.
    pub failures: Vec<String>,
    /// What the user decided: question and answer.
    pub decisions: Vec<(String, String)>,
    /// How full the context was, in percent, if that is known.
    pub context_percent: Option<f64>,
}
