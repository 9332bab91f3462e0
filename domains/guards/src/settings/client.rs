//! Claude Code's settings: what an edit removes or weakens.

use platform::env_vars;
use platform::text::fact;
use serde_json::Value;

use super::hooks::{self, OwnExecutables};
use crate::objection::Objection;

/// The variables that redirect or disable Stanchion's executables.
const ENVIRONMENT: [&str; 4] = [
    env_vars::CLAUDE_SKIP_REQUIREMENTS,
    env_vars::RF_STRICT_OFF,
    env_vars::STANCHION_HOME,
    env_vars::CLAUDE_CONFIG_DIR,
];

/// The findings over an edit of the settings. Text that was not valid JSON before had no effect to lose.
pub(super) fn weakened(before: &str, after: &str, own: OwnExecutables<'_>) -> Vec<Objection> {
    let before = parsed(before);
    let Some(after) = parsed(after).filter(Value::is_object) else {
        let is_lost = before.is_some_and(|before| before.is_object());
        let what = "the settings would be no JSON any more, and Claude Code would run no hook of theirs";
        return if is_lost {
            vec![Objection::sure(what, "leave one JSON object in the file")]
        } else {
            Vec::new()
        };
    };
    let before = before.unwrap_or_default();
    let mut found = Vec::new();
    let mut add = |what: String, way: &str| found.push(Objection::sure(what, way));
    for what in hooks::weakened(&before, &after, own) {
        add(what, "leave the entries of Stanchion's hooks as they are");
    }
    if let (None, Some(wrong)) = (invalid(&before), invalid(&after)) {
        add(format!("{wrong}, and Claude Code would run no hook of the whole file"), "correct that");
    }
    if is_set(&after, "/disableAllHooks") && !is_set(&before, "/disableAllHooks") {
        add("`disableAllHooks` would switch every hook off".to_owned(), "leave `disableAllHooks` out");
    }
    permissions(&before, &after, &mut add);
    for name in ENVIRONMENT {
        let value = |settings: &Value| settings.pointer("/env").and_then(|env| env.get(name)).cloned();
        let is = value(&after);
        if is.is_some() && is != value(&before) {
            add(
                format!("`env` would set {}, which leads Stanchion's hooks astray", fact(name)),
                "leave it out of `env`",
            );
        }
    }
    found.extend(plugins(&before, &after));
    found.extend(advice(&before, &after, own));
    found
}

/// Plugins that the settings would load, or places to take them from: a plugin's module can overrule every hook.
fn plugins(before: &Value, after: &Value) -> Vec<Objection> {
    let mut found = Vec::new();
    for key in ["enabledPlugins", "extraKnownMarketplaces"] {
        let entries =
            |settings: &Value| settings.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
        let known = entries(before);
        let is_new = |(name, value): &(&String, &Value)| {
            known.get(*name) != Some(*value) && !matches!(value, Value::Bool(false) | Value::Null)
        };
        let new: Vec<String> = entries(after).iter().filter(is_new).map(|(name, _)| fact(name)).collect();
        if !new.is_empty() {
            found.push(Objection::doubtful(
                format!(
                    "`{key}` would add {}, and a plugin's module can overrule every hook",
                    new.join(", ")
                ),
                "let the user decide, who adds plugins by hand",
            ));
        }
    }
    for key in ["allowManagedModsOnly", "strictPluginOnlyCustomization", "allowManagedHooksOnly"] {
        if is_set(before, &format!("/{key}")) && !is_set(after, &format!("/{key}")) {
            found.push(Objection::sure(format!("`{key}` would be switched off"), "leave it as it is"));
        }
    }
    found
}

