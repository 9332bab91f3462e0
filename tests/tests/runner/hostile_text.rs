//! Text from outside never reaches a terminal, a model or a log with what moves a cursor, sets a title, turns the direction
//! of writing or is not seen.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tests::World;
use tests::world::{EVERY_GUARD, SESSION, executable, recorded_names};

/// A title, a colour in one byte, a turned direction, a space without width, a letter that only machines see.
const HOSTILE: &str = "\u{1b}]0;evil\u{7}\u{9b}31m\u{202e}\u{200b}\u{e0041}\u{7f}";

const COMMANDS: [&[&str]; 34] = [
    &["status", "--verbose"],
    &["status", "--json"],
    &["status", "--summary"],
    &["why", "Edit", "src/a.txt"],
    &["why", "Bash", "git push origin main", "--json"],
    &["why", "--last"],
    &["why", "--last", "--json"],
    &["replay"],
    &["replay", "--json"],
    &["list"],
    &["list", "--json"],
    &["sessions", "--all"],
    &["sessions", "--all", "--json"],
    &["timeline", SESSION, "--all"],
    &["timeline", SESSION, "--all", "--json"],
    &["commits"],
    &["commits", "--json"],
    &["tests"],
    &["errors"],
    &["errors", "--json"],
    &["patterns", "check"],
    &["handoff", "show"],
    &["handoff", "show", "--json"],
    &["config", "show"],
    &["config", "show", "--sources"],
    &["config", "validate"],
    &["messages", "validate"],
    &["checkpoint", "verify"],
    &["wip", "list"],
    &["logging"],
    &["paths"],
    &["sync"],
    &["doctor"],
    &["verify"],
];

fn is_hidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{e0000}'..='\u{e0fff}')
}

#[track_caller]
fn clean(what: &str, text: &str) {
    assert!(!text.contains(is_hidden), "{what}: {text:?}");
}

/// What a hook prints, and what the host makes of it.
#[track_caller]
fn clean_answer(what: &str, world: &World, payload: &Value, event: &str) {
    let answer = world.run(executable(event), payload.to_string().as_bytes());
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{what}");
    clean(what, &answer.stdout);
    fn strings(value: &Value, each: &mut dyn FnMut(&str)) {
        match value {
            Value::String(text) => each(text),
            Value::Array(values) => values.iter().for_each(|value| strings(value, each)),
            Value::Object(values) => values.values().for_each(|value| strings(value, each)),
            _ => {}
        }
    }
    if let Some(json) = &answer.json {
        strings(json, &mut |text| clean(what, text));
    }
}

#[track_caller]
fn clean_commands(world: &World) {
    for arguments in COMMANDS {
        let output = world.req(arguments);
        let what = format!("{arguments:?}");
        clean(&what, &String::from_utf8_lossy(&output.stdout));
        clean(&what, &String::from_utf8_lossy(&output.stderr));
    }
    let log = std::fs::read_to_string(world.home.join(".claude/requirements.log")).unwrap_or_default();
    clean("the log", &log);
}

/// The recorded payloads of events.
fn events(world: &World) -> impl Iterator<Item = (String, Value)> {
    let all = recorded_names().into_iter().map(|name| (world.recorded(&name), name));
    all.filter(|(payload, _)| payload["hook_event_name"].is_string()).map(|(payload, name)| (name, payload))
}

/// The place of each string of a document.
fn leaves(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(at),
        Value::Array(values) => {
            values
                .iter()
                .enumerate()
                .for_each(|(number, value)| leaves(value, format!("{at}/{number}"), found));
        }
        Value::Object(values) => values.iter().for_each(|(key, value)| {
            let key = key.replace('~', "~0").replace('/', "~1");
            leaves(value, format!("{at}/{key}"), found);
        }),
        _ => {}
    }
}

fn poison(value: &mut Value) {
    match value {
        Value::String(text) => text.push_str(HOSTILE),
        Value::Array(values) => values.iter_mut().for_each(poison),
        Value::Object(values) => values.values_mut().for_each(poison),
        _ => {}
    }
}

#[test]
fn each_string_of_a_payload() {
    let world = World::with(&format!("requirements:\n  plan: {{enabled: true}}\n{EVERY_GUARD}"));
    for (name, payload) in events(&world) {
        let event = payload["hook_event_name"].as_str().unwrap().to_owned();
        let mut found = Vec::new();
        leaves(&payload, String::new(), &mut found);
        for at in found.iter().filter(|at| *at != "/hook_event_name") {
            let mut hostile = payload.clone();
            poison(hostile.pointer_mut(at).unwrap());
            clean_answer(&format!("{name} {at}"), &world, &hostile, &event);
        }
    }
    clean_commands(&world);
    let line = serde_json::json!({
        "session_id": SESSION, "model": {"id": HOSTILE, "display_name": HOSTILE}, "cwd": world.repo,
        "workspace": {"current_dir": world.repo, "project_dir": HOSTILE}, "version": HOSTILE,
    });
    let shown = world.status_line(&line.to_string(), &[]);
    clean(
        "the status line",
        &shown.replace("\u{1b}[31m", "").replace("\u{1b}[33m", "").replace("\u{1b}[0m", ""),
    );
}

