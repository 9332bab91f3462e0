//! What the host sends: one JSON object on stdin, read tolerantly. Unknown fields are skipped without being
//! kept, a field of the wrong type costs only itself, and the bodies of prompts, edits and tool responses are held
//! for the rules that look at them, as long as the process runs, and never stored.

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
/// The longest path that any system takes, in bytes.
const LONGEST_PATH: usize = 4096;
/// How long the host may be silent before its payload counts as ended.
const SILENCE: Duration = Duration::from_secs(1);
/// How long reading may take in all.
const READ_LIMIT: Duration = Duration::from_secs(4);

/// One event as the host sent it. Empty text stands for a field that was absent, empty or of a wrong type;
/// no rule tells these apart.
#[derive(Debug, Default)]
pub struct Payload {
    /// The full session id.
    pub session_id: String,
    /// The event's name, if the host gave one.
    pub hook_event_name: String,
    /// The session's current folder.
    pub cwd: String,
    /// The transcript's path.
    pub transcript_path: String,
    /// `default`, `plan`, `bypassPermissions` and so on.
    pub permission_mode: String,
    /// The tool's name.
    pub tool_name: String,
    /// The id that ties a tool's events together.
    pub tool_use_id: String,
    /// What the tool was called with, as far as rules look at it.
    pub tool_input: ToolInput,
    /// SessionStart: `startup`, `resume`, `clear`, `compact`, `fork` or whatever comes next.
    pub source: String,
    /// SessionEnd: why.
    pub reason: String,
    /// Notification: `permission_prompt`, `idle_prompt`, `elicitation_dialog` and so on.
    pub notification_type: String,
    /// StopFailure: the kind of error. PostToolUseFailure: what the tool said, of a Bash line behind `Exit code N`; the
    /// session's log keeps one line of it.
    pub error: String,
    /// CwdChanged: the folder the session is in now.
    pub new_cwd: String,
    /// ElicitationResult: `accept`, `decline` or `cancel`.
    pub action: String,
    /// FileChanged, InstructionsLoaded, ConfigChange: the file.
    pub file_path: String,
    /// The subagent's id, inside one.
    pub agent_id: String,
    /// The subagent's type, or the agent the session runs as.
    pub agent_type: String,
    /// UserPromptSubmit: the prompt. Read by the reminder, never stored.
    pub prompt: String,
    /// UserPromptExpansion: the slash command, without its slash.
    pub command_name: String,
    /// PreCompact: `manual` or `auto`; older clients call it `compact_trigger`.
    pub trigger: String,
    /// TeammateIdle, TaskCompleted: who.
    pub teammate_name: String,
    /// TeammateIdle, TaskCompleted: of which team.
    pub team_name: String,
    /// TaskCompleted: which task.
    pub task_id: String,
    /// TaskCompleted: what it was. Shown in the team's progress, not in the session's log.
    pub task_subject: String,
    /// Stop, SubagentStop: how many background tasks still run.
    pub background_tasks: u32,
    /// Tells one tool input from another without keeping it; 0 when there is none.
    pub input_digest: u64,
    /// Stop: whether this turn was already sent back once.
    pub stop_hook_active: bool,
    /// PostToolUseFailure: whether the user interrupted.
    pub is_interrupt: bool,
    /// PostToolUse: the few facts of the tool's own answer that are read. Nothing else of it is kept.
    pub tool_response: ToolResponse,
    /// How long the tool ran, in milliseconds; 0 when the host does not say.
    pub duration_ms: u64,
    /// SessionStart of a session that is resumed: how many tokens its context has; 0 when the host does not say.
    pub context_tokens: u64,
    /// PreCompact: what the user asked the summary to keep.
    pub custom_instructions: String,
    /// The names of known fields whose value had a wrong type.
    pub mistyped: Vec<&'static str>,
}

/// The parts of a tool's input that rules look at.
#[derive(Debug, Default)]
pub struct ToolInput {
    /// Edit, Write, Read and their kin.
    pub file_path: String,
    /// NotebookEdit.
    pub notebook_path: String,
    /// Bash.
    pub command: String,
    /// Skill.
    pub skill: String,
    /// Read: how many lines were asked for; 0 stands for all.
    pub limit: u64,
    /// TodoWrite: the whole list.
    pub todos: Vec<TaskInput>,
    /// TaskCreate, TaskUpdate: the task.
    pub task: TaskInput,
    /// Agent: its type.
    pub subagent_type: String,
    /// Agent: what it is for, in a few words.
    pub description: String,
    /// Agent: what it was told.
    pub prompt: String,
    /// Write: the file's whole content. NotebookEdit: the cell's.
    pub content: Option<String>,
    /// Edit, MultiEdit: what is replaced, in this order.
    pub edits: Vec<TextEdit>,
}

