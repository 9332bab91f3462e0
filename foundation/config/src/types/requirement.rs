//! A requirement: its triggers, the facts that satisfy it, and the text of a refusal.

use std::collections::BTreeMap;

use crate::error::ConfigError;
use crate::types::Scope;
use serde::{Deserialize, Serialize};

use super::{DEFAULT_TRIGGERS, Names, Trigger};

/// Something that must be satisfied before certain tools may run, or before a turn may end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Requirement {
    /// Whether the requirement is enabled; off by default.
    pub enabled: bool,
    /// What decides whether it is satisfied.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// How far a satisfaction applies.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::scope"))]
    pub scope: Scope,
    /// Whether an open requirement refuses, only warns, or is only recorded.
    #[serde(skip_serializing_if = "is_default")]
    pub mode: Mode,
    /// What happens when it cannot be evaluated. Without it, the top-level `on_error` applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
    /// What it is for, shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The tool uses that need it: tool names, or maps with `tool` and more. Edit, Write and MultiEdit when absent;
    /// none when the list is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_tools: Option<Vec<Trigger>>,
    /// Whether Bash commands that write a file of the project (redirections, `tee`, `sed -i`, `cp`, `mv` and
    /// their like) trigger it as an edit of that file would. Off, except for `condition: paths`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bash_writes: Option<bool>,
    /// The skill that leads to it, named in refusals: `/skill` or `plugin:skill`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_resolve_skill: Option<String>,
    /// The skill, or slash command typed by the user, that satisfies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfied_by_skill: Option<String>,
    /// Whether the skill satisfies it when it is loaded, or when it calls `req done` at its end.
    #[serde(skip_serializing_if = "is_default")]
    pub satisfied_when: SatisfiedWhen,
    /// The subagents whose end satisfies it: globs over their type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfied_by_agent: Option<Names>,
    /// Files that must prove a satisfaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// What a refusal says. `{auto_resolve_skill}`, `{session_id}`, `{name}` and `{branch}` are replaced, and the
    /// facts of conditions and limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What a refusal says when it repeats one of a few seconds ago, as with parallel edits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_message: Option<String>,
    /// What the model sees when it becomes satisfied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_message: Option<String>,
    /// A checklist, shown in refusals and in `req why`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<String>,
    /// Whether it never refuses a tool. Once triggered, it is verified when the turn ends.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stop_only: bool,
    /// How long a satisfaction lasts, in seconds. Without it, it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replan_ttl: Option<u32>,
    /// How long an approval of a condition or a limit lasts, in seconds. The default is 300 for a limit, and the
    /// whole session for a condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_ttl: Option<u32>,
    /// For `type: condition`: which condition. The older key `guard_type` means the same.
    #[serde(alias = "guard_type", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<Condition>"))]
    pub condition: Option<String>,
    /// For `condition: protected_branch`: the branches, globs allowed. `main` and `master` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_branches: Option<Vec<String>>,
    /// For `condition: paths`: files that are read-only, as globs like those of `file_pattern`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paths: Option<Names>,
    /// For `condition: paths`: the only files that may be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_paths: Option<Names>,
    /// For `condition: time_window`: when tools may run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_window: Option<TimeWindow>,
    /// For `type: limit`: what computes the value: `branch_size_calculator`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calculator: Option<String>,
    /// For `type: limit`, in the global file only: a shell command that prints the value, or JSON with `value`
    /// and `summary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// For `branch_size_calculator`: the branch or commit that the size is counted from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// For `type: limit`: the limits by name. `block` is required; `warn` is shown in the log and in `req status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<BTreeMap<String, f64>>,
    /// For `type: limit`: how long a value is used again, in seconds. 60 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_ttl: Option<u32>,
    /// For `type: limit`: what a refusal says, instead of `message`. `{value}`, `{summary}`, `{total}`,
    /// `{base_branch}`, `{block_threshold}` and `{warn_threshold}` are replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocking_message: Option<String>,
    /// Whether another requirement has replaced it; shown by `req status --verbose`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// Which one, and since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated_message: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Requirement {
    /// The effective triggers.
    pub fn triggers(&self) -> Vec<Trigger> {
        let default = || {
            let more = if self.is_condition(Condition::Paths) { Some("NotebookEdit") } else { None };
            DEFAULT_TRIGGERS.into_iter().chain(more).map(Trigger::tool).collect()
        };
        self.trigger_tools.clone().unwrap_or_else(default)
    }

    /// Whether Bash commands that write files trigger the requirement.
    pub fn counts_bash_writes(&self) -> bool {
        self.bash_writes.unwrap_or(self.is_condition(Condition::Paths))
    }

    /// Whether the requirement is this condition.
    pub fn is_condition(&self, condition: Condition) -> bool {
        self.kind == Kind::Condition && self.condition() == Some(condition)
    }

    /// The requirement's condition. `None` if it is not a condition, or if this version does not know it.
    pub fn condition(&self) -> Option<Condition> {
        let name = self.condition.as_deref()?;
        Condition::ALL.into_iter().find(|condition| condition.name() == name)
    }

    /// The duration of a satisfaction by `req`, in seconds. `None` if it does not expire.
    pub fn lasts(&self) -> Option<u32> {
        const LIMIT: u32 = 300;
        match self.kind {
            Kind::Blocking => self.replan_ttl,
            Kind::Condition => self.approval_ttl,
            Kind::Limit => Some(self.approval_ttl.unwrap_or(LIMIT)),
        }
    }
}

