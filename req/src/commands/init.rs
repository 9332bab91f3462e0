//! `req init`: a first configuration.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use config::edit;
use config::presets::{PRESETS, Preset};
use config::{SCHEMA, SCHEMA_FILE};
use hooks_common::paths::in_project;
use hooks_common::store;

use crate::change::keep_copy;
use crate::cli::Init;
use crate::place::Place;

/// Writes a preset, with the schema that editors complete it by. A file that exists stays unless forced.
pub fn run(arguments: &Init, out: &mut impl Write) -> anyhow::Result<()> {
    let Some(preset) = Preset::named(&arguments.preset) else {
        let known: Vec<_> =
            PRESETS.iter().map(|preset| format!("  {:8} {}", preset.name, preset.about)).collect();
        bail!("no preset is called `{}`; there are:\n{}", arguments.preset, known.join("\n"));
    };
    if arguments.preview {
        write!(out, "{}", preset.file())?;
        return Ok(());
    }
    let place = Place::here()?;
    let path = target(arguments, &place);
    if std::fs::symlink_metadata(&path).is_ok() {
        if !arguments.force {
            writeln!(out, "{} exists and stays as it is; --force replaces it.", path.display())?;
            return Ok(());
        }
        if let Some(copy) = keep_copy(&path)? {
            writeln!(out, "Kept the old file as {}.", copy.display())?;
        }
    }
    write(&path, &preset.file())?;
    let schema = path.with_file_name(SCHEMA_FILE);
    let is_same = store::read(&schema)?.is_some_and(|old| old == SCHEMA.as_bytes());
    if !is_same {
        write(&schema, SCHEMA)?;
    }
    writeln!(out, "Wrote {} ({}: {}).", path.display(), preset.name, preset.about)?;
    writeln!(out, "Its schema, for editors: {}", schema.display())?;
    Ok(())
}

fn target(arguments: &Init, place: &Place) -> PathBuf {
    let root = place.project.root();
    if arguments.global || root == place.paths.claude_dir() {
        place.paths.global_config()
    } else if arguments.local {
        in_project::local_config(root)
    } else {
        in_project::config(root)
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    edit::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
