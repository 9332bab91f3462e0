//! Classifies errors by the party that can fix them, and carries the hint for it.

use std::fmt;

/// The party that can fix an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The user: a file or an argument is wrong.
    User,
    /// The machine: a full disk, a read-only folder, a program that is missing or takes too long.
    System,
    /// The developers: the error is a bug in Stanchion.
    Internal,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::System => "system",
            Self::Internal => "internal",
        })
    }
}

/// An error of one of Stanchion's crates. Each crate has one error enum that implements it.
pub trait Explain: std::error::Error {
    /// The party that can fix this error.
    fn kind(&self) -> ErrorKind;

    /// What to do: a clause in the imperative, without a full stop. A message for a person prints it after `Next:`.
    fn hint(&self) -> Option<String> {
        None
    }
}
