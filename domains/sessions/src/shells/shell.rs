//! One shell, as it is on disk.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::parent_app::ParentApp;

/// A shell without a report for longer than this does not show where its user is.
const STALE: TimeDelta = TimeDelta::seconds(600);

/// One shell, as it is on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shell {
    /// Its folder.
    pub cwd: String,
    /// Its terminal device.
    #[serde(default)]
    pub tty: String,
    /// The application it runs in.
    #[serde(default)]
    pub parent_app: ParentApp,
    /// The tmux session it runs in; this and the next field are there together or not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmux_session: Option<String>,
    /// The terminal device of the client that shows the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmux_client_tty: Option<String>,
    /// When tmux was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmux_asked_at: Option<String>,
    /// When it was at its prompt last, RFC 3339 with three fractional digits.
    pub updated_at: String,
    /// When its process started, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proc_started: Option<i64>,
    /// When its process started, in the platform's raw unit, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_raw: Option<String>,
    /// Whatever else another version wrote.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Shell {
    /// How long ago it was at its prompt.
    pub fn age(&self, now: DateTime<Utc>) -> TimeDelta {
        age(&self.updated_at, now)
    }

    /// Whether its last prompt is too long ago to tell where its user is.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.age(now) > STALE
    }
}

/// How long ago a moment on disk was; what is none is as old as can be.
pub(super) fn age(moment: &str, now: DateTime<Utc>) -> TimeDelta {
    DateTime::parse_from_rfc3339(moment).map_or(TimeDelta::MAX, |then| now.signed_duration_since(then))
}
