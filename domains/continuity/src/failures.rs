//! What failed of several things that are done one after another: none of them keeps the others from being done.

use crate::error::ContinuityError;
use std::fmt::Display;

/// See the module.
#[derive(Debug, Default)]
pub struct Failures(Vec<String>);

impl Failures {
    /// The outcome, if it is one; what failed is kept under its name.
    pub fn note<T, E: Display>(&mut self, what: &str, outcome: Result<T, E>) -> Option<T> {
        outcome.map_err(|error| self.0.push(format!("{what}: {error}"))).ok()
    }

    /// The same where the failure itself, or the caller, names its subject.
    pub fn take<T, E: Display>(&mut self, outcome: Result<T, E>) -> Option<T> {
        outcome.map_err(|error| self.0.push(error.to_string())).ok()
    }
}

impl From<Failures> for Result<(), ContinuityError> {
    fn from(failures: Failures) -> Self {
        if failures.0.is_empty() { Ok(()) } else { Err(ContinuityError::Several(failures.0)) }
    }
}
