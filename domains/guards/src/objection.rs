//! The findings of guards.

use config::types::{GuardName, Mode};
pub use hooks_common::decision::{Certainty, Weight};

/// One finding of a guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// How certain the finding is.
    pub certainty: Certainty,
    /// What is wrong: a clause for people, without a final full stop. [`platform::text::fact`]
    /// quotes text from commands and files.
    pub what: String,
    /// What to do instead, as a clause in the imperative.
    pub way_out: String,
}

impl Objection {
    /// A finding that is certain.
    pub fn sure(what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { certainty: Certainty::Sure, what: what.into(), way_out: way_out.into() }
    }

    /// A finding that may be wrong.
    pub fn doubtful(what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { certainty: Certainty::Doubtful, ..Self::sure(what, way_out) }
    }

    /// A finding that is only advice.
    pub fn advice(what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { certainty: Certainty::Advice, ..Self::sure(what, way_out) }
    }

    /// What the finding does to the tool if the guard is in this mode.
    pub fn weight(&self, mode: Mode) -> Weight {
        self.certainty.weight(mode)
    }
}

/// A finding, with its guard and the effect of the guard's configuration.
#[derive(Debug, Clone)]
pub struct Raised {
    /// The guard.
    pub guard: GuardName,
    /// The effect on the tool.
    pub weight: Weight,
    /// The finding.
    pub objection: Objection,
    /// The configured message, which comes first.
    pub message: Option<String>,
    /// Where the guard is configured: file and line.
    pub place: (std::path::PathBuf, usize),
}

/// Whether the host drops a question in this permission mode. It does so in `bypassPermissions` wherever its own check of
/// protected paths asks too, and any line brings that about with a redirection into `.claude`.
pub fn asks_nobody(permission_mode: &str) -> bool {
    permission_mode == "bypassPermissions"
}
