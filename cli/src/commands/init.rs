//! `req init`: the first configuration of a project.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use config::sources::Level;
use config::{SCHEMA, SCHEMA_FILE};
use hooks_common::paths::in_project;
use platform::store;

use crate::catalog::presets::Preset;
use crate::change::keep_copy;
use crate::cli::InitArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult, Context, bail};
use crate::wizard;

/// Writes a preset, with the schema for editors. An existing file stays unless forced. On a terminal, and without a
/// preset, the person is asked.
pub fn run(arguments: &InitArgs, out: &mut impl Write) -> CliResult {
    let is_terminal =
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    if is_terminal && arguments.preset.is_none() && !arguments.yes && !arguments.preview {
        return ask(arguments, out);
    }
    let name = arguments.preset.as_deref().unwrap_or("relaxed");
    let preset = Preset::named(name).with_context(|| format!("no preset is called `{name}`"))?;
    if arguments.preview {
        write!(out, "{}", preset.file())?;
        return Ok(());
    }
    let place = CurrentProject::here()?;
    let path = file_of(level(arguments, &place).unwrap_or(Level::Project), &place);
    if exists(&path) && !arguments.force {
        writeln!(out, "{} exists and stays as it is; --force replaces it.", path.display())?;
        return Ok(());
    }
    put(&path, &preset.file(), out)?;
    writeln!(out, "Preset {}: {}.", preset.name, preset.about)?;
    Ok(())
}

/// The same with questions.
fn ask(arguments: &InitArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let files = [
        (Level::Project, "project: shared with everyone who has this repository"),
        (Level::Local, "local: only this clone"),
        (Level::Global, "global: the base of all your projects"),
    ];
    let files = files.map(|(level, about)| (file_of(level, &place), about));
    let chosen = level(arguments, &place).map(|level| file_of(level, &place));
    if let Some(path) = chosen.iter().find(|path| exists(path) && !arguments.force) {
        return Err(CliError::user(format_args!("{} exists", path.display()))
            .next("add --force to replace it; a copy is kept"));
    }
    let answers = wizard::ask(chosen, &files, arguments.force)?;
    if !wizard::agrees(&answers)? {
        bail!("nothing was written");
    }
    put(&answers.path, &answers.text, out)
}

/// The level that was named, and the global one in Claude Code's own folder.
fn level(arguments: &InitArgs, place: &CurrentProject) -> Option<Level> {
    if arguments.global || place.project.root() == place.paths.claude_dir() {
        Some(Level::Global)
    } else if arguments.local {
        Some(Level::Local)
    } else {
        arguments.project.then_some(Level::Project)
    }
}

fn file_of(level: Level, place: &CurrentProject) -> PathBuf {
    let root = place.project.root();
    match level {
        Level::Global => place.paths.global_config(),
        Level::Project => in_project::config(root),
        Level::Local => in_project::local_config(root),
    }
}

/// Whether the path exists; a dangling link exists, too.
fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Copies the existing file, then writes the configuration and the schema.
fn put(path: &Path, text: &str, out: &mut impl Write) -> CliResult {
    if let Some(copy) = keep_copy(path)? {
        writeln!(out, "The old file is kept as {}.", copy.display())?;
    }
    write(path, text)?;
    let schema = path.with_file_name(SCHEMA_FILE);
    let is_same = store::read(&schema)?.is_some_and(|old| old == SCHEMA.as_bytes());
    if !is_same {
        write(&schema, SCHEMA)?;
    }
    writeln!(out, "Wrote {}.", path.display())?;
    writeln!(out, "Schema for editors: {}", schema.display())?;
    Ok(())
}

fn write(path: &Path, text: &str) -> CliResult {
    config_edit::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
