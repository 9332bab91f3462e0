//! The level of a log line.

use serde::{Deserialize, Serialize};

/// The level of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// A step.
    Debug,
    /// An action that was completed.
    Info,
    /// A result with less effect than its author expects.
    Warning,
    /// A failure.
    #[default]
    Error,
}

impl LogLevel {
    /// All levels, lowest first.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warning, Self::Error];

    /// The name in configuration and log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
