//! `req replay`: re-runs recorded decisions.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeZone, Utc};
use config::Policy;
use config::finding::Severity;
use config::sources::{ConfigFile, Level};
use gates::replay::{Replay, ReplayedDecision};
use hooks_common::registry::is_same_dir;
use hooks_common::session_log::{self, LoggedEvent, SessionDir};
use platform::path::resolve;
use serde_json::json;

use super::json as print_json;
use crate::cli::ReplayArgs as Arguments;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context, bail, print_finding};
use crate::session;

/// The most differences that are shown.
const MOST_SHOWN: usize = 50;

/// Runs the recorded events of one session, or of all since a date, against the configuration.
pub fn run(arguments: &Arguments, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let since = arguments.since.as_deref().map(|text| date(text, place.now.epoch())).transpose()?;
    let policy = || policy(&place, arguments.config.as_deref());
    for finding in policy()?.findings()?.iter().filter(|finding| finding.severity > Severity::Note) {
        if finding.subject == "yaml" && finding.severity == Severity::Error && arguments.config.is_some() {
            bail!("decisions cannot be re-run: {finding}");
        }
        print_finding(finding);
    }
    let in_force = place.project.policy(&place.paths);
    let (mut events, mut decisions) = (0, Vec::<ReplayedDecision>::new());
    for dir in sessions(&place, arguments, since)? {
        let mut replay = Replay::new(policy()?, in_force.as_ref(), &place.paths, &place.project)?;
        let is_ours = dir.meta().is_some_and(|meta| is_same_dir(&meta.project_dir, place.project.root()));
        for event in ordered(dir.read_events()?.0) {
            if !is_here(&event, place.project.root(), is_ours) {
                continue;
            }
            let decision = replay.follow(&event);
            if since.is_some_and(|since| event.epoch() < since) {
                continue;
            }
            events += 1;
            decisions.extend(decision);
        }
    }
    let different: Vec<&ReplayedDecision> = decisions.iter().filter(|decision| decision.differs()).collect();
    if arguments.json.json {
        let document = json!({
            "policy": policy()?.hash(), "events": events, "decisions": decisions.len(), "differences": different,
            "uncertain": decisions.iter().filter(|decision| decision.is_uncertain()).count(),
            "not_in_the_log": unknown(&decisions),
        });
        return print_json(out, &document);
    }
    for decision in different.iter().take(MOST_SHOWN) {
        writeln!(out, "{}", line(decision))?;
    }
    if different.len() > MOST_SHOWN {
        writeln!(out, "and {} more (--json shows all)", different.len() - MOST_SHOWN)?;
    }
    let would = match different.len() {
        0 => "none would differ".to_owned(),
        1 => "one would differ".to_owned(),
        many => format!("{many} would differ"),
    };
    writeln!(out, "{events} events, {} decisions: {would}.", decisions.len())?;
    let names = unknown(&decisions);
    if !names.is_empty() {
        let uncertain = decisions.iter().filter(|decision| decision.is_uncertain()).count();
        writeln!(
            out,
            "{uncertain} of them are uncertain: the log does not contain what {} would have found.",
            names.join(", ")
        )?;
    }
    Ok(())
}

