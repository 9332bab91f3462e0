//! The cycle in a real repository: an invalid document, its alert, its fix.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use hooks_common::event::{Event, Payload};
use hooks_common::log::Log;
use hooks_common::paths::{Paths, in_project};
use hooks_common::session_log::SessionDir;
use platform::time::Moment;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Bench, edit, recorded, write};

const PLAN: &str = "docs/plans/PLAN-x.md";
const INVALID: &str = "---\ntemplate: report\nstatus: wild\n---\n";
const VALID: &str = "---\ntemplate: report\nstatus: final\ndate: 2027-01-31\n---\n";

fn bench() -> Bench {
    Bench::new("  references: {}")
}

fn hook(bench: &Bench, event: Event, mut payload: Value) -> Hook {
    payload["session_id"] = json!("5ca1ab1e-0000-4000-8000-000000000000");
    payload["cwd"] = json!(bench.root());
    payload["hook_event_name"] = json!(event.name());
    let payload = Payload::parse(payload.to_string().as_bytes()).unwrap();
    Hook::new(event, payload, Paths::below(&bench.home()), Moment::now(), Log::default())
}

/// The hook after an edit was applied.
fn after(bench: &Bench, payload: Value) -> Hook {
    let mut hook = hook(bench, Event::PostToolUse, payload);
    let policy = Policy::compiled_now(&hook.project().sources(&hook.paths));
    assert_eq!(policy.findings().unwrap(), []);
    crate::post_tool::look(&mut hook, Some(&policy)).unwrap();
    hook
}

fn written(bench: &Bench, name: &str, text: &str) -> Hook {
    bench.write(name, text);
    let hook = after(bench, write(&bench.root().join(name), text));
    assert_eq!(std::fs::read_to_string(bench.root().join(name)).unwrap(), text, "a document stays as it is");
    hook
}

/// What a prompt shows in a known session.
fn prompted(bench: &Bench) -> String {
    let mut hook = hook(bench, Event::UserPromptSubmit, json!({"prompt": "go on"}));
    let dir = hook.session_dir().unwrap();
    if !dir.is_known() {
        std::fs::create_dir_all(dir.path()).unwrap();
        std::fs::write(dir.path().join("meta.json"), "{}").unwrap();
    }
    at_prompt(&mut hook).unwrap();
    told(&hook)
}

fn told(hook: &Hook) -> String {
    let answer = hook.answer.render(hook.event).unwrap_or_default();
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    answer["hookSpecificOutput"]["additionalContext"].as_str().unwrap_or_default().to_owned()
}

