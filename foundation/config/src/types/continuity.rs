//! Settings for data that a session must not lose.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Names;

/// All settings of continuity, as the policy stores them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Continuity {
    /// See [`ContextSettings`].
    pub context: ContextSettings,
    /// See [`Commits`].
    pub commits: Commits,
    /// See [`HandoffSettings`].
    pub handoff: HandoffSettings,
    /// See [`Checkpoints`].
    pub checkpoints: Checkpoints,
}

/// How full the context is, and what happens when it fills up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ContextSettings {
    /// Whether sessions are numbered, followed and handed over at all.
    pub enabled: bool,
    /// From how many percent on the model is warned.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub warn_percent: u8,
    /// From how many percent on a checkpoint is asked for, as `force` says; `warn_percent` at least.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub force_percent: u8,
    /// From how many percent on a checkpoint is written without asking; `force_percent` at least.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 100)))]
    pub critical_percent: u8,
    /// What happens at `force_percent` until there is a checkpoint.
    pub force: Force,
    /// How many tools are refused for it before it only advises.
    pub most_refusals: u8,
    /// The size of the context in tokens, where the client does not report it.
    #[cfg_attr(feature = "schema", schemars(range(min = 1000)))]
    pub window: u64,
    /// The same for models whose name begins so, 1000 at least.
    pub windows: BTreeMap<String, u64>,
    /// After how many files read the model is asked to save what it knows.
    pub many_files: u16,
    /// From how many lines on reading a whole file is reported as large.
    pub large_file_lines: u32,
    /// After how many files that were read the hand-off is saved without asking.
    pub auto_save_files: u16,
    /// How many minutes pass before it is saved again.
    pub auto_save_minutes: u16,
    /// After how many minutes without a sign the list of files begins anew.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub inactivity_minutes: u16,
    /// A file below the project in which people count sessions, if there is one.
    pub counter_file: String,
}

/// What happens when the context is nearly full and there is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Force {
    /// The model is warned.
    Advise,
    /// The model is warned, and tools that extend the work are refused a few times.
    #[default]
    Gate,
    /// Nothing.
    Off,
}

impl Default for ContextSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            warn_percent: 85,
            force_percent: 90,
            critical_percent: 95,
            force: Force::default(),
            most_refusals: 5,
            window: 200_000,
            windows: BTreeMap::new(),
            many_files: 15,
            large_file_lines: 5_000,
            auto_save_files: 20,
            auto_save_minutes: 15,
            inactivity_minutes: 30,
            counter_file: "SESSION_CONTEXT.md".to_owned(),
        }
    }
}

/// The log of commits.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Commits {
    /// Whether commits are recorded.
    pub enabled: bool,
    /// A log longer than so many lines is cut.
    #[cfg_attr(feature = "schema", schemars(range(min = 50)))]
    pub rotate_above: u32,
    /// To so many, `rotate_above` at most.
    #[cfg_attr(feature = "schema", schemars(range(min = 50)))]
    pub rotate_to: u32,
    /// How many lines that a failed commit's hooks printed are given back to the model.
    pub failure_lines: u16,
}

impl Default for Commits {
    fn default() -> Self {
        Self { enabled: true, rotate_above: 500, rotate_to: 300, failure_lines: 40 }
    }
}

/// What goes over a compaction, or from one session to the next.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct HandoffSettings {
    /// Whether it is saved and restored.
    pub enabled: bool,
    /// How many minutes old it may be to be restored after a compaction.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub max_age_minutes: u16,
    /// How many minutes pass before the end of a turn saves it again.
    pub snapshot_minutes: u16,
}

impl Default for HandoffSettings {
    fn default() -> Self {
        Self { enabled: true, max_age_minutes: 60, snapshot_minutes: 10 }
    }
}

/// Checkpoints: what a session says about itself before it ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Checkpoints {
    /// Where they lie: a folder below the project, not in git's own.
    pub dir: String,
    /// Whether one is written without asking when the context is nearly used up, before a compaction and when a
    /// session that changed something ends.
    pub emergency: bool,
    /// What `req checkpoint commit` commits besides the checkpoint itself: places below the project.
    pub commit_paths: Names,
}

impl Default for Checkpoints {
    fn default() -> Self {
        Self { dir: "docs/checkpoints".to_owned(), emergency: true, commit_paths: Names::of(&["docs/work"]) }
    }
}
