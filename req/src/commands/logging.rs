//! `req logging`.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, bail};
use config::edit;
use config::policy::Policy;
use hooks_common::paths::in_project;
use hooks_common::store;
use serde_json::json;

use super::json as print_json;
use crate::cli::Logging;
use crate::place::Place;

/// Shows what is logged, or changes it in one configuration file.
pub fn run(arguments: &Logging, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let changes = changes(arguments);
    if changes.is_empty() {
        return show(&place, arguments.json.json, out);
    }
    let root = place.project.root();
    let path = if arguments.project { in_project::config(root) } else { in_project::local_config(root) };
    let before = match store::read(&path).with_context(|| format!("{} cannot be read", path.display()))? {
        Some(bytes) => {
            String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8", path.display()))?
        }
        None => String::new(),
    };
    let mut after = before.clone();
    for (key, value) in &changes {
        after = edit::set(&after, &["logging", key], value).with_context(|| path.display().to_string())?;
    }
    if !arguments.yes && !arguments.json.json {
        confirm(&path, &changes, out)?;
    }
    edit::write(&path, &after).with_context(|| format!("{} cannot be written", path.display()))?;
    if arguments.json.json {
        return print_json(out, &json!({"file": path, "changed": before != after}));
    }
    writeln!(out, "Changed logging in {}.", place.shown(&path).display())?;
    Ok(())
}

fn changes(arguments: &Logging) -> Vec<(&'static str, String)> {
    let mut changes = Vec::new();
    if let Some(level) = arguments.level {
        changes.push(("level", format!("{level:?}").to_lowercase()));
    }
    if !arguments.dest.is_empty() {
        changes.push(("destinations", format!("[{}]", arguments.dest.join(", "))));
    }
    if let Some(file) = &arguments.file {
        // JSON text is a YAML scalar, whatever the path holds.
        changes.push(("file", serde_json::Value::from(file.to_string_lossy()).to_string()));
    }
    changes
}

fn show(place: &Place, as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    let target = Policy::of(&place.project, &place.paths).map(|policy| policy.logging().clone());
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
    writeln!(out, "To change it: req logging --level debug")?;
    Ok(())
}

fn confirm(path: &Path, changes: &[(&str, String)], out: &mut impl Write) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!("this would change {}; add --yes", path.display());
    }
    for (key, value) in changes {
        writeln!(out, "logging.{key}: {value}")?;
    }
    write!(out, "Write this to {}? [y/N] ", path.display())?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if !matches!(answer.trim(), "y" | "Y" | "yes") {
        bail!("nothing was changed");
    }
    Ok(())
}
