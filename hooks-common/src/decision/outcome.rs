//! Outcomes of events in the words that logs use.

use config::types::Mode;
use serde::{Deserialize, Serialize};

use crate::session_log::Records;

/// The key of the record that contains the outcome. It is the record of the requirements' gates: the log had it
/// before other stages existed, and other programs read it there.
pub const PART: &str = "gates";

/// The outcome of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// There was no decision: the event needs none, or there is no configuration.
    #[default]
    #[serde(rename = "")]
    Undecided,
    /// The event was allowed.
    Pass,
    /// A requirement refused the tool.
    Deny,
    /// The end of the turn was blocked.
    Block,
    /// The tool use would have changed the session's gates.
    Protected,
    /// `strict_preflight` refused an edit.
    Strict,
    /// A fact could not be evaluated, and `on_error: deny` is set.
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
    /// No requirement applies to this tool: Stanchion's own command line, or a plan.
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

    /// The outcome in a line's records.
    pub fn of(records: &Records) -> Self {
        records.value(PART, "outcome").and_then(|word| Self::deserialize(word).ok()).unwrap_or_default()
    }

    /// Whether the event was refused.
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

    /// Whether the requirements were not evaluated because they are switched off.
    pub fn is_switched_off(self) -> bool {
        matches!(self, Self::Paused | Self::Skipped | Self::Disabled)
    }

    /// Whether nothing was decided.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub fn is_undecided(&self) -> bool {
        *self == Self::Undecided
    }
}

/// The state of a requirement at evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequirementState {
    /// Not satisfied.
    Open,
    /// Satisfied.
    Satisfied,
    /// It does not refuse now. Stop verifies it later.
    Armed,
    /// It could not be evaluated.
    Failed,
}

impl RequirementState {
    /// The word in output for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Satisfied => "satisfied",
            Self::Armed => "armed",
            Self::Failed => "failed",
        }
    }

    /// The weight of a requirement in this state.
    pub fn weight(self, mode: Mode, closes_on_error: bool) -> Weight {
        match (self, mode) {
            (Self::Open, Mode::Enforce) => Weight::Refuse,
            (Self::Open, Mode::Warn) => Weight::Warn,
            (Self::Open, Mode::Observe) => Weight::Observe,
            (Self::Failed, _) if closes_on_error => Weight::Refuse,
            (Self::Satisfied | Self::Armed | Self::Failed, _) => Weight::Nothing,
        }
    }

    /// The word in logs for a requirement in this state and mode.
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

/// The state of a requirement in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedState {
    /// Open, and the event was refused for it.
    Open,
    /// Satisfied.
    Satisfied,
    /// To be verified at the end of the turn.
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

    /// Whether the requirement was satisfied. `None` if the word does not say so.
    pub fn is_satisfied(self) -> Option<bool> {
        match self {
            Self::Satisfied => Some(true),
            Self::Open | Self::Observed | Self::Warned => Some(false),
            Self::Armed | Self::Failed | Self::Unknown => None,
        }
    }
}

/// How certain a guard is of its finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Advice: reported, never refused.
    Advice,
    /// The guard cannot decide whether its rule applies, so the user is asked.
    Doubtful,
    /// The guard's rule applies.
    Sure,
}

impl Certainty {
    /// The weight of a finding of this certainty in a mode.
    pub fn weight(self, mode: Mode) -> Weight {
        match (mode, self) {
            (Mode::Observe, _) => Weight::Observe,
            (Mode::Warn, _) | (Mode::Enforce, Self::Advice) => Weight::Warn,
            (Mode::Enforce, Self::Doubtful) => Weight::Ask,
            (Mode::Enforce, Self::Sure) => Weight::Refuse,
        }
    }
}

/// The effect of a requirement or a guard on an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// No effect.
    Nothing,
    /// The finding is recorded only.
    Observe,
    /// A warning is shown and the tool runs.
    Warn,
    /// The user is asked.
    Ask,
    /// The event is refused.
    Refuse,
}

/// The verdict over a guard's finding in logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuardVerdict {
    /// It refused the tool.
    Deny,
    /// The user was asked.
    Ask,
    /// A warning was shown.
    Warn,
    /// The finding was recorded only.
    #[default]
    Observe,
    /// The edit was made and must be fixed.
    Block,
    /// An exception of a person or of a Stanchion command allowed this use once.
    Allowed,
    /// A person allowed one later use.
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
