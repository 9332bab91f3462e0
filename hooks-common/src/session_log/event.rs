//! One event in a session's log: limited in length, redacted, without bodies.

use super::FORMAT;
use super::detail::Detail;
use super::records::{Record, Records};
use crate::event::{Event, Payload};
use crate::owner::LoggedOwner;
use crate::session_id::SessionId;
use platform::text::cut_bytes;
use platform::time::Moment;
use redact::redact;
use serde::{Deserialize, Serialize};

/// The longest line, in bytes.
const LONGEST_LINE: usize = 8 * 1024;
/// The longest redacted command that is kept, in bytes.
const LONGEST_COMMAND: usize = 1024;
/// The longest path that is kept, in bytes.
const LONGEST_PATH: usize = 1024;

/// One line of `events.jsonl`. Events of a session are ordered by `mono_ns` within a boot, then by position.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoggedEvent {
    /// The format version.
    pub v: u32,
    /// A unique id. A duplicate line counts once.
    pub event_id: String,
    /// Wall-clock time, RFC 3339.
    pub recorded_at: String,
    /// Nanoseconds of the monotonic clock at hook entry.
    #[serde(default)]
    pub mono_ns: u64,
    /// The boot that `mono_ns` belongs to. Only SessionStart, UserPromptSubmit and SessionEnd name it; later events
    /// belong to the same boot until another one names a boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_id: Option<String>,
    /// The client that sent the event, on the same events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<LoggedOwner>,
    /// The full session id.
    pub session_id: String,
    /// The host's event name, or one of Stanchion's with a leading underscore.
    pub event: String,
    /// The hook's process.
    #[serde(default)]
    pub pid: u32,
    /// The hook's parent process. It is the client if hooks start without a shell.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ppid: u32,
    /// The session's folder.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cwd: String,
    /// The host's permission mode.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub permission_mode: String,
    /// The tool.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tool_name: String,
    /// The id that all events of one tool use share.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tool_use_id: String,
    /// The file in the tool's input.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file_path: String,
    /// A digest of the tool's input. PermissionRequest has no tool use id, so the digest identifies the tool use.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub input_digest: String,
    /// `edit` or `read`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file_op: String,
    /// Bash: the command, redacted, at most 1 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub command: String,
    /// Skill, or a slash command that the user typed: its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub skill: String,
    /// SessionStart: its source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// PreCompact, PostCompact: `manual` or `auto`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub trigger: String,
    /// SessionEnd: its reason.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Notification: its type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notification_type: String,
    /// StopFailure: the kind of error.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error_type: String,
    /// ElicitationResult: the user's action.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// Stop: the number of background tasks that still run.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub background_tasks: u32,
    /// The subagent's id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent_id: String,
    /// The subagent's type.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub agent_type: String,
    /// Stop: whether the turn end was blocked before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_hook_active: bool,
    /// PostToolUseFailure: whether the user interrupted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_interrupt: bool,
    /// Whether a text above was cut.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// PostToolUse: details of a tool whose meaning is in its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Box<Detail>>,
    /// The records of domains, by domain.
    #[serde(flatten)]
    pub records: Records,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl LoggedEvent {
    /// The line for a payload, limited in length and redacted.
    pub fn of(payload: &Payload, session: &SessionId, event: &str, entered: Moment) -> Self {
        let mut truncated = false;
        let mut bounded = |text: &str, most: usize| {
            let cut = cut_bytes(text, most);
            truncated |= cut.len() < text.len();
            cut.to_owned()
        };
        let file = payload.file().map(|file| payload.folder().join(file));
        let is_tool = file.is_some();
        let file = match &file {
            Some(file) => file.to_string_lossy(),
            None => (&*payload.file_path).into(),
        };
        // The error of any other event is a failed tool's output, which the log does not keep here.
        let error_type = if event == Event::StopFailure.name() { &*payload.error } else { "" };
        // After CwdChanged the new folder is the session's folder.
        let cwd = if payload.new_cwd.is_empty() { &payload.cwd } else { &payload.new_cwd };
        let edits = config::tools::is_edit(&payload.tool_name);
        // A command is cut before redaction, so that a huge command costs no more than a long one. The margin is for
        // a secret that ends after the kept part.
        let command = redact(cut_bytes(&payload.tool_input.command, 4 * LONGEST_COMMAND)).into_owned();
        let mut line = Self {
            v: FORMAT,
            event_id: event_id(&entered),
            recorded_at: entered.rfc3339(),
            mono_ns: entered.mono_ns,
            session_id: session.full().to_owned(),
            event: event.to_owned(),
            pid: std::process::id(),
            ppid: std::os::unix::process::parent_id(),
            cwd: bounded(cwd, LONGEST_PATH),
            permission_mode: bounded(&payload.permission_mode, 64),
            tool_name: bounded(&payload.tool_name, 128),
            tool_use_id: bounded(&payload.tool_use_id, 128),
            input_digest: input_digest(payload),
            file_op: if !is_tool {
                ""
            } else if edits {
                "edit"
            } else {
                "read"
            }
            .to_owned(),
            file_path: bounded(&file, LONGEST_PATH),
            command: bounded(&command, LONGEST_COMMAND),
            skill: bounded(payload.skill(), 128),
            source: bounded(&payload.source, 64),
            trigger: bounded(&payload.trigger, 64),
            reason: bounded(&payload.reason, 64),
            notification_type: bounded(&payload.notification_type, 64),
            error_type: bounded(error_type, 64),
            action: bounded(&payload.action, 64),
            background_tasks: payload.background_tasks,
            agent_id: bounded(&payload.agent_id, 128),
            agent_type: bounded(&payload.agent_type, 128),
            stop_hook_active: payload.stop_hook_active,
            is_interrupt: payload.is_interrupt,
            detail: if event == Event::PostToolUse.name() { Detail::of(payload) } else { None },
            ..Self::default()
        };
        line.truncated = truncated;
        line
    }

    /// A line for an action of `req` in the session.
    pub fn of_command(session: &SessionId, name: &str) -> Self {
        let now = Moment::now();
        Self {
            v: FORMAT,
            event_id: event_id(&now),
            recorded_at: now.rfc3339(),
            mono_ns: now.mono_ns,
            session_id: session.full().to_owned(),
            event: format!("_{name}"),
            pid: std::process::id(),
            ..Self::default()
        }
    }

    /// Whether the event only shows that a tool is used: not an edit, not a question to the user, no significant
    /// record of a domain.
    pub(super) fn is_heartbeat(&self) -> bool {
        let is_tool = [Event::PreToolUse, Event::PostToolUse].iter().any(|event| event.name() == self.event);
        let asks = matches!(self.tool_name.as_str(), "AskUserQuestion" | "ExitPlanMode");
        let tells = self.detail.as_ref().is_some_and(|detail| detail.means_something());
        is_tool && !asks && !tells && !self.records.is_significant() && self.file_op != "edit"
    }

    /// A domain's record in the line.
    pub fn record<R: Record>(&self) -> Option<R> {
        self.records.get()
    }

    /// Seconds since 1970; 0 if the timestamp is not valid.
    pub fn epoch(&self) -> i64 {
        chrono::DateTime::parse_from_rfc3339(&self.recorded_at).map_or(0, |time| time.timestamp())
    }

    pub(super) fn to_line(&self) -> serde_json::Result<Vec<u8>> {
        let line = serde_json::to_vec(self)?;
        if line.len() <= LONGEST_LINE {
            return Ok(line);
        }
        // Escapes or many requirement names made the line too long. The long fields are dropped, the identifying ones
        // are kept.
        let short = Self {
            command: String::new(),
            cwd: String::new(),
            file_path: String::new(),
            truncated: true,
            detail: None,
            records: self.records.shortened(),
            ..self.clone()
        };
        serde_json::to_vec(&short)
    }
}

