//! The tool uses that need a requirement.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Names;

/// The tools that trigger a requirement without `trigger_tools`.
pub const DEFAULT_TRIGGERS: [&str; 3] = ["Edit", "Write", "MultiEdit"];

/// One kind of tool use that needs a requirement. Every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Trigger {
    /// The tool: an exact name, `mcp__server` for all tools of a server, or a pattern such as `mcp__*__write*`.
    pub tool: String,
    /// Bash only: a regular expression searched, without regard to case, in each command that the line runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_pattern: Option<String>,
    /// Search `command_pattern` in the text of the whole line, quotations and comments included.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub raw: bool,
    /// The files: globs from the project's root. A glob without `/` is compared with names in any folder. A leading
    /// `!` excludes files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_pattern: Option<Names>,
    /// The agents: globs over the type of the subagent, or `main` for the session itself. A leading `!` excludes
    /// agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<Names>,
}

impl Trigger {
    /// A trigger for any use of a tool.
    pub fn tool(name: &str) -> Self {
        Self { tool: name.to_owned(), ..Self::default() }
    }
}

impl<'de> Deserialize<'de> for Trigger {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Map {
            tool: String,
            command_pattern: Option<String>,
            #[serde(default)]
            raw: bool,
            file_pattern: Option<Names>,
            agent_type: Option<Names>,
        }
        struct NameOrMap;
        impl<'de> Visitor<'de> for NameOrMap {
            type Value = Trigger;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tool's name, or a map with `tool` and conditions")
            }

            fn visit_str<E>(self, name: &str) -> Result<Trigger, E> {
                Ok(Trigger::tool(name))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Trigger, A::Error> {
                let Map { tool, command_pattern, raw, file_pattern, agent_type } =
                    Map::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Trigger { tool, command_pattern, raw, file_pattern, agent_type })
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

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names = generator.subschema_for::<Names>();
        let described = |text: &str| {
            let mut schema = names.clone();
            schema.insert("description".into(), text.into());
            schema
        };
        schemars::json_schema!({
            "description": "A tool's name or pattern, or a map that also looks at the command, the file or the agent.",
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "tool": {"type": "string", "description": "The tool: an exact name, `mcp__server` for all tools of a server, or a pattern such as `mcp__*__write*`."},
                        "command_pattern": {
                            "type": "string",
                            "description": "Bash only: a regular expression searched, without regard to case, in each command that the line runs."
                        },
                        "raw": {"type": "boolean", "description": "Search `command_pattern` in the text of the whole line, quotations and comments included."},
                        "file_pattern": described("The files: globs from the project's root; without `/` they look at names in any folder, with a leading `!` they take files out again."),
                        "agent_type": described("The agents: globs over the subagent's type, or `main` for the session itself; a leading `!` takes out again.")
                    },
                    "required": ["tool"],
                    "additionalProperties": false
                }
            ]
        })
    }
}
