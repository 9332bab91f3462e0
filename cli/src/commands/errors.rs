//! `req errors`: the most frequent tool failures of the project, and what fixed them.

use std::cmp::Reverse;
use std::io::Write;

use guards::errors::book::FailureBook;
use platform::text::one_line;
use serde_json::{Map, json};

use super::json as print_json;
use crate::cli::OutcomesArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context};

/// Lists them, the most frequent first.
pub fn run(arguments: &OutcomesArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let book = FailureBook::peek(place.project.root()).context("the recorded failures cannot be read")?;
    let mut all: Vec<_> = book.entries().collect();
    all.sort_by_key(|(_, entry)| (Reverse(entry.count), Reverse(entry.last_seen.clone())));
    all.truncate(arguments.number);
    if arguments.json.json {
        let list = all.iter().map(|(fingerprint, entry)| {
            let mut map = Map::from_iter([("fingerprint".to_owned(), json!(fingerprint))]);
            if let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(entry) {
                map.extend(fields);
            }
            map
        });
        return print_json(out, &json!({"errors": list.collect::<Vec<_>>()}));
    }
    if all.is_empty() {
        writeln!(out, "No failure is recorded here; guard `errors` records them.")?;
    }
    for (_, entry) in all {
        let (family, message) = (one_line(&entry.family), one_line(&entry.message));
        writeln!(out, "{:>4}x  {family}: {message}", entry.count)?;
        if let Some(fix) = &entry.fixed_by {
            let files =
                if fix.files.is_empty() { "no file".to_owned() } else { one_line(&fix.files.join(", ")) };
            writeln!(out, "       passed after changing {files}: {}", one_line(&fix.command))?;
        }
    }
    Ok(())
}
