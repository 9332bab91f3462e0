//! Guard `patterns`.

use config::Policy;
use config::types::guards::Patterns;
use hooks_common::runtime::Hook;

use crate::objection::Objection;
use crate::sight::Sight;

/// Whether a command line commits: a cheap look, before the guard's settings are read.
pub fn concerns_line(_sight: &Sight<'_>) -> bool {
    false
}

/// What the guard finds in what a command line commits.
///
/// # Errors
/// When it cannot look.
pub fn examine_commit(_settings: &Patterns, _sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    Ok(Vec::new())
}

/// PostToolUse of an edit: what the guard finds in the file now.
///
/// # Errors
/// When it cannot look.
pub fn after_edit(_hook: &mut Hook, _policy: &Policy) -> Result<(), String> {
    Ok(())
}
