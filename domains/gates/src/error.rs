//! What can go wrong with requirement gates.

use std::io;

use config::ConfigError;
use git::GitError;
use hooks_common::requirements::StateError;
use platform::error::{ErrorKind, Explain};
use thiserror::Error;

use crate::document::DocumentError;

/// See the module.
#[derive(Debug, Error)]
pub enum GatesError {
    /// The compiled policy is damaged.
    #[error(transparent)]
    Policy(#[from] ConfigError),
    /// The state of requirements cannot be changed.
    #[error(transparent)]
    State(#[from] StateError),
    /// A shared document of ours cannot be read or changed.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A file cannot be read or written.
    #[error("{0}")]
    File(#[from] io::Error),
    /// Git cannot tell what a rule asks for.
    #[error(transparent)]
    Git(#[from] GitError),
    /// What the configuration asks for cannot be evaluated: a pattern, a command, evidence.
    #[error("{0}")]
    Rule(String),
}

/// What a rule's reader says is about the configuration.
impl From<String> for GatesError {
    fn from(reason: String) -> Self {
        Self::Rule(reason)
    }
}

impl From<&str> for GatesError {
    fn from(reason: &str) -> Self {
        Self::Rule(reason.to_owned())
    }
}

impl Explain for GatesError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Policy(_) | Self::State(_) | Self::Document(_) | Self::File(_) => ErrorKind::System,
            Self::Git(error) => error.kind(),
            Self::Rule(_) => ErrorKind::User,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Git(error) => return error.hint(),
            Self::Policy(_) => "run `req doctor`; the next hook compiles the policy again".to_owned(),
            Self::Rule(_) => "check the rule with `req verify`".to_owned(),
            Self::State(_) | Self::Document(_) | Self::File(_) => "run `req doctor`".to_owned(),
        })
    }
}
