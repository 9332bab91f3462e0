//! Guard `paths`.

use config::types::guards::Paths;

use crate::objection::Objection;
use crate::sight::Sight;

/// Whether a command line has anything for the guard: a cheap look, before its settings are read.
pub fn concerns_line(_sight: &Sight<'_>) -> bool {
    false
}

/// Whether an edit has.
pub fn concerns_edit(_sight: &Sight<'_>) -> bool {
    false
}

/// What the guard finds in a command line.
///
/// # Errors
/// When it cannot look.
pub fn examine_line(_settings: &Paths, _sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    Ok(Vec::new())
}

/// What the guard finds in an edit.
///
/// # Errors
/// When it cannot look.
pub fn examine_edit(_settings: &Paths, _sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    Ok(Vec::new())
}
