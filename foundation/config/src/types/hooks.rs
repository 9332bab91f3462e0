//! Settings of the hooks.

use crate::types::Scope;
use serde::{Deserialize, Serialize};

use super::Names;

/// How each hook behaves.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Hooks {
    /// SessionStart.
    pub session_start: SessionStart,
    /// UserPromptSubmit.
    pub prompt_submit: PromptSubmit,
    /// Stop.
    pub stop: Stop,
    /// SessionEnd.
    pub session_end: SessionEnd,
    /// When plan mode begins.
    pub plan_enter: PlanMode,
    /// When plan mode ends.
    pub plan_exit: PlanMode,
    /// SubagentStart.
    pub subagent_start: SubagentStart,
    /// PostToolUseFailure.
    pub tool_failure: ToolFailure,
    /// PermissionRequest.
    pub permission_request: PermissionRequest,
    /// TeammateIdle and TaskCompleted.
    pub agent_teams: AgentTeams,
    /// Which branches are being worked on.
    pub wip_tracking: WipTracking,
}

/// What the model sees when a session starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SessionStart {
    /// Whether the briefing on requirements is injected.
    pub inject_context: bool,
    /// How long the briefing is.
    pub briefing_format: BriefingFormat,
    /// A line above the briefing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_header: Option<String>,
    /// Whether `/clear` keeps what its session had satisfied.
    pub carry_over: CarryOver,
}

impl Default for SessionStart {
    fn default() -> Self {
        Self {
            inject_context: true,
            briefing_format: BriefingFormat::default(),
            custom_header: None,
            carry_over: CarryOver::default(),
        }
    }
}

/// The forms of the briefing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BriefingFormat {
    /// A few lines.
    #[default]
    Compact,
    /// A table.
    Standard,
}

impl BriefingFormat {
    /// The name in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Standard => "standard",
        }
    }
}

/// Satisfactions that a session inherits from one that has just ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CarryOver {
    /// Whether anything is carried over.
    pub enabled: bool,
    /// How old a satisfaction may be, in seconds.
    pub window_seconds: u32,
    /// The scopes that are carried over.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::scopes"))]
    pub scopes: Vec<Scope>,
}

impl Default for CarryOver {
    fn default() -> Self {
        Self { enabled: true, window_seconds: 300, scopes: vec![Scope::Session] }
    }
}

/// What UserPromptSubmit adds to a prompt.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PromptSubmit {
    /// Whether a prompt that asks for edits or commits is answered with the open requirements.
    pub reminder: bool,
}

impl Default for PromptSubmit {
    fn default() -> Self {
        Self { reminder: true }
    }
}

/// What is verified before a turn ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Stop {
    /// Whether triggered requirements are verified.
    pub verify_requirements: bool,
    /// The scopes that are verified.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::scopes"))]
    pub verify_scopes: Vec<Scope>,
}

impl Default for Stop {
    fn default() -> Self {
        Self { verify_requirements: true, verify_scopes: vec![Scope::Session] }
    }
}

/// What happens to state when a session ends.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SessionEnd {
    /// Whether the session's own entries are removed.
    pub clear_session_state: bool,
}

/// What the model sees when plan mode begins or ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PlanMode {
    /// Whether the open requirements are listed.
    pub inject_context: bool,
}

impl Default for PlanMode {
    fn default() -> Self {
        Self { inject_context: true }
    }
}

/// What a subagent sees when it starts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SubagentStart {
    /// Whether it sees the branch and the open requirements.
    pub inject_context: bool,
    /// The subagents that are: globs over their type.
    pub agents: Names,
}

impl Default for SubagentStart {
    fn default() -> Self {
        Self { inject_context: true, agents: Names::of(&["*review*"]) }
    }
}

/// Advice after edits that fail again and again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ToolFailure {
    /// Whether there is any.
    pub advice: bool,
    /// After how many failures in a row, and again after as many more.
    pub after: u32,
}

impl Default for ToolFailure {
    fn default() -> Self {
        Self { advice: true, after: 3 }
    }
}

/// What is denied without asking the user.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PermissionRequest {
    /// Whether commands that destroy what cannot be brought back are denied instead of asked for.
    pub auto_deny_dangerous: bool,
}

impl Default for PermissionRequest {
    fn default() -> Self {
        Self { auto_deny_dangerous: true }
    }
}

/// Teams of agents.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct AgentTeams {
    /// Whether their progress is recorded.
    pub enabled: bool,
    /// Whether a teammate that goes idle is sent back while requirements are open.
    pub keep_working_on_idle: bool,
    /// Whether a task without a subject is not accepted as completed.
    pub validate_task_completion: bool,
}

impl Default for AgentTeams {
    fn default() -> Self {
        Self { enabled: true, keep_working_on_idle: false, validate_task_completion: false }
    }
}

/// The branches being worked on, in `~/.claude/wip_projects.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct WipTracking {
    /// Whether sessions keep the list.
    pub enabled: bool,
    /// Whether Stop asks once a session to set the branch's status.
    pub prompt_on_stop: bool,
    /// Whether SessionStart lists the branches in progress.
    pub inject_on_start: bool,
    /// Whether merged branches are marked as done.
    pub auto_detect_merged: bool,
    /// Branches that are not kept.
    pub exclude_branches: Vec<String>,
}

impl Default for WipTracking {
    fn default() -> Self {
        Self {
            enabled: false,
            prompt_on_stop: true,
            inject_on_start: true,
            auto_detect_merged: true,
            exclude_branches: ["main", "master", "develop"].map(str::to_owned).to_vec(),
        }
    }
}
