//! `req tests`: the last runs of tests here, and whether they passed.

use std::io::Write;

use anyhow::Context;
use chrono::DateTime;
use guards::tests::runs::{self, Run};
use platform::text::one_line;
use platform::time::age;
use serde_json::json;

use super::json as print_json;
use crate::cli::Ended;
use crate::place::Place;

/// Lists them, the last one first.
pub fn run(arguments: &Ended, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let mut all = runs::read(place.project.root()).context("the runs of tests")?;
    all.reverse();
    all.truncate(arguments.number);
    if arguments.json.json {
        return print_json(out, &json!({"runs": all}));
    }
    if all.is_empty() {
        writeln!(out, "No run of tests is recorded here; the guard `tests` records them.")?;
    }
    let width = all.iter().map(|run| run.family.chars().count()).max().unwrap_or(0);
    for run in &all {
        let Run { timestamp, command, passed, family, .. } = run;
        let at = DateTime::parse_from_rfc3339(timestamp);
        let age = at.map_or_else(|_| "?".to_owned(), |at| age(place.now.epoch() - at.timestamp()));
        let verdict = match passed {
            Some(true) => "passed",
            Some(false) => "FAILED",
            None => "?",
        };
        let (family, command) = (one_line(family), one_line(command));
        writeln!(out, "{age:>4}  {verdict:6}  {family:width$}  {command}")?;
    }
    Ok(())
}
