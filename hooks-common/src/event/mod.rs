//! The host's payload: one JSON object on stdin. Unknown fields are skipped, and a field of the wrong type does not
//! affect the others. Prompts, edits and tool responses stay in memory for the rules that read them. They are never
//! stored.

mod name;
mod parse;

use std::io::Read;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use name::Event;

use crate::session_id::SessionId;
use platform::sys;

/// The largest payload that is read, in bytes.
pub const LARGEST: usize = 64 * 1024 * 1024;
/// The longest path that any supported system accepts, in bytes.
const LONGEST_PATH: usize = 4096;
/// The time without data after which the payload counts as complete.
const SILENCE: Duration = Duration::from_secs(1);
/// The time limit for reading the whole payload.
const READ_LIMIT: Duration = Duration::from_secs(4);

/// One event as the host sent it. Empty text means that a field was absent, empty or of the wrong type. No rule
/// distinguishes these cases.
#[derive(Debug, Default)]
pub struct Payload {
    /// The full session id.
    pub session_id: String,
    /// The event's name, if the payload contains one.
    pub hook_event_name: String,
    /// The session's current folder.
    pub cwd: String,
    /// The transcript's path.
    pub transcript_path: String,
    /// `default`, `plan`, `bypassPermissions` and others.
    pub permission_mode: String,
    /// The tool's name.
    pub tool_name: String,
    /// The id that all events of one tool use share.
    pub tool_use_id: String,
    /// The parts of the tool's input that rules read.
    pub tool_input: ToolInput,
    /// SessionStart: `startup`, `resume`, `clear`, `compact`, `fork` or a later value.
    pub source: String,
    /// SessionEnd: the reason.
    pub reason: String,
    /// Notification: `permission_prompt`, `idle_prompt`, `elicitation_dialog` and others.
    pub notification_type: String,
    /// StopFailure: the kind of error. PostToolUseFailure: the tool's message; for Bash it follows `Exit code N`. The
    /// session's log keeps one line of it.
    pub error: String,
    /// CwdChanged: the session's new folder.
    pub new_cwd: String,
    /// ElicitationResult: `accept`, `decline` or `cancel`.
    pub action: String,
    /// FileChanged, InstructionsLoaded, ConfigChange: the file.
    pub file_path: String,
    /// The subagent's id, if the event comes from a subagent.
    pub agent_id: String,
    /// The subagent's type, or the agent the session runs as.
    pub agent_type: String,
    /// UserPromptSubmit: the prompt. The reminder reads it; it is never stored.
    pub prompt: String,
    /// UserPromptExpansion: the slash command, without its slash.
    pub command_name: String,
    /// PreCompact: `manual` or `auto`; older clients call it `compact_trigger`.
    pub trigger: String,
    /// TeammateIdle, TaskCompleted: the teammate's name.
    pub teammate_name: String,
    /// TeammateIdle, TaskCompleted: the team's name.
    pub team_name: String,
    /// TaskCompleted: the task's id.
    pub task_id: String,
    /// TaskCompleted: the task's subject. It is shown in the team's progress, not in the session's log.
    pub task_subject: String,
    /// Stop, SubagentStop: the number of background tasks that still run.
    pub background_tasks: u32,
    /// A digest that identifies the tool's input without storing it; 0 if there is none.
    pub input_digest: u64,
    /// Stop: whether this turn end was already blocked once.
    pub stop_hook_active: bool,
    /// PostToolUseFailure: whether the user interrupted.
    pub is_interrupt: bool,
    /// PostToolUse: the few values of the tool's response that are read. The rest is dropped.
    pub tool_response: ToolResponse,
    /// The tool's run time in milliseconds; 0 if the host does not send it.
    pub duration_ms: u64,
    /// SessionStart of a resumed session: the number of tokens in its context; 0 if the host does not send it.
    pub context_tokens: u64,
    /// PreCompact: the user's instructions for the summary.
    pub custom_instructions: String,
    /// The names of known fields whose value had a wrong type.
    pub mistyped: Vec<&'static str>,
}