/// What decides whether a requirement is satisfied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A person, a command or a fact satisfied it.
    #[default]
    Blocking,
    /// A number is below its limit. The older word `dynamic` means the same.
    #[serde(alias = "dynamic")]
    Limit,
    /// A condition holds. The older word `guard` means the same.
    #[serde(alias = "guard")]
    Condition,
}

impl Kind {
    /// The name in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Limit => "limit",
            Self::Condition => "condition",
        }
    }
}

/// What must be true, computed from facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The branch is none of `protected_branches`.
    ProtectedBranch,
    /// No session that started earlier lives in the same project.
    SingleSession,
    /// The file may be written.
    Paths,
    /// Now is a time at which tools may run.
    TimeWindow,
}

impl Condition {
    /// All conditions.
    pub const ALL: [Self; 4] = [Self::ProtectedBranch, Self::SingleSession, Self::Paths, Self::TimeWindow];

    /// The name in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::ProtectedBranch => "protected_branch",
            Self::SingleSession => "single_session",
            Self::Paths => "paths",
            Self::TimeWindow => "time_window",
        }
    }
}

/// What an open requirement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The refusal is only recorded.
    Observe,
    /// The tool runs, and the model is warned.
    Warn,
    /// The tool is refused.
    #[default]
    Enforce,
}

impl Mode {
    /// The name in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Warn => "warn",
            Self::Enforce => "enforce",
        }
    }
}

/// What happens to a tool use when a requirement cannot be evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// It runs; the failure is shown when the next session starts.
    #[default]
    Allow,
    /// It is refused.
    Deny,
}

/// When a skill satisfies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SatisfiedWhen {
    /// When it is loaded.
    #[default]
    Loaded,
    /// When `req done` is called in a session that loaded it.
    Done,
}

/// Files that prove a satisfaction: Markdown files below `dirs` that contain every marker and the verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Evidence {
    /// The folders, from the project's root; searched with their sub-folders.
    pub dirs: Names,
    /// Texts that the file must contain, all of them.
    #[serde(skip_serializing_if = "Names::is_empty")]
    pub require_markers: Names,
    /// A word that a section whose heading begins with `## Verdict` must contain, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_verdict: Option<String>,
    /// How old the file may be, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u64>,
    /// Whether such a file satisfies the requirement by itself.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub satisfies: bool,
    /// Whether the user's own file names the folders: only these may lie outside the project. Set when the configuration
    /// is read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "schema", schemars(skip))]
    pub is_users: bool,
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            dirs: Names::of(&[".claude/plans"]),
            require_markers: Names::default(),
            require_verdict: None,
            max_age_seconds: None,
            satisfies: false,
            is_users: false,
        }
    }
}

/// When tools may run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TimeWindow {
    /// Only then, if given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Window>,
    /// Not then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deny: Vec<Window>,
    /// `local` (default), `utc`, or an offset such as `+02:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// A part of the week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Window {
    /// The days it begins on; every day when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// When it begins, `"HH:MM"`; midnight when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<TimeOfDay>,
    /// When it ends, `"HH:MM"`; midnight when absent. Earlier than `from`: on the next day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<TimeOfDay>,
}

/// A day of the week; `Fri` and `friday` are read as `fri`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the days speak for themselves")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const NAMES: [(&str, Day); 7] = [
            ("monday", Day::Mon),
            ("tuesday", Day::Tue),
            ("wednesday", Day::Wed),
            ("thursday", Day::Thu),
            ("friday", Day::Fri),
            ("saturday", Day::Sat),
            ("sunday", Day::Sun),
        ];
        let text = String::deserialize(deserializer)?.to_lowercase();
        let is_meant = |(name, _): &&(&str, Day)| text == *name || text == name[..3];
        let found = NAMES.iter().find(is_meant).map(|(_, day)| *day);
        found.ok_or_else(|| serde::de::Error::custom(format!("expected a day such as `fri`, found `{text}`")))
    }
}

impl Day {
    /// The number of days after Monday.
    pub fn from_monday(self) -> u32 {
        self as u32
    }
}

/// A time of day in minutes after midnight, at most 24:00; written `"HH:MM"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(pub u32);

impl std::fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl std::str::FromStr for TimeOfDay {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let wrong = || ConfigError::item(format!("expected a time such as \"16:30\", found `{text}`"));
        let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
        let number = |text: &str| {
            let digits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<u32>().ok()).flatten()
        };
        let (hours, minutes) = number(hours).zip(number(minutes)).ok_or_else(wrong)?;
        let total = hours * 60 + minutes;
        if minutes < 60 && total <= 24 * 60 { Ok(Self(total)) } else { Err(wrong()) }
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for TimeOfDay {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeOfDay".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^([01]?[0-9]|2[0-4]):[0-5][0-9]$"})
    }
}
