//! `req checkpoint`: new, verify, commit, list.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use continuity::Place;
use continuity::checkpoint::{self, Action, Document, Entry, Phase, Report};
use continuity::facts::{Changes, Facts};
use hooks_common::git::Head;
use hooks_common::paths::{self, in_project};
use hooks_common::redact::redact;
use hooks_common::store::{self, append, lock};
use hooks_common::time::Moment;
use hooks_common::{child, env_vars, text};
use serde_json::{Value, json};

use super::json as print_json;
use super::{checkpoint_commit, health};
use crate::cli::{Checkpoint, CheckpointCommand, CheckpointList, CheckpointNew, CheckpointVerify};

/// Does what was asked.
pub fn run(arguments: &Checkpoint, out: &mut impl Write) -> anyhow::Result<()> {
    let here = crate::place::Place::here()?;
    let Some(place) = Place::of(here.project.clone(), &here.paths).map_err(anyhow::Error::msg)? else {
        bail!(
            "{} keeps no checkpoints: it has no configuration (`req init` writes one), or `context.enabled` is off",
            here.project.root().display()
        );
    };
    match &arguments.command {
        CheckpointCommand::New(arguments) => new(&place, arguments, here.now, out),
        CheckpointCommand::Verify(arguments) => verify(&place, arguments, here.now, out),
        CheckpointCommand::Commit(arguments) => checkpoint_commit::run(&place, arguments, here.now, out),
        CheckpointCommand::List(arguments) => list(&place, arguments, out),
    }
}

fn new(place: &Place, arguments: &CheckpointNew, now: Moment, out: &mut impl Write) -> anyhow::Result<()> {
    let facts = facts_of(place, arguments.session);
    let path = checkpoint::scaffold(place, &facts, &arguments.title, now)?;
    note_event(place, Action::New, facts.number, &path, now);
    let text = checkpoint::read(place.root(), &path)?;
    let problems = checkpoint::validate(&text);
    if arguments.json.json {
        let to_fill: Vec<_> =
            problems.iter().map(|problem| json!({"line": problem.line, "text": problem.text})).collect();
        let session = facts.number;
        return print_json(
            out,
            &json!({"path": path, "session": session, "phase": "scaffold", "to_fill": to_fill}),
        );
    }
    let shown = shown(place, &path);
    writeln!(out, "{shown}")?;
    for problem in &problems {
        writeln!(out, "  {}: {}", problem.line, text::one_line(&problem.text))?;
    }
    writeln!(out, "Fill these, then: req checkpoint verify")?;
    Ok(())
}

fn verify(
    place: &Place,
    arguments: &CheckpointVerify,
    now: Moment,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let path = chosen(place, arguments.file.as_deref(), None)?;
    let report = checkpoint::verify(place, &path)?;
    if report.is_supported() {
        let document = checkpoint::read(place.root(), &path)?;
        // Who looks again at what is committed does not take it back.
        if checkpoint::reached(&document) < Some(Phase::Commit) {
            checkpoint::enter(place.root(), &path, Phase::Verify, now)?;
        }
        note_event(place, Action::Verified, number_of(&Document::of(&document), &path), &path, now);
    }
    let shown = shown(place, &path);
    if arguments.json.json {
        print_json(out, &of_report(&report))?;
    } else {
        tell(&report, &shown, out)?;
        if report.is_supported() {
            writeln!(out, "What was learned is kept. Next: req checkpoint commit")?;
        }
    }
    if report.is_supported() { Ok(()) } else { Err(health::Reported.into()) }
}

/// Prints findings and the verdict.
pub fn tell(report: &Report, shown: &str, out: &mut impl Write) -> anyhow::Result<()> {
    for finding in &report.findings {
        let what = text::one_line(&finding.what);
        writeln!(out, "{shown}:{}: {}: {what}; {}", finding.line, finding.lens, finding.advice)?;
    }
    match report.findings.len() {
        0 => writeln!(out, "{}: {shown}", report.verdict())?,
        1 => writeln!(out, "{}: {shown}: 1 finding", report.verdict())?,
        count => writeln!(out, "{}: {shown}: {count} findings", report.verdict())?,
    }
    Ok(())
}

fn of_report(report: &Report) -> Value {
    let findings = report.findings.iter().map(|finding| {
        json!({"line": finding.line, "lens": finding.lens.name(), "what": finding.what, "advice": finding.advice})
    });
    let findings: Vec<_> = findings.collect();
    json!({"path": report.path, "verdict": report.verdict(), "captured": report.is_captured, "findings": findings})
}

fn list(place: &Place, arguments: &CheckpointList, out: &mut impl Write) -> anyhow::Result<()> {
    if arguments.latest {
        let Some(entry) = checkpoint::latest(place) else { bail!("there is no checkpoint yet") };
        writeln!(out, "{}", shown(place, &entry.path))?;
        return Ok(());
    }
    let entries = checkpoint::entries(place);
    let phase = |entry: &Entry| {
        let text = checkpoint::read(place.root(), &entry.path).ok()?;
        checkpoint::reached(&text).map(Phase::name)
    };
    if arguments.json.json {
        let of = |entry: &Entry| {
            json!({"path": entry.path, "session": entry.number, "date": entry.date, "ordinal": entry.ordinal,
                   "phase": phase(entry)})
        };
        return print_json(out, &json!({"checkpoints": entries.iter().map(of).collect::<Vec<_>>()}));
    }
    for entry in &entries {
        writeln!(
            out,
            "{:>6}  {:<8}  {}",
            entry.number,
            phase(entry).unwrap_or("-"),
            shown(place, &entry.path)
        )?;
    }
    Ok(())
}