fn permissions(before: &Value, after: &Value, add: &mut impl FnMut(String, &str)) {
    for (list, stricter) in [("deny", None), ("ask", Some("deny"))] {
        let kept = rules(after, list);
        let refused = stricter.map(|list| rules(after, list)).unwrap_or_default();
        let lost =
            rules(before, list).into_iter().filter(|rule| !kept.contains(rule) && !refused.contains(rule));
        let lost: Vec<String> = lost.map(|rule| fact(&rule.to_string().replace('"', ""))).collect();
        if !lost.is_empty() {
            add(format!("`permissions.{list}` would lose {}", lost.join(", ")), "leave the rule where it is");
        }
    }
    let mode = "/permissions/defaultMode";
    if is_now(before, after, mode, "bypassPermissions") {
        add(
            "`permissions.defaultMode` would become `bypassPermissions`, and the user would not be asked any more"
                .to_owned(),
            "leave `defaultMode` to the user",
        );
    }
}

fn advice(before: &Value, after: &Value, own: OwnExecutables<'_>) -> Vec<Objection> {
    let mut found = Vec::new();
    if is_now(before, after, "/permissions/defaultMode", "acceptEdits") {
        let what =
            "`permissions.defaultMode` becomes `acceptEdits`, and the user is not asked about edits any more";
        found.push(Objection::advice(what, "tell the user"));
    }
    if hooks::has_status_line(before, own) && !hooks::has_status_line(after, own) {
        let what = "the status line is no longer Stanchion's, which reads the context use from it";
        found.push(Objection::advice(what, "tell the user"));
    }
    found
}

/// Parses a file as Claude Code does; an empty text is an empty file.
fn parsed(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        Some(Value::Object(serde_json::Map::new()))
    } else {
        serde_json::from_str(text).ok()
    }
}

/// An error that makes Claude Code ignore every hook of the file. The client validates the whole file and
/// reports nothing.
fn invalid(settings: &Value) -> Option<String> {
    let is_no_list = |list: &&str| permission(settings, list).is_some_and(|list| !list.is_array());
    let wrong = ["allow", "deny", "ask"].into_iter().find(is_no_list);
    wrong.map(|list| format!("`permissions.{list}` would be no list")).or_else(|| hooks::invalid(settings))
}

fn permission<'v>(settings: &'v Value, list: &str) -> Option<&'v Value> {
    settings.get("permissions")?.get(list)
}

fn rules<'v>(settings: &'v Value, list: &str) -> Vec<&'v Value> {
    permission(settings, list)
        .and_then(Value::as_array)
        .map(|rules| rules.iter().collect())
        .unwrap_or_default()
}

fn is_set(settings: &Value, key: &str) -> bool {
    settings.pointer(key).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)))
}

