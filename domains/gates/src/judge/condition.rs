//! Conditions: requirements whose state is computed from facts, whatever is recorded as satisfied.

use std::path::Path;

use chrono::{DateTime, Datelike, FixedOffset, Local, Offset, TimeZone, Timelike, Utc};
use config::Rule;
use config::check::{self, Zone};
use config::types::{Condition, Names, TimeWindow, Window};
use hooks_common::registry::{Registry, RegistryEntry, is_same_dir};
use platform::text::fact;
use platform::time::age;
use serde_json::{Map, Value, json};

use super::judged::{EvalContext, Judged};
use crate::context::Gates;
use crate::error::GatesError;
use config::globs;

/// Whether a requirement says something about one tool use only, so that the end of a turn has nothing to verify.
pub fn is_about_the_tool(rule: &Rule) -> bool {
    rule.requirement.is_condition(Condition::Paths) || rule.requirement.is_condition(Condition::TimeWindow)
}

/// Whether the condition holds.
pub fn judge(gates: &Gates, rule: &Rule, situation: &EvalContext<'_>) -> Result<Judged, GatesError> {
    match rule.requirement.condition() {
        Some(Condition::ProtectedBranch) => Ok(protected_branch(gates, rule)),
        Some(Condition::SingleSession) => Ok(single_session(gates, situation)),
        Some(Condition::Paths) => Ok(paths(rule, situation)),
        Some(Condition::TimeWindow) => time_window(rule, gates.now),
        None => Ok(Judged::plain(true)),
    }
}

