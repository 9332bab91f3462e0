//! `req checkpoint`: new, verify, commit, list.

use std::io::Write;
use std::path::Path;

use config::types::GuardName;
use continuity::checkpoint::{self, Action, CheckpointDocument, CheckpointEntry, Phase, VerificationReport};
use continuity::facts::{self, Facts, FactsDepth};
use continuity::journal::Journal;
use continuity::ledger::Ledger;
use continuity::number::{self, Beginning};
use continuity::{ContinuityPlace, mirror, pressure};
use git::CommittedPaths;
use guards::grants;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use platform::text;
use platform::time::Moment;
use serde_json::{Value, json};

use super::checkpoint_commit;
use super::checkpoint_file::{chosen, note_event, number_of, print_report, shown, started};
use super::json as print_json;
use super::session::Subject;
use crate::cli::{
    CheckpointArgs, CheckpointCommand, CheckpointListArgs, CheckpointNewArgs, CheckpointVerifyArgs,
};
use crate::error::{CliError, CliResult, Context, bail, note};

/// How much of the transcript is read for a checkpoint, in bytes.
const STORY: u64 = 1024 * 1024;

/// Runs the named step.
pub fn run(arguments: &CheckpointArgs, out: &mut impl Write) -> CliResult {
    let here = crate::current_project::CurrentProject::here()?;
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
    arguments: &CheckpointNewArgs,
    paths: &Paths,
    now: Moment,
    out: &mut impl Write,
) -> CliResult {
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
    writeln!(out, "Next: fill these lines, then run `req checkpoint verify`")?;
    Ok(())
}

/// Allows the model to replace the new file, even where guard `paths` forbids creating such files by hand. A failure is
/// a note only: the file exists.
fn permit(paths: &Paths, path: &Path, now: Moment) {
    // As hooks find the project of a file that is edited.
    let project = Project::of_event(paths, Some(path), path.parent().unwrap_or(path));
    let policy = project.policy(paths);
    if !policy.is_some_and(|policy| policy.has_guard(GuardName::Paths)) {
        return;
    }
    if let Err(error) = grants::permit_file(&project, path, "`req checkpoint new`", now) {
        note(format_args!("guard `paths` will still protect the file: {error}"));
    }
}

fn verify(
    subject: &Subject,
    arguments: &CheckpointVerifyArgs,
    now: Moment,
    out: &mut impl Write,
) -> CliResult {
    let place = &subject.continuity;
    let path = chosen(subject, arguments.file.as_deref(), None)?;
    let report = checkpoint::verify(place, &path)?;
    if report.is_supported() {
        let document = checkpoint::read(place.root(), &path)?;
        // Verifying a committed checkpoint again must not move it back to the phase `verify`.
        let held =
            CommittedPaths::of(place.project().repository(), place.root(), std::slice::from_ref(&path));
        if checkpoint::reached_with(&held, &path, &document) < Some(Phase::Commit) {
            checkpoint::enter(place.root(), &path, Phase::Verify, now)?;
        }
        let number = number_of(&CheckpointDocument::of(&document), &path);
        note_event(place, Action::Verified, number, &path, now);
        release(subject, number)?;
    }
    let shown = shown(place, &path);
    if arguments.json.json {
        print_json(out, &of_report(&report))?;
    } else {
        print_report(&report, &shown, out)?;
        if report.is_supported() {
            writeln!(out, "What was learned is saved.\nNext: req checkpoint commit")?;
        }
    }
    if report.is_supported() { Ok(()) } else { Err(CliError::Reported) }
}

/// A session with a verified checkpoint is no longer asked for one.
fn release(subject: &Subject, number: u64) -> CliResult {
    if let Some((_, dir)) = subject.session.as_ref().filter(|_| subject.number() == Some(number)) {
        pressure::release(dir, "checkpoint").context("the session's context pressure cannot be released")?;
    }
    Ok(())
}

fn of_report(report: &VerificationReport) -> Value {
    let findings = report.findings.iter().map(|finding| {
        json!({"line": finding.line, "lens": finding.lens.name(), "what": finding.what, "advice": finding.advice})
    });
    let findings: Vec<_> = findings.collect();
    json!({"path": report.path, "verdict": report.verdict(), "captured": report.is_captured, "findings": findings})
}

fn list(place: &ContinuityPlace, arguments: &CheckpointListArgs, out: &mut impl Write) -> CliResult {
    if arguments.latest {
        let Some(entry) = checkpoint::latest(place) else { bail!("there is no checkpoint yet") };
        writeln!(out, "{}", shown(place, &entry.path))?;
        return Ok(());
    }
    let entries = checkpoint::entries(place);
    let held = CommittedPaths::of(place.project().repository(), place.root(), &checkpoint::folders(place));
    let phase = |entry: &CheckpointEntry| {
        let text = checkpoint::read(place.root(), &entry.path).ok()?;
        checkpoint::reached_with(&held, &entry.path, &text).map(Phase::name)
    };
    if arguments.json.json {
        let of = |entry: &CheckpointEntry| {
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

/// What is known about the session of a checkpoint: from its own journal if that session runs the command.
fn facts_of(subject: &Subject, named: Option<u64>, now: Moment) -> CliResult<Facts> {
    let place = &subject.continuity;
    let own = subject.session.as_ref().filter(|_| named.is_none() || named == subject.number());
    if let Some((session, dir)) = own {
        let beginning = Beginning { session, source: "", now };
        number::begin(place, dir, &beginning).context("the session's number cannot be recorded")?;
        let (journal, shown) = mirror::refresh(place, dir, session.full());
        shown.map_err(CliError::system)?;
        let transcript = facts::transcript_of(dir);
        return Ok(Facts::gather(
            place,
            &journal,
            session.full(),
            transcript.as_deref(),
            FactsDepth::Story(STORY),
        ));
    }
    let number = match named.or_else(|| started(place)) {
        Some(number) => number,
        None => number::next(place, &Ledger::read(place).context("the ledger of sessions cannot be read")?)?,
    };
    let journal = Journal { number: Some(number), ..Journal::default() };
    Ok(Facts::gather(place, &journal, "", None, FactsDepth::Prompt))
}
