//! One event on its way to both systems: as a line of our log, and with what the older system's hook gets.

use std::fmt::Write;

use hooks_common::owner::LoggedOwner;

use crate::support::log::moment;

/// An event.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sent {
    pub id: usize,
    pub session: usize,
    pub boot: usize,
    pub mono: u64,
    /// The wall clock, in seconds after the first moment.
    pub at: i64,
    pub event: &'static str,
    pub owner: LoggedOwner,
    /// Whether the log names boot and client.
    pub is_named: bool,
    pub ppid: u32,
    pub cwd: &'static str,
    pub tool: &'static str,
    pub tool_use: String,
    pub digest: &'static str,
    pub file: &'static str,
    pub source: &'static str,
    pub trigger: &'static str,
    pub notification: &'static str,
    pub agent: String,
    pub background_tasks: u32,
    pub stop_hook_active: bool,
    pub is_interrupt: bool,
    pub is_blocked: bool,
    /// So many bytes of no meaning.
    pub padding: usize,
}

impl Sent {
    /// The line, with its end.
    pub fn line(&self) -> String {
        let mut line = format!(
            r#"{{"v":1,"event_id":"{:05}","recorded_at":"{}","mono_ns":{},"event":"{}","ppid":{}"#,
            self.id,
            moment(self.at),
            self.mono,
            self.event,
            self.ppid,
        );
        if self.is_named {
            let LoggedOwner { pid, start_raw, guessed } = &self.owner;
            let owner = format!(r#"{{"pid":{pid},"start_raw":"{start_raw}","guessed":{guessed}}}"#);
            write!(line, r#","boot_id":"boot-{}","owner":{owner}"#, self.boot).unwrap();
        }
        let file_op = match (self.file, self.tool) {
            ("", _) => "",
            (_, "Read") => "read",
            _ => "edit",
        };
        for (name, value) in [
            ("cwd", self.cwd),
            ("tool_name", self.tool),
            ("tool_use_id", &self.tool_use),
            ("input_digest", self.digest),
            ("file_path", self.file),
            ("file_op", file_op),
            ("source", self.source),
            ("trigger", self.trigger),
            ("notification_type", self.notification),
            ("agent_id", &self.agent),
        ] {
            if !value.is_empty() {
                write!(line, r#","{name}":"{value}""#).unwrap();
            }
        }
        if self.background_tasks > 0 {
            write!(line, r#","background_tasks":{}"#, self.background_tasks).unwrap();
        }
        for (name, holds) in
            [("stop_hook_active", self.stop_hook_active), ("is_interrupt", self.is_interrupt)]
        {
            if holds {
                write!(line, r#","{name}":true"#).unwrap();
            }
        }
        if self.is_blocked {
            line.push_str(r#","gates":{"outcome":"block"}"#);
        }
        if self.padding > 0 {
            write!(line, r#","command":"{}""#, "x".repeat(self.padding)).unwrap();
        }
        line.push_str("}\n");
        line
    }
}

/// The name of a session.
pub fn name(session: usize) -> String {
    format!("s{session}")
}