fn facts(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn protected_branch(gates: &Gates, rule: &Rule) -> Judged {
    let name = gates.branch.name();
    let protected = match &rule.requirement.protected_branches {
        Some(branches) => branches.iter().any(|branch| branch == name || fast_glob::glob_match(branch, name)),
        None => git::is_trunk(name),
    };
    let facts = facts([("branch", name.into())]);
    if !protected {
        return Judged::satisfied(facts);
    }
    let text =
        format!("The branch {} is protected. Work on a branch of its own: git switch -c <name>", fact(name));
    Judged::open(text, facts)
}

/// The session whose client runs longest may go on: a newcomer never stops the one at work.
fn single_session(gates: &Gates, situation: &EvalContext<'_>) -> Judged {
    let Some(mine) = &gates.session else { return Judged::plain(true) };
    let live = Registry::new(situation.paths).live(None);
    let my_entry = live.iter().find(|(key, _)| key == mine).map(|(_, entry)| entry);
    let my_project = my_entry.map_or(situation.project.root(), |entry| &entry.project_dir);
    // A session that was never entered has just begun.
    let my_start = my_entry.map_or((u64::MAX, gates.now), seniority);
    let older = live.iter().filter(|(key, entry)| {
        key != mine
            && is_same_dir(&entry.project_dir, my_project)
            && (seniority(entry), key.as_str()) < (my_start, mine.as_str())
    });
    let older: Vec<_> = older.collect();
    let facts = facts([("others", json!(older.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>()))]);
    if older.is_empty() {
        return Judged::satisfied(facts);
    }
    let lines: Vec<String> = older
        .iter()
        .map(|(key, entry)| {
            let since = age(gates.now - entry.started_at);
            format!("- session {key} on {}, begun {since} ago", fact(&entry.branch))
        })
        .collect();
    Judged::open(
        format!(
            "Another session was here first and may go on; end it, or work in another work tree:\n{}",
            lines.join("\n")
        ),
        facts,
    )
}

/// When the session's client began in this boot, else when the session did. `/clear` gives a session another name
/// and start, and leaves the client's.
fn seniority(entry: &RegistryEntry) -> (u64, i64) {
    let client = entry.ppid_start.as_ref().and_then(|start| start.parse().ok());
    (client.unwrap_or(u64::MAX), entry.started_at)
}

fn paths(rule: &Rule, situation: &EvalContext<'_>) -> Judged {
    let Some(tool_use) = situation.tool_use else { return Judged::plain(true) };
    let root = situation.project.root();
    let home = situation.paths.home();
    let hit = |file: &Path| {
        let hits = |globs: &Names| globs::matches(globs, file, root, home);
        // Who removes or moves a folder takes along what is in it.
        let takes = |globs: &Names| file.is_dir() && globs::reaches_below(globs, file, root, home);
        let read_only = rule.requirement.paths.as_ref().is_some_and(|paths| hits(paths) || takes(paths));
        let outside = rule.requirement.allowed_paths.as_ref().is_some_and(|allowed| !hits(allowed));
        (read_only || outside).then_some(read_only)
    };
    for file in tool_use.changed_files(home) {
        let Some(read_only) = hit(&file) else { continue };
        let shown = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned();
        let text = if read_only {
            format!("{} is read-only here.", fact(&shown))
        } else {
            format!("{} is outside of what may be changed here.", fact(&shown))
        };
        return Judged::open(text, facts([("path", shown.into())]));
    }
    Judged::plain(true)
}

fn time_window(rule: &Rule, now: i64) -> Result<Judged, GatesError> {
    let Some(window) = &rule.requirement.time_window else { return Ok(Judged::plain(true)) };
    let utc = DateTime::<Utc>::from_timestamp(now, 0).ok_or("the clock cannot be read")?;
    let zone = match check::offset(window).ok_or("`timezone` is none")? {
        Zone::Local => Local.offset_from_utc_datetime(&utc.naive_utc()).fix(),
        Zone::Offset(seconds) => FixedOffset::east_opt(seconds).ok_or("`timezone` is none")?,
    };
    let here = utc.with_timezone(&zone);
    let facts = facts([("time", here.format("%a %H:%M").to_string().into())]);
    if may_run(window, here.weekday().num_days_from_monday(), here.hour() * 60 + here.minute()) {
        return Ok(Judged::satisfied(facts));
    }
    Ok(Judged::open(format!("Now, {}, is outside of the time for this.", here.format("%a %H:%M")), facts))
}

/// Whether a time of the week, in days after Monday and minutes after midnight, is allowed.
fn may_run(window: &TimeWindow, day: u32, minute: u32) -> bool {
    let is_in = |window: &Window| contains(window, day, minute);
    (window.allow.is_empty() || window.allow.iter().any(is_in)) && !window.deny.iter().any(is_in)
}

fn contains(window: &Window, day: u32, minute: u32) -> bool {
    const DAY: u32 = 24 * 60;
    let on =
        |day: u32| window.days.is_empty() || window.days.iter().any(|listed| listed.from_monday() == day);
    let from = window.from.map_or(0, |time| time.0);
    let to = window.to.map_or(DAY, |time| time.0);
    if from < to {
        return on(day) && (from..to).contains(&minute);
    }
    // Past midnight the window belongs to the day it began on.
    (on(day) && minute >= from) || (on((day + 6) % 7) && minute < to)
}

#[cfg(test)]
mod tests {
    use config::types::{Day, TimeOfDay};

    use super::*;

    fn window(days: &[Day], from: &str, to: &str) -> Window {
        let time = |text: &str| text.parse::<TimeOfDay>().ok();
        Window { days: days.to_vec(), from: time(from), to: time(to) }
    }

    #[test]
    fn a_window_may_go_past_midnight() {
        let friday = TimeWindow { deny: vec![window(&[Day::Fri], "16:00", "")], ..TimeWindow::default() };
        assert!(
            may_run(&friday, 4, 15 * 60 + 59) && !may_run(&friday, 4, 16 * 60) && !may_run(&friday, 4, 1439)
        );
        assert!(may_run(&friday, 5, 0));
        let night =
            TimeWindow { allow: vec![window(&[Day::Mon], "22:00", "02:00")], ..TimeWindow::default() };
        assert!(may_run(&night, 0, 22 * 60) && may_run(&night, 1, 119) && !may_run(&night, 1, 120));
        assert!(!may_run(&night, 0, 60), "the night before Monday began on Sunday");
        let week = TimeWindow {
            allow: vec![window(&[], "09:00", "17:00")],
            deny: vec![window(&[Day::Wed], "12:00", "13:00")],
            ..TimeWindow::default()
        };
        assert!(may_run(&week, 2, 9 * 60) && !may_run(&week, 2, 12 * 60) && !may_run(&week, 3, 17 * 60));
        for wrong in ["24:01", "12", "12:60", "a:b", "-1:00", "123:00"] {
            assert!(wrong.parse::<TimeOfDay>().is_err(), "{wrong}");
        }
    }
}
