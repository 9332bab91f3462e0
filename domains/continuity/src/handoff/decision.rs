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
}
