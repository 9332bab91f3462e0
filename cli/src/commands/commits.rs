//! `req commits`: the recorded commits, and the session of each.

use std::io::Write;

use continuity::commits::{self, CatchUpDepth, Commit, CommitLedger};
use platform::store::lock;
use platform::text::one_line;
use platform::time::age;
use serde_json::json;

use super::{counted, json as print_json};
use crate::cli::{CommitsArgs, CommitsCommand, CommitsListArgs};
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context, bail};

/// Lists the commits, or appends missing ones.
pub fn run(arguments: &CommitsArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    match &arguments.command {
        None => list(&place, &arguments.list, out),
        Some(CommitsCommand::List(arguments)) => list(&place, arguments, out),
        Some(CommitsCommand::Sync(arguments)) => sync(&place, arguments.json, out),
    }
}

fn list(place: &CurrentProject, arguments: &CommitsListArgs, out: &mut impl Write) -> CliResult {
    let mut commits =
        ledger(place).map(|ledger| commits::latest(ledger.root(), arguments.number)).unwrap_or_default();
    commits.reverse();
    if arguments.json.json {
        return print_json(out, &json!({"commits": commits}));
    }
    if commits.is_empty() {
        match settings(place) {
            Ok(_) => writeln!(out, "No commit is recorded here; `req commits sync` records the last 50.")?,
            Err(error) => writeln!(out, "No commit is recorded here: {error}.")?,
        }
    }
    let width = |of: fn(&Commit) -> usize| commits.iter().map(of).max().unwrap_or(0);
    let hash = width(|commit| commit.short_hash.chars().count());
    let branch = width(|commit| commit.branch.chars().count().min(30));
    for commit in &commits {
        let age =
            commit.authored().map_or_else(|| "?".to_owned(), |at| age(place.now.epoch() - at.timestamp()));
        let session = commit.session.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let branch_name = if commit.branch.is_empty() { "-" } else { &commit.branch };
        let of: String = one_line(branch_name).chars().take(30).collect();
        let (short, message) = (one_line(&commit.short_hash), one_line(&commit.message));
        writeln!(out, "{short:hash$}  {age:>4}  {session:>4}  {of:branch$}  {message}")?;
    }
    Ok(())
}

/// How commits are recorded here; an error where they are not.
fn settings(place: &CurrentProject) -> CliResult<config::types::Commits> {
    let root = place.project.root().display();
    let Some(policy) = place.project.policy(&place.paths).filter(|_| place.project.is_configured()) else {
        return Err(place.not_configured());
    };
    if place.project.repository().is_none() {
        bail!("{root} is not in a git repository");
    }
    let settings = policy.continuity().context("the compiled configuration cannot be read")?.commits;
    if !settings.enabled {
        bail!("`commits.enabled` is off in {root}");
    }
    Ok(settings)
}

fn sync(place: &CurrentProject, as_json: bool, out: &mut impl Write) -> CliResult {
    let settings = settings(place)?;
    let appended =
        commits::catch_up(&place.project, &settings, CatchUpDepth::Always, lock::PATIENT, place.now);
    let Some(appended) = appended.map_err(CliError::system)? else {
        return Err(CliError::system("another process is recording commits, so nothing was done")
            .next("run this command again"));
    };
    if as_json {
        return print_json(out, &json!({"appended": appended}));
    }
    writeln!(out, "Appended {}.", counted(appended, "commit"))?;
    Ok(())
}

fn ledger(place: &CurrentProject) -> Option<CommitLedger> {
    CommitLedger::of(&place.project)
}
