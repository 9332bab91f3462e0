//! `req config`: shows the configuration in force, or changes one of its files.

use std::io::Write;

use config::cascade;
use config::sources::Level;
use serde_json::{Map, json};

use super::json as print_json;
use crate::change::{self, ConfigFileChange};
use crate::cli::ConfigArgs;
use crate::current_project::CurrentProject;
use crate::error::{CliResult, Context, bail, on_stderr, unknown_name};

/// Prints the merged configuration, one requirement of it, or each level by itself; or changes one file.
pub fn run(arguments: &ConfigArgs, out: &mut impl Write) -> CliResult {
    let place = CurrentProject::here()?;
    if arguments.change.is_any() {
        return write(&place, arguments, out);
    }
    let merged = cascade::load(place.project.config_files());
    if arguments.sources {
        let mut levels = Map::new();
        for file in place.project.config_files().iter().filter(|file| file.is_present()) {
            let name = match file.level {
                Level::Global => "global",
                Level::Project => "project",
                Level::Local => "local",
            };
            let alone = cascade::load_one(&file.path, file.level);
            levels.insert(name.to_owned(), json!({"file": file.path, "configuration": alone.configuration}));
        }
        levels.insert(
            "merged".to_owned(),
            json!({"configuration": merged.configuration, "findings": merged.findings}),
        );
        return print_json(out, &levels);
    }
    match arguments.name.as_deref() {
        None | Some("show") => print_json(out, &merged.configuration),
        Some(name) => {
            let all = &merged.configuration.requirements.0;
            let found = all.iter().zip(&merged.places).find(|((known, _), _)| known == name);
            let Some(((_, requirement), at)) = found else {
                return Err(unknown_name("requirement", name, all.iter().map(|(name, _)| name.as_str())));
            };
            if arguments.json.json {
                return print_json(out, &json!({"name": name, "place": at, "requirement": requirement}));
            }
            writeln!(out, "{name}  ({}:{})", place.shown(&at.file).display(), at.line)?;
            print_json(out, requirement)
        }
    }
}

/// Makes the changes together or not at all.
fn write(place: &CurrentProject, arguments: &ConfigArgs, out: &mut impl Write) -> CliResult {
    let level = arguments.change.target.level();
    if level == Level::Local {
        change::configured(place)?;
    }
    let names = change::requirement_names(place);
    let name = arguments.name.as_deref().filter(|name| *name != "show");
    if let Some(name) = name {
        change::known(name, &names)?;
    }
    let mut change = ConfigFileChange::open(place, level)?;
    for (path, value) in changes(arguments, name, &names)? {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        change.set(&path, &value)?;
    }
    let notes = change.tried(place)?;
    let changed = change.is_any();
    if changed {
        if !arguments.json.json {
            change.preview(out)?;
        }
        change.confirm(arguments.change.yes, out)?;
        change.write()?;
    }
    if arguments.json.json {
        return print_json(out, &json!({"file": change.path, "changed": changed, "findings": notes}));
    }
    let verb = if changed { "Changed" } else { "Nothing to change in" };
    writeln!(out, "{verb} {}.", change.path.display())?;
    for note in notes {
        on_stderr(note);
    }
    Ok(())
}

/// The paths and values that the flags name.
fn changes(
    arguments: &ConfigArgs,
    name: Option<&str>,
    names: &[String],
) -> CliResult<Vec<(Vec<String>, String)>> {
    let flags = &arguments.change;
    let mut changes = Vec::new();
    let mut add = |key: &str, value: String| changes.push((path(name, key, names), value));
    if flags.enable || flags.disable {
        add("enabled", flags.enable.to_string());
    }
    if let Some(scope) = flags.scope {
        add("scope", scope.scope().name().to_owned());
    }
    if let Some(message) = &flags.message {
        add("message", config_edit::text(message));
    }
    for pair in &flags.set {
        let (key, value) =
            pair.split_once('=').with_context(|| format!("--set needs KEY=VALUE; `{pair}` has no `=`"))?;
        if key.split('.').any(|key| key.trim().is_empty()) {
            bail!("--set needs KEY=VALUE; `{key}` is not a valid key");
        }
        add(key, config_edit::typed(value));
    }
    Ok(changes)
}

/// A dotted key below a requirement or the root. A requirement's own name may contain dots.
fn path(name: Option<&str>, key: &str, names: &[String]) -> Vec<String> {
    let mut path = Vec::new();
    let mut rest = key;
    if let Some(name) = name {
        path.extend(["requirements".to_owned(), name.to_owned()]);
    } else if let Some(below) = key.strip_prefix("requirements.") {
        let known = names.iter().filter(|name| name.contains('.'));
        let dotted =
            known.filter_map(|name| Some((name, below.strip_prefix(name.as_str())?.strip_prefix('.')?)));
        if let Some((name, below)) = dotted.max_by_key(|(name, _)| name.len()) {
            path.extend(["requirements".to_owned(), name.clone()]);
            rest = below;
        }
    }
    path.extend(rest.split('.').map(str::to_owned));
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dotted_key_may_hold_a_dotted_name() {
        let names = ["a.b".to_owned(), "c".to_owned()];
        assert_eq!(path(None, "requirements.a.b.enabled", &names), ["requirements", "a.b", "enabled"]);
        assert_eq!(path(None, "requirements.c.enabled", &names), ["requirements", "c", "enabled"]);
        assert_eq!(path(Some("a.b"), "evidence.dirs", &names), ["requirements", "a.b", "evidence", "dirs"]);
        assert_eq!(path(None, "hooks.stop", &names), ["hooks", "stop"]);
    }
}
