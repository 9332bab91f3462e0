//! Errors of a configuration, its items and its compiled policy.

use std::io;

use platform::error::{ErrorKind, Explain};

use crate::yaml::YamlProblem;

/// The reason why a configuration, a part of it or a compiled policy cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ConfigError {
    /// A text is not valid YAML, or a value in it has the wrong type.
    #[error("{0}")]
    Yaml(#[from] YamlProblem),
    /// A value has the right type but is not valid. The text contains the reason.
    #[error("{0}")]
    Item(String),
    /// A regular expression does not compile. The text contains the reason.
    #[error("{0}")]
    Expression(String),
    /// The search with an expression stopped at its limit.
    #[error("pattern `{pattern}`: {problem}")]
    Search {
        /// The expression.
        pattern: String,
        /// The engine's message.
        problem: String,
    },
    /// The compiled policy does not have the expected format.
    #[error("the compiled policy is damaged: {0}")]
    DamagedPolicy(String),
    /// The compiled policy cannot be read.
    #[error("the compiled policy cannot be read: {0}")]
    UnreadablePolicy(String),
}

impl ConfigError {
    /// An error for a value that is not valid.
    pub(crate) fn item(message: impl Into<String>) -> Self {
        Self::Item(message.into())
    }
}

impl From<serde_json::Error> for ConfigError {
    fn from(error: serde_json::Error) -> Self {
        Self::DamagedPolicy(error.to_string())
    }
}

impl From<io::Error> for ConfigError {
    fn from(error: io::Error) -> Self {
        Self::UnreadablePolicy(error.to_string())
    }
}

impl Explain for ConfigError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Yaml(_) | Self::Item(_) | Self::Expression(_) | Self::Search { .. } => ErrorKind::User,
            Self::UnreadablePolicy(_) => ErrorKind::System,
            Self::DamagedPolicy(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Yaml(_) | Self::Item(_) => "correct the value; `req verify` checks the configuration",
            Self::Expression(_) => "correct the regular expression; `req verify` checks the configuration",
            Self::Search { .. } => "write an expression without look-around and without back-references",
            Self::UnreadablePolicy(_) => {
                "check the permissions of the policy's folder; `req paths` prints it"
            }
            Self::DamagedPolicy(_) => "remove the compiled policy; `req paths` prints its path",
        };
        Some(hint.to_owned())
    }
}
