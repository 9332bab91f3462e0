//! `req learning`: what sessions changed in memories, skills and commands of this repository. Another tool writes the
//! file `<state>/learning_history.json`; this command only reads it.

use std::io::Write;
use std::path::Path;

use platform::store;
use serde_json::{Map, Value, json};

use super::json as print_json;
use crate::cli::{LearningArgs, LearningCommand, LearningListArgs};
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context, note};

/// Lists or counts the updates.
pub fn run(arguments: &LearningArgs, out: &mut impl Write) -> CliResult {
    let file = CurrentProject::here()?.state().learning_history();
    let history = History::read(&file)?;
    match &arguments.command {
        None => list(&file, history, &arguments.list, out),
        Some(LearningCommand::List(arguments)) => list(&file, history, arguments, out),
        Some(LearningCommand::Stats(arguments)) => {
            let stats = history.as_ref().map(History::stats);
            if arguments.json {
                let stats = stats.map(|stats| {
                    stats
                        .into_iter()
                        .map(|(name, count)| (name.to_owned(), json!(count)))
                        .collect::<Map<_, _>>()
                });
                return print_json(out, &json!({"file": file, "stats": stats}));
            }
            let Some(stats) = stats else { return nothing(&file, out) };
            for (name, count) in stats {
                writeln!(out, "{:18} {count}", name.replace('_', " "))?;
            }
            Ok(())
        }
    }
}

fn nothing(file: &Path, out: &mut impl Write) -> CliResult {
    writeln!(out, "Nothing was learned here yet: {} does not exist.", file.display())?;
    Ok(())
}

fn list(
    file: &Path,
    history: Option<History>,
    arguments: &LearningListArgs,
    out: &mut impl Write,
) -> CliResult {
    let exists = history.is_some();
    let history = history.unwrap_or_default();
    let latest: Vec<_> = history.updates.iter().rev().take(arguments.number).collect();
    if arguments.json.json {
        let json = json!({"file": file, "updates": latest, "total": history.updates.len(), "unreadable": history.unreadable});
        return print_json(out, &json);
    }
    if !exists {
        return nothing(file, out);
    }
    let text = |update: &Map<String, Value>, key: &str| match update.get(key) {
        Some(Value::String(text)) => text.lines().next().unwrap_or_default().to_owned(),
        Some(Value::Null) | None => "?".to_owned(),
        Some(other) => other.to_string(),
    };
    for update in &latest {
        let back = if is_rolled_back(update) { ", rolled back" } else { "" };
        writeln!(
            out,
            "{:>4}  {}  {} {} {}  (session {}{back})",
            text(update, "id"),
            text(update, "datetime"),
            text(update, "action"),
            text(update, "type"),
            text(update, "target"),
            text(update, "session_id"),
        )?;
    }
    writeln!(out, "{} of {} updates", latest.len(), history.updates.len())?;
    if history.unreadable > 0 {
        note(format_args!("{} entries of {} are not updates", history.unreadable, file.display()));
    }
    Ok(())
}

#[derive(Default)]
struct History {
    updates: Vec<Map<String, Value>>,
    unreadable: usize,
}

impl History {
    /// The history; `None` where there is no file.
    fn read(file: &Path) -> CliResult<Option<Self>> {
        let shown = file.display();
        let Some(bytes) = store::read(file).with_context(|| format!("{shown} cannot be read"))? else {
            return Ok(None);
        };
        let whole: Value =
            serde_json::from_slice(&bytes).with_context(|| format!("{shown} is not JSON; move it away"))?;
        let Some(updates) = whole.get("updates").and_then(Value::as_array) else {
            return Err(CliError::user(format_args!(
                "{shown} is not a learning history: it has no list `updates`"
            ))
            .next("move the file away"));
        };
        let objects: Vec<_> = updates.iter().filter_map(Value::as_object).cloned().collect();
        Ok(Some(Self { unreadable: updates.len() - objects.len(), updates: objects }))
    }

    /// The counts, made from the updates themselves, by the names that the file uses.
    fn stats(&self) -> Vec<(&'static str, usize)> {
        let of_type = |name: &str| {
            self.updates.iter().filter(|update| update.get("type") == Some(&name.into())).count()
        };
        vec![
            ("total_updates", self.updates.len()),
            ("memories_updated", of_type("memory")),
            ("skills_updated", of_type("skill")),
            ("commands_updated", of_type("command")),
            ("rollbacks", self.updates.iter().filter(|update| is_rolled_back(update)).count()),
        ]
    }
}

fn is_rolled_back(update: &Map<String, Value>) -> bool {
    update.get("rolled_back").and_then(Value::as_bool) == Some(true)
}
