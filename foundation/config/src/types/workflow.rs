//! The phases of work that the status line shows.

use serde::{Deserialize, Serialize};

/// The phases in their order; the current one is the first whose gate is open.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Workflow {
    /// The phase shown while it is unknown which requirements are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_phase: Option<String>,
    /// The phase when every gate is satisfied.
    pub ship_phase: String,
    /// The phases.
    pub phases: Vec<WorkflowPhase>,
}

impl Default for Workflow {
    fn default() -> Self {
        Self { default_phase: None, ship_phase: "ship".to_owned(), phases: Vec::new() }
    }
}

/// One phase.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct WorkflowPhase {
    /// What it is called.
    pub name: String,
    /// The requirement that ends it; without one it is never the current phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// The skill that leads through it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
