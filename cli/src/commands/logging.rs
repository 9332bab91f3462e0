//! `req logging`.

use std::io::Write;

use config::sources::Level;
use serde_json::json;

use super::json as print_json;
use crate::change::ConfigFileChange;
use crate::cli::LoggingArgs;
use crate::current_project::CurrentProject;
use crate::error::CliResult;

/// Shows the log settings, or changes them in one configuration file.
pub fn run(arguments: &LoggingArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let changes = changes(arguments);
    if changes.is_empty() {
        return show(&place, arguments.json.json, out);
    }
    // A project's file may not name it.
    let level = match (&arguments.file, arguments.project) {
        (Some(_), _) => Level::Global,
        (None, true) => Level::Project,
        (None, false) => Level::Local,
    };
    let mut change = ConfigFileChange::open(&place, level)?;
    for (key, value) in &changes {
        change.set(&["logging", key], value)?;
    }
    change.tried(&place)?;
    let changed = change.is_any();
    if changed {
        if !arguments.json.json {
            change.preview(out)?;
        }
        change.confirm(arguments.yes || arguments.json.json, out)?;
        change.write()?;
    }
    if arguments.json.json {
        return print_json(out, &json!({"file": change.path, "changed": changed}));
    }
    let verb = if changed { "Changed logging in" } else { "Nothing to change in" };
    writeln!(out, "{verb} {}.", place.shown(&change.path).display())?;
    Ok(())
}

fn changes(arguments: &LoggingArgs) -> Vec<(&'static str, String)> {
    let mut changes = Vec::new();
    if let Some(level) = arguments.level {
        changes.push(("level", format!("{level:?}").to_lowercase()));
    }
    if !arguments.dest.is_empty() {
        changes.push(("destinations", format!("[{}]", arguments.dest.join(", "))));
    }
    if let Some(file) = &arguments.file {
        changes.push(("file", config_edit::text(&file.to_string_lossy())));
    }
    changes
}

fn show(place: &CurrentProject, as_json: bool, out: &mut impl Write) -> CliResult {
    let target = place.project.policy(&place.paths).map(|policy| policy.logging().clone());
    let target = target.unwrap_or_else(|| config::policy::LogTarget { to_file: true, ..Default::default() });
    let file = target.file.unwrap_or_else(|| place.paths.log());
    if as_json {
        return print_json(out, &json!({"level": target.level, "to_file": target.to_file, "file": file}));
    }
    writeln!(
        out,
        "level: {}\nfile:  {}{}",
        target.level.name(),
        file.display(),
        if target.to_file { "" } else { " (off)" }
    )?;
    writeln!(out, "Next: `req logging --level debug` changes the level")?;
    Ok(())
}
