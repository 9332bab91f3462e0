//! Logs for tests, written line by line.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::collections::HashMap;

use hooks_common::owner::LoggedOwner;
use platform::process::{Liveness, Site};
use serde_json::{Map, Value, json};
use sessions::known::KnownSession;
use sessions::liveness::Oracle;
use sessions::machine::{Machine, StateRule};
use sessions::reconcile::{SessionVerdict, reconcile};
use sessions::record::{Boots, read};

/// The second that times in these logs count from.
pub const EPOCH: i64 = 1_769_538_000;

/// One line.
#[derive(Debug, Clone)]
pub struct Line(pub Map<String, Value>);

/// An event `second` seconds after the first moment, by the wall clock and by the monotonic one.
pub fn at(second: u32, event: &str) -> Line {
    let line = json!({
        "v": 1,
        "event_id": format!("{second}-{event}"),
        "recorded_at": moment(second.into()),
        "mono_ns": u64::from(second) * 1_000_000_000 + 1,
        "session_id": "s",
        "event": event,
        "cwd": "/repo",
    });
    match line {
        Value::Object(line) => Line(line),
        _ => unreachable!("an object"),
    }
}

/// That moment, RFC 3339.
pub fn moment(second: i64) -> String {
    platform::time::rfc3339(chrono::DateTime::from_timestamp(EPOCH + second, 0).unwrap())
}

/// That moment, milliseconds since 1970.
pub fn millis(second: i64) -> i64 {
    (EPOCH + second) * 1_000
}

impl Line {
    /// With another field.
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0.insert(field.to_owned(), value.into());
        self
    }

    /// Of a tool, which is told from others by its use and its input.
    pub fn tool(self, name: &str, id: &str, input: &str) -> Self {
        let line = self.with("tool_name", name).with("tool_use_id", id).with("input_digest", input);
        let event_id = format!("{}-{id}", line.0["event_id"].as_str().unwrap());
        line.with("event_id", event_id)
    }

    /// Sent by a client, which it names if the host's hooks do so for this event.
    pub fn by(self, client: &LoggedOwner) -> Self {
        let names = ["SessionStart", "UserPromptSubmit", "SessionEnd"];
        let names_it = names.iter().any(|name| self.0["event"] == *name);
        let line = self.with("ppid", client.pid);
        if names_it {
            line.with("owner", serde_json::to_value(client).unwrap()).with("boot_id", "boot-1")
        } else {
            line
        }
    }

    /// The text, with its end.
    pub fn text(&self) -> String {
        format!("{}\n", serde_json::to_string(&self.0).unwrap())
    }
}

/// A client that was recognised.
pub fn client(pid: u32) -> LoggedOwner {
    LoggedOwner { pid, start_raw: format!("{pid}00"), guessed: false }
}

/// A process that was taken for the client.
pub fn guess(pid: u32) -> LoggedOwner {
    LoggedOwner { guessed: true, ..client(pid) }
}

/// The log of these lines.
pub fn text(lines: &[Line]) -> String {
    lines.iter().map(Line::text).collect()
}

/// The session after all lines of a log, and the rule of each event in order.
pub fn fold(log: &str) -> (Machine, Vec<StateRule>) {
    let mut machine = Machine::default();
    let stretch = read(log.as_bytes(), &mut Boots::default());
    let rules = stretch.events.iter().map(|event| machine.apply(&event.record)).collect();
    (machine, rules)
}

/// The session after these lines.
pub fn after(lines: &[Line]) -> Machine {
    fold(&text(lines)).0
}

/// The process table as a test wants it: by number; who is not in it is dead.
#[derive(Debug, Clone, Default)]
pub struct Table(pub HashMap<u32, Liveness>);

impl Table {
    /// A table in which these live.
    pub fn of(live: &[u32]) -> Self {
        Self(live.iter().map(|pid| (*pid, Liveness::Live)).collect())
    }
}

impl Oracle for Table {
    fn liveness(&mut self, client: &LoggedOwner, _: &Site, _: i64) -> Liveness {
        self.0.get(&client.pid).copied().unwrap_or(Liveness::Dead)
    }
}

/// The verdicts on sessions by name, `second` seconds after the first moment.
pub fn verdicts(sessions: &[(&str, &Machine)], table: &Table, second: i64) -> Vec<SessionVerdict> {
    let known: Vec<_> =
        sessions.iter().map(|(name, machine)| KnownSession { name, meta: None, machine }).collect();
    reconcile(&known, &mut table.clone(), millis(second))
}

/// The verdict on a single session.
pub fn verdict(machine: &Machine, table: &Table, second: i64) -> SessionVerdict {
    verdicts(&[("s", machine)], table, second).remove(0)
}
