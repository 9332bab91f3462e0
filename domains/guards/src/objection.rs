//! What guards say.

use config::types::{GuardName, Mode};
pub use hooks_common::decision::{Certainty, Weight};

/// Something that a guard found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// How sure it is.
    pub certainty: Certainty,
    /// What is wrong: a clause for people, without a full stop at its end. Text from commands and files is quoted as
    /// [`platform::text::fact`] does.
    pub what: String,
    /// What to do instead, as a clause in the imperative.
    pub way_out: String,
}

impl Objection {
    /// Something that certainly is what the guard looks for.
    pub fn sure(what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { certainty: Certainty::Sure, what: what.into(), way_out: way_out.into() }
    }

    /// Something that may be.
    pub fn doubtful(what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { certainty: Certainty::Doubtful, ..Self::sure(what, way_out) }
    }

    /// Something worth telling.
    pub fn advice(what: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { certainty: Certainty::Advice, ..Self::sure(what, way_out) }
    }

    /// What it does to the tool when the guard is in this mode.
    pub fn weight(&self, mode: Mode) -> Weight {
        self.certainty.weight(mode)
    }
}

/// A guard's objection, with whose it is and what the guard's configuration makes of it.
#[derive(Debug, Clone)]
pub struct Raised {
    /// Which guard.
    pub guard: GuardName,
    /// What it does to the tool.
    pub weight: Weight,
    /// What it found.
    pub objection: Objection,
    /// What the configuration has it say first.
    pub message: Option<String>,
    /// Where the guard is configured: file and line.
    pub place: (std::path::PathBuf, usize),
}

/// Whether the host drops a question in this permission mode. It does so in `bypassPermissions` wherever its own check of
/// protected paths asks too, and any line brings that about with a redirection into `.claude`.
pub fn asks_nobody(permission_mode: &str) -> bool {
    permission_mode == "bypassPermissions"
}
