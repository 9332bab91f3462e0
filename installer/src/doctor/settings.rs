//! Claude Code's settings files: can they be read, do they switch hooks off, what do they wire.

use std::path::{Path, PathBuf};

use hooks_common::paths::Paths;
use platform::{env_vars, store};
use serde_json::Value;

use super::status_line::FoundStatusLine;
use crate::entry::{EntryForm, OurFolders, executable};
use crate::record::InstallRecordDir;
use crate::report::{Category, CheckReport, ReportSection};
use crate::settings::{self, SettingsLevel, switches_hooks_off};
use crate::status_line::{self, StatusLine};
use crate::wiring::WIRING;

/// One of our entries, wired.
#[derive(Debug)]
pub struct WiredEntry {
    /// The event it serves.
    pub event: &'static str,
    /// The executable it starts.
    pub path: PathBuf,
    /// Whose settings hold it.
    pub level: SettingsLevel,
}

/// Examines the settings of every level and returns what they wire of ours, and their status lines.
pub fn examine(
    paths: &Paths,
    folder: &Path,
    report: &mut CheckReport,
) -> (Vec<WiredEntry>, Vec<FoundStatusLine>) {
    let (mut wired, mut lines) = (Vec::new(), Vec::new());
    for level in SettingsLevel::ALL {
        let file = level.file(paths, folder);
        let shown = file.display().to_string();
        let mut section = report.section(Category::Settings);
        let Some(text) = read(&file, &mut section) else { continue };
        let Ok((value, line)) = settings::parse(&text)
            .and_then(|(_, root)| Ok((settings::value(&text)?, status_line::of(&root, paths.home()))))
        else {
            continue;
        };
        let target = store::replace::link_target(&file);
        let records = InstallRecordDir::of(paths, &target);
        let record = records.read().unwrap_or_else(|error| {
            section.warn(
                "record",
                &records.record_path().display().to_string(),
                format!("the record of the installation cannot be read: {error}"),
                "make it readable; if it is damaged, move its folder away and run `stanchion install` again",
            );
            None
        });
        let recorded = record.map(|record| record.bin_dir);
        let bins = OurFolders::new(paths, recorded);
        switches(&value, &shown, &mut section);
        permissions(&value, &shown, &mut section);
        groups(&value, &bins, &shown, &mut section);
        let (entries, has_exec_form) = entries(&value, &bins, level);
        let is_plain_line = matches!(&line, StatusLine::Ours(ours) if ours.form == EntryForm::Exec);
        if (has_exec_form || is_plain_line) && level == SettingsLevel::Project && git::is_tracked(&file) {
            section.warn(
                "shared-path",
                &shown,
                "git tracks this file, and it contains paths of this machine",
                "run `stanchion install --form shell`: its entries do nothing where the executables are missing",
            );
        }
        wired.extend(entries);
        lines.push(FoundStatusLine { level, file, line });
    }
    (wired, lines)
}

/// A settings file's text. What keeps the client from reading it becomes a check.
fn read(file: &Path, section: &mut ReportSection<'_>) -> Option<String> {
    let shown = file.display().to_string();
    let text = match store::read(file) {
        Ok(None) => return None,
        Ok(Some(bytes)) => String::from_utf8(bytes),
        Err(error) => {
            section.fail("readable", &shown, format!("the file cannot be read: {error}"), "");
            return None;
        }
    };
    let Ok(text) = text else {
        section.fail("readable", &shown, "the file is not UTF-8, so none of its hooks run", "");
        return None;
    };
    let strict = serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}'));
    let problems = match &strict {
        Ok(value) => invalid_entries(value),
        Err(error) => {
            let message = format!("not strict JSON, so Claude Code runs none of its hooks: {error}");
            section.fail("json", &shown, message, "fix the file at that position");
            settings::value(&text).map(|value| invalid_entries(&value)).unwrap_or_default()
        }
    };
    if strict.is_ok() && problems.is_empty() {
        section.pass("json", &shown, "strict JSON, and every hook entry is valid");
    }
    for problem in problems {
        section.fail(
            "invalid-entry",
            &shown,
            format!("{problem}: one invalid entry switches off every hook of this file"),
            "fix or remove the entry",
        );
    }
    Some(text)
}

