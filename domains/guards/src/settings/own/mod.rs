//! Stanchion's configuration: what an edit removes or weakens.
//!
//! The whole cascade before and after the edit is compared. So neither the file nor the form of a setting
//! matters.

use std::collections::BTreeSet;
use std::path::Path;

use config::cascade::{self, Loaded};
use config::sources::{ConfigFile, Level};
use config::types::guards::COMMON_KEYS;
use config::types::{Configuration, GuardName, OnError, Requirement, Stricter, Trigger};
use platform::text::fact;
use serde_json::{Map, Value};

use super::strictness::{Loss, Strictness, effect, mode_rank};
use crate::objection::Objection;

/// The settings that become weaker if the file at `path` contains `text`.
pub(super) fn weakened(files: &[ConfigFile], path: &Path, level: Level, text: &str) -> Vec<Objection> {
    let before = cascade::load(files);
    // A linked work tree uses a file of the main one until it has its own.
    let here = |file: &ConfigFile| match file.level == level {
        true => ConfigFile { path: path.to_owned(), ..file.clone() },
        false => file.clone(),
    };
    let files: Vec<ConfigFile> = files.iter().map(here).collect();
    let after = cascade::load_as_if(&files, path, text);
    let mut found = Weakenings::default();
    if after.unreadable.contains(&level) && !before.unreadable.contains(&level) {
        let why = after.findings.iter().find(|finding| finding.subject == "yaml");
        let why = why.map_or_else(String::new, |finding| format!(": {}", fact(&finding.message)));
        return vec![Objection::sure(
            format!("the configuration would not be valid YAML, and the file would be ignored{why}"),
            "leave valid YAML in the file",
        )];
    }
    compare(&before, &after, &mut found);
    found.0
}

#[derive(Debug, Default)]
struct Weakenings(Vec<Objection>);

impl Weakenings {
    fn sure(&mut self, what: impl Into<String>) {
        self.0.push(Objection::sure(what, "ask the user, who changes this by hand"));
    }
}

fn compare(before: &Loaded, after: &Loaded, found: &mut Weakenings) {
    let (was, is) = (&before.configuration, &after.configuration);
    // A configuration that is off protects nothing.
    if !was.enabled {
        return;
    }
    let switches = [
        ("enabled", was.enabled, is.enabled),
        ("protect_cli", was.protect_cli, is.protect_cli),
        ("strict_preflight", was.strict_preflight, is.strict_preflight),
        ("on_error: deny", was.on_error == OnError::Deny, is.on_error == OnError::Deny),
        ("hooks.stop.verify_requirements", verifies(was), verifies(is)),
        ("hooks.permission_request.auto_deny_dangerous", denies_dangerous(was), denies_dangerous(is)),
    ];
    for (name, was, is) in switches {
        if was && !is {
            found.sure(format!("`{name}` would be switched off"));
        }
    }
    requirements(was, is, found);
    guards(was, is, found);
}

fn verifies(configuration: &Configuration) -> bool {
    configuration.hooks.stop.verify_requirements
}

fn denies_dangerous(configuration: &Configuration) -> bool {
    configuration.hooks.permission_request.auto_deny_dangerous
}

fn requirements(was: &Configuration, is: &Configuration, found: &mut Weakenings) {
    for (name, old) in was.requirements.0.iter().filter(|(_, requirement)| requirement.enabled) {
        let new =
            is.requirements.0.iter().find(|(other, _)| other == name).map(|(_, requirement)| requirement);
        match new {
            None => found.sure(format!("the requirement {} would be gone", fact(name))),
            Some(new) if !new.enabled => found.sure(format!("the requirement {} would be off", fact(name))),
            Some(new) => requirement(&fact(name), old, new, is.on_error, found),
        }
    }
}

