//! Errors of changes to a configuration file.

use config::yaml::YamlProblem;
use platform::error::{ErrorKind, Explain};

/// The reason why a file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file is not valid YAML.
    #[error("{0}")]
    Broken(YamlProblem),
    /// The value is not valid YAML.
    #[error("`{value}` is not a valid value: {message}")]
    Value {
        /// The value.
        value: String,
        /// The problem.
        message: String,
    },
    /// The value cannot be changed without changing other bytes.
    #[error("`{0}` is written in a form that cannot be changed in place; edit the file by hand")]
    ByHand(String),
}

impl Explain for EditError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::User
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Broken(_) => "correct the file",
            Self::Value { .. } => "write the value as YAML or JSON, with quotes around text",
            Self::ByHand(_) => "edit the file with an editor",
        };
        Some(hint.to_owned())
    }
}
