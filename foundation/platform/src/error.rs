//! Who can do something about an error, and what.

use std::fmt;

/// Who can do something about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A file or an argument of the user's: they change it.
    User,
    /// The machine: a full disk, a read-only folder, a program that is missing or takes too long.
    System,
    /// A fault of Stanchion's.
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

/// An error of one of Stanchion's crates: each crate has one enum of them.
pub trait Explain: std::error::Error {
    /// Who can do something about it.
    fn kind(&self) -> ErrorKind;

    /// What to do: a clause in the imperative, without a full stop. A message for people prints it behind `Next:`.
    fn hint(&self) -> Option<String> {
        None
    }
}
