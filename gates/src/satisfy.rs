//! How requirements become satisfied and cease to be: from a skill, from `req`, by being used.

use std::path::Path;
use std::time::Duration;

use config::Rule;
use hooks_common::branch::Branch;
use hooks_common::paths::StateDir;
use hooks_common::requirements::{Satisfaction, Scope, StateError, transaction};
use hooks_common::session_id::SessionKey;
use serde_json::{Map, Value};

/// For whom requirements are satisfied.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The folder of requirement state.
    pub dir: &'a StateDir,
    /// The branch.
    pub branch: &'a Branch,
    /// The project, named in a state file that is made.
    pub project: &'a Path,
    /// The session; `None` satisfies at the branch, for every session.
    pub session: Option<&'a SessionKey>,
    /// Seconds since 1970.
    pub now: i64,
    /// How long the branch's lock is waited for.
    pub wait: Duration,
}

/// Satisfies requirements, all of them or none. `ttl` in seconds overrides the configured `replan_ttl`.
///
/// # Errors
/// When the state cannot be changed; then nothing was.
pub fn satisfy(
    target: Target<'_>,
    rules: &[&Rule],
    by: &str,
    metadata: &Map<String, Value>,
    ttl: Option<u32>,
) -> Result<(), StateError> {
    transaction(target.dir, target.branch, target.project, target.now, target.wait, |changes| {
        for rule in rules {
            let scope = match target.session {
                None if rule.requirement.scope.is_per_session() => Scope::Branch,
                _ => rule.requirement.scope,
            };
            let lasts = ttl.or(rule.requirement.replan_ttl).filter(|ttl| *ttl > 0);
            let how = Satisfaction {
                by,
                metadata: metadata.clone(),
                expires_at: lasts.map(|ttl| target.now + i64::from(ttl)),
            };
            changes.satisfy(&rule.name, scope, target.session, &how);
        }
    })
}

/// Whether a skill, as the host or a person names it, is the one configured: `/acme:plan`, `acme:plan` and
/// `plan` are the same, unless both name a namespace and these differ.
pub fn is_same_skill(configured: &str, used: &str) -> bool {
    let parts = |skill: &str| {
        let skill = skill.trim().trim_start_matches('/').to_owned();
        match skill.split_once(':') {
            Some((space, name)) => (Some(space.to_owned()), name.to_owned()),
            None => (None, skill),
        }
    };
    let ((space_a, name_a), (space_b, name_b)) = (parts(configured), parts(used));
    let one_space = match (space_a, space_b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    one_space && name_a == name_b && !name_a.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skill_has_three_names() {
        for used in ["acme:plan", "/acme:plan", "plan", "/plan"] {
            assert!(is_same_skill("acme:plan", used) && is_same_skill("plan", used), "{used}");
        }
        assert!(!is_same_skill("acme:plan", "other:plan"));
        assert!(!is_same_skill("acme:plan", "replan") && !is_same_skill("", ""));
    }
}
