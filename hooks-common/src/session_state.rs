//! The activity of a session, in the words used on disk.
//!
//! The type is in this crate because two domains use it and a domain does not depend on another. `sessions` computes
//! the state, and `migrate` reads the same words in Capacitor's files.

use serde::{Deserialize, Serialize};

/// The five states. Names and meaning come from the files that other tools read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionState {
    /// The model works.
    Working,
    /// The turn is over. The client waits for the user's prompt.
    Ready,
    /// No turn runs, or the client is gone.
    #[default]
    Idle,
    /// The context is being compacted.
    Compacting,
    /// The model waits for the user's answer: a permission, a question or a form.
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

    /// Whether the session is active: working, waiting or compacting.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Working | Self::Waiting | Self::Compacting)
    }

    /// Whether the user should look at the session: it is ready or waiting.
    pub fn needs_attention(self) -> bool {
        matches!(self, Self::Ready | Self::Waiting)
    }
}

impl std::fmt::Display for SessionState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
