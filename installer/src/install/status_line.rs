//! The status line in Claude Code's settings, edited in place: an existing one is chained, and restored later.

use std::path::Path;

use crate::entry::EntryForm;
use crate::settings::{SettingsError, parse};
use crate::status_line::{KEY, OurStatusLine, StatusLine, command_of, of};
use hooks_common::executables::STATUS_LINE;
use jsonc_parser::cst::{CstInputValue, CstObject};

/// `text` with our status line, which runs the existing one. The same text when ours is set already, and when the
/// existing one is not a command or runs our executable in a form of its own.
pub fn wire(text: &str, bin: &Path, home: &Path, form: EntryForm) -> Result<String, SettingsError> {
    let (bom, root) = parse(text)?;
    let top = root.object_value_or_create().ok_or(SettingsError::NotAnObject)?;
    let ours = |chained| OurStatusLine { path: bin.join(STATUS_LINE), form, chained }.command(home);
    match of(&root, home) {
        StatusLine::Absent => {
            let line = [("type", "command".to_owned()), ("command", ours(None))];
            let line = line.into_iter().map(|(key, value)| (key.to_owned(), CstInputValue::String(value)));
            top.append(KEY, CstInputValue::Object(line.collect()));
        }
        StatusLine::Ours(found) => set(&top, &ours(found.chained))?,
        StatusLine::Theirs(command) => set(&top, &ours(Some(command)))?,
        StatusLine::Wrapped(_) | StatusLine::Broken(_) => return Ok(text.to_owned()),
    }
    Ok(format!("{bom}{root}"))
}

/// `text` without our status line, and with the one that it ran.
pub fn unwire(text: &str, home: &Path) -> Result<String, SettingsError> {
    let (bom, root) = parse(text)?;
    let StatusLine::Ours(ours) = of(&root, home) else { return Ok(text.to_owned()) };
    let top = root.object_value().ok_or(SettingsError::NotAnObject)?;
    match ours.chained {
        Some(command) => set(&top, &command)?,
        None => {
            if let Some(property) = top.get(KEY) {
                property.remove();
            }
        }
    }
    Ok(format!("{bom}{root}"))
}

