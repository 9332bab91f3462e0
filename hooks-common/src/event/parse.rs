//! Parses a payload's bytes. Unknown fields are skipped, and a value of the wrong type affects only its own field.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::Hasher;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Payload, TaskInput, TextEdit, ToolInput, ToolResponse};

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PayloadVisitor)
    }
}

struct PayloadVisitor;

impl<'de> Visitor<'de> for PayloadVisitor {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Payload, A::Error> {
        let mut payload = Payload::default();
        let mut mistyped = Vec::new();
        while let Some(key) = map.next_key::<PayloadKey>()? {
            let (name, target) = match key {
                PayloadKey::SessionId => ("session_id", &mut payload.session_id),
                PayloadKey::HookEventName => ("hook_event_name", &mut payload.hook_event_name),
                PayloadKey::Cwd => ("cwd", &mut payload.cwd),
                PayloadKey::TranscriptPath => ("transcript_path", &mut payload.transcript_path),
                PayloadKey::PermissionMode => ("permission_mode", &mut payload.permission_mode),
                PayloadKey::ToolName => ("tool_name", &mut payload.tool_name),
                PayloadKey::ToolUseId => ("tool_use_id", &mut payload.tool_use_id),
                PayloadKey::Source => ("source", &mut payload.source),
                PayloadKey::Reason => ("reason", &mut payload.reason),
                PayloadKey::NotificationType => ("notification_type", &mut payload.notification_type),
                PayloadKey::Error => ("error", &mut payload.error),
                PayloadKey::NewCwd => ("new_cwd", &mut payload.new_cwd),
                PayloadKey::Action => ("action", &mut payload.action),
                PayloadKey::FilePath => ("file_path", &mut payload.file_path),
                PayloadKey::AgentId => ("agent_id", &mut payload.agent_id),
                PayloadKey::AgentType => ("agent_type", &mut payload.agent_type),
                PayloadKey::Prompt => ("prompt", &mut payload.prompt),
                PayloadKey::CommandName => ("command_name", &mut payload.command_name),
                PayloadKey::Trigger => ("trigger", &mut payload.trigger),
                PayloadKey::TeammateName => ("teammate_name", &mut payload.teammate_name),
                PayloadKey::TeamName => ("team_name", &mut payload.team_name),
                PayloadKey::TaskId => ("task_id", &mut payload.task_id),
                PayloadKey::TaskSubject => ("task_subject", &mut payload.task_subject),
                PayloadKey::CustomInstructions => ("custom_instructions", &mut payload.custom_instructions),
                PayloadKey::BackgroundTasks => {
                    payload.background_tasks = map.next_value::<Length>()?.0;
                    continue;
                }
                PayloadKey::ToolInput => {
                    // The raw text is needed for the digest, so the input is parsed from it.
                    let input = map.next_value::<&RawValue>()?.get();
                    payload.input_digest = digest(input);
                    match serde_json::from_str(input).map_err(serde::de::Error::custom)? {
                        LooseInput::Object(input, wrong) => {
                            payload.tool_input = *input;
                            mistyped.extend(wrong);
                        }
                        LooseInput::Null => {}
                        LooseInput::Other => mistyped.push("tool_input"),
                    }
                    continue;
                }
                PayloadKey::ToolResponse => {
                    payload.tool_response = map.next_value::<Response>()?.0;
                    continue;
                }
                PayloadKey::DurationMs => {
                    payload.duration_ms = map.next_value::<Number>()?.0;
                    continue;
                }
                PayloadKey::ContextTokens => {
                    payload.context_tokens = map.next_value::<Number>()?.0;
                    continue;
                }
                PayloadKey::StopHookActive => {
                    payload.stop_hook_active = flag(&map.next_value()?, "stop_hook_active", &mut mistyped);
                    continue;
                }
                PayloadKey::IsInterrupt => {
                    payload.is_interrupt = flag(&map.next_value()?, "is_interrupt", &mut mistyped);
                    continue;
                }
                PayloadKey::Unknown => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            match map.next_value::<Loose>()? {
                Loose::Text(value) => *target = value,
                Loose::Null => target.clear(),
                Loose::Bool(_) | Loose::Other => mistyped.push(name),
            }
        }
        payload.mistyped = mistyped;
        Ok(payload)
    }
}

/// A digest of a tool's input. The host serialises an input once, so equal inputs have equal text.
fn digest(input: &str) -> u64 {
    let mut hasher = siphasher::sip::SipHasher13::new();
    hasher.write(input.as_bytes());
    hasher.finish()
}

fn flag(value: &Loose, name: &'static str, mistyped: &mut Vec<&'static str>) -> bool {
    match value {
        Loose::Bool(value) => *value,
        Loose::Null => false,
        Loose::Text(_) | Loose::Other => {
            mistyped.push(name);
            false
        }
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum PayloadKey {
    SessionId,
    HookEventName,
    Cwd,
    TranscriptPath,
    PermissionMode,
    ToolName,
    ToolUseId,
    ToolInput,
    Source,
    Reason,
    NotificationType,
    Error,
    NewCwd,
    Action,
    FilePath,
    BackgroundTasks,
    AgentId,
    AgentType,
    Prompt,
    CommandName,
    #[serde(alias = "compact_trigger")]
    Trigger,
    TeammateName,
    TeamName,
    TaskId,
    TaskSubject,
    CustomInstructions,
    DurationMs,
    ContextTokens,
    ToolResponse,
    StopHookActive,
    IsInterrupt,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum InputKey {
    FilePath,
    NotebookPath,
    Command,
    Skill,
    Limit,
    Todos,
    #[serde(rename = "taskId")]
    TaskId,
    Subject,
    Status,
    SubagentType,
    Description,
    Prompt,
    Content,
    NewSource,
    OldString,
    NewString,
    ReplaceAll,
    Edits,
    #[serde(other)]
    Unknown,
}

/// A value of any type. Only text and booleans are kept.
enum Loose {
    Text(String),
    Bool(bool),
    Null,
    Other,
}

/// A tool's input of any type.
enum LooseInput {
    Object(Box<ToolInput>, Vec<&'static str>),
    Null,
    Other,
}

macro_rules! scalars_are_other {
    ($value:expr) => {
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok($value)
        }
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }
    };
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Loose;
            scalars_are_other!(Loose::Other);
            fn visit_str<E>(self, value: &str) -> Result<Loose, E> {
                Ok(Loose::Text(value.to_owned()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<Loose, E> {
                Ok(Loose::Bool(value))
            }
            fn visit_unit<E>(self) -> Result<Loose, E> {
                Ok(Loose::Null)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Loose::Other)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for LooseInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = LooseInput;
            scalars_are_other!(LooseInput::Other);
            fn visit_str<E>(self, _: &str) -> Result<LooseInput, E> {
                Ok(LooseInput::Other)
            }
            fn visit_bool<E>(self, _: bool) -> Result<LooseInput, E> {
                Ok(LooseInput::Other)
            }
            fn visit_unit<E>(self) -> Result<LooseInput, E> {
                Ok(LooseInput::Null)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LooseInput, A::Error> {
                let (mut input, mut wrong) = (Box::<ToolInput>::default(), Vec::new());
                let mut edit: Option<TextEdit> = None;
                while let Some(key) = map.next_key::<InputKey>()? {
                    let (name, target) = match key {
                        InputKey::FilePath => ("tool_input.file_path", &mut input.file_path),
                        InputKey::NotebookPath => ("tool_input.notebook_path", &mut input.notebook_path),
                        InputKey::Command => ("tool_input.command", &mut input.command),
                        InputKey::Skill => ("tool_input.skill", &mut input.skill),
                        InputKey::TaskId => ("tool_input.taskId", &mut input.task.id),
                        InputKey::Subject => ("tool_input.subject", &mut input.task.subject),
                        InputKey::Status => ("tool_input.status", &mut input.task.status),
                        InputKey::SubagentType => ("tool_input.subagent_type", &mut input.subagent_type),
                        InputKey::Description => ("tool_input.description", &mut input.description),
                        InputKey::Prompt => ("tool_input.prompt", &mut input.prompt),
                        InputKey::OldString => {
                            ("tool_input.old_string", &mut edit.get_or_insert_default().old)
                        }
                        InputKey::NewString => {
                            ("tool_input.new_string", &mut edit.get_or_insert_default().new)
                        }
                        InputKey::Content | InputKey::NewSource => {
                            ("tool_input.content", input.content.get_or_insert_default())
                        }
                        InputKey::ReplaceAll => {
                            let all = flag(&map.next_value()?, "tool_input.replace_all", &mut wrong);
                            edit.get_or_insert_default().all = all;
                            continue;
                        }
                        InputKey::Edits => {
                            match serde_json::from_str(map.next_value::<&RawValue>()?.get()) {
                                Ok(edits) => input.edits = edits,
                                Err(_) => wrong.push("tool_input.edits"),
                            }
                            continue;
                        }
                        InputKey::Limit => {
                            input.limit = map.next_value::<Number>()?.0;
                            continue;
                        }
                        InputKey::Todos => {
                            match serde_json::from_str(map.next_value::<&RawValue>()?.get()) {
                                Ok(todos) => input.todos = todos,
                                Err(_) => wrong.push("tool_input.todos"),
                            }
                            continue;
                        }
                        InputKey::Unknown => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    match map.next_value::<Loose>()? {
                        Loose::Text(value) => *target = value,
                        Loose::Null => target.clear(),
                        Loose::Bool(_) | Loose::Other => wrong.push(name),
                    }
                }
                // Edit names one replacement at the top level, MultiEdit a list. Both become one list.
                input.edits.extend(edit);
                Ok(LooseInput::Object(input, wrong))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// The number of items in a list; 0 for any other type.
struct Length(u32);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list: &RawValue = Deserialize::deserialize(deserializer)?;
        let items = serde_json::from_str::<Vec<IgnoredAny>>(list.get()).map_or(0, |items| items.len());
        Ok(Self(u32::try_from(items).unwrap_or(u32::MAX)))
    }
}

/// A whole number; 0 for any other value.
struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number: &RawValue = Deserialize::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(number.get()).unwrap_or(0)))
    }
}

impl<'de> Deserialize<'de> for TaskInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Todo {
            #[serde(default)]
            content: String,
            #[serde(default)]
            status: String,
        }
        let Todo { content, status } = Todo::deserialize(deserializer)?;
        Ok(Self { id: String::new(), subject: content, status })
    }
}

impl<'de> Deserialize<'de> for TextEdit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Edit {
            #[serde(default)]
            old_string: String,
            #[serde(default)]
            new_string: String,
            #[serde(default)]
            replace_all: bool,
        }
        let Edit { old_string, new_string, replace_all } = Edit::deserialize(deserializer)?;
        Ok(Self { old: old_string, new: new_string, all: replace_all })
    }
}

