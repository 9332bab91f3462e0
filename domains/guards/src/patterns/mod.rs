//! Guard `patterns`: patterns that code must not contain. It warns first and refuses later.
//!
//! `scan` finds violations in a file's text, `exemptions` may allow them, and `graduation` decides between
//! warning and refusal by the first warning, which `store` keeps. `edit` checks what an edit added, `commit`
//! what a commit would add, [`check`] whole files on request.

pub mod check;
mod commit;
mod edit;
mod exemptions;
mod graduation;
mod inspect;
mod scan;
mod store;
mod words;

#[cfg(test)]
mod tests;

use config::Policy;
use config::types::guards::Patterns;
use hooks_common::runtime::Hook;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;
use crate::staged;

/// Whether a command line commits: a cheap check before the guard's settings are read.
pub fn concerns_line(examined: &ExaminedUse<'_>) -> bool {
    staged::commits(examined)
}

/// Returns the findings over what a command line commits.
///
/// # Errors
/// If git fails, or the policy is damaged.
pub fn examine_commit(
    settings: &Patterns,
    examined: &ExaminedUse<'_>,
) -> Result<Vec<Objection>, GuardsError> {
    commit::examine(settings, examined)
}

/// PostToolUse of an edit: checks the file as it is now.
///
/// # Errors
/// If the guard cannot run.
pub fn after_edit(hook: &mut Hook, policy: &Policy) -> Result<(), GuardsError> {
    edit::look(hook, policy)
}