/// Values that switch hooks or gates off.
fn switches(value: &Value, shown: &str, section: &mut ReportSection<'_>) {
    match switches_hooks_off(value) {
        Some("disableAllHooks") => section.fail(
            "disable-all-hooks",
            shown,
            "`disableAllHooks` is true: no hook runs at all",
            "remove it",
        ),
        Some(_) => section.fail(
            "managed-hooks-only",
            shown,
            "`allowManagedHooksOnly` is true: only managed hooks run",
            "",
        ),
        None => {}
    }
    if value["env"]["CLAUDE_SKIP_REQUIREMENTS"].as_str().is_some_and(env_vars::means_on) {
        section.fail(
            "skip-requirements",
            shown,
            "`env.CLAUDE_SKIP_REQUIREMENTS` switches every gate off",
            "remove it",
        );
    }
}

/// Permissions so wide that the client does not ask the user. A refusal by a hook still applies.
fn permissions(value: &Value, shown: &str, section: &mut ReportSection<'_>) {
    const CHANGING: [&str; 6] = ["Edit", "Write", "MultiEdit", "NotebookEdit", "Bash", "*"];
    let allowed = value["permissions"]["allow"].as_array();
    let is_wide = |rule: &&str| {
        let (tool, rest) = rule.split_once('(').unwrap_or((rule, "*)"));
        CHANGING.contains(&tool.trim()) && matches!(rest.trim_end_matches(')').trim(), "*" | "**" | ":*")
    };
    let wide: Vec<_> = allowed.into_iter().flatten().filter_map(Value::as_str).filter(is_wide).collect();
    if !wide.is_empty() {
        let message = format!(
            "`permissions.allow` has {}: Claude Code does not ask before these tools run; refusals still apply",
            wide.iter().map(|rule| format!("`{rule}`")).collect::<Vec<_>>().join(", ")
        );
        section.note("wide-permissions", shown, message, "");
    }
}

/// Entries of ours that run only sometimes or answer too late, and entries that start an executable of our name from an
/// unknown folder.
fn groups(value: &Value, bins: &OurFolders, shown: &str, section: &mut ReportSection<'_>) {
    for (event, name, _) in WIRING {
        for group in value["hooks"][event].as_array().into_iter().flatten() {
            for hook in group["hooks"].as_array().into_iter().flatten() {
                let Some(path) = executable(hook, &bins.home) else { continue };
                if bins.owns(event, hook) {
                    entry(event, group, hook, shown, section);
                } else if path.file_name().is_some_and(|file| file == name) {
                    let state =
                        if path.exists() { "which is not the installed one" } else { "which is missing" };
                    section.warn(
                        "foreign-entry",
                        shown,
                        format!("{event} starts {}, {state}", path.display()),
                        "run `stanchion install --bin-dir` with the intended folder",
                    );
                }
            }
        }
    }
}

/// What keeps one entry of ours from running every time, or in time.
fn entry(event: &str, group: &Value, hook: &Value, shown: &str, section: &mut ReportSection<'_>) {
    let matcher = group["matcher"].as_str().unwrap_or_default();
    if !matches!(matcher, "" | "*") {
        let message = format!("our hook for {event} runs only where the matcher {matcher:?} matches");
        section.fail("matcher", shown, message, "run `stanchion install`");
    }
    if hook.get("if").is_some() {
        let message = format!("our hook for {event} runs only where its `if` matches");
        section.fail("condition", shown, message, "remove the `if`");
    }
    if ["async", "asyncRewake"].iter().any(|key| hook.get(key) == Some(&Value::Bool(true))) {
        let message = format!("our hook for {event} is async, so its answer comes too late");
        section.fail("async", shown, message, "remove `async`");
    }
}

