//! What a session is doing, in the words that are on disk.
//!
//! The type stands here because two domains read these words, and a domain knows no other: `sessions` derives the
//! state, `migrate` reads the same words in the files of Capacitor.

use serde::{Deserialize, Serialize};

/// The five states. Names and meaning are those of the files that other tools read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    /// The model works.
    Working,
    /// The turn is over; the prompt waits for the user.
    Ready,
    /// No turn runs, or the client is gone.
    #[default]
    Idle,
    /// The context is being compacted.
    Compacting,
    /// The model waits for a person's answer: a permission, a question, a form.
    Waiting,
}

impl SessionState {
    /// The name on disk.
    pub fn name(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::Ready => "ready",
            Self::Idle => "idle",
            Self::Compacting => "compacting",
            Self::Waiting => "waiting",
        }
    }

    /// Whether something is going on: working, waiting or compacting.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Working | Self::Waiting | Self::Compacting)
    }

    /// Whether a person should look: ready or waiting.
    pub fn needs_attention(self) -> bool {
        matches!(self, Self::Ready | Self::Waiting)
    }
}

impl std::fmt::Display for SessionState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
