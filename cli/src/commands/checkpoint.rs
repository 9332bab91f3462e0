//! `req checkpoint`: new, verify, commit, list.

use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use config::types::GuardName;
use continuity::checkpoint::{self, Action, Document, Entry, Phase, Report};
use continuity::facts::{self, Depth, Facts};
use continuity::journal::Journal;
use continuity::ledger::Ledger;
use continuity::number::{self, Beginning, GREATEST};
use continuity::{Place, mirror, pressure};
use git::{CommittedPaths, GitCommand};
use guards::grants;
use hooks_common::paths::{Paths, in_project};
use hooks_common::project::Project;
use platform::store::{self, append};
use platform::text;
use platform::time::Moment;
use serde_json::{Value, json};

use super::json as print_json;
use super::session::Subject;
use super::{checkpoint_commit, doctor};
use crate::cli::{Checkpoint, CheckpointCommand, CheckpointList, CheckpointNew, CheckpointVerify};

/// How much of the transcript a checkpoint is made from, in bytes.
const STORY: u64 = 1024 * 1024;

/// Does what was asked.
pub fn run(arguments: &Checkpoint, out: &mut impl Write) -> anyhow::Result<()> {
    let here = crate::place::Place::here()?;
    let subject = Subject::find(&here, None)?;
    match &arguments.command {
        CheckpointCommand::New(arguments) => new(&subject, arguments, &here.paths, here.now, out),
        CheckpointCommand::Verify(arguments) => verify(&subject, arguments, here.now, out),
        CheckpointCommand::Commit(arguments) => checkpoint_commit::run(&subject, arguments, here.now, out),
        CheckpointCommand::List(arguments) => list(&subject.continuity, arguments, out),
    }
}

