//! Guard `errors`: failures of tools, stored with their fixes. See [`book`].

pub mod book;

use std::path::PathBuf;

use chrono::DateTime;
use config::types::guards::Errors;
use platform::text::fact;

use crate::error::GuardsError;
use crate::objection::Objection;
use crate::outcome::{FailedTool, failure_of};
use book::{FailureBook, FailureEntry, Fix};

/// How many files of a fix are named.
const MOST_TOLD: usize = 3;

/// The advice about a failure that occurred in a session as often as configured and has a known fix. Only
/// then are the project determined and the file read.
///
/// # Errors
/// If the file cannot be read.
pub fn examine(
    settings: &Errors,
    failure: &FailedTool<'_>,
    root: impl FnOnce() -> PathBuf,
) -> Result<Option<Objection>, GuardsError> {
    let fingerprint = &failure.outcome.fingerprint;
    let is_same = |event: &&_| failure_of(event).is_some_and(|known| known.fingerprint == *fingerprint);
    let count = 1 + failure.before.iter().filter(is_same).count();
    if count != settings.repeated.max(1) as usize {
        return Ok(None);
    }
    let book = FailureBook::peek(&root()).map_err(GuardsError::KnownFailures)?;
    Ok(book.entry(fingerprint).and_then(|entry| Some(told(entry, entry.fixed_by.as_ref()?))))
}

/// The advice that names the earlier fix.
fn told(entry: &FailureEntry, fix: &Fix) -> Objection {
    let date = DateTime::parse_from_rfc3339(&fix.at)
        .map_or_else(|_| "earlier".to_owned(), |at| at.date_naive().to_string());
    let shown: Vec<String> = fix.files.iter().take(MOST_TOLD).map(|file| fact(file)).collect();
    let more = match fix.files.len().saturating_sub(MOST_TOLD) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let command = if fix.command.is_empty() { &entry.family } else { &fix.command };
    let (after, way_out) = match shown.is_empty() {
        true => ("though no file had been changed".to_owned(), "look for what changes outside the files"),
        false => {
            (format!("once {}{more} had been changed", shown.join(", ")), "look at what that change did")
        }
    };
    Objection::advice(
        format!("Stanchion remembers, from {date}: after this failure {} passed {after}", fact(command)),
        way_out,
    )
}