/// The requirements whose decision depends on something that the log does not contain.
fn unknown(decisions: &[ReplayedDecision]) -> Vec<&str> {
    let names = decisions.iter().flat_map(|decision| &decision.unknown).map(String::as_str);
    names.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The policy in force, or the one with another file in the place of the project's.
fn policy(place: &CurrentProject, other: Option<&Path>) -> CliResult<Policy> {
    let Some(other) = other else {
        return place.project.policy(&place.paths).with_context(|| {
            format!(
                "{} has no requirements; name a configuration with --config",
                place.project.root().display()
            )
        });
    };
    let other = std::path::absolute(other)?;
    let other = ConfigFile::at(Level::Project, other);
    if other.identity.is_none() {
        bail!("{} does not exist", other.path.display());
    }
    let files: Vec<ConfigFile> = place
        .project
        .config_files()
        .iter()
        .map(|file| match file.level {
            Level::Project => other.clone(),
            Level::Global | Level::Local => file.clone(),
        })
        .collect();
    Ok(Policy::of_files(&files, place.paths.home()))
}

fn sessions(place: &CurrentProject, arguments: &Arguments, since: Option<i64>) -> CliResult<Vec<SessionDir>> {
    let Some(since) = since.filter(|_| arguments.session.session.is_none()) else {
        let key = session::find(place, arguments.session.session.as_deref())?;
        let dirs: Vec<_> = session::full_ids(place, &key).into_iter().map(|(_, dir)| dir).collect();
        if dirs.is_empty() {
            bail!("session {key} has no log on this machine; `req sessions` lists the live ones");
        }
        return Ok(dirs);
    };
    let is_recent = |dir: &SessionDir| {
        let changed = std::fs::metadata(dir.events()).and_then(|meta| meta.modified()).ok();
        let seconds =
            changed.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok()).map(|at| at.as_secs());
        seconds.is_some_and(|seconds| i64::try_from(seconds).is_ok_and(|seconds| seconds >= since))
    };
    Ok(session_log::all(&place.paths).into_iter().filter(is_recent).collect())
}

/// Events in the order in which they happened: hooks that run at the same time append in any order. The monotonic clock
/// restarts at each boot.
fn ordered(events: Vec<LoggedEvent>) -> Vec<LoggedEvent> {
    let mut boots = Vec::new();
    let mut boot = 0;
    for event in events {
        let began = event.boot_id.is_some()
            && boots.last().is_some_and(|(_, last): &(usize, LoggedEvent)| last.mono_ns > event.mono_ns);
        boot += usize::from(began);
        boots.push((boot, event));
    }
    boots.sort_by_key(|(boot, event)| (*boot, event.mono_ns));
    boots.into_iter().map(|(_, event)| event).collect()
}

/// Whether an event happened in this project. An event without a path belongs to the project of its session.
fn is_here(event: &LoggedEvent, root: &Path, is_ours: bool) -> bool {
    let mut places = [&event.file_path, &event.cwd].into_iter().filter(|path| !path.is_empty()).peekable();
    if places.peek().is_none() {
        return is_ours;
    }
    places.any(|path| resolve(Path::new(path)).starts_with(root))
}

fn line(decision: &ReplayedDecision) -> String {
    let told = |outcome: &str, names: &[String]| match names {
        [] => outcome.to_owned(),
        names => format!("{outcome} ({})", names.join(", ")),
    };
    let doubt = if decision.is_uncertain() { "  (the log does not contain all of it)" } else { "" };
    let what: String = decision.what.chars().map(|c| if c.is_control() { ' ' } else { c }).take(80).collect();
    format!(
        "{}  {} {} {what}\n    then: {}   now: {}{doubt}",
        decision.at,
        decision.session.chars().take(8).collect::<String>(),
        if decision.tool.is_empty() { &decision.event } else { &decision.tool },
        told(decision.then.name(), &decision.refused_then),
        told(decision.now.name(), &decision.refused_now),
    )
}

/// A date, a moment, or an age such as `7d` and `12h`, in seconds since 1970.
fn date(text: &str, now: i64) -> CliResult<i64> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.timestamp());
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let midnight = day.and_hms_opt(0, 0, 0).with_context(|| format!("{text:?} is not a valid day"))?;
        return Ok(Utc.from_utc_datetime(&midnight).timestamp());
    }
    let unit = match text.chars().last() {
        Some('d') => 86_400,
        Some('h') => 3_600,
        Some('m') => 60,
        _ => bail!("{text:?} is not a valid date; write 2026-11-21, 2026-11-21T08:00:00Z, 7d or 12h"),
    };
    let count: i64 = text[..text.len() - 1]
        .parse()
        .with_context(|| format!("{text:?} is not a valid age; write 7d or 12h"))?;
    Ok(now - count.saturating_mul(unit))
}
