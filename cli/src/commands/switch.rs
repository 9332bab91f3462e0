//! `req enable` and `req disable`.

use std::io::Write;

use config::cascade;
use config::sources::Level;
use serde_json::json;

use super::json as print_json;
use crate::change::{self, ConfigFileChange};
use crate::cli::SwitchArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, note, on_stderr};

/// Switches all gates or one requirement, in one configuration file.
pub fn run(arguments: &SwitchArgs, on: bool, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    let level = arguments.target.level();
    if level != Level::Global {
        change::configured(&place)?;
    }
    let mut change = ConfigFileChange::open(&place, level)?;
    let value = if on { "true" } else { "false" };
    match &arguments.name {
        Some(name) => {
            change::known(name, &change::requirement_names(&place))?;
            change.set(&["requirements", name, "enabled"], value)?;
        }
        None => change.set(&["enabled"], value)?,
    }
    let notes = change.tried(&place)?;
    let changed = change.is_any();
    change.write()?;
    let now = cascade::load(CurrentProject::here()?.project.config_files()).configuration;
    if arguments.json.json {
        let name = &arguments.name;
        let json =
            json!({"name": name, "enabled": on, "file": change.path, "changed": changed, "findings": notes});
        return print_json(out, &json);
    }
    let what = arguments.name.as_deref().unwrap_or("all gates");
    let word = if on { "on" } else { "off" };
    let verb = if changed { "Switched" } else { "Already switched" };
    writeln!(out, "{verb} {word} {what} in {}.", change.path.display())?;
    let is_on = match &arguments.name {
        None => now.enabled,
        Some(name) => {
            now.requirements.0.iter().find(|(known, _)| known == name).is_some_and(|(_, it)| it.enabled)
        }
    };
    if is_on != on {
        note("another level overrides this; `req config --sources` shows all levels");
    } else if on && !now.enabled {
        note("all gates are off (`enabled: false`); `req enable` switches them on");
    }
    for note in notes {
        on_stderr(note);
    }
    Ok(())
}
