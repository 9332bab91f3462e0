//! The records of guards in a session's log.

use hooks_common::decision::GuardVerdict;
use hooks_common::session_log::Record;
use platform::text::cut_bytes;
use redact::redact;
use serde::{Deserialize, Serialize};

use crate::objection::Raised;

/// How many bytes of a finding the log keeps.
const LONGEST_WHAT: usize = 300;

/// A finding, and the verdict over it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuardRecord {
    /// The guard's name in configuration.
    pub guard: String,
    /// The verdict.
    pub verdict: GuardVerdict,
    /// The finding: one line, redacted and shortened.
    pub what: String,
    /// Identifies this use of the tool in this folder.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// The code that a person types to allow it once.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// The person's reason, if an exception allowed it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl GuardRecord {
    /// The record of a finding.
    pub fn of(raised: &Raised, verdict: GuardVerdict) -> Self {
        Self {
            guard: raised.guard.name().to_owned(),
            verdict,
            what: kept(&raised.objection.what),
            ..Self::default()
        }
    }
}

/// A finding as the log keeps it: redacted and shortened.
pub(crate) fn kept(what: &str) -> String {
    cut_bytes(&redact(what), LONGEST_WHAT).to_owned()
}

/// All findings of guards at one event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GuardRecords(pub Vec<GuardRecord>);

impl Record for GuardRecords {
    const NAME: &'static str = "guards";

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The outcome of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandOutcome {
    /// What kind of command it is: `cargo test` for all its calls.
    pub family: String,
    /// The test runner, if the command is one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub runner: String,
    /// Whether it passed; `None` if this cannot be determined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// Identifies the failure: a hash of the output without its varying parts.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// The most significant line of the output, without its varying parts, redacted and shortened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
    /// The exit code, if the client reports it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

impl Record for CommandOutcome {
    const NAME: &'static str = "outcome";

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
