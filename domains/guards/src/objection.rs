//! What guards say.

use config::types::{GuardName, Mode};
use platform::text::cut_bytes;
use redact::redact;

/// How much of what was found the log keeps, in bytes.
const LONGEST_WHAT: usize = 300;

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

/// How sure a guard is of what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Worth telling, never worth refusing.
    Advice,
    /// It may be what the guard looks for, and the guard cannot tell: a person is asked.
    Doubtful,
    /// It is what the guard looks for.
    Sure,
}

/// What becomes of a use of a tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It is only recorded.
    Observe,
    /// It is told, and the tool runs.
    Warn,
    /// A person is asked.
    Ask,
    /// The tool is refused.
    Deny,
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

    /// What becomes of the tool when the guard is in this mode.
    pub fn verdict(&self, mode: Mode) -> Verdict {
        match (mode, self.certainty) {
            (Mode::Observe, _) => Verdict::Observe,
            (Mode::Warn, _) | (Mode::Enforce, Certainty::Advice) => Verdict::Warn,
            (Mode::Enforce, Certainty::Doubtful) => Verdict::Ask,
            (Mode::Enforce, Certainty::Sure) => Verdict::Deny,
        }
    }
}

impl Verdict {
    /// The word in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Warn => "warn",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// A guard's objection, with whose it is and what the guard's configuration makes of it.
#[derive(Debug, Clone)]
pub struct Raised {
    /// Which guard.
    pub guard: GuardName,
    /// What becomes of the tool.
    pub verdict: Verdict,
    /// What it found.
    pub objection: Objection,
    /// What the configuration has it say first.
    pub message: Option<String>,
    /// Where the guard is configured: file and line.
    pub place: (std::path::PathBuf, usize),
}

/// A finding as the log keeps it.
pub(crate) fn kept(what: &str) -> String {
    cut_bytes(&redact(what), LONGEST_WHAT).to_owned()
}
