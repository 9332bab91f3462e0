//! Our entries in the settings: how they look, and how they are recognised.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hooks_common::paths::Paths;
use jsonc_parser::cst::CstInputValue;
use serde_json::Value;

use crate::wiring::WIRING;
use platform::shell_word;

/// How Claude Code starts an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryForm {
    /// Directly; the fastest, and a path of this machine.
    Exec,
    /// Through a shell line that does nothing where the executable is missing.
    Shell,
}

/// Folders whose executables are ours.
#[derive(Debug, Clone)]
pub struct OurFolders {
    /// The home folder, for entries that say `$HOME`.
    pub home: PathBuf,
    /// The folders.
    pub folders: Vec<PathBuf>,
}

/// The entry that an event should have.
#[derive(Debug, Clone)]
pub struct HookEntry {
    command: String,
    form: EntryForm,
    timeout: u32,
}

impl HookEntry {
    /// The entry of an executable in `bin`.
    pub fn new(bin: &Path, home: &Path, executable: &str, timeout: u32, form: EntryForm) -> Self {
        let path = bin.join(executable);
        let command = match form {
            EntryForm::Exec => path.to_string_lossy().into_owned(),
            EntryForm::Shell => {
                let shown = shown(&path, home);
                format!(r#"if [ -x "{shown}" ]; then exec "{shown}"; fi"#)
            }
        };
        Self { command, form, timeout }
    }

    /// A matcher group with this entry only.
    pub fn group(&self) -> CstInputValue {
        let mut hook = vec![
            ("type".to_owned(), CstInputValue::from("command")),
            ("command".to_owned(), CstInputValue::from(self.command.as_str())),
        ];
        if self.form == EntryForm::Exec {
            hook.push(("args".to_owned(), CstInputValue::Array(Vec::new())));
        }
        hook.push(("timeout".to_owned(), CstInputValue::Number(self.timeout.to_string())));
        let hooks = CstInputValue::Array(vec![CstInputValue::Object(hook)]);
        CstInputValue::Object(vec![("hooks".to_owned(), hooks)])
    }

    /// Whether a group in the settings is this one already.
    pub fn is_group(&self, group: &Value) -> bool {
        let mut hook =
            serde_json::json!({"type": "command", "command": self.command, "timeout": self.timeout});
        if self.form == EntryForm::Exec {
            hook["args"] = Value::Array(Vec::new());
        }
        *group == serde_json::json!({"hooks": [hook]})
    }
}

/// A path for use between a shell's double quotes. `$HOME` replaces the home folder, because a team shares the file.
pub(crate) fn shown(path: &Path, home: &Path) -> String {
    match path.strip_prefix(home) {
        Ok(rest) => format!("$HOME/{}", shell_word::in_double_quotes(&rest.to_string_lossy())),
        Err(_) => shell_word::in_double_quotes(&path.to_string_lossy()),
    }
}

/// The executable of a guarded line, and the text after its path.
pub(crate) fn guarded<'a>(command: &'a str, home: &Path) -> Option<(PathBuf, &'a str)> {
    let rest = command.strip_prefix(r#"if [ -x ""#)?;
    let (shown, rest) = rest.split_once(r#"" ]; then exec ""#)?;
    let rest = rest.strip_prefix(shown)?.strip_prefix('"')?;
    let path = match shown.strip_prefix("$HOME/") {
        Some(shown) => home.join(shell_word::from_double_quotes(shown)?),
        None => PathBuf::from(shell_word::from_double_quotes(shown)?),
    };
    Some((path, rest))
}

/// The executable that a hook entry starts, if the entry has one of our two forms: exec form with no
/// arguments, or exactly the guarded line. A mention of our name elsewhere in a command is not an entry of
/// ours.
pub fn executable(hook: &Value, home: &Path) -> Option<PathBuf> {
    let command = hook.get("command")?.as_str()?;
    if hook.get("type").and_then(Value::as_str) != Some("command") {
        return None;
    }
    if let Some(args) = hook.get("args") {
        return args.as_array()?.is_empty().then(|| PathBuf::from(command));
    }
    let (path, rest) = guarded(command, home)?;
    (rest == "; fi").then_some(path)
}

impl OurFolders {
    /// The folders whose executables are ours: the default one, and those that were named or recorded.
    pub fn new(paths: &Paths, more: impl IntoIterator<Item = PathBuf>) -> Self {
        let folders = [paths.bin()].into_iter().chain(more).collect();
        Self { home: paths.home().to_owned(), folders }
    }

    /// Adds the folders that settings themselves show to be ours: entries of our form start several of our executables
    /// there. One name alone may be another program's.
    pub fn find_in(&mut self, settings: &Value) {
        const ENOUGH: usize = 3;
        let mut names: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
        let groups =
            settings.get("hooks").and_then(Value::as_object).into_iter().flat_map(|events| events.values());
        let groups = groups.filter_map(Value::as_array).flatten();
        let hooks = groups.filter_map(|group| group.get("hooks")?.as_array()).flatten();
        for path in hooks.filter_map(|hook| executable(hook, &self.home)) {
            let Some((folder, name)) = path.parent().zip(path.file_name().and_then(|name| name.to_str()))
            else {
                continue;
            };
            if WIRING.iter().any(|(_, executable, _)| *executable == name) {
                names.entry(folder.to_owned()).or_default().insert(name.to_owned());
            }
        }
        self.folders
            .extend(names.into_iter().filter(|(_, names)| names.len() >= ENOUGH).map(|(folder, _)| folder));
    }

    /// Whether a hook entry under `event` is ours.
    pub fn owns(&self, event: &str, hook: &Value) -> bool {
        let Some(path) = executable(hook, &self.home) else { return false };
        let serves =
            |name: &str| WIRING.iter().any(|(served, executable, _)| *served == event && *executable == name);
        let is_name = path.file_name().and_then(|name| name.to_str()).is_some_and(serves);
        let folder = path.parent().unwrap_or(Path::new(""));
        is_name && (self.folders.iter().any(|known| known == folder) || folder.ends_with(".stanchion/bin"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_are_recognised_and_nothing_else_is() {
        let home = Path::new("/home/dev");
        let bins = OurFolders { home: home.into(), folders: vec!["/opt/my \"bin\"$".into()] };
        for bin in ["/home/dev/.stanchion/bin", "/opt/my \"bin\"$"] {
            for form in [EntryForm::Exec, EntryForm::Shell] {
                let entry = HookEntry::new(Path::new(bin), home, "hook-stop", 10, form);
                let mut hook = json!({"type": "command", "command": entry.command, "timeout": 10});
                if form == EntryForm::Exec {
                    hook["args"] = json!([]);
                }
                assert!(bins.owns("Stop", &hook), "{hook}");
                assert!(!bins.owns("PreToolUse", &hook), "under another event it is the user's own");
                assert!(entry.is_group(&json!({"hooks": [hook]})));
            }
        }
        for command in [
            "/opt/other/hook-stop",
            "/home/dev/.stanchion/bin/hook-stop --and more",
            "notify /home/dev/.stanchion/bin/hook-stop",
            "/opt/my-hook-stop-notify.sh",
        ] {
            assert!(!bins.owns("Stop", &json!({"type": "command", "command": command})), "{command}");
        }
        let other = json!({"type": "command", "command": "/opt/other/hook-stop", "args": []});
        assert!(!bins.owns("Stop", &other));
    }
}