/// The file that was named, else the latest of the session that was named, else of this one, else the latest.
pub fn chosen(place: &Place, file: Option<&Path>, session: Option<u64>) -> anyhow::Result<PathBuf> {
    if let Some(file) = file {
        let here = std::env::current_dir().context("the current folder is gone")?;
        return Ok(paths::normalise(&here.join(file)));
    }
    if let Some(number) = session {
        let Some(entry) = checkpoint::of_session(place, number) else {
            bail!(
                "session {number} has no checkpoint; `req checkpoint new TITLE --session {number}` writes one"
            )
        };
        return Ok(entry.path);
    }
    let this = started(place).and_then(|number| checkpoint::of_session(place, number));
    match this.or_else(|| checkpoint::latest(place)) {
        Some(entry) => Ok(entry.path),
        None => bail!("there is no checkpoint yet; `req checkpoint new TITLE` writes one"),
    }
}

/// The session's number as a checkpoint tells it: in its front matter, else in its name.
pub fn number_of(document: &Document<'_>, path: &Path) -> u64 {
    let named = || Entry::of(path).map(|entry| entry.number);
    document.scalar("session").parse().ok().or_else(named).unwrap_or(0)
}

/// Appends the event of a step that is done; that it cannot be is no reason to say that the step is not.
pub fn note_event(place: &Place, action: Action, number: u64, path: &Path, now: Moment) {
    let appended = checkpoint::append_event(place, action, number, path, now, lock::PATIENT);
    if let Err(error) = appended {
        eprintln!("req: note: the event was not recorded: {error}");
    }
}

/// A path of the project as a person reads it.
pub fn shown(place: &Place, path: &Path) -> String {
    text::one_line(&path.strip_prefix(place.root()).unwrap_or(path).to_string_lossy())
}

/// What is known of a session from outside: its number, and what git says of the work tree.
fn facts_of(place: &Place, session: Option<u64>) -> Facts {
    let next = || checkpoint::numbers(place).last().map_or(1, |number| number + 1);
    let mut facts = Facts {
        number: session.or_else(|| started(place)).unwrap_or_else(next),
        session_id: env_vars::get(env_vars::CLAUDE_CODE_SESSION_ID).unwrap_or_default(),
        ..Facts::default()
    };
    if let Some(repository) = place.project().repository() {
        if let Head::Branch(name) = repository.head() {
            facts.branch = name;
        }
        let head = git(place.root(), &["rev-parse", "--verify", "--quiet", "HEAD"]).unwrap_or_default();
        facts.head = String::from_utf8_lossy(&head).trim().to_owned();
        let status = git(place.root(), &["status", "--porcelain", "-z", "--untracked-files=all"]);
        // What Stanchion keeps for itself is nobody's work.
        let root = place.root();
        let own = [in_project::haios_events(root), in_project::state(root)];
        let is_own = |path: &str| own.iter().any(|own| root.join(path).starts_with(own));
        facts.changes = changes(&status.unwrap_or_default(), is_own);
    }
    facts
}

/// The number of the session that began last, as the events tell it.
fn started(place: &Place) -> Option<u64> {
    const MOST_BYTES: u64 = 64 * 1024 * 1024;
    let path = in_project::haios_events(place.root());
    let is_small = std::fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() <= MOST_BYTES);
    let bytes = is_small.then(|| store::read(&path).ok()?)??;
    let (events, _) = append::read_lines::<Value>(&bytes);
    let start = |event: &Value| {
        (event["type"] == "session" && event["action"] == "start").then(|| event["session"].as_u64())?
    };
    events.iter().filter_map(start).max()
}

/// What git prints in a folder, if it succeeds.
pub fn git(root: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    const PATIENCE: Duration = Duration::from_secs(20);
    let mut git = Command::new("git");
    git.arg("-C").arg(root).args(["--literal-pathspecs", "--no-optional-locks"]).args(arguments);
    let (status, printed) = child::output(&mut git, PATIENCE).ok()?;
    status.success().then_some(printed)
}

/// What `git status --porcelain -z` says, but for paths that do not count.
fn changes(status: &[u8], is_own: impl Fn(&str) -> bool) -> Changes {
    const MOST_FILES: usize = 200;
    let mut changes = Changes::default();
    let mut records = status.split(|byte| *byte == 0).filter(|record| record.len() > 3);
    let mut count = 0;
    while let Some(record) = records.next() {
        let (index, tree) = (record[0], record[1]);
        if matches!(index, b'R' | b'C') {
            // The old name follows.
            records.next();
        }
        let path = redact(&String::from_utf8_lossy(&record[3..])).into_owned();
        if is_own(&path) {
            continue;
        }
        count += 1;
        if count > MOST_FILES {
            changes.truncated = true;
            break;
        }
        match (index, tree) {
            (b'?', _) => changes.untracked.push(path),
            (b' ', _) => changes.unstaged.push(path),
            _ => changes.staged.push(path),
        }
    }
    changes
}
