//! The configuration's types: the one place that names its keys. The JSON Schema is generated from them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use hooks_common::log::LogLevel;
use hooks_common::requirements::Scope;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The tools that trigger a requirement which names none.
pub const DEFAULT_TRIGGERS: [&str; 3] = ["Edit", "Write", "MultiEdit"];

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
    /// `false` switches every gate off.
    pub enabled: bool,
    /// The log of hooks and of `req`.
    pub logging: Logging,
    /// The requirements by name.
    pub requirements: Requirements,
    /// How each hook behaves.
    pub hooks: Hooks,
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            version: None,
            inherit: true,
            enabled: true,
            logging: Logging::default(),
            requirements: Requirements::default(),
            hooks: Hooks::default(),
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

/// Something that must be satisfied before certain tools may run, or before a turn may end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Requirement {
    /// Whether the requirement is in force; off unless it says so.
    pub enabled: bool,
    /// What decides whether it is satisfied.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// How far a satisfaction reaches.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::scope"))]
    pub scope: Scope,
    /// What it is for, shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The tools that need it: names, or maps with `tool` and, for Bash, `command_pattern`. Edit, Write and
    /// MultiEdit when absent; none at all when the list is empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger_tools: Option<Vec<Trigger>>,
    /// The skill that leads to it, named in refusals: `/skill` or `plugin:skill`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_resolve_skill: Option<String>,
    /// The skill whose completion satisfies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub satisfied_by_skill: Option<String>,
    /// What a refusal says. `{auto_resolve_skill}` and `{session_id}` are replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Never refuses a tool; what was triggered is verified when the turn ends.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stop_only: bool,
    /// How long a satisfaction lasts, in seconds; for ever when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replan_ttl: Option<u32>,
    /// For `type: guard`: which condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guard_type: Option<String>,
    /// For `guard_type: protected_branch`: the branches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protected_branches: Option<Vec<String>>,
    /// For `type: dynamic`: what computes the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calculator: Option<String>,
    /// For `type: dynamic`: the limits by name; `block` is required.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<BTreeMap<String, f64>>,
}

impl Requirement {
    /// The triggers in force.
    pub fn triggers(&self) -> Vec<Trigger> {
        let default = || DEFAULT_TRIGGERS.iter().map(|tool| Trigger::tool(tool)).collect();
        self.trigger_tools.clone().unwrap_or_else(default)
    }
}

/// What decides whether a requirement is satisfied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Somebody or something satisfied it.
    #[default]
    Blocking,
    /// A value is below its limit.
    Dynamic,
    /// A condition holds.
    Guard,
}

impl Kind {
    /// The name in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blocking => "blocking",
            Self::Dynamic => "dynamic",
            Self::Guard => "guard",
        }
    }
}

/// One tool use that needs a requirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]

pub struct Trigger {
    /// The tool's exact name, such as `Edit` or `mcp__server__tool`.
    pub tool: String,
    /// Bash only: a regular expression searched, without regard to case, in the command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_pattern: Option<String>,
}

impl Trigger {
    /// Any use of a tool.
    pub fn tool(name: &str) -> Self {
        Self { tool: name.to_owned(), command_pattern: None }
    }
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Map {
            tool: String,
            command_pattern: Option<String>,
        }
        struct NameOrMap;
        impl<'de> Visitor<'de> for NameOrMap {
            type Value = Trigger;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tool's name, or a map with `tool` and `command_pattern`")
            }

            fn visit_str<E>(self, name: &str) -> Result<Trigger, E> {
                Ok(Trigger::tool(name))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Trigger, A::Error> {
                let Map { tool, command_pattern } =
                    Map::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Trigger { tool, command_pattern })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Trigger, A::Error> {
                Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self))
            }
        }
        deserializer.deserialize_any(NameOrMap)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Trigger {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Trigger".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A tool's exact name, or a map that also looks at a Bash command.",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "tool": {"type": "string", "description": "The tool's exact name."},
                        "command_pattern": {
                            "type": "string",
                            "description": "Bash only: a regular expression searched, without regard to case, in the command."
                        }
                    },
                    "required": ["tool"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

/// Where and how much hooks and `req` log.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Logging {
    /// The least that is written.
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::log_level"))]
    pub level: LogLevel,
    /// `file`, or nothing. `stdout` is accepted and never used by hooks, whose stdout is the answer.
    pub destinations: Vec<Destination>,
    /// The log file; `~` and relative paths start at the home folder. Default `~/.claude/requirements.log`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
}

impl Default for Logging {
    fn default() -> Self {
        Self { level: LogLevel::default(), destinations: vec![Destination::File], file: None }
    }
}

/// Where log lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Destination {
    /// To the log file.
    File,
    /// To stdout; hooks never do.
    Stdout,
}

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
}

/// What SessionStart tells the model.
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
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::scopes"))]
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
    #[cfg_attr(feature = "schema", schemars(schema_with = "schema::scopes"))]
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

/// Schemas of types that other crates own, and of those with two spellings.
#[cfg(feature = "schema")]
mod schema {
    use hooks_common::log::LogLevel;
    use hooks_common::requirements::Scope;
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

/// The JSON Schema of a configuration file, as committed in `requirements.schema.json`: booleans accept the
/// words of YAML 1.1.
#[cfg(feature = "schema")]
pub fn json_schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Configuration).to_value();
    accept_words(&mut schema);
    schema
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
