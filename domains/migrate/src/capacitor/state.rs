//! The states that Capacitor writes.

use serde::{Deserialize, Serialize};

/// The five states. A domain knows no other domain, so this is the older system's own list; the words are those of
/// its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CapacitorState {
    /// The model works.
    Working,
    /// The turn is over; the prompt waits for the user.
    Ready,
    /// Nothing runs, or the client is gone.
    #[default]
    Idle,
    /// The context is being compacted.
    Compacting,
    /// The model waits for a person's answer: a permission, a question, a form.
    Waiting,
}

impl CapacitorState {
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

    /// Whether a turn runs: working, waiting or compacting.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Working | Self::Waiting | Self::Compacting)
    }
}
