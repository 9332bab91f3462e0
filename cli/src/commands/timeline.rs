//! `req timeline`: what happened in a session, in the order in which it happened, and what each event meant for its
//! state.

use std::collections::HashMap;
use std::io::Write;

use guards::GuardRecords;
use hooks_common::decision::Outcome;
use hooks_common::session_log::{self, LoggedEvent, SessionDir};
use platform::store;
use platform::text::{cut_bytes, one_line};
use serde::Serialize;
use sessions::SessionState;
use sessions::machine::{Machine, StateRule};
use sessions::record::{self, Boots};

use super::json as print_json;
use crate::cli::TimelineArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context, bail};
use crate::session;

/// One event and what it meant.
#[derive(Debug, Serialize)]
pub struct TimelineEntry {
    /// When, RFC 3339.
    pub at: String,
    /// The host's name, or one of ours with a leading underscore.
    pub event: String,
    /// What it was about, in a few words.
    pub detail: String,
    /// The state after it.
    pub state: SessionState,
    /// Whether the event changed the state.
    pub changed: bool,
    /// The rule it fell under.
    pub rule: StateRule,
}

/// Prints a session's events.
pub fn run(arguments: &TimelineArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    session_log::can_list(&place.paths)
        .with_context(|| format!("{} cannot be read", place.paths.sessions_dir().display()))?;
    let key = session::find(&place, arguments.session.as_deref())?;
    let dirs = session::full_ids(&place, &key);
    let named = arguments.session.as_deref().and_then(hooks_common::session_id::SessionId::new);
    // The full id says which, where two begin alike.
    let exact = dirs.iter().find(|(id, _)| named.as_ref() == Some(id));
    let dir = match (exact, dirs.as_slice()) {
        (Some((_, dir)), _) | (None, [(_, dir)]) => dir,
        (None, []) => bail!("no session {key} was ever recorded on this machine"),
        (None, several) => {
            let names: Vec<_> = several.iter().map(|(id, _)| id.full()).collect();
            bail!("several sessions begin with {key}; name one in full: {}", names.join(", "))
        }
    };
    let entries = of_session(dir).with_context(|| format!("the log of session {key} cannot be read"))?;
    let number = if arguments.all { usize::MAX } else { arguments.number };
    let shown = &entries[entries.len().saturating_sub(number)..];
    if arguments.json.json {
        return print_json(out, &shown);
    }
    if shown.len() < entries.len() {
        writeln!(out, "The last {} of {} events; --all shows the rest.", shown.len(), entries.len())?;
    }
    for entry in shown {
        writeln!(out, "{}", line(entry))?;
    }
    Ok(())
}

/// An entry as one line.
pub fn line(entry: &TimelineEntry) -> String {
    let time = entry.at.get(11..19).unwrap_or(&entry.at);
    let state = if entry.changed { format!("→ {}", entry.state) } else { String::new() };
    let line = format!("{time}  {:<19} {state:<13} {:<18} {}", entry.event, entry.rule.name(), entry.detail);
    line.trim_end().to_owned()
}

/// A session's events in the order in which they happened.
pub fn of_session(dir: &SessionDir) -> std::io::Result<Vec<TimelineEntry>> {
    let bytes = store::read(&dir.events())?.unwrap_or_default();
    let (logged, _) = dir.read_events()?;
    let details: HashMap<&str, &LoggedEvent> =
        logged.iter().map(|event| (event.event_id.as_str(), event)).collect();
    let mut machine = Machine::default();
    let stretch = record::read(&bytes, &mut Boots::default());
    let mut entries = Vec::with_capacity(stretch.events.len());
    for event in &stretch.events {
        let before = machine.state;
        let rule = machine.apply(&event.record);
        entries.push(TimelineEntry {
            at: event.record.recorded_at.clone().into_owned(),
            event: plain(&event.record.event),
            detail: details.get(&*event.record.event_id).map(|event| detail(event)).unwrap_or_default(),
            state: machine.state,
            changed: machine.state != before,
            rule,
        });
    }
    Ok(entries)
}

fn detail(event: &LoggedEvent) -> String {
    let of_tool = [&event.command, &event.file_path, &event.skill].into_iter().find(|text| !text.is_empty());
    let words = [
        Some(&event.agent_type).filter(|_| !event.agent_id.is_empty()),
        Some(&event.tool_name),
        of_tool,
        Some(&event.source),
        Some(&event.trigger),
        Some(&event.reason),
        Some(&event.notification_type),
        Some(&event.error_type),
        Some(&event.action),
    ];
    let mut text: Vec<&str> =
        words.into_iter().flatten().map(String::as_str).filter(|word| !word.is_empty()).collect();
    let outcome = Outcome::of(&event.records);
    if !matches!(outcome, Outcome::Undecided | Outcome::Pass) {
        text.push(outcome.name());
    }
    let guards = event.record::<GuardRecords>().unwrap_or_default().0.into_iter().map(|found| {
        let because =
            if found.reason.is_empty() { String::new() } else { format!(", because: {}", found.reason) };
        let code = if found.code.is_empty() { String::new() } else { format!(" {}", found.code) };
        format!("[{} {}{code}{because}]", found.guard, found.verdict.name())
    });
    let guards: Vec<String> = guards.collect();
    text.extend(guards.iter().map(String::as_str));
    plain(&text.join(" "))
}

/// `text`, cut to `most` characters with an ellipsis.
pub fn shortened(text: &str, most: usize) -> String {
    let clean = plain(text);
    if clean.chars().count() <= most {
        return clean;
    }
    clean.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Text from a log, made fit for one line of a terminal.
pub fn plain(text: &str) -> String {
    cut_bytes(&one_line(text), 200).to_owned()
}