/// Replaces the command in place; every byte around it stays.
fn set(top: &CstObject, command: &str) -> Result<(), SettingsError> {
    let line = top.object_value(KEY).as_ref().and_then(command_of);
    let line = line.ok_or_else(|| SettingsError::wrong_type("statusLine.command", "a string"))?;
    if line.decoded_value().ok().as_deref() != Some(command) {
        line.set_raw_value(serde_json::Value::from(command).to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::entry::{HookEntry, OurFolders};
    use crate::settings::value;
    use crate::wiring::WIRING;
    use serde_json::json;

    use super::*;
    use crate::install::settings;

    const HOME: &str = "/home/dev";
    const BIN: &str = "/home/dev/.stanchion/bin";

    fn wired(text: &str, form: EntryForm) -> String {
        wire(text, Path::new(BIN), Path::new(HOME), form).unwrap()
    }

    fn command(text: &str) -> String {
        value(text).unwrap()["statusLine"]["command"].as_str().unwrap().to_owned()
    }

    /// Settings as people have them: with and without a status line, comments, tabs, other line ends, a mark.
    const FILES: [&str; 16] = [
        "{\n  \"model\": \"x\"\n}\n",
        "{\n  \"model\": \"x\"\n}",
        "{\n\t\"model\": \"x\",\n\t// why\n\t\"env\": {\n\t\t\"A\": \"1\"\n\t}\n}\n",
        "{\r\n    \"model\": \"x\"\r\n}\r\n",
        "\u{feff}{\n  \"model\": \"x\"\n}\n",
        "{\n  \"model\": \"x\", // same line\n  \"zeta\": [1, 2]\n}\n",
        "{\n  \"statusLine\": {\n    \"type\": \"command\",\n    \"command\": \"ccline --theme 'a b'\",\n    \"padding\": 0\n  },\n  \"model\": \"x\"\n}\n",
        "{\n\t\"statusLine\": { \"padding\": 2, \"command\": \"~/.claude/line.sh \\\"$PWD\\\"\", /* theirs */ \"type\": \"command\" }, // it\n\t\"a\": 1\n}\n",
        "\u{feff}{\r\n  \"statusLine\": {\"type\": \"command\", \"command\": \"é 🦀 \\\\ it's\\n# x\", \"refreshInterval\": 5}\r\n}\r\n",
        "{\n  \"hooks\": {\n    \"Stop\": [\n      {\n        \"hooks\": [{ \"type\": \"command\", \"command\": \"mine\" }]\n      }\n    ]\n  },\n  \"statusLine\": { \"type\": \"command\", \"command\": \"\" }\n}\n",
        "{\n  \"statusLine\": { \"type\": \"static\" },\n  \"model\": \"x\"\n}\n",
        "{\n  \"a\": 1,\n\n  // the last\n  \"b\": 2\n}\n",
        "{\n  \"a\": 1,\n}\n",
        "{\n  \"a\": 1 // last\n}\n",
        "{}",
        "{}\n",
    ];

    #[test]
    fn what_was_wired_is_taken_back_byte_by_byte() {
        let bins = OurFolders { home: HOME.into(), folders: vec![BIN.into()] };
        for file in FILES {
            for form in [EntryForm::Exec, EntryForm::Shell] {
                assert_eq!(
                    unwire(&wired(file, form), Path::new(HOME)).unwrap(),
                    file,
                    "the line alone, {form:?}"
                );
                let entry = |(event, name, timeout): &(&'static str, &str, u32)| {
                    (*event, HookEntry::new(Path::new(BIN), Path::new(HOME), name, *timeout, form))
                };
                let wanted: Vec<_> = WIRING.iter().map(entry).collect();
                let whole = wired(&settings::wire(file, &wanted, &bins).unwrap(), form);
                let back = settings::unwire(&unwire(&whole, Path::new(HOME)).unwrap(), &bins).unwrap();
                assert_eq!(back, file, "with the hooks, {form:?}");
            }
        }
    }

    #[test]
    fn a_line_that_is_there_is_chained_once_whatever_the_form() {
        let theirs = FILES[6];
        let once = wired(theirs, EntryForm::Exec);
        assert_eq!(command(&once), format!("{BIN}/hook-status-line --chain 'ccline --theme '\\''a b'\\'''"));
        assert_eq!(wired(&once, EntryForm::Exec), once, "a second run changes no byte");
        let shared = wired(&once, EntryForm::Shell);
        let expected = "if [ -x \"$HOME/.stanchion/bin/hook-status-line\" ]; then exec \"$HOME/.stanchion/bin/hook-status-line\" --chain 'ccline --theme '\\''a b'\\'''; else eval 'ccline --theme '\\''a b'\\'''; fi";
        assert_eq!(command(&shared), expected);
        assert_eq!(wired(&shared, EntryForm::Exec), once);
        assert_eq!(value(&once).unwrap()["statusLine"]["padding"], 0, "their other keys stay");
    }

    #[test]
    fn a_new_line_is_a_command_object_and_moves_with_the_folder() {
        let new = wired("", EntryForm::Exec);
        let expected = json!({"type": "command", "command": format!("{BIN}/hook-status-line")});
        assert_eq!(value(&new).unwrap()["statusLine"], expected);
        let moved = wire(&new, Path::new("/opt/a b"), Path::new(HOME), EntryForm::Exec).unwrap();
        assert_eq!(command(&moved), "'/opt/a b/hook-status-line'");
        assert_eq!(value(&unwire(&moved, Path::new(HOME)).unwrap()).unwrap(), json!({}));
    }

    #[test]
    fn what_is_no_command_or_runs_us_already_stays() {
        for line in [
            "5",
            "null",
            "{}",
            "{\"type\": \"command\", \"command\": \"nice /x/hook-status-line | cut -c1-80\"}",
        ] {
            let text = format!("{{\"statusLine\": {line}}}");
            assert_eq!(wired(&text, EntryForm::Exec), text);
            assert_eq!(unwire(&text, Path::new(HOME)).unwrap(), text);
        }
    }
}
