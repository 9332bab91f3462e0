//! The state of a requirement: by what is satisfied, by evidence, by a condition, by a limit. Every place
//! that shows or enforces a requirement asks [`judge`].

mod branch_size;
mod condition;
mod evidence;
mod judged;
pub mod limit;

use config::Rule;
use config::types::Kind;
use hooks_common::decision::RequirementState;
use platform::budget;
use serde_json::Map;

pub use condition::is_about_the_tool;
pub use judged::{Computed, EvalContext, Judged};

use crate::context::Gates;

/// Judges a requirement for the session and branch of `gates`.
pub fn judge(gates: &Gates, rule: &Rule, situation: &EvalContext<'_>) -> Judged {
    let requirement = &rule.requirement;
    let is_given = gates.is_given(rule);
    let judged = match (requirement.kind, &requirement.evidence) {
        (Kind::Blocking, None) => return Judged::plain(is_given),
        (Kind::Blocking, Some(evidence)) => evidence::judge(evidence, is_given, gates.now, situation),
        // An approval stands above any condition.
        (Kind::Condition | Kind::Limit, _) if is_given => {
            return Judged::satisfied(Map::from_iter([("approved".to_owned(), true.into())]));
        }
        (Kind::Condition, _) => condition::judge(gates, rule, situation),
        (Kind::Limit, _) => limit::judge(gates, rule, situation),
    };
    let judged = judged.unwrap_or_else(|error| Judged::failed(error.to_string()));
    match budget::spent().filter(|_| judged.state != RequirementState::Satisfied) {
        // What there was no time to look at is not satisfied.
        Some(spent) => Judged::open(
            format!("It was not checked to its end: the check stopped after {spent}."),
            Map::from_iter([("given".to_owned(), is_given.into())]),
        ),
        None => judged,
    }
}
