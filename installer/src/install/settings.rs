//! Claude Code's settings, edited in place: comments, key order and indentation stay.

use crate::entry::{HookEntry, OurFolders};
use crate::settings::{SettingsError, parse};
use jsonc_parser::cst::{CstArray, CstNode, CstObject};
use serde_json::Value;

/// `text` with exactly one entry of ours under each of `wanted`'s events, and no other entry of ours. The same text when
/// it has these entries already.
pub fn wire(text: &str, wanted: &[(&str, HookEntry)], bins: &OurFolders) -> Result<String, SettingsError> {
    let (bom, root) = parse(text)?;
    let top = root.object_value_or_create().ok_or(SettingsError::NotAnObject)?;
    let hooks =
        top.object_value_or_create("hooks").ok_or_else(|| SettingsError::wrong_type("hooks", "an object"))?;
    for (event, entry) in wanted {
        let groups = hooks
            .array_value_or_create(event)
            .ok_or_else(|| SettingsError::wrong_type(format!("hooks.{event}"), "a list"))?;
        let ours = our_groups(&groups, event, bins)?;
        let is_done = matches!(ours.as_slice(), [only] if entry.is_group(only));
        if is_done {
            continue;
        }
        remove_ours(&groups, event, bins);
        groups.append(entry.group());
        if groups.elements().len() == 1 {
            groups.ensure_multiline();
        }
    }
    Ok(format!("{bom}{root}"))
}

/// `text` without any entry of ours, and without the lists and objects that held nothing else.
pub fn unwire(text: &str, bins: &OurFolders) -> Result<String, SettingsError> {
    let (bom, root) = parse(text)?;
    let Some(top) = root.object_value() else { return Ok(text.to_owned()) };
    let Some(hooks) = top.object_value("hooks") else { return Ok(text.to_owned()) };
    let mut changed = false;
    for property in hooks.properties() {
        let (Some(event), Some(groups)) = (property.decoded_name(), property.array_value()) else { continue };
        if remove_ours(&groups, &event, bins) {
            changed = true;
            if groups.elements().is_empty() {
                property.remove();
            }
        }
    }
    if !changed {
        return Ok(text.to_owned());
    }
    if hooks.properties().is_empty()
        && let Some(property) = top.get("hooks")
    {
        property.remove();
    }
    Ok(format!("{bom}{root}"))
}

fn hooks_of(group: &CstNode) -> Option<CstArray> {
    group.as_object().and_then(|group: CstObject| group.array_value("hooks"))
}

/// The groups that hold an entry of ours, as data.
fn our_groups(groups: &CstArray, event: &str, bins: &OurFolders) -> Result<Vec<Value>, SettingsError> {
    let mut ours = Vec::new();
    for group in groups.elements() {
        let Some(hooks) = hooks_of(&group) else { continue };
        let holds_ours =
            hooks.elements().iter().filter_map(CstNode::to_serde_value).any(|hook| bins.owns(event, &hook));
        if holds_ours {
            ours.push(
                group.to_serde_value().ok_or_else(|| {
                    SettingsError::wrong_type(format!("hooks.{event}"), "a list of objects")
                })?,
            );
        }
    }
    Ok(ours)
}

/// Removes our entries from an event, with the groups that held nothing else. Returns whether there were any.
fn remove_ours(groups: &CstArray, event: &str, bins: &OurFolders) -> bool {
    let mut changed = false;
    for group in groups.elements() {
        let Some(hooks) = hooks_of(&group) else { continue };
        let mut left = hooks.elements().len();
        for hook in hooks.elements() {
            if hook.to_serde_value().is_some_and(|value| bins.owns(event, &value)) {
                hook.remove();
                changed = true;
                left -= 1;
            }
        }
        if changed && left == 0 && hooks.elements().is_empty() {
            group.remove();
        }
    }
    changed
}

