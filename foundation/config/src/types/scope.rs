//! The scope of a satisfaction.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The scope of a satisfaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// One session on one branch.
    #[default]
    Session,
    /// Every session on the branch, until cleared.
    Branch,
    /// Every session on the branch, for ever.
    Permanent,
    /// One session, until the tool that needed it has run.
    SingleUse,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 4] = [Self::Session, Self::Branch, Self::Permanent, Self::SingleUse];

    /// The name in configuration and state.
    pub fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Branch => "branch",
            Self::Permanent => "permanent",
            Self::SingleUse => "single_use",
        }
    }

    /// Whether satisfaction is kept per session.
    pub fn is_per_session(self) -> bool {
        matches!(self, Self::Session | Self::SingleUse)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