/// Our entries, and whether one of them starts its executable directly.
fn entries(value: &Value, bins: &OurFolders, level: SettingsLevel) -> (Vec<WiredEntry>, bool) {
    let (mut wired, mut has_exec_form) = (Vec::new(), false);
    for (event, _, _) in WIRING {
        let groups = value["hooks"][event].as_array().into_iter().flatten();
        for hook in groups.flat_map(|group| group["hooks"].as_array().into_iter().flatten()) {
            if bins.owns(event, hook)
                && let Some(path) = executable(hook, &bins.home)
            {
                has_exec_form |= hook.get("args").is_some();
                wired.push(WiredEntry { event, path, level });
            }
        }
    }
    (wired, has_exec_form)
}

/// The entries that the client's schema rejects, by path.
fn invalid_entries(value: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let Some(hooks) = value.get("hooks") else { return problems };
    let Some(events) = hooks.as_object() else { return vec!["`hooks` is not an object".into()] };
    for (event, groups) in events {
        // The client drops an event whose value is not a list, and keeps the others.
        let Some(groups) = groups.as_array() else { continue };
        for (at, group) in groups.iter().enumerate() {
            let place = format!("hooks.{event}[{at}]");
            if group.get("matcher").is_some_and(|matcher| !matcher.is_string()) {
                problems.push(format!("{place}.matcher is not a string"));
            }
            let Some(list) = group.get("hooks").and_then(Value::as_array) else {
                problems.push(format!("{place}.hooks is not a list"));
                continue;
            };
            for (at, hook) in list.iter().enumerate() {
                let place = format!("{place}.hooks[{at}]");
                match hook.get("type").and_then(Value::as_str) {
                    Some("command") => {
                        if !hook.get("command").is_some_and(Value::is_string) {
                            problems.push(format!("{place}.command is missing"));
                        }
                    }
                    Some("prompt" | "agent" | "http" | "mcp_tool") => {}
                    _ => problems.push(format!("{place}.type is unknown")),
                }
                let timeout = hook.get("timeout");
                if timeout.is_some_and(|timeout| timeout.as_f64().is_none_or(|seconds| seconds <= 0.0)) {
                    problems.push(format!("{place}.timeout is not a positive number"));
                }
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wide_permissions_are_a_note_and_narrow_ones_are_nothing() {
        let told = |allow: Value| {
            let mut report = CheckReport::on("/repo");
            let value = json!({"permissions": {"allow": allow}});
            permissions(&value, "settings.json", &mut report.section(Category::Settings));
            assert_eq!(report.exit_code(true), 0, "refusals still apply, so nothing is broken");
            report.text(false)
        };
        for wide in ["Edit(*)", "Bash", "Bash(*)", "Bash(:*)", "Write(**)", "*"] {
            assert!(told(json!([wide])).contains(&format!("`{wide}`")), "{wide}");
        }
        for narrow in [json!(["Bash(git status)", "Edit(src/**)", "Read"]), json!("Bash"), json!([5])] {
            assert!(!told(narrow.clone()).contains("permissions"), "{narrow}");
        }
    }

    #[test]
    fn what_the_client_rejects_is_named_by_its_path() {
        let hook = json!({"type": "command", "command": "x"});
        for (hooks, problem) in [
            (json!([]), "`hooks` is not an object"),
            (json!({"Stop": [{"hooks": [hook], "matcher": 5}]}), "hooks.Stop[0].matcher is not a string"),
            (json!({"Stop": [{}]}), "hooks.Stop[0].hooks is not a list"),
            (
                json!({"Stop": [{"hooks": [{"type": "command"}]}]}),
                "hooks.Stop[0].hooks[0].command is missing",
            ),
            (json!({"Stop": [{"hooks": [{"type": "shout"}]}]}), "hooks.Stop[0].hooks[0].type is unknown"),
        ] {
            assert_eq!(invalid_entries(&json!({"hooks": hooks})), [problem]);
        }
        assert!(invalid_entries(&json!({"hooks": {"Stop": [{"hooks": [hook]}], "Unknown": 5}})).is_empty());
    }
}
