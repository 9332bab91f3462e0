//! Which checkpoint a command is about, and how it is shown.

use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use continuity::ContinuityPlace;
use continuity::checkpoint::{self, Action, CheckpointDocument, CheckpointEntry, VerificationReport};
use continuity::number::GREATEST;
use git::GitCommand;
use hooks_common::paths::in_project;
use platform::store::{self, append};
use platform::text;
use platform::time::Moment;
use serde_json::Value;

use super::counted;
use super::session::Subject;
use crate::error::{CliError, CliResult, note};

/// The named file, else the latest checkpoint of the named session, else of this session, else the latest of all.
pub fn chosen(subject: &Subject, file: Option<&Path>, session: Option<u64>) -> CliResult<PathBuf> {
    let place = &subject.continuity;
    if let Some(file) = file {
        let here = crate::current_project::current_folder()?;
        return Ok(platform::path::normalise(&here.join(file)));
    }
    if let Some(number) = session {
        let Some(entry) = checkpoint::of_session(place, number) else {
            return Err(CliError::user(format_args!("session {number} has no checkpoint"))
                .next(format!("run `req checkpoint new TITLE --session {number}`")));
        };
        return Ok(entry.path);
    }
    let this =
        subject.number().or_else(|| started(place)).and_then(|number| checkpoint::of_session(place, number));
    match this.or_else(|| checkpoint::latest(place)) {
        Some(entry) => Ok(entry.path),
        None => Err(CliError::user("there is no checkpoint yet").next("run `req checkpoint new TITLE`")),
    }
}

/// The session's number in a checkpoint's front matter, else in its file name.
pub fn number_of(document: &CheckpointDocument<'_>, path: &Path) -> u64 {
    let named = || CheckpointEntry::of(path).map(|entry| entry.number);
    document.scalar("session").parse().ok().or_else(named).unwrap_or(0)
}

/// Appends the event of a finished step. A failure is a note only: the step is finished.
pub fn note_event(place: &ContinuityPlace, action: Action, number: u64, path: &Path, now: Moment) {
    let appended = checkpoint::append_event(place, action, number, path, now);
    if let Err(error) = appended {
        note(format_args!("the event cannot be recorded: {error}"));
    }
}

/// A path for people: relative to the current folder inside the project, else absolute.
pub fn shown(place: &ContinuityPlace, path: &Path) -> String {
    let here = std::env::current_dir().map(|here| platform::path::resolve(&here)).unwrap_or_default();
    text::one_line(&from(&here, place.root(), path).to_string_lossy())
}

/// A path relative to the folder `here`, if both are below `root`.
fn from(here: &Path, root: &Path, path: &Path) -> PathBuf {
    if !here.starts_with(root) || !path.starts_with(root) {
        return path.to_owned();
    }
    let shared = here.components().zip(path.components()).take_while(|(a, b)| a == b).count();
    let up = here.components().skip(shared).map(|_| Component::ParentDir);
    up.chain(path.components().skip(shared)).collect()
}

/// The number of the session that started last, according to the events.
pub fn started(place: &ContinuityPlace) -> Option<u64> {
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

/// Prints findings and the verdict.
pub fn print_report(report: &VerificationReport, shown: &str, out: &mut impl Write) -> CliResult {
    for finding in &report.findings {
        let what = text::one_line(&finding.what);
        writeln!(out, "{shown}:{}: {}: {what}; {}", finding.line, finding.lens, finding.advice)?;
    }
    match report.findings.len() {
        0 => writeln!(out, "{}: {shown}", report.verdict())?,
        count => writeln!(out, "{}: {shown}: {}", report.verdict(), counted(count, "finding"))?,
    }
    Ok(())
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