fn is_now(before: &Value, after: &Value, key: &str, value: &str) -> bool {
    let is = |settings: &Value| settings.pointer(key).and_then(Value::as_str) == Some(value);
    is(after) && !is(before)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Certainty;

    /// The settings that `stanchion install` writes, in both forms, with a foreign hook.
    const SETTINGS: &str = r#"{
      "model": "opus",
      "permissions": {"allow": ["Bash(ls)"], "deny": ["Read(.env)", "WebFetch"], "ask": ["Bash(git push:*)"], "defaultMode": "default"},
      "env": {"FOO": "1"},
      "hooks": {
        "PreToolUse": [
          {"hooks": [{"type": "command", "command": "/home/dev/.stanchion/bin/hook-pre-tool", "args": [], "timeout": 10}]},
          {"matcher": "Bash", "hooks": [{"type": "command", "command": "notify"}]}
        ],
        "PostToolUse": [{"matcher": "Bash|Edit", "hooks": [{"type": "command", "command": "/home/dev/.stanchion/bin/hook-post-tool", "args": []}]}],
        "Stop": [{"hooks": [{"type": "command", "command": "if [ -x \"$HOME/.stanchion/bin/hook-stop\" ]; then exec \"$HOME/.stanchion/bin/hook-stop\"; fi", "timeout": 10}]}],
        "SessionEnd": [{"hooks": [{"type": "command", "command": "\"$HOME/.stanchion/bin/hook-session-end\"", "timeout": 10}]}]
      },
      "statusLine": {"type": "command", "command": "/home/dev/.stanchion/bin/hook-status-line"}
    }"#;

    fn found(before: &str, after: &str) -> Vec<Objection> {
        let own = OwnExecutables { home: Path::new("/home/dev"), bin: Path::new("/home/dev/.stanchion/bin") };
        weakened(before, after, own)
    }

    /// The findings if the value at `key` is replaced; `null` removes it.
    fn with(key: &str, value: &str) -> Vec<Objection> {
        let mut settings: Value = serde_json::from_str(SETTINGS).unwrap();
        let (parent, last) = key.rsplit_once('/').unwrap();
        let value: Value = serde_json::from_str(value).unwrap();
        match settings.pointer_mut(parent).unwrap() {
            Value::Object(map) if value.is_null() => drop(map.remove(last).unwrap()),
            Value::Object(map) => drop(map.insert(last.to_owned(), value)),
            Value::Array(list) if value.is_null() => drop(list.remove(last.parse().unwrap())),
            Value::Array(list) => list[last.parse::<usize>().unwrap()] = value,
            _ => panic!("{key}"),
        }
        found(SETTINGS, &settings.to_string())
    }

    const PRE: &str = "/hooks/PreToolUse/0/hooks/0";
    const STOP: &str = "/hooks/Stop/0/hooks/0/command";

    #[test]
    fn plugins_are_the_users_to_add() {
        let with = |more: &str| SETTINGS.replacen('{', &format!("{{{more},"), 1);
        let on = with(r#""enabledPlugins": {"a@m": true, "b@m": false}"#);
        let market =
            with(r#""extraKnownMarketplaces": {"m": {"source": {"source": "github", "repo": "x/y"}}}"#);
        for (before, after, told) in [
            (
                SETTINGS,
                &*on,
                "`enabledPlugins` would add `a@m`, and a plugin's module can overrule every hook",
            ),
            (SETTINGS, &*market, "`extraKnownMarketplaces` would add `m`"),
            (&*with(r#""enabledPlugins": {"a@m": false}"#), &*on, "would add `a@m`"),
        ] {
            let found = found(before, after);
            assert_eq!((found.len(), found[0].certainty), (1, Certainty::Doubtful), "{found:?}");
            assert!(found[0].what.contains(told), "{found:?}");
        }
        assert_eq!(found(&on, SETTINGS), [], "removing one adds none");
        assert_eq!(found(&on, &on), []);
        for key in ["allowManagedModsOnly", "strictPluginOnlyCustomization", "allowManagedHooksOnly"] {
            let set = with(&format!("\"{key}\": true"));
            assert_eq!(found(&set, SETTINGS)[0].certainty, Certainty::Sure, "{key}");
            assert_eq!(found(SETTINGS, &set), [], "{key}");
        }
    }

    #[test]
    fn what_weakens_is_told() {
        for (key, value, told) in [
            ("/hooks", "null", "Stanchion would no longer run on"),
            ("/hooks/Stop", "null", "Stanchion would no longer run on `Stop` (hook-stop)"),
            ("/hooks/Stop", "[]", "no longer run on `Stop`"),
            ("/hooks/Stop", "{}", "no longer run on `Stop`"),
            ("/hooks/PreToolUse/0", "null", "no longer run on `PreToolUse`"),
            (&format!("{PRE}/command"), r#""/bin/true""#, "no longer run"),
            (&format!("{PRE}/command"), r#""/tmp/hook-pre-tool""#, "no longer run"),
            (&format!("{PRE}/args"), r#"["--version"]"#, "no longer run"),
            (&format!("{PRE}/if"), r#""Bash(git *)""#, "no longer run"),
            (&format!("{PRE}/async"), "true", "no longer run"),
            (&format!("{PRE}/once"), "true", "no longer run"),
            (&format!("{PRE}/timeout"), "1", "less time on `PreToolUse`"),
            (&format!("{PRE}/timeout"), "0", "a timeout that is not a positive number"),
            (&format!("{PRE}/timeout"), r#""10""#, "a timeout that is not a positive number"),
            (
                "/hooks/PreToolUse/0/matcher",
                r#""Bash""#,
                "a matcher would keep Stanchion from part of `PreToolUse`",
            ),
            ("/hooks/PreToolUse/0/matcher", "7", "a matcher of `PreToolUse` is not a string"),
            ("/hooks/PostToolUse/0/matcher", r#""Bash""#, "a matcher"),
            ("/hooks/PostToolUse/0/matcher", r#""^(Bash|Edit)x""#, "a matcher"),
            ("/hooks/PostToolUse/0/hooks/0/timeout", "0.1", "less time"),
            ("/hooks/SessionEnd/0/hooks/0/timeout", "null", "less time on `SessionEnd`"),
            ("/hooks/PreToolUse/1/hooks/0/type", r#""comand""#, "an unknown type"),
            ("/hooks/PreToolUse/1/hooks/0/command", "null", "has no command"),
            (STOP, r#""true # hook-stop""#, "no longer run on `Stop`"),
            (STOP, r#""echo hook-stop""#, "no longer run"),
            (STOP, r#""true || /home/dev/.stanchion/bin/hook-stop""#, "no longer run"),
            (STOP, r#""/home/dev/.stanchion/bin/hook-stop > /dev/null""#, "no longer run"),
            (STOP, r#""/home/dev/.stanchion/bin/hook-stop &""#, "no longer run"),
            (STOP, r#""CLAUDE_SKIP_REQUIREMENTS=1 $HOME/.stanchion/bin/hook-stop""#, "no longer run"),
            (STOP, r#""env -i $HOME/.stanchion/bin/hook-stop""#, "no longer run"),
            (STOP, r#""timeout 0.001 $HOME/.stanchion/bin/hook-stop""#, "no longer run"),
            (
                STOP,
                r#""if [ -x \"/x\" ]; then exec \"$HOME/.stanchion/bin/hook-stop\"; fi""#,
                "no longer run",
            ),
            (STOP, r#""if [ -x \"/tmp/hook-stop\" ]; then exec \"/tmp/hook-stop\"; fi""#, "no longer run"),
            ("/disableAllHooks", "true", "`disableAllHooks`"),
            ("/permissions", "null", "`permissions.deny` would lose `Read(.env)`, `WebFetch`"),
            ("/permissions/deny/0", "null", "`permissions.deny` would lose `Read(.env)`"),
            ("/permissions/deny/0", r#""Read(.envx)""#, "`permissions.deny` would lose"),
            ("/permissions/ask", "[]", "`permissions.ask` would lose `Bash(git push:*)`"),
            ("/permissions/allow", r#""Bash""#, "`permissions.allow` would be no list"),
            ("/permissions/defaultMode", r#""bypassPermissions""#, "`bypassPermissions`"),
            ("/env/CLAUDE_SKIP_REQUIREMENTS", r#""1""#, "`CLAUDE_SKIP_REQUIREMENTS`"),
            ("/env/STANCHION_HOME", r#""/tmp""#, "`STANCHION_HOME`"),
            ("/env/CLAUDE_CONFIG_DIR", r#""/tmp""#, "`CLAUDE_CONFIG_DIR`"),
        ] {
            let found = with(key, value);
            let is_told = |one: &Objection| one.what.contains(told) && one.certainty == Certainty::Sure;
            assert!(found.iter().any(is_told), "{key} {value}: {found:?}");
        }
    }

    #[test]
    fn what_weakens_nothing_passes() {
        for (key, value) in [
            ("/model", r#""sonnet""#),
            ("/model", "null"),
            ("/env/FOO", "null"),
            ("/env/BAR", r#""CLAUDE_SKIP_REQUIREMENTS""#),
            ("/env", "null"),
            ("/permissions/allow", "null"),
            ("/permissions/allow/0", r#""Bash(git *)""#),
            ("/permissions/deny", r#"["WebFetch", "Read(.env)", "Bash"]"#),
            ("/permissions/defaultMode", r#""plan""#),
            ("/permissions/defaultMode", "null"),
            ("/disableAllHooks", "false"),
            ("/hooks/PreToolUse/1", "null"),
            ("/hooks/PreToolUse/1/hooks/0/command", r#""true # hook-pre-tool""#),
            ("/hooks/Notification", r#"[{"hooks": [{"type": "command", "command": "say done"}]}]"#),
            ("/hooks/PreToolUse/0/matcher", r#""*""#),
            ("/hooks/PostToolUse/0/matcher", "null"),
            ("/hooks/PostToolUse/0/matcher", r#""Edit|Write|Bash""#),
            (&format!("{PRE}/timeout"), "30"),
            (&format!("{PRE}/timeout"), "null"),
            (&format!("{PRE}/statusMessage"), r#""looking""#),
            (&format!("{PRE}/onFailure"), r#""block""#),
            (&format!("{PRE}/async"), "false"),
            (&format!("{PRE}/args"), "null"),
            ("/hooks/PostToolUse/0/hooks/0/timeout", "10"),
            (STOP, r#""/home/dev/.stanchion/bin/hook-stop""#),
            (STOP, r#""exec ~/.stanchion/bin/hook-stop""#),
            (
                STOP,
                r#""if [ -x \"/home/dev/.stanchion/bin/hook-stop\" ]; then exec \"/home/dev/.stanchion/bin/hook-stop\"; fi""#,
            ),
        ] {
            assert_eq!(with(key, value), [], "{key} {value}");
        }
    }

    #[test]
    fn what_may_be_meant_is_only_told() {
        for (key, value) in [
            ("/permissions/defaultMode", r#""acceptEdits""#),
            ("/statusLine", "null"),
            ("/statusLine/command", r#""echo hook-status-line""#),
        ] {
            let found = with(key, value);
            assert_eq!(found.len(), 1, "{key} {value}: {found:?}");
            assert_eq!(found[0].certainty, Certainty::Advice, "{key} {value}");
        }
    }

    #[test]
    fn entries_may_move_and_be_split() {
        let mut settings: Value = serde_json::from_str(SETTINGS).unwrap();
        let hook = settings["hooks"]["PostToolUse"][0]["hooks"][0].clone();
        settings["hooks"]["PostToolUse"] = serde_json::json!([
            {"matcher": "Edit", "hooks": [{"type": "command", "command": "x"}, hook]},
            {"matcher": "Bash", "hooks": [hook]},
        ]);
        assert_eq!(found(SETTINGS, SETTINGS), []);
        assert_eq!(found(SETTINGS, &settings.to_string()), []);
        settings["hooks"]["PostToolUse"].as_array_mut().unwrap().pop();
        assert_eq!(found(SETTINGS, &settings.to_string()).len(), 1);
    }

    #[test]
    fn many_events_are_one_objection() {
        let found = found(SETTINGS, "{}");
        let hooks: Vec<_> = found.iter().filter(|one| one.what.contains("no longer run")).collect();
        assert_eq!(hooks.len(), 1, "{found:?}");
        let events = (0..9).map(|at| format!("`{at}`")).collect::<Vec<_>>();
        assert_eq!(super::hooks::listed("on", &events), "on `0`, `1`, `2`, `3` and 5 more events");
    }

    #[test]
    fn settings_stay_json() {
        for after in
            ["", "{", "[]", "null", "// {}", &SETTINGS.replacen("},", "},,", 1), &"[".repeat(100_000)]
        {
            assert!(!found(SETTINGS, after).is_empty(), "{after}");
        }
        for (before, after) in [
            ("", "{}"),
            ("{ broken", "{ still"),
            ("{ broken", "{}"),
            ("", "{ broken"),
            (SETTINGS, &format!("\u{feff}{SETTINGS}")),
        ] {
            let is_lost = before.is_empty() && after.starts_with("{ ");
            assert_eq!(found(before, after).is_empty(), !is_lost, "{before} {after}");
        }
    }

    #[test]
    fn a_key_that_is_given_twice_counts_as_the_client_counts() {
        let twice = SETTINGS.replacen("\"model\"", "\"hooks\": {}, \"model\"", 1);
        assert_eq!(found(SETTINGS, &twice), [], "the last one is what counts");
        let end = SETTINGS.rfind('}').unwrap();
        let twice = format!("{}, \"hooks\": {{}}}}", &SETTINGS[..end]);
        assert!(!found(SETTINGS, &twice).is_empty());
    }
}