/// The digest of the payload's tool input as in the log. Empty if there is no input.
pub fn input_digest(payload: &Payload) -> String {
    match payload.input_digest {
        0 => String::new(),
        digest => format!("{:08x}", digest as u32),
    }
}

/// A unique id without a source of randomness: two processes never share a process number at the same nanosecond.
fn event_id(entered: &Moment) -> String {
    format!("{}-{}-{:04x}", entered.rfc3339(), std::process::id(), entered.mono_ns & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(json: &str) -> Payload {
        Payload::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_line_keeps_no_bodies_and_no_secrets() {
        let payload = payload(
            r#"{"session_id":"abc","cwd":"/r","tool_name":"Bash","prompt":"PROMPT-TEXT",
                "tool_input":{"command":"TOKEN=hunter2 make","content":"BODY","new_string":"BODY"},
                "tool_response":{"stdout":"OUTPUT"}}"#,
        );
        let session = payload.session().unwrap();
        let event = LoggedEvent::of(&payload, &session, "PostToolUse", Moment::now());
        let line = String::from_utf8(event.to_line().unwrap()).unwrap();
        for absent in ["PROMPT-TEXT", "BODY", "OUTPUT", "hunter2"] {
            assert!(!line.contains(absent), "{line}");
        }
        assert!(line.contains("TOKEN=[redacted] make"));
    }

    #[test]
    fn a_line_is_bounded() {
        let long = "\\u0001".repeat(60_000);
        let payload = payload(&format!(
            r#"{{"session_id":"abc","cwd":"/{long}","tool_name":"Bash","tool_input":{{"command":"{long}"}}}}"#
        ));
        let session = payload.session().unwrap();
        let event = LoggedEvent::of(&payload, &session, "PreToolUse", Moment::now());
        assert!(event.truncated && event.to_line().unwrap().len() <= LONGEST_LINE);
    }
}
