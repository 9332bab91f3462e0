//! The lines of a session's log, read for what they say about its state, and put in order.

use std::borrow::Cow;

use hooks_common::decision::Outcome;
use hooks_common::owner::LoggedOwner;
use serde::Deserialize;

use crate::machine::Snapshot;
pub use crate::position::{Boots, EventKey};

/// One event, as far as states depend on it. Text is borrowed from the log where it holds no escapes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct EventRecord<'a> {
    /// Unique; a line that occurs twice counts once.
    #[serde(borrow)]
    pub event_id: Cow<'a, str>,
    /// Wall-clock time, RFC 3339.
    #[serde(borrow)]
    pub recorded_at: Cow<'a, str>,
    /// Nanoseconds of the monotonic clock at hook entry.
    pub mono_ns: u64,
    /// The boot that `mono_ns` belongs to, on the events that name it.
    #[serde(borrow)]
    pub boot_id: Option<Cow<'a, str>>,
    /// The client, on the events that name it.
    pub owner: Option<LoggedOwner>,
    /// The hook's parent.
    pub ppid: u32,
    /// The event's name.
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    /// The session's folder.
    #[serde(borrow)]
    pub cwd: Cow<'a, str>,
    /// The host's permission mode.
    #[serde(borrow)]
    pub permission_mode: Cow<'a, str>,
    /// The tool.
    #[serde(borrow)]
    pub tool_name: Cow<'a, str>,
    /// Ties a tool's events together.
    #[serde(borrow)]
    pub tool_use_id: Cow<'a, str>,
    /// Tells one tool input from another.
    #[serde(borrow)]
    pub input_digest: Cow<'a, str>,
    /// The file a tool names.
    #[serde(borrow)]
    pub file_path: Cow<'a, str>,
    /// `edit` or `read`.
    #[serde(borrow)]
    pub file_op: Cow<'a, str>,
    /// SessionStart: its source.
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// PreCompact, PostCompact: `manual` or `auto`.
    #[serde(borrow)]
    pub trigger: Cow<'a, str>,
    /// SessionEnd: its reason.
    #[serde(borrow)]
    pub reason: Cow<'a, str>,
    /// Notification: its type.
    #[serde(borrow)]
    pub notification_type: Cow<'a, str>,
    /// StopFailure: the kind of error.
    #[serde(borrow)]
    pub error_type: Cow<'a, str>,
    /// Stop: whether the turn was sent back before.
    pub stop_hook_active: bool,
    /// Stop: background tasks that still run.
    pub background_tasks: u32,
    /// The subagent.
    #[serde(borrow)]
    pub agent_id: Cow<'a, str>,
    /// Its type.
    #[serde(borrow)]
    pub agent_type: Cow<'a, str>,
    /// PostToolUseFailure: whether the user interrupted.
    pub is_interrupt: bool,
    /// What was decided.
    pub gates: Option<DecidedPart>,
    /// `_compacted`: the state that the lines before this one had led to.
    pub snapshot: Option<Box<Snapshot>>,
}

/// What was decided on an event: see [`hooks_common::decision::PART`].
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
pub struct DecidedPart {
    /// What became of it.
    pub outcome: Outcome,
}

impl EventRecord<'_> {
    /// Milliseconds since 1970, 0 when the time cannot be read.
    pub fn at(&self) -> i64 {
        millis(&self.recorded_at)
    }

    /// Whether the event was kept from what it asked for.
    pub fn is_refused(&self) -> bool {
        self.gates.is_some_and(|gates| gates.outcome.is_refusal())
    }
}

/// Milliseconds since 1970 of an RFC 3339 time, 0 when it is none.
pub fn millis(time: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(time).map_or(0, |time| time.timestamp_millis())
}

/// An event in its place.
#[derive(Debug)]
pub struct OrderedEvent<'a> {
    /// Its boot, counted from the first that the log has seen.
    boot: u32,
    /// The byte at which its line begins.
    pub start: usize,
    /// What it says; apart, because sorting moves events about.
    pub record: Box<EventRecord<'a>>,
}

impl OrderedEvent<'_> {
    /// Where it stands among the others. What stands for the events before it stands where the last of them did.
    pub fn place(&self) -> (u32, u64, &str) {
        match &self.record.snapshot {
            Some(snapshot) => snapshot.upto.place(),
            None => (self.boot, self.record.mono_ns, &self.record.event_id),
        }
    }

    /// The same, to be kept.
    pub fn key(&self) -> EventKey {
        let (boot, mono_ns, event_id) = self.place();
        EventKey { boot, mono_ns, event_id: event_id.to_owned() }
    }
}

impl Boots {
    /// Carries on past events that were read.
    pub fn pass(&mut self, events: &[OrderedEvent<'_>]) {
        for event in events {
            if let Some(snapshot) = &event.record.snapshot {
                *self = snapshot.boots.clone();
            }
            self.number(event.record.boot_id.as_deref());
        }
    }
}

/// A stretch of a log, in order.
#[derive(Debug, Default)]
pub struct Stretch<'a> {
    /// The events by their keys, doubles dropped.
    pub events: Vec<OrderedEvent<'a>>,
    /// The bytes at which lines begin that could not be read.
    pub skipped: Vec<usize>,
}

/// About how long a line is, in bytes.
const LINE: usize = 400;

/// Reads a stretch of whole lines; `boots` is where it stands and is carried on.
pub fn read<'a>(bytes: &'a [u8], boots: &mut Boots) -> Stretch<'a> {
    let mut stretch = Stretch { events: Vec::with_capacity(bytes.len() / LINE), skipped: Vec::new() };
    let mut next = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        let start = next;
        next += line.len() + 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        // Checked as a whole, a line's text need not be checked piece by piece.
        let record = std::str::from_utf8(line).ok().map(serde_json::from_str::<Box<EventRecord<'a>>>);
        match record {
            Some(Ok(record)) if !record.event.is_empty() => {
                if let Some(snapshot) = &record.snapshot {
                    *boots = snapshot.boots.clone();
                }
                let boot = boots.number(record.boot_id.as_deref());
                stretch.events.push(OrderedEvent { boot, start, record });
            }
            _ => stretch.skipped.push(start),
        }
    }
    stretch.events.sort_by(|a, b| a.place().cmp(&b.place()));
    stretch.events.dedup_by(|a, b| a.place() == b.place());
    stretch
}

impl Stretch<'_> {
    /// The last place at or before byte `limit` where the log can be cut so that everything before it also comes
    /// before in order: how many events that is, and the byte.
    pub fn clean_cut(&self, limit: usize) -> Option<(usize, usize)> {
        let mut least_after = vec![usize::MAX; self.events.len() + 1];
        for at in (0..self.events.len()).rev() {
            least_after[at] = least_after[at + 1].min(self.events[at].start);
        }
        if self.events.is_empty() {
            return None;
        }
        let mut most_before = 0;
        let mut cut = None;
        for (count, least_after) in least_after.into_iter().enumerate().skip(1).take(self.events.len() - 1) {
            most_before = most_before.max(self.events[count - 1].start);
            if most_before < least_after && least_after <= limit {
                cut = Some((count, least_after));
            }
        }
        cut
    }
}