/// One replacement in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextEdit {
    /// What is there. Empty text stands for a file that is made.
    pub old: String,
    /// What comes in its place.
    pub new: String,
    /// Whether it is replaced wherever it stands.
    pub all: bool,
}

/// A task, as far as a tool's input names it. Empty text stands for what it does not name.
#[derive(Debug, Default)]
pub struct TaskInput {
    /// Its number; todos have none.
    pub id: String,
    /// What is to be done.
    pub subject: String,
    /// `pending`, `in_progress`, `completed`, `deleted`.
    pub status: String,
}

/// What is read of a tool's answer.
#[derive(Debug, Default)]
pub struct ToolResponse {
    /// Whether it says that the tool did not succeed.
    pub has_failed: bool,
    /// Read: how many lines the file has.
    pub total_lines: u64,
    /// TaskCreate: the new task's number.
    pub task_id: String,
    /// Agent: its id.
    pub agent_id: String,
    /// AskUserQuestion: each question with its answer.
    pub answers: Vec<(String, String)>,
    /// Bash: what it printed, first on stdout, then on stderr.
    pub output: String,
    /// Bash: whether it goes on in the background, so that its outcome is not known yet.
    pub is_background: bool,
}

/// Why there is no payload.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// Nothing but white space came.
    #[error("the payload is empty")]
    Empty,
    /// More came than is read.
    #[error("the payload is larger than {LARGEST} bytes")]
    TooLarge,
    /// It is no JSON object.
    #[error("the payload is not a JSON object: {0}")]
    Malformed(serde_json::Error),
    /// It is of an event that another executable serves.
    #[error("this executable serves {served}, but the payload names {named:?}")]
    OtherEvent {
        /// What this one serves.
        served: &'static str,
        /// What the payload says, cut.
        named: String,
    },
    /// It could not be read.
    #[error("the payload cannot be read: {0}")]
    Unreadable(std::io::Error),
}

impl Payload {
    /// Parses a payload. A byte order mark is skipped.
    ///
    /// # Errors
    /// When it is empty or no JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if bytes.trim_ascii().is_empty() {
            return Err(PayloadError::Empty);
        }
        match serde_json::from_slice(bytes) {
            Ok(payload) => Ok(payload),
            // Half an emoji, or bytes that are no UTF-8, in a field that rules look at must not open a gate.
            Err(error) => match serde_json::from_str::<Self>(&repaired(bytes)) {
                Ok(mut payload) => {
                    payload.mistyped.push("(text that is no UTF-8)");
                    Ok(payload)
                }
                Err(_) => Err(PayloadError::Malformed(error)),
            },
        }
    }

    /// The skill that is used: by the tool, or by a slash command that the user typed.
    pub fn skill(&self) -> &str {
        if self.tool_input.skill.is_empty() { &self.command_name } else { &self.tool_input.skill }
    }

    /// The session, when the host named one.
    pub fn session(&self) -> Option<SessionId> {
        SessionId::new(&self.session_id)
    }

    /// The session's folder: `cwd`, else where this process runs.
    pub fn folder(&self) -> PathBuf {
        if Path::new(&self.cwd).is_absolute() {
            return PathBuf::from(&self.cwd);
        }
        std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"))
    }

    /// The file that the tool names, absolute or relative to [`Payload::folder`].
    pub fn file(&self) -> Option<&Path> {
        [&self.tool_input.file_path, &self.tool_input.notebook_path]
            .into_iter()
            .find(|path| !path.is_empty() && path.len() <= LONGEST_PATH && !path.contains('\0'))
            .map(Path::new)
    }

    /// The subagent that acts; `None` for the session itself, whatever agent it runs as.
    pub fn subagent(&self) -> Option<&str> {
        (!self.agent_id.is_empty()).then_some(&*self.agent_type)
    }

    /// [`Payload::file`] for the tools that change files.
    pub fn edited_file(&self) -> Option<&Path> {
        self.file().filter(|_| config::tools::is_edit(&self.tool_name))
    }
}

/// A payload's text with what is no Unicode replaced: bytes that are no UTF-8, and escapes of half a surrogate
/// pair, which `JSON.stringify` writes for half an emoji.
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

/// Reads a payload's bytes to the end of `stream`, or until the host falls silent.
///
/// # Errors
/// When reading fails or more than [`LARGEST`] bytes come.
pub fn read_payload(stream: &mut (impl Read + AsRawFd)) -> Result<Vec<u8>, PayloadError> {
    let started = Instant::now();
    let mut bytes = Vec::new();
    // Most payloads fit the first piece; a page that is never touched costs nothing.
    let mut chunk = vec![0; 4 * 1024];
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
