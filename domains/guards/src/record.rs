//! What guards keep in a session's log.

use hooks_common::decision::GuardVerdict;
use hooks_common::session_log::Record;
use platform::text::cut_bytes;
use redact::redact;
use serde::{Deserialize, Serialize};

use crate::objection::Raised;

/// How much of what was found the log keeps, in bytes.
const LONGEST_WHAT: usize = 300;

/// What a guard found, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardRecord {
    /// The guard's name in configuration.
    pub guard: String,
    /// What became of it.
    pub verdict: GuardVerdict,
    /// What was found: one line, redacted and bounded.
    pub what: String,
    /// Tells this use of a tool, in this folder, from any other.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// What a person types to let it through once.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The person's reason, where one let it through.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl GuardRecord {
    /// What a guard found, and what became of it.
    pub fn of(raised: &Raised, verdict: GuardVerdict) -> Self {
        Self {
            guard: raised.guard.name().to_owned(),
            verdict,
            what: kept(&raised.objection.what),
            ..Self::default()
        }
    }
}

/// A finding as the log keeps it: redacted, and bounded.
pub(crate) fn kept(what: &str) -> String {
    cut_bytes(&redact(what), LONGEST_WHAT).to_owned()
}

/// All that guards found at one event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GuardRecords(pub Vec<GuardRecord>);

impl Record for GuardRecords {
    const NAME: &'static str = "guards";

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How a command ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandOutcome {
    /// What kind of command it is: `cargo test` for all its calls.
    pub family: String,
    /// The test runner, where it is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub runner: String,
    /// Whether it passed; `None` when nobody can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// Tells the failure from others: a hash of what was said, without what varies.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// The line of what was said that tells most, without what varies, redacted and bounded.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    /// The exit code, where it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

impl Record for CommandOutcome {
    const NAME: &'static str = "outcome";

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