#[test]
fn each_string_of_the_configuration() {
    let hostile = r"\e]0;evil\a\x9b31m\u202e\u200b\U000E0041\x7f";
    let configuration = format!(
        "requirements:
  \"plan{hostile}\":
    enabled: true
    message: \"m{hostile}\"
    description: \"d{hostile}\"
    short_message: \"s{hostile}\"
    checklist: [\"c{hostile}\"]
    deprecated: true
    deprecated_message: \"x{hostile}\"
  seen: {{enabled: true, evidence: {{dirs: [\"d{hostile}\"], require_markers: [\"k{hostile}\"], require_verdict: \"v{hostile}\"}}}}
  branch: {{enabled: true, type: condition, condition: protected_branch, protected_branches: [\"main{hostile}\"]}}
  pushed: {{enabled: true, trigger_tools: [{{tool: Bash, command_pattern: \"push|{hostile}\"}}]}}
  wrong: {{enabled: true, scope: \"w{hostile}\"}}
\"unknown{hostile}\": \"u{hostile}\"
workflow: {{default_phase: \"a{hostile}\", phases: [{{name: \"a{hostile}\", gate: \"plan{hostile}\"}}]}}
guards:
  push: {{message: \"p{hostile} {{what}}\", branches: [\"main\", \"b{hostile}\"]}}
  paths: {{rules: [{{files: \"src/*\", make_with: \"just{hostile}\", message: \"q{hostile}\"}}]}}
  patterns: {{rules: [{{pattern: \"alpha\", message: \"r{hostile}\"}}]}}
"
    );
    let world = World::with(&configuration);
    for (name, payload) in events(&world) {
        clean_answer(&name, &world, &payload, payload["hook_event_name"].as_str().unwrap());
    }
    clean_answer("push", &world, &world.bash("PreToolUse", "git push origin main"), "PreToolUse");
    clean_commands(&world);
    world.configure(&format!("requirements: [\n  \"{hostile}\u{202e}\u{200b}\n"));
    clean_answer("broken", &world, &world.recorded("SessionStart-startup"), "SessionStart");
    clean_commands(&world);
}

#[test]
fn names_and_messages_of_the_repository() {
    let world =
        World::with(&format!("requirements:\n  plan: {{enabled: true, scope: branch}}\n{EVERY_GUARD}"));
    world.git(&["checkout", "-q", "-b", "feature/\u{202e}\u{200b}x"]);
    world.write("docs/CHANGELOG.md", "x\n");
    let odd = format!("src/odd{}.txt", HOSTILE.replace('/', ""));
    world.write(&odd, "alpha\n");
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", &format!("subject {HOSTILE}\n\nbody {HOSTILE}")]);
    world.write(&odd, "changed\n");
    for (name, payload) in events(&world) {
        clean_answer(&name, &world, &payload, payload["hook_event_name"].as_str().unwrap());
    }
    for line in ["git checkout .", "rm -rf src", "git commit -am x", "git push origin HEAD"] {
        clean_answer(line, &world, &world.bash("PreToolUse", line), "PreToolUse");
    }
    clean_commands(&world);
    for arguments in [
        &["satisfy", HOSTILE][..],
        &[HOSTILE],
        &["why", HOSTILE],
        &["timeline", HOSTILE],
        &["status", HOSTILE],
    ] {
        let output = world.req(arguments);
        clean("an argument", &String::from_utf8_lossy(&output.stdout));
        clean("an argument", &String::from_utf8_lossy(&output.stderr));
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Every file that we keep, each string of it made hostile by another program.
#[test]
fn each_string_of_what_is_kept() {
    let world = World::with(&format!("requirements:\n  plan: {{enabled: true, mode: warn}}\n{EVERY_GUARD}"));
    for (_, payload) in events(&world) {
        world.hook(&payload);
    }
    world.satisfy("plan");
    let mut all = Vec::new();
    for folder in [
        world.repo.join(".git/requirements"),
        world.repo.join(".git/stanchion"),
        world.repo.join(".claude"),
        world.home.join(".stanchion"),
        world.home.join(".claude"),
    ] {
        files(&folder, &mut all);
    }
    let mut poisoned = 0;
    for path in &all {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let hostile = |text: &str| {
            let mut value: Value = serde_json::from_str(text).ok()?;
            poison(&mut value);
            Some(value.to_string())
        };
        let lines: Option<Vec<String>> = text.lines().map(hostile).collect();
        let Some(new) = hostile(&text).or_else(|| lines.map(|lines| lines.join("\n") + "\n")) else {
            continue;
        };
        if text.is_empty() || path.file_name().is_some_and(|name| name == "policy.json") {
            continue;
        }
        poisoned += 1;
        std::fs::write(path, new).unwrap();
        clean_commands(&world);
        let start = world.recorded("SessionStart-startup");
        clean_answer(&path.display().to_string(), &world, &start, "SessionStart");
        std::fs::write(path, &text).unwrap();
    }
    assert!(poisoned > 8, "{poisoned} of {all:?}");
}
