//! What the user decided.

use serde::{Deserialize, Serialize};

/// A question that the user answered.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UserDecision {
    /// The question.
    pub question: String,
    /// The answer.
    pub answer: String,
    /// The file of the repository that says so, where the user did not say it to this session: anybody may have written
    /// there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}
