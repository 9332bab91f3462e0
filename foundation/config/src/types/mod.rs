//! The types of the configuration. Only this module names its keys, and the JSON Schema is generated from it.

mod continuity;
pub mod guards;
mod hooks;
mod log_level;
mod names;
mod requirement;
mod scope;
mod sessions;
mod strictness;
mod trigger;
mod workflow;

use std::fmt;
use std::path::PathBuf;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use continuity::{Checkpoints, Commits, ContextSettings, Continuity, Force, HandoffSettings};
pub use guards::{GuardName, Guards};
pub use hooks::{
    AgentTeams, BriefingFormat, CarryOver, Hooks, PermissionRequest, PlanMode, PromptSubmit, SessionEnd,
    SessionStart, Stop, SubagentStart, ToolFailure, WipTracking,
};
pub use log_level::LogLevel;
pub use names::Names;
pub use requirement::{
    Condition, Day, Evidence, Kind, Mode, OnError, Requirement, SatisfiedWhen, TimeOfDay, TimeWindow, Window,
};
pub use scope::Scope;
pub use sessions::Sessions;
pub use strictness::Stricter;
pub use trigger::{DEFAULT_TRIGGERS, Trigger};
pub use workflow::{Workflow, WorkflowPhase};

/// A Stanchion configuration file: `.claude/requirements.yaml`, `.claude/requirements.local.yaml` or
/// `~/.claude/requirements.yaml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Configuration {
    /// The version of the file's shape, written by tools and not checked.
    pub version: Option<String>,
    /// In a project file: whether it builds on the global one (`true`) or replaces it.
    pub inherit: bool,
    /// `false` switches every gate and guard off.
    pub enabled: bool,
    /// Keeps the agent from satisfying, disabling or reconfiguring its own gates.
    pub protect_cli: bool,
    /// What happens to a tool use when a requirement cannot be evaluated. Each requirement may override it.
    pub on_error: OnError,
    /// Refuses edits in projects without an enabled requirement. In the global file it also applies to projects
    /// without a configuration.
    pub strict_preflight: bool,
    /// The log of hooks and of `req`.
    pub logging: Logging,
    /// The requirements by name.
    pub requirements: Requirements,
    /// Built-in rules over what a tool use does.
    pub guards: Guards,
    /// The phases that the status line shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Workflow>,
    /// How each hook behaves.
    pub hooks: Hooks,
    /// Context use, and what happens when the context fills up.
    pub context: ContextSettings,
    /// The log of commits.
    pub commits: Commits,
    /// What is kept over a compaction, or from one session to the next.
    pub handoff: HandoffSettings,
    /// What a session records about itself before it ends.
    pub checkpoints: Checkpoints,
    /// How long records of sessions are kept; allowed in the global file only.
    pub sessions: Sessions,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            version: None,
            inherit: true,
            enabled: true,
            protect_cli: false,
            on_error: OnError::default(),
            strict_preflight: false,
            logging: Logging::default(),
            requirements: Requirements::default(),
            guards: Guards::default(),
            workflow: None,
            hooks: Hooks::default(),
            context: ContextSettings::default(),
            commits: Commits::default(),
            handoff: HandoffSettings::default(),
            checkpoints: Checkpoints::default(),
            sessions: Sessions::default(),
        }
    }
}

/// Named requirements in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Requirements(pub Vec<(String, Requirement)>);

impl Serialize for Requirements {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, requirement)| (name, requirement)))
    }
}

impl<'de> Deserialize<'de> for Requirements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Named;
        impl<'de> Visitor<'de> for Named {
            type Value = Requirements;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of requirements")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Requirements, A::Error> {
                let mut requirements = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    requirements.push(entry);
                }
                Ok(Requirements(requirements))
            }
        }
        deserializer.deserialize_map(Named)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Requirements {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Requirements".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let requirement = generator.subschema_for::<Requirement>();
        schemars::json_schema!({
            "type": ["object", "null"],
            "propertyNames": {"pattern": "^[A-Za-z0-9_][A-Za-z0-9_.:-]*$"},
            "additionalProperties": requirement
        })
    }
}

/// Where and how much hooks and `req` log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Logging {
    /// The lowest level that is written.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::log_level"))]
    pub level: LogLevel,
    /// `file`, or nothing. Hooks ignore `stdout`: their stdout is the answer.
    pub destinations: Vec<LogDestination>,
    /// The log file, in the global file only; `~` and relative paths start at the home folder. Default
    /// `~/.claude/requirements.log`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: LogLevel::default(), destinations: vec![LogDestination::File], file: None }
    }
}

/// Where log lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum LogDestination {
    /// To the log file.
    File,
    /// To stdout; hooks never do.
    Stdout,
}

/// Schemas of types without a derived schema.
#[cfg(feature = "schema")]
mod schema {
    use crate::types::LogLevel;
    use crate::types::Scope;
    use schemars::{Schema, SchemaGenerator, json_schema};

    pub fn scope(_: &mut SchemaGenerator) -> Schema {
        let names = Scope::ALL.map(Scope::name);
        json_schema!({"enum": names, "default": Scope::default().name()})
    }

    pub fn scopes(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "array", "items": scope(generator)})
    }

    pub fn log_level(_: &mut SchemaGenerator) -> Schema {
        let names = LogLevel::ALL.map(LogLevel::name);
        json_schema!({"enum": names, "default": LogLevel::default().name()})
    }
}

/// The JSON Schema of a configuration file, as committed in `requirements.schema.json`. Booleans accept the words of
/// YAML 1.1.
#[cfg(feature = "schema")]
pub fn json_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Configuration).to_value();
    accept_words(&mut schema);
    accept_older_words(&mut schema);
    schema
}

/// Adds the older words, so that editors accept them and mark them as deprecated.
#[cfg(feature = "schema")]
fn accept_older_words(schema: &mut serde_json::Value) {
    let mut kinds = Vec::new();
    for kind in [Kind::Condition, Kind::Limit] {
        let description = format!("The older word for `{}`.", kind.name());
        let word = crate::older::word(kind.name());
        kinds.push(serde_json::json!({"const": word, "deprecated": true, "description": description}));
    }
    if let Some(known) = schema["$defs"]["Kind"]["oneOf"].as_array_mut() {
        known.append(&mut kinds);
    }
    let properties = &mut schema["$defs"]["Requirement"]["properties"];
    let mut older = properties["condition"].clone();
    older["deprecated"] = true.into();
    older["description"] = "The older key for `condition`.".into();
    properties["guard_type"] = older;
}

#[cfg(feature = "schema")]
fn accept_words(schema: &mut serde_json::Value) {
    if let Some(object) = schema.as_object_mut() {
        if object.get("type") == Some(&"boolean".into()) {
            object.remove("type");
            object.insert("enum".into(), serde_json::json!([true, false, "yes", "no", "on", "off"]));
        }
        object.values_mut().for_each(accept_words);
    } else if let Some(items) = schema.as_array_mut() {
        items.iter_mut().for_each(accept_words);
    }
}