/// The parts of a tool's input that rules read.
#[derive(Debug, Default)]
pub struct ToolInput {
    /// Edit, Write, Read and similar tools: the file.
    pub file_path: String,
    /// NotebookEdit: the notebook.
    pub notebook_path: String,
    /// Bash: the command line.
    pub command: String,
    /// Skill: the skill's name.
    pub skill: String,
    /// Read: the number of lines to read; 0 means all.
    pub limit: u64,
    /// TodoWrite: the whole list.
    pub todos: Vec<TaskInput>,
    /// TaskCreate, TaskUpdate: the task.
    pub task: TaskInput,
    /// Agent: the agent's type.
    pub subagent_type: String,
    /// Agent: its purpose in a few words.
    pub description: String,
    /// Agent: its prompt.
    pub prompt: String,
    /// Write: the file's whole content. NotebookEdit: the cell's content.
    pub content: Option<String>,
    /// Edit, MultiEdit: the replacements, in their order.
    pub edits: Vec<TextEdit>,
}

/// One replacement in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextEdit {
    /// The text to replace. Empty for a file that is created.
    pub old: String,
    /// The new text.
    pub new: String,
    /// Whether all occurrences are replaced.
    pub all: bool,
}

/// A task in a tool's input. Fields that the input does not contain are empty.
#[derive(Debug, Default)]
pub struct TaskInput {
    /// The task's number; todos have none.
    pub id: String,
    /// The task's subject.
    pub subject: String,
    /// `pending`, `in_progress`, `completed`, `deleted`.
    pub status: String,
}

/// The values that are read from a tool's response.
#[derive(Debug, Default)]
pub struct ToolResponse {
    /// Whether the response says that the tool failed.
    pub has_failed: bool,
    /// Read: the number of lines in the file.
    pub total_lines: u64,
    /// TaskCreate: the new task's number.
    pub task_id: String,
    /// Agent: the agent's id.
    pub agent_id: String,
    /// AskUserQuestion: each question with its answer.
    pub answers: Vec<(String, String)>,
    /// Bash: its output in the order of the response's fields, usually stdout and then stderr.
    pub output: String,
    /// Bash: whether the command continues in the background, so that its result is not known yet.
    pub is_background: bool,
}

/// The reason why there is no valid payload.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The payload contains only white space.
    #[error("the payload is empty")]
    Empty,
    /// The payload is larger than [`LARGEST`].
    #[error("the payload is larger than {LARGEST} bytes")]
    TooLarge,
    /// The payload is not a JSON object.
    #[error("the payload is not a JSON object: {0}")]
    Malformed(serde_json::Error),
    /// The payload names an event that another executable serves.
    #[error("this executable serves {served}, but the payload names {named:?}")]
    OtherEvent {
        /// The event that this executable serves.
        served: &'static str,
        /// The name in the payload, cut.
        named: String,
    },
    /// Reading the payload failed.
    #[error("the payload cannot be read: {0}")]
    Unreadable(std::io::Error),
}

impl Payload {
    /// Parses a payload. A byte order mark is skipped.
    ///
    /// # Errors
    /// When the payload is empty or not a JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if bytes.trim_ascii().is_empty() {
            return Err(PayloadError::Empty);
        }
        match serde_json::from_slice(bytes) {
            Ok(payload) => Ok(payload),
            // Half an emoji or invalid UTF-8 would otherwise make the payload unreadable, and the rules could not
            // read its fields.
            Err(error) => match serde_json::from_str::<Self>(&repaired(bytes)) {
                Ok(mut payload) => {
                    payload.mistyped.push("(text that is no UTF-8)");
                    Ok(payload)
                }
                Err(_) => Err(PayloadError::Malformed(error)),
            },
        }
    }

    /// The skill in use: from the tool's input, or from a slash command that the user typed.
    pub fn skill(&self) -> &str {
        if self.tool_input.skill.is_empty() { &self.command_name } else { &self.tool_input.skill }
    }

    /// The session, if the payload names one.
    pub fn session(&self) -> Option<SessionId> {
        SessionId::new(&self.session_id)
    }

    /// The session's folder: `cwd`, or the folder of this process.
    pub fn folder(&self) -> PathBuf {
        if Path::new(&self.cwd).is_absolute() {
            return PathBuf::from(&self.cwd);
        }
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
    }

    /// The file in the tool's input, absolute or relative to [`Payload::folder`].
    pub fn file(&self) -> Option<&Path> {
        [&self.tool_input.file_path, &self.tool_input.notebook_path]
            .into_iter()
            .find(|path| !path.is_empty() && path.len() <= LONGEST_PATH && !path.contains('\0'))
            .map(Path::new)
    }

    /// The type of the subagent that sent the event. `None` for the session itself, even if it runs as an agent.
    pub fn subagent(&self) -> Option<&str> {
        (!self.agent_id.is_empty()).then_some(&*self.agent_type)
    }

    /// [`Payload::file`], for tools that change files.
    pub fn edited_file(&self) -> Option<&Path> {
        self.file().filter(|_| config::tools::is_edit(&self.tool_name))
    }
}