/// An empty settings file with our hooks, as a new installation writes it.
pub const NEW: &str = "{}\n";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::entry::EntryForm;
    use crate::settings::value;
    use crate::wiring::WIRING;
    use serde_json::json;

    use super::*;

    fn bins() -> OurFolders {
        OurFolders { home: "/home/dev".into(), folders: vec!["/home/dev/.stanchion/bin".into()] }
    }

    fn wanted(form: EntryForm) -> Vec<(&'static str, HookEntry)> {
        let bin = Path::new("/home/dev/.stanchion/bin");
        let entry = |(event, name, timeout): &(&'static str, &str, u32)| {
            (*event, HookEntry::new(bin, Path::new("/home/dev"), name, *timeout, form))
        };
        WIRING.iter().map(entry).collect()
    }

    const BUSY: &str = r#"{
	// tabs, comments, an order of its own
	"zeta": 1,
	"hooks": {
		"PreToolUse": [
			{
				"matcher": "Bash",
				"hooks": [
					{ "type": "command", "command": "/opt/my-hook-pre-tool-notify.sh --sound" }, // mine
					{ "type": "command", "command": "/home/dev/.stanchion/bin/hook-pre-tool", "args": [], "timeout": 3 }
				]
			}
		],
		"Stop": [
			{ "hooks": [{ "type": "command", "command": "/home/dev/.stanchion/bin/hook-stop", "args": [] }] },
			{ "hooks": [{ "type": "command", "command": "/home/dev/.stanchion/bin/hook-stop", "args": [] }] }
		]
	},
	"alpha": { "url": "a && b" }
}
"#;

    #[test]
    fn other_entries_stay_and_ours_is_added_once() {
        for form in [EntryForm::Exec, EntryForm::Shell] {
            let once = wire(BUSY, &wanted(form), &bins()).unwrap();
            assert_eq!(wire(&once, &wanted(form), &bins()).unwrap(), once, "a second run changes no byte");
            for kept in [
                "\t// tabs, comments, an order of its own\n\t\"zeta\": 1,",
                "{ \"type\": \"command\", \"command\": \"/opt/my-hook-pre-tool-notify.sh --sound\" }",
                "// mine",
                "\"matcher\": \"Bash\"",
                "\"alpha\": { \"url\": \"a && b\" }",
            ] {
                assert!(once.contains(kept), "{kept}\n{once}");
            }
            let wired = value(&once).unwrap();
            for (event, _, _) in WIRING {
                let hooks = wired["hooks"][event]
                    .as_array()
                    .unwrap()
                    .iter()
                    .flat_map(|group| group["hooks"].as_array().unwrap());
                assert_eq!(hooks.filter(|hook| bins().owns(event, hook)).count(), 1, "{event}\n{once}");
            }
            let without = unwire(&once, &bins()).unwrap();
            let left = value(&without).unwrap();
            assert_eq!(left["hooks"].as_object().unwrap().len(), 1, "{without}");
            assert_eq!(left["hooks"]["PreToolUse"][0]["hooks"].as_array().unwrap().len(), 1);
        }
    }

    #[test]
    fn an_empty_file_and_windows_line_ends_are_wired() {
        for text in ["", "{}", "{}\n", "\u{feff}{}", "{\r\n  \"a\": 1\r\n}\r\n"] {
            let wired = wire(text, &wanted(EntryForm::Exec), &bins()).unwrap();
            assert_eq!(
                value(&wired).unwrap()["hooks"]["Stop"][0]["hooks"][0]["timeout"],
                json!(10),
                "{wired}"
            );
            assert_eq!(text.starts_with('\u{feff}'), wired.starts_with('\u{feff}'));
        }
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        for text in ["{", "[]", "5", "{\"hooks\": []}", "{\"hooks\": {\"Stop\": {}}}", "{a: 1}", "{'a': 1}"] {
            assert!(wire(text, &wanted(EntryForm::Exec), &bins()).is_err(), "{text}");
        }
    }
}
