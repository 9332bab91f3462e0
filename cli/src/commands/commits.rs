//! `req commits`: what was committed here, and by which session.

use std::io::Write;

use anyhow::{Context, bail};
use continuity::commits::{self, Commit, Depth, Ledger};
use platform::store::lock;
use platform::text::one_line;
use platform::time::age;
use serde_json::json;

use super::json as print_json;
use crate::cli::{Commits, CommitsCommand, CommitsList};
use crate::place::Place;

/// Lists, or appends what is missing.
pub fn run(arguments: &Commits, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    match &arguments.command {
        None => list(&place, &arguments.list, out),
        Some(CommitsCommand::List(arguments)) => list(&place, arguments, out),
        Some(CommitsCommand::Sync(arguments)) => sync(&place, arguments.json, out),
    }
}

fn list(place: &Place, arguments: &CommitsList, out: &mut impl Write) -> anyhow::Result<()> {
    let mut commits =
        ledger(place).map(|ledger| commits::latest(ledger.root(), arguments.number)).unwrap_or_default();
    commits.reverse();
    if arguments.json.json {
        return print_json(out, &json!({"commits": commits}));
    }
    if commits.is_empty() {
        match settings(place) {
            Ok(_) => writeln!(out, "No commit is recorded here; `req commits sync` records the last ones.")?,
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
fn settings(place: &Place) -> anyhow::Result<config::types::Commits> {
    let root = place.project.root().display();
    let Some(policy) = place.project.policy(&place.paths).filter(|_| place.project.is_configured()) else {
        bail!("{root} has no configuration; `req init` writes a first one");
    };
    if place.project.repository().is_none() {
        bail!("{root} is no git repository");
    }
    let settings = policy.continuity().context("the compiled configuration")?.commits;
    if !settings.enabled {
        bail!("`commits.enabled` is off in {root}");
    }
    Ok(settings)
}

fn sync(place: &Place, as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let settings = settings(place)?;
    let appended = commits::catch_up(&place.project, &settings, Depth::Always, lock::PATIENT, place.now);
    let Some(appended) = appended.map_err(anyhow::Error::msg)? else {
        bail!("other processes record commits all the time; nothing was done");
    };
    if as_json {
        return print_json(out, &json!({"appended": appended}));
    }
    let commits = if appended == 1 { "commit" } else { "commits" };
    writeln!(out, "Appended {appended} {commits}.")?;
    Ok(())
}

fn ledger(place: &Place) -> Option<Ledger> {
    Ledger::of(&place.project)
}