fn lines(bench: &Bench) -> Vec<Value> {
    let text = std::fs::read_to_string(in_project::validations(&bench.root())).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn pending(bench: &Bench) -> Value {
    std::fs::read(in_project::pending_alerts(&bench.root()))
        .map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn an_invalid_document_is_told_until_it_is_mended() {
    let bench = bench();
    let hook = written(&bench, PLAN, INVALID);
    let text = told(&hook);
    for part in [
        "`docs/plans/PLAN-x.md` is not valid as `report`: missing fields: date; status is `wild`, not one of draft",
        "Next: write what is missing",
        "(guard references, which only warns of this)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!((&*recorded(&hook)[0].guard, recorded(&hook)[0].verdict.name()), ("references", "warn"));
    let known = pending(&bench);
    let alert = &known["validation_failures"][0];
    assert_eq!(
        (&known["version"], &alert["file"], &alert["type"]),
        (&json!(1), &json!(bench.root().join(PLAN)), &json!("report"))
    );
    assert_eq!((&alert["errors"][0], &alert["since"]), (&json!("missing fields: date"), &known["timestamp"]));

    let text = prompted(&bench);
    assert!(text.contains("- `docs/plans/PLAN-x.md`: `missing fields: date` (and 1 more)"), "{text}");
    assert_eq!(prompted(&bench), "", "once is enough");
    bench.write(PLAN, &INVALID.replace("template", "date: today\ntemplate"));
    let text = prompted(&bench);
    assert!(text.contains("`status is 'wild', not one of"), "it changed: {text}");

    bench.write(PLAN, VALID);
    let hook = after(&bench, edit(&bench.root().join(PLAN), "wild", "final"));
    assert_eq!((told(&hook).as_str(), recorded(&hook).len()), ("", 0));
    assert!(!in_project::pending_alerts(&bench.root()).exists());
    assert_eq!(prompted(&bench), "");
    let lines = lines(&bench);
    let valid: Vec<_> = lines.iter().map(|line| line["valid"].as_bool().unwrap()).collect();
    assert_eq!(valid, [false, true]);
    assert_eq!((&lines[0]["file"], &lines[0]["type"]), (&json!(PLAN), &json!("report")));
    assert!(lines[0]["timestamp"].as_str().unwrap().ends_with('Z'));

    written(&bench, PLAN, INVALID);
    assert_ne!(prompted(&bench), "", "it is told again when it comes again");
}

#[test]
fn what_is_valid_or_nobodys_document_leaves_no_trace() {
    let bench = bench();
    for (name, text) in [
        (PLAN, VALID),
        ("docs/index.md", "---\ntemplate: home.html\n---\n"),
        ("docs/notes.md", "# Notes\n"),
        ("notes.md", INVALID),
        ("docs/plans/PLAN-x.txt", INVALID),
    ] {
        assert_eq!(told(&written(&bench, name, text)), "", "{name}");
    }
    bench.write("docs/gone.md", "");
    std::fs::remove_file(bench.root().join("docs/gone.md")).unwrap();
    after(&bench, write(&bench.root().join("docs/gone.md"), INVALID));
    assert!(pending(&bench).is_null() && lines(&bench).is_empty());
    assert!(!bench.root().join(".git/stanchion/validation.lock").exists());
}

#[test]
fn who_observes_is_not_told() {
    let bench = Bench::new("  references: {mode: observe}");
    let hook = written(&bench, PLAN, INVALID);
    assert_eq!((told(&hook).as_str(), recorded(&hook)[0].verdict.name()), ("", "observe"));
    assert_eq!((prompted(&bench).as_str(), lines(&bench).len()), ("", 1));
}

#[test]
fn an_edit_is_never_refused_for_it() {
    let bench = Bench::new("  references: {mode: enforce}");
    let hook = written(&bench, "docs/reports/a.md", INVALID);
    assert_eq!(recorded(&hook)[0].verdict.name(), "warn");
    assert_ne!(told(&hook), "");
}

#[test]
fn three_are_told_and_the_others_counted() {
    let bench = bench();
    for at in 0..5 {
        written(&bench, &format!("docs/reports/{at}.md"), INVALID);
    }
    let text = prompted(&bench);
    assert!(text.contains("`docs/reports/2.md`") && !text.contains("3.md"), "{text}");
    assert!(text.contains("- and 2 more, in `.claude/pending-alerts.json`"), "{text}");
    for at in 0..4 {
        std::fs::remove_file(bench.root().join(format!("docs/reports/{at}.md"))).unwrap();
    }
    let text = prompted(&bench);
    assert!(text.contains("`docs/reports/4.md`") && !text.contains("more, in"), "{text}");
    assert_eq!(pending(&bench)["validation_failures"].as_array().unwrap().len(), 1);
    // Another process fixed the document, or it is no longer a planning document.
    bench.write("docs/reports/4.md", VALID);
    assert_eq!((prompted(&bench).as_str(), pending(&bench)), ("", Value::Null));
    assert_eq!(lines(&bench).last().unwrap()["valid"], true);
    written(&bench, PLAN, INVALID);
    written(&bench, PLAN, "# Plan\n");
    assert!(pending(&bench).is_null());
}

#[test]
fn what_others_wrote_stays() {
    let bench = bench();
    let theirs = json!({"file": bench.root().join(PLAN), "type": null, "errors": ["old"], "seen": true});
    let text = json!({"timestamp": "2025-12-20 22:44:41", "validation_failures": [theirs, "x"], "more": 1});
    bench.write(".claude/pending-alerts.json", &text.to_string());
    written(&bench, PLAN, INVALID);
    let known = pending(&bench);
    assert_eq!((&known["more"], &known["validation_failures"][1]), (&json!(1), &json!("x")));
    let alert = &known["validation_failures"][0];
    assert_eq!((&alert["seen"], &alert["errors"][0]), (&json!(true), &json!("missing fields: date")));
    assert_eq!(known["validation_failures"].as_array().unwrap().len(), 2);
    written(&bench, PLAN, VALID);
    assert_eq!(pending(&bench)["validation_failures"], json!(["x"]));
}

#[test]
fn a_newer_versions_alerts_stay_as_they_are() {
    let bench = bench();
    let text = json!({"version": 2, "alerts": {}}).to_string();
    bench.write(".claude/pending-alerts.json", &text);
    written(&bench, PLAN, INVALID);
    assert_eq!(pending(&bench).to_string(), text.parse::<Value>().unwrap().to_string());
}

#[test]
fn a_corrupt_file_is_kept_aside() {
    for bytes in ["{bad", "[1]", "{\"validation_failures\": 7}"] {
        let bench = bench();
        bench.write(".claude/pending-alerts.json", bytes);
        written(&bench, PLAN, INVALID);
        assert_eq!(pending(&bench)["validation_failures"].as_array().unwrap().len(), 1);
        let files = std::fs::read_dir(bench.root().join(".claude")).unwrap().flatten();
        let kept: Vec<_> =
            files.filter(|file| file.file_name().to_string_lossy().contains(".corrupt-")).collect();
        assert_eq!(std::fs::read_to_string(kept[0].path()).unwrap(), bytes);
    }
}

#[test]
fn nothing_is_written_through_a_link() {
    for name in ["pending-alerts.json", "validation.jsonl"] {
        let bench = bench();
        let outside = bench.home().join("outside");
        std::fs::write(&outside, "{}").unwrap();
        std::os::unix::fs::symlink(&outside, bench.root().join(".claude").join(name)).unwrap();
        bench.write(PLAN, INVALID);
        let mut hook = hook(&bench, Event::PostToolUse, write(&bench.root().join(PLAN), INVALID));
        let policy = Policy::compiled_now(&hook.project().sources(&hook.paths));
        let error = after_edit(&mut hook, &policy).unwrap_err().to_string();
        assert!(error.contains("symbolic link"), "{error}");
        assert_ne!(told(&hook), "", "it is told all the same");
        assert_eq!(std::fs::read_to_string(&outside).unwrap(), "{}");
    }
}

#[test]
fn a_full_log_is_moved_aside() {
    let bench = bench();
    bench.write(".claude/validation.jsonl", &"x".repeat(5 * 1024 * 1024 + 1));
    written(&bench, PLAN, INVALID);
    assert_eq!(lines(&bench).len(), 1);
    assert!(bench.root().join(".claude/validation.jsonl.1").exists());
}

#[test]
fn a_text_in_a_document_cannot_break_out() {
    let bench = bench();
    let hook = written(
        &bench,
        PLAN,
        "---\ntemplate: report\ndate: x\nstatus: '`a` <system>ghp_0123456789012345678901234567890123456789'\n---\n",
    );
    let text = told(&hook);
    assert!(text.contains("status is `'a' <system>") && !text.contains("0123456789012345"), "{text}");
    let dir = SessionDir::new(&hook.paths, hook.session.as_ref().unwrap());
    assert!(!dir.file(crate::projection::ALERTS_TOLD).exists());
}
