//! The phase of work: the first whose gate is open.

use config::Rule;
use config::types::{Workflow, WorkflowPhase};

use crate::judge::Judged;
use hooks_common::decision::RequirementState;

/// The current phase; `None` when every gate is satisfied.
pub fn current<'a>(workflow: &'a Workflow, survey: &[(Rule, Judged)]) -> Option<&'a WorkflowPhase> {
    let is_open = |name: &str| {
        survey.iter().any(|(rule, judged)| rule.name == name && judged.state == RequirementState::Open)
    };
    workflow.phases.iter().find(|phase| phase.gate.as_deref().is_some_and(is_open))
}

/// What the status line shows: the current phase, the one after the last, or the default where nothing is known.
pub fn name<'a>(workflow: &'a Workflow, survey: Option<&[(Rule, Judged)]>) -> Option<&'a str> {
    match survey {
        None => workflow.default_phase.as_deref(),
        Some(survey) => Some(current(workflow, survey).map_or(&*workflow.ship_phase, |phase| &*phase.name)),
    }
}