/// A tool's response: whether the tool failed, and the values that no other field contains. It is parsed in one pass.
struct Response(ToolResponse);

impl<'de> Deserialize<'de> for Response {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Response;
            scalars_are_other!(Response(ToolResponse::default()));
            fn visit_str<E>(self, _: &str) -> Result<Response, E> {
                Ok(Response(ToolResponse::default()))
            }
            fn visit_bool<E>(self, _: bool) -> Result<Response, E> {
                Ok(Response(ToolResponse::default()))
            }
            fn visit_unit<E>(self) -> Result<Response, E> {
                Ok(Response(ToolResponse::default()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Response, A::Error> {
                let mut response = ToolResponse::default();
                while let Some(key) = map.next_key::<ResponseKey>()? {
                    match key {
                        ResponseKey::Success => {
                            response.has_failed = matches!(map.next_value::<Loose>()?, Loose::Bool(false));
                        }
                        ResponseKey::AgentId => {
                            if let Loose::Text(id) = map.next_value()? {
                                response.agent_id = id;
                            }
                        }
                        ResponseKey::File => {
                            response.total_lines = map.next_value::<InnerPayload>()?.total_lines;
                        }
                        ResponseKey::Stdout | ResponseKey::Stderr => {
                            if let Loose::Text(text) = map.next_value()? {
                                response.output.push_str(&text);
                            }
                        }
                        ResponseKey::BackgroundTaskId => {
                            response.is_background = matches!(map.next_value::<Loose>()?, Loose::Text(_));
                        }
                        ResponseKey::Task => response.task_id = map.next_value::<InnerPayload>()?.id,
                        ResponseKey::Answers => {
                            let answers = map.next_value::<&RawValue>()?.get();
                            let answers: BTreeMap<String, String> =
                                serde_json::from_str(answers).unwrap_or_default();
                            response.answers = answers.into_iter().collect();
                        }
                        ResponseKey::Unknown => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Response(response))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier)]
enum ResponseKey {
    #[serde(rename = "success")]
    Success,
    #[serde(rename = "agentId")]
    AgentId,
    #[serde(rename = "file")]
    File,
    #[serde(rename = "task")]
    Task,
    #[serde(rename = "answers")]
    Answers,
    #[serde(rename = "backgroundTaskId")]
    BackgroundTaskId,
    #[serde(rename = "stdout")]
    Stdout,
    #[serde(rename = "stderr")]
    Stderr,
    #[serde(other)]
    Unknown,
}

/// An object inside a response: a file that was read, or a task that was created.
#[derive(Default)]
struct InnerPayload {
    total_lines: u64,
    id: String,
}

impl<'de> Deserialize<'de> for InnerPayload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = InnerPayload;
            scalars_are_other!(InnerPayload::default());
            fn visit_str<E>(self, _: &str) -> Result<InnerPayload, E> {
                Ok(InnerPayload::default())
            }
            fn visit_bool<E>(self, _: bool) -> Result<InnerPayload, E> {
                Ok(InnerPayload::default())
            }
            fn visit_unit<E>(self) -> Result<InnerPayload, E> {
                Ok(InnerPayload::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<InnerPayload, A::Error> {
                let mut inner = InnerPayload::default();
                while let Some(key) = map.next_key::<InnerKey>()? {
                    match key {
                        InnerKey::TotalLines => inner.total_lines = map.next_value::<Number>()?.0,
                        InnerKey::Id => {
                            if let Loose::Text(id) = map.next_value()? {
                                inner.id = id;
                            }
                        }
                        InnerKey::Unknown => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(inner)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier)]
enum InnerKey {
    #[serde(rename = "totalLines")]
    TotalLines,
    #[serde(rename = "id")]
    Id,
    #[serde(other)]
    Unknown,
}