fn requirement(name: &str, old: &Requirement, new: &Requirement, on_error: OnError, found: &mut Weakenings) {
    if mode_rank(new.mode.name()) < mode_rank(old.mode.name()) {
        found.sure(lowered(&format!("the requirement {name}"), old.mode.name(), new.mode.name()));
    }
    if new.stop_only && !old.stop_only {
        found.sure(format!("the requirement {name} would refuse no tool any more (`stop_only`)"));
    }
    if old.on_error == Some(OnError::Deny) && new.on_error.unwrap_or(on_error) != OnError::Deny {
        found.sure(format!("the requirement {name} would let tools through when it fails itself"));
    }
    let lost = |old: &[String], new: &[String]| old.iter().find(|one| !new.contains(one)).cloned();
    let names = |names: &Option<Vec<String>>| {
        names.clone().unwrap_or_else(|| git::TRUNKS.map(str::to_owned).to_vec())
    };
    if let Some(branch) = lost(&names(&old.protected_branches), &names(&new.protected_branches)) {
        found.sure(format!("the requirement {name} would no longer protect {}", fact(&branch)));
    }
    if let (Some(old), new) = (&old.paths, new.paths.clone().unwrap_or_default())
        && let Some(path) = lost(&old.0, &new.0)
    {
        found.sure(format!("the requirement {name} would no longer keep {}", fact(&path)));
    }
    let (was, is) = (old.triggers(), new.triggers());
    if !was.is_empty() && is.is_empty() {
        found.sure(format!("nothing would trigger the requirement {name} any more"));
    } else if was.iter().any(|trigger| !is.iter().any(|other| holds(other, trigger)))
        || old.counts_bash_writes() && !new.counts_bash_writes()
    {
        let what = format!("this changes what triggers the requirement {name}");
        found.0.push(Objection::advice(what, "tell the user"));
    }
}

/// Whether one trigger covers everything that the other one does.
fn holds(trigger: &Trigger, other: &Trigger) -> bool {
    trigger == other || *trigger == Trigger::tool(&other.tool)
}

/// Guards are compared as data: each key declares the direction in which it is stricter.
fn guards(was: &Configuration, is: &Configuration, found: &mut Weakenings) {
    let data =
        |configuration: &Configuration| serde_json::to_value(&configuration.guards).unwrap_or_default();
    let closes = |configuration: &Configuration| configuration.on_error == OnError::Deny;
    let (old, new) = (data(was), data(is));
    for (name, old) in old.as_object().into_iter().flatten() {
        let Some(old) = old.as_object().filter(|old| is_on(old)) else { continue };
        match new.get(name).and_then(Value::as_object) {
            None => found.sure(format!("the guard `{name}` would be gone")),
            Some(new) if !is_on(new) => found.sure(format!("the guard `{name}` would be off")),
            Some(new) => guard(name, (old, closes(was)), (new, closes(is)), found),
        }
    }
}

fn is_on(guard: &Map<String, Value>) -> bool {
    guard.get("enabled") != Some(&Value::Bool(false))
}

/// Compares the keys of a guard; `closes` is whether a guard without `on_error` refuses on an error.
fn guard(
    name: &str,
    was: (&Map<String, Value>, bool),
    is: (&Map<String, Value>, bool),
    found: &mut Weakenings,
) {
    let own = GuardName::ALL.iter().find(|guard| guard.name() == name).map_or(&[][..], |guard| guard.keys());
    let keys: BTreeSet<&String> = was.0.keys().chain(is.0.keys()).collect();
    for key in keys {
        let direction = own.iter().chain(COMMON_KEYS).find(|(known, _)| known == key);
        let direction = direction.map_or(Stricter::Undecided, |(_, direction)| *direction);
        let value = |(guard, closes): (&Map<String, Value>, bool)| match guard.get(key) {
            Some(value) => value.clone(),
            // The comparison of the top level reports that change.
            None if direction == Stricter::OnError && (was.0.contains_key(key) || is.0.contains_key(key)) => {
                Value::from(if closes { "deny" } else { "allow" })
            }
            None => Value::Null,
        };
        let (was, is) = (value(was), value(is));
        match effect(direction, &was, &is) {
            Strictness::None => {}
            Strictness::Weaker(loss) => {
                found.sure(loses(&format!("the guard `{name}`"), key, loss, (&was, &is)));
            }
            Strictness::Unclear => {
                let what = format!(
                    "this changes `{key}` of the guard `{name}`, and whether it still finds as much cannot be decided"
                );
                found.0.push(Objection::doubtful(what, "add an entry instead, or ask the user"));
            }
        }
    }
}

fn loses(guard: &str, key: &str, loss: Loss, (was, is): (&Value, &Value)) -> String {
    match loss {
        Loss::Value => match (key, was, is) {
            ("mode", Value::String(was), Value::String(is)) => lowered(guard, was, is),
            ("on_error", ..) => format!("{guard} would let tools through when it fails itself"),
            _ => format!("`{key}` of {guard} would become {is}"),
        },
        Loss::Raised => format!("`{key}` of {guard} would rise from {was} to {is}"),
        Loss::Lowered => format!("`{key}` of {guard} would fall from {was} to {is}"),
        Loss::Entries => format!("{guard} would lose entries of `{key}`"),
        Loss::Exemptions => format!("{guard} would overlook more (`{key}`)"),
    }
}

fn lowered(whose: &str, was: &str, is: &str) -> String {
    format!("{whose} would go from `{was}` to `{is}`")
}

#[cfg(test)]
mod tests;
