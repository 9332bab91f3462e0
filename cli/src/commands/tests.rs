//! `req tests`: the latest test runs of the project, and whether they passed.

use std::io::Write;

use chrono::DateTime;
use guards::tests::runs::{self, Run};
use platform::text::one_line;
use platform::time::age;
use serde_json::json;

use super::json as print_json;
use crate::cli::OutcomesArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context};

/// Lists them, the latest first.
pub fn run(arguments: &OutcomesArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let mut all = runs::read(place.project.root()).context("the test runs cannot be read")?;
    all.reverse();
    all.truncate(arguments.number);
    if arguments.json.json {
        return print_json(out, &json!({"runs": all}));
    }
    if all.is_empty() {
        writeln!(out, "No test run is recorded here; guard `tests` records them.")?;
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
