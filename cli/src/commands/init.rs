//! `req init`: a first configuration.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use config::sources::Level;
use config::{SCHEMA, SCHEMA_FILE};
use hooks_common::paths::in_project;
use platform::store;

use crate::catalog::presets::Preset;
use crate::change::keep_copy;
use crate::cli::Init;
use crate::place::Place;
use crate::wizard;

/// Writes a preset, with the schema that editors complete it by. A file that exists stays unless forced. On a
/// terminal, and without a preset, the person is asked.
pub fn run(arguments: &Init, out: &mut impl Write) -> anyhow::Result<()> {
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
    let place = Place::here()?;
    let path = file_of(level(arguments, &place).unwrap_or(Level::Project), &place);
    if exists(&path) && !arguments.force {
        writeln!(out, "{} exists and stays as it is; --force replaces it.", path.display())?;
        return Ok(());
    }
    put(&path, &preset.file(), out)?;
    writeln!(out, "Preset {}: {}.", preset.name, preset.about)?;
    Ok(())
}

/// The same in questions and answers.
fn ask(arguments: &Init, out: &mut impl Write) -> anyhow::Result<()> {
    let place = Place::here()?;
    let files = [
        (Level::Project, "the team's file: everybody who has this repository"),
        (Level::Local, "this clone's file: you alone, here"),
        (Level::Global, "the global file: the base of all your projects"),
    ];
    let files = files.map(|(level, about)| (file_of(level, &place), about));
    let chosen = level(arguments, &place).map(|level| file_of(level, &place));
    if let Some(path) = chosen.iter().find(|path| exists(path) && !arguments.force) {
        bail!("{} exists; --force asks for a new one and keeps a copy", path.display());
    }
    let answers = wizard::ask(chosen, &files, arguments.force)?;
    if !wizard::agrees(&answers)? {
        bail!("nothing was written");
    }
    put(&answers.path, &answers.text, out)
}

/// The level that was named, and the global one in Claude Code's own folder.
fn level(arguments: &Init, place: &Place) -> Option<Level> {
    if arguments.global || place.project.root() == place.paths.claude_dir() {
        Some(Level::Global)
    } else if arguments.local {
        Some(Level::Local)
    } else {
        arguments.project.then_some(Level::Project)
    }
}

fn file_of(level: Level, place: &Place) -> PathBuf {
    let root = place.project.root();
    match level {
        Level::Global => place.paths.global_config(),
        Level::Project => in_project::config(root),
        Level::Local => in_project::local_config(root),
    }
}

/// Whether anything stands there, a link that leads nowhere too.
fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Writes the configuration, after a copy of what it replaces, and the schema.
fn put(path: &Path, text: &str, out: &mut impl Write) -> anyhow::Result<()> {
    if let Some(copy) = keep_copy(path)? {
        writeln!(out, "Kept the old file as {}.", copy.display())?;
    }
    write(path, text)?;
    let schema = path.with_file_name(SCHEMA_FILE);
    let is_same = store::read(&schema)?.is_some_and(|old| old == SCHEMA.as_bytes());
    if !is_same {
        write(&schema, SCHEMA)?;
    }
    writeln!(out, "Wrote {}.", path.display())?;
    writeln!(out, "Its schema, for editors: {}", schema.display())?;
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    config_edit::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
