//! The state of a requirement: by what is satisfied, by evidence, by a condition, by a limit. Every place
//! that shows or enforces a requirement asks [`judge`].

mod branch_size;
mod condition;
mod evidence;
pub mod limit;

use config::Rule;
use config::types::Kind;
use hooks_common::decision::RequirementState;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use serde_json::{Map, Value};

pub use condition::is_about_the_tool;

use crate::context::Gates;
use hooks_common::tool_use::ToolUse;

/// Where a requirement is judged.
#[derive(Debug, Clone, Copy)]
pub struct EvalContext<'a> {
    /// The roots of everything on disk.
    pub paths: &'a Paths,
    /// The project.
    pub project: &'a Project,
    /// The tool that asks, if one does.
    pub tool_use: Option<&'a ToolUse<'a>>,
    /// Whether a value may be computed when none is at hand; the status line does without.
    pub may_compute: bool,
}

impl<'a> EvalContext<'a> {
    /// No tool asks.
    pub fn of_project(paths: &'a Paths, project: &'a Project) -> Self {
        Self { paths, project, tool_use: None, may_compute: true }
    }
}

/// What was found about a requirement.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its state.
    pub state: RequirementState,
    /// What decided beyond its satisfaction, for people: what is missing, which limit was passed.
    pub detail: Option<String>,
    /// The facts that decided, for the log and for the placeholders of messages.
    pub facts: Map<String, Value>,
}

impl Judged {
    /// Decided by its satisfaction alone.
    pub fn plain(is_satisfied: bool) -> Self {
        let state = if is_satisfied { RequirementState::Satisfied } else { RequirementState::Open };
        Self { state, detail: None, facts: Map::new() }
    }

    fn open(detail: String, facts: Map<String, Value>) -> Self {
        Self { state: RequirementState::Open, detail: Some(detail), facts }
    }

    fn satisfied(facts: Map<String, Value>) -> Self {
        Self { state: RequirementState::Satisfied, detail: None, facts }
    }

    /// It could not be evaluated.
    pub fn failed(error: String) -> Self {
        Self { state: RequirementState::Failed, detail: Some(error), facts: Map::new() }
    }
}

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
    judged.unwrap_or_else(|error| Judged::failed(error.to_string()))
}
