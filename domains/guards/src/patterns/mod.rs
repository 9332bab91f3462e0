//! Guard `patterns`: what code must not have. It is warned of first and refused when it stays.
//!
//! The way of a finding: `scan` finds it in a file's text, `exemptions` may let it stand, `graduation` says
//! from the first warning, which `store` keeps, whether it is warned of or refused. `edit` looks at what an edit
//! brought, `commit` at what a commit would add, [`check`] at whole files when a person asks.

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

/// Whether a command line commits: a cheap look, before the guard's settings are read.
pub fn concerns_line(examined: &ExaminedUse<'_>) -> bool {
    staged::commits(examined)
}

/// What the guard finds in what a command line commits.
///
/// # Errors
/// When git cannot be asked, or the policy is damaged.
pub fn examine_commit(
    settings: &Patterns,
    examined: &ExaminedUse<'_>,
) -> Result<Vec<Objection>, GuardsError> {
    commit::examine(settings, examined)
}

/// PostToolUse of an edit: what the guard finds in the file now.
///
/// # Errors
/// When it cannot look.
pub fn after_edit(hook: &mut Hook, policy: &Policy) -> Result<(), GuardsError> {
    edit::look(hook, policy)
}
