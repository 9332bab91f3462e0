//! What judging a requirement asks for, and what it finds.

use hooks_common::decision::RequirementState;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use hooks_common::tool_use::ToolUse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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

    pub(super) fn open(detail: String, facts: Map<String, Value>) -> Self {
        Self { state: RequirementState::Open, detail: Some(detail), facts }
    }

    pub(super) fn satisfied(facts: Map<String, Value>) -> Self {
        Self { state: RequirementState::Satisfied, detail: None, facts }
    }

    /// It could not be evaluated.
    pub fn failed(error: String) -> Self {
        Self { state: RequirementState::Failed, detail: Some(error), facts: Map::new() }
    }
}

/// A value, and what it is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Computed {
    /// What is compared with the limits.
    pub value: f64,
    /// What it is made of, for people.
    #[serde(default)]
    pub summary: String,
    /// The parts, for messages.
    #[serde(default)]
    pub facts: Map<String, Value>,
}