/// A payload's text in which invalid Unicode is replaced: bytes that are not UTF-8, and escapes of half a surrogate
/// pair. `JSON.stringify` writes such an escape for half an emoji.
fn repaired(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match unit(rest) {
            Some(0xD800..=0xDBFF)
                if rest.get(6..).and_then(unit).is_some_and(|low| (0xDC00..=0xDFFF).contains(&low)) =>
            {
                12
            }
            Some(0xD800..=0xDFFF) => {
                out.push('\u{fffd}');
                rest = &rest[6..];
                continue;
            }
            _ => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// Reads a payload from `stream` until its end, until the host pauses, or until the time limit.
///
/// # Errors
/// When reading fails or the payload is larger than [`LARGEST`].
pub fn read_payload(stream: &mut (impl Read + AsRawFd)) -> Result<Vec<u8>, PayloadError> {
    let started = Instant::now();
    let mut bytes = Vec::new();
    // Most payloads fit the first chunk. It grows only if it was filled, because memory pages that are never touched
    // cost nothing.
    let mut chunk = vec![0; 4 * 1024];
    // A host that never closes stdin must not hold up the hook.
    while sys::wait_readable(stream, SILENCE) {
        match stream.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => {
                bytes.extend_from_slice(&chunk[..read]);
                if read == chunk.len() && read < 256 * 1024 {
                    chunk.resize(read * 8, 0);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(PayloadError::Unreadable(error)),
        }
        if bytes.len() > LARGEST {
            return Err(PayloadError::TooLarge);
        }
        if started.elapsed() > READ_LIMIT {
            break;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_wrong_type_costs_its_field_alone() {
        let payload = Payload::parse(
            br#"{"session_id":"abc","tool_name":5,"tool_input":{"file_path":["x"],"command":"ls","new":{"a":[1]}},
                "tool_response":"text","cwd":null,"stop_hook_active":"yes","future":{"deep":[{}]}}"#,
        )
        .unwrap();
        assert_eq!((payload.session_id.as_str(), payload.tool_input.command.as_str()), ("abc", "ls"));
        assert_eq!(payload.mistyped, ["tool_name", "tool_input.file_path", "stop_hook_active"]);
    }

    #[test]
    fn of_a_tools_answer_only_its_failure_is_read() {
        for (response, expected) in [
            (r#"{"success":false,"big":[1,{"success":true}]}"#, true),
            (r#"{"success":true}"#, false),
            (r#"{"success":"false"}"#, false),
            ("\"success: false\"", false),
            ("[false]", false),
            ("null", false),
        ] {
            let payload =
                Payload::parse(format!(r#"{{"session_id":"abc","tool_response":{response}}}"#).as_bytes());
            assert_eq!(payload.unwrap().tool_response.has_failed, expected, "{response}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_windows_line_ends_are_read() {
        let payload = Payload::parse(b"\xEF\xBB\xBF{\r\n\"session_id\": \"abc\"\r\n}\r\n").unwrap();
        assert_eq!(payload.session_id, "abc");
    }

    #[test]
    fn half_an_emoji_costs_itself_alone() {
        let parse = |text: &str| Payload::parse(text.as_bytes()).unwrap();
        let payload = parse(
            r#"{"session_id":"abc","tool_input":{"command":"git \ud83d commit \\ud83d \ud83d\ude00"}}"#,
        );
        assert_eq!(payload.tool_input.command, "git \u{fffd} commit \\ud83d 😀");
        assert_eq!(payload.mistyped.len(), 1);
        let payload = Payload::parse(b"{\"session_id\":\"abc\",\"cwd\":\"/\xff\"}").unwrap();
        assert_eq!(payload.cwd, "/\u{fffd}");
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for bytes in ["", " \n", "[]", "null", "5", "\"x\"", "{", "{\"a\":", "{} {}"] {
            assert!(Payload::parse(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Payload::parse(&bytes);
        }
    }
}
