//! What became of an event, in the words that logs keep.

use config::types::Mode;
use serde::{Deserialize, Serialize};

use crate::session_log::Records;

/// The key of the part that holds the outcome. It is the gates' part: the log had it there before there were other
/// stages, and other programs look for it there.
pub const PART: &str = "gates";

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nothing was decided: the event asks for nothing, or there is no configuration.
    #[default]
    #[serde(rename = "")]
    Undecided,
    /// It went through.
    Pass,
    /// A requirement refused the tool.
    Deny,
    /// The turn was sent back.
    Block,
    /// The tool would have changed what gates the session.
    Protected,
    /// `strict_preflight` refused an edit.
    Strict,
    /// Something could not be evaluated, and `on_error: deny` refuses then.
    Closed,
    /// The context is nearly full and there is no checkpoint.
    Context,
    /// A guard refused the tool.
    Guard,
    /// The session is paused.
    Paused,
    /// The environment switches the gates off for the process.
    Skipped,
    /// The configuration switches the gates off.
    Disabled,
    /// The tool is one that no requirement holds back: our own command line, a plan.
    Exempt,
    /// A word of another version.
    #[serde(other)]
    Unknown,
}

impl Outcome {
    /// The word in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Undecided => "",
            Self::Pass => "pass",
            Self::Deny => "deny",
            Self::Block => "block",
            Self::Protected => "protected",
            Self::Strict => "strict",
            Self::Closed => "closed",
            Self::Context => "context",
            Self::Guard => "guard",
            Self::Paused => "paused",
            Self::Skipped => "skipped",
            Self::Disabled => "disabled",
            Self::Exempt => "exempt",
            Self::Unknown => "unknown",
        }
    }

    /// The outcome that a line's parts tell.
    pub fn of(records: &Records) -> Self {
        records.value(PART, "outcome").and_then(|word| Self::deserialize(word).ok()).unwrap_or_default()
    }

    /// Whether the event was kept from what it asked for.
    pub fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::Deny
                | Self::Block
                | Self::Protected
                | Self::Strict
                | Self::Closed
                | Self::Context
                | Self::Guard
        )
    }

    /// Whether requirements were not asked because they are switched off.
    pub fn is_switched_off(self) -> bool {
        matches!(self, Self::Paused | Self::Skipped | Self::Disabled)
    }

    /// Whether nothing was decided.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub fn is_undecided(&self) -> bool {
        *self == Self::Undecided
    }
}

/// The state of a requirement when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequirementState {
    /// Not satisfied.
    Open,
    /// Satisfied.
    Satisfied,
    /// It refuses nothing; from now on Stop verifies it.
    Armed,
    /// It could not be evaluated.
    Failed,
}

impl RequirementState {
    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Satisfied => "satisfied",
            Self::Armed => "armed",
            Self::Failed => "failed",
        }
    }

    /// How a requirement in this state weighs.
    pub fn weight(self, mode: Mode, closes_on_error: bool) -> Weight {
        match (self, mode) {
            (Self::Open, Mode::Enforce) => Weight::Refuse,
            (Self::Open, Mode::Warn) => Weight::Warn,
            (Self::Open, Mode::Observe) => Weight::Observe,
            (Self::Failed, _) if closes_on_error => Weight::Refuse,
            (Self::Satisfied | Self::Armed | Self::Failed, _) => Weight::Nothing,
        }
    }

    /// The word that logs keep of a requirement in this state and mode.
    pub fn recorded(self, mode: Mode) -> RecordedState {
        match (self, mode) {
            (Self::Open, Mode::Observe) => RecordedState::Observed,
            (Self::Open, Mode::Warn) => RecordedState::Warned,
            (Self::Open, Mode::Enforce) => RecordedState::Open,
            (Self::Satisfied, _) => RecordedState::Satisfied,
            (Self::Armed, _) => RecordedState::Armed,
            (Self::Failed, _) => RecordedState::Failed,
        }
    }
}

/// The state of a requirement as logs keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedState {
    /// Open, and refused for it.
    Open,
    /// Satisfied.
    Satisfied,
    /// Verified when the turn ends.
    Armed,
    /// Open, in mode `observe`.
    Observed,
    /// Open, in mode `warn`.
    Warned,
    /// It could not be evaluated.
    Failed,
    /// A word of another version.
    #[serde(other)]
    Unknown,
}

impl RecordedState {
    /// The word in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Satisfied => "satisfied",
            Self::Armed => "armed",
            Self::Observed => "observed",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the requirement was satisfied; `None` when the word does not tell.
    pub fn is_satisfied(self) -> Option<bool> {
        match self {
            Self::Satisfied => Some(true),
            Self::Open | Self::Observed | Self::Warned => Some(false),
            Self::Armed | Self::Failed | Self::Unknown => None,
        }
    }
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

impl Certainty {
    /// How a finding of this certainty weighs in a mode.
    pub fn weight(self, mode: Mode) -> Weight {
        match (mode, self) {
            (Mode::Observe, _) => Weight::Observe,
            (Mode::Warn, _) | (Mode::Enforce, Self::Advice) => Weight::Warn,
            (Mode::Enforce, Self::Doubtful) => Weight::Ask,
            (Mode::Enforce, Self::Sure) => Weight::Refuse,
        }
    }
}

/// What a requirement or a guard does to an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing.
    Nothing,
    /// It is only recorded.
    Observe,
    /// It is told, and the tool runs.
    Warn,
    /// A person is asked.
    Ask,
    /// It refuses.
    Refuse,
}

/// What became of a guard's finding, as logs keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardVerdict {
    /// It refused the tool.
    Deny,
    /// The user was asked.
    Ask,
    /// It was told.
    Warn,
    /// It was only recorded.
    #[default]
    Observe,
    /// The edit was made and must not stay so.
    Block,
    /// A person, or a command of ours, let this use through once.
    Allowed,
    /// A person let a later use through once.
    Granted,
    /// A person paused the session.
    Paused,
    /// A word of another version.
    #[serde(other)]
    Unknown,
}

impl GuardVerdict {
    /// The word in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Ask => "ask",
            Self::Warn => "warn",
            Self::Observe => "observe",
            Self::Block => "block",
            Self::Allowed => "allowed",
            Self::Granted => "granted",
            Self::Paused => "paused",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Weight> for GuardVerdict {
    fn from(weight: Weight) -> Self {
        match weight {
            Weight::Refuse => Self::Deny,
            Weight::Ask => Self::Ask,
            Weight::Warn => Self::Warn,
            Weight::Nothing | Weight::Observe => Self::Observe,
        }
    }
}
