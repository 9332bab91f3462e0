//! One requirement's state from the point of view of one session, and whether what satisfied it counts.

use config::types::Scope;
use git::Branch;
use serde_json::{Map, Value};

use super::entry::{expiry, is_fresh, is_true, time};
use crate::paths::StateDir;
use crate::session_id::SessionKey;
use crate::{ended, seal};

/// What is known about one requirement, from the point of view of one session.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub(super) name: &'a str,
    pub(super) session: Option<&'a SessionKey>,
    pub(super) requirement: Option<&'a Map<String, Value>>,
    pub(super) mine: Option<&'a Map<String, Value>>,
    /// Where a satisfaction counts only with its seal: where it is, and of which branch.
    pub(super) sealed: Option<(&'a StateDir, &'a Branch)>,
}

impl<'a> View<'a> {
    /// The same where a satisfaction counts only if one of our own programs wrote it, into this file: `protect_cli`.
    pub fn only_sealed(self, dir: &'a StateDir, branch: &'a Branch) -> Self {
        Self { sealed: Some((dir, branch)), ..self }
    }

    /// Whether the satisfaction of an entry counts, which is `owner`'s or, without one, the branch's.
    fn counts(&self, entry: &Map<String, Value>, owner: Option<&SessionKey>) -> bool {
        let Some((dir, branch)) = self.sealed else { return true };
        let seal = entry.get("seal").and_then(Value::as_str).unwrap_or_default();
        let parts = sealed_parts(dir, branch, self.name, owner, entry);
        let parts = parts.each_ref().map(String::as_str);
        !seal.is_empty() && seal::holds(dir.paths(), &parts, seal) && !ended::is_ended(dir.paths(), seal)
    }

    /// Whether the requirement is satisfied now, by the rules of its configured scope. A satisfaction at the
    /// branch holds for session scopes too. An expiry is inclusive; `permanent` has none.
    pub fn is_satisfied(&self, scope: Scope, now: i64) -> bool {
        let at_branch =
            self.requirement.is_some_and(|entry| is_true(entry, "satisfied") && self.counts(entry, None));
        let branch_fresh = at_branch && self.requirement.is_some_and(|entry| is_fresh(entry, now));
        match scope {
            Scope::Permanent => at_branch,
            Scope::Branch => branch_fresh,
            Scope::Session | Scope::SingleUse => {
                branch_fresh
                    || self.mine.is_some_and(|entry| {
                        is_true(entry, "satisfied")
                            && is_fresh(entry, now)
                            && self.counts(entry, self.session)
                    })
            }
        }
    }

    /// Whether this session triggered the requirement, whatever its scope: what another session did never
    /// holds this one up.
    pub fn is_triggered(&self) -> bool {
        self.mine.is_some_and(|entry| is_true(entry, "triggered"))
    }

    /// How the requirement was satisfied for this session, and when, if it was.
    pub fn satisfaction(&self) -> Option<(&str, i64, Option<i64>)> {
        let entries = [(self.mine, self.session), (self.requirement, None)];
        let entries = entries.into_iter().filter_map(|(entry, owner)| Some((entry?, owner)));
        let mut satisfied =
            entries.filter(|(entry, owner)| is_true(entry, "satisfied") && self.counts(entry, *owner));
        let (entry, _) = satisfied.next()?;
        let by = entry.get("satisfied_by").and_then(Value::as_str).unwrap_or("manual");
        Some((by, time(entry, "satisfied_at"), expiry(entry)))
    }
}

/// What the seal of a satisfaction covers: all that says for what, for whom and how long it counts, and where.
pub(super) fn sealed_parts(
    dir: &StateDir,
    branch: &Branch,
    name: &str,
    owner: Option<&SessionKey>,
    entry: &Map<String, Value>,
) -> [String; 7] {
    [
        "satisfied".to_owned(),
        dir.path().to_string_lossy().into_owned(),
        branch.name().to_owned(),
        name.to_owned(),
        owner.map(ToString::to_string).unwrap_or_default(),
        time(entry, "satisfied_at").to_string(),
        expiry(entry).map_or_else(String::new, |at| at.to_string()),
    ]
}