fn new(
    subject: &Subject,
    arguments: &CheckpointNew,
    paths: &Paths,
    now: Moment,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let place = &subject.continuity;
    let facts = facts_of(subject, arguments.session, now)?;
    let path = checkpoint::scaffold(place, &facts, &arguments.title, now)?;
    permit(paths, &path, now);
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

/// Lets the model write the new file whole, even where a guard keeps such files from being made by hand and it removes
/// this one first. That it cannot be let is no reason to say that there is no file.
fn permit(paths: &Paths, path: &Path, now: Moment) {
    // As hooks find the project of a file that is edited.
    let project = Project::of_event(paths, Some(path), path.parent().unwrap_or(path));
    let policy = project.policy(paths);
    if !policy.is_some_and(|policy| policy.has_guard(GuardName::Paths)) {
        return;
    }
    if let Err(error) = grants::permit_file(&project, path, "`req checkpoint new`", now) {
        eprintln!("req: note: guard `paths` was not told of the file: {error}");
    }
}

fn verify(
    subject: &Subject,
    arguments: &CheckpointVerify,
    now: Moment,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let place = &subject.continuity;
    let path = chosen(subject, arguments.file.as_deref(), None)?;
    let report = checkpoint::verify(place, &path)?;
    if report.is_supported() {
        let document = checkpoint::read(place.root(), &path)?;
        // Who looks again at what is committed does not take it back.
        let held =
            CommittedPaths::of(place.project().repository(), place.root(), std::slice::from_ref(&path));
        if checkpoint::reached_with(&held, &path, &document) < Some(Phase::Commit) {
            checkpoint::enter(place.root(), &path, Phase::Verify, now)?;
        }
        let number = number_of(&Document::of(&document), &path);
        note_event(place, Action::Verified, number, &path, now);
        release(subject, number)?;
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
    if report.is_supported() { Ok(()) } else { Err(doctor::Reported.into()) }
}

/// A session with a checkpoint of its own is no longer held up for one.
fn release(subject: &Subject, number: u64) -> anyhow::Result<()> {
    if let Some((_, dir)) = subject.session.as_ref().filter(|_| subject.number() == Some(number)) {
        pressure::release(dir, "checkpoint").context("the session's pressure")?;
    }
    Ok(())
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
    let held = CommittedPaths::of(place.project().repository(), place.root(), &checkpoint::folders(place));
    let phase = |entry: &Entry| {
        let text = checkpoint::read(place.root(), &entry.path).ok()?;
        checkpoint::reached_with(&held, &entry.path, &text).map(Phase::name)
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
pub fn chosen(subject: &Subject, file: Option<&Path>, session: Option<u64>) -> anyhow::Result<PathBuf> {
    let place = &subject.continuity;
    if let Some(file) = file {
        let here = std::env::current_dir().context("the current folder is gone")?;
        return Ok(platform::path::normalise(&here.join(file)));
    }
    if let Some(number) = session {
        let Some(entry) = checkpoint::of_session(place, number) else {
            bail!(
                "session {number} has no checkpoint; `req checkpoint new TITLE --session {number}` writes one"
            )
        };
        return Ok(entry.path);
    }
    let this =
        subject.number().or_else(|| started(place)).and_then(|number| checkpoint::of_session(place, number));
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
    let appended = checkpoint::append_event(place, action, number, path, now);
    if let Err(error) = appended {
        eprintln!("req: note: the event was not recorded: {error}");
    }
}

/// A path of the project as a person types it where he is: from the current folder inside the project, else whole.
pub fn shown(place: &Place, path: &Path) -> String {
    let here = std::env::current_dir().map(|here| platform::path::resolve(&here)).unwrap_or_default();
    text::one_line(&from(&here, place.root(), path).to_string_lossy())
}

/// A path as it is called in the folder `here`.
fn from(here: &Path, root: &Path, path: &Path) -> PathBuf {
    if !here.starts_with(root) || !path.starts_with(root) {
        return path.to_owned();
    }
    let shared = here.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = here.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

/// What is known of the session that a checkpoint is about: its own journal, where it is the one that calls.
fn facts_of(subject: &Subject, named: Option<u64>, now: Moment) -> anyhow::Result<Facts> {
    let place = &subject.continuity;
    let own = subject.session.as_ref().filter(|_| named.is_none() || named == subject.number());
    if let Some((session, dir)) = own {
        let beginning = Beginning { session, source: "", now };
        number::begin(place, dir, &beginning).context("the session's number")?;
        let (journal, shown) = mirror::refresh(place, dir, session.full());
        shown.map_err(anyhow::Error::msg)?;
        let transcript = facts::transcript_of(dir);
        return Ok(Facts::gather(
            place,
            &journal,
            session.full(),
            transcript.as_deref(),
            Depth::Story(STORY),
        ));
    }
    let number = match named.or_else(|| started(place)) {
        Some(number) => number,
        None => number::next(place, &Ledger::read(place).context("the ledger")?)?,
    };
    let journal = Journal { number: Some(number), ..Journal::default() };
    Ok(Facts::gather(place, &journal, "", None, Depth::Prompt))
}

/// The number of the session that began last, as the events tell it.
fn started(place: &Place) -> Option<u64> {
    const MOST_BYTES: u64 = 64 * 1024 * 1024;
    let path = in_project::haios_events(&place.shared_root());
    let is_small = std::fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() <= MOST_BYTES);
    let bytes = is_small.then(|| store::read(&path).ok()?)??;
    let (events, _) = append::read_lines::<Value>(&bytes);
    let start = |event: &Value| {
        (event["type"] == "session" && event["action"] == "start").then(|| event["session"].as_u64())?
    };
    events.iter().filter_map(start).rfind(|number| *number <= GREATEST)
}

/// What git prints in a folder, if it succeeds.
pub fn git(root: &Path, arguments: &[&str]) -> Option<Vec<u8>> {
    const PATIENCE: Duration = Duration::from_secs(20);
    GitCommand::in_folder(root).literal_paths().args(arguments).within(PATIENCE).bytes().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_called_as_where_one_is() {
        for (here, expected) in [
            ("/r", "docs/a.md"),
            ("/r/docs", "a.md"),
            ("/r/src/deep", "../../docs/a.md"),
            ("/r/docsx", "../docs/a.md"),
            ("/", "/r/docs/a.md"),
            ("/other", "/r/docs/a.md"),
        ] {
            assert_eq!(
                from(Path::new(here), Path::new("/r"), Path::new("/r/docs/a.md")),
                Path::new(expected),
                "{here}"
            );
        }
    }
}
