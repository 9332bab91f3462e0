//! What an edit brought.

use hooks_common::answer::HostDecision;
use hooks_common::paths::Paths;
use platform::time::Moment;

use super::*;
use crate::testing::{edit, recorded, write};
use hooks_common::decision::PausedBy;
use hooks_common::pause::Pause;

/// Writes a file as the tool did.
fn written(bench: &Bench, name: &str, text: &str) -> Hook {
    bench.write(name, text);
    bench.after(write(&bench.root().join(name), text))
}

fn refusal(hook: &Hook) -> &str {
    match hook.answer.decision() {
        HostDecision::Refuse(text) => text,
        _ => "",
    }
}

fn told(hook: &Hook) -> String {
    hook.answer.render(Event::PostToolUse).unwrap_or_default()
}

#[test]
fn a_warning_is_told_and_graduates() {
    let bench = Bench::new(RULES);
    let first = written(&bench, "src/a.js", "x\nmed(1)\n");
    assert_eq!(refusal(&first), "");
    assert!(told(&first).contains("`src/a.js:2` breaks `med`"), "{}", told(&first));
    assert_eq!(
        (recorded(&first)[0].verdict.name(), recorded(&first)[0].guard.as_str()),
        ("warn", "patterns")
    );
    assert!(is_recent(&bench.warned()["src/a.js::med"]));
    assert_eq!(refusal(&written(&bench, "src/a.js", "med(2)\n")), "", "the grace has just begun");
    bench.warned_ago("src/a.js::med", hours(5));
    let refused = written(&bench, "src/a.js", "x\nmed(3)\n");
    for part in ["`src/a.js:2`", "Rather not", "The edit stands", "pattern-ok: med", "requirements.yaml:2"] {
        assert!(refusal(&refused).contains(part), "{part}: {}", refusal(&refused));
    }
    assert!(told(&refused).contains("\"decision\":\"block\""));
    assert_eq!(recorded(&refused)[0].verdict.name(), "deny");
    bench.session_began(hours(6));
    assert_eq!(refusal(&written(&bench, "src/a.js", "med(4)\n")), "", "the session's own warning");
}

#[test]
fn what_is_mended_is_forgotten() {
    let bench = Bench::new(RULES);
    bench.warned_ago("a.js::med", hours(5));
    let hook = written(&bench, "a.js", "fine(1)\n");
    assert_eq!((told(&hook).as_str(), bench.warned()), ("", json!({})));
    assert_eq!(refusal(&written(&bench, "a.js", "med(1)\n")), "", "it begins anew");
}

#[test]
fn critical_is_sent_back_at_once_and_low_never() {
    let bench = Bench::new(RULES);
    assert!(refusal(&written(&bench, "a.js", "crit(1)\n")).contains("Never this"));
    assert!(bench.warned().is_null());
    bench.warned_ago("a.js::low", hours(5));
    assert_eq!(refusal(&written(&bench, "a.js", "low(1)\n")), "");
}

#[test]
fn only_what_the_edit_brought_is_told() {
    let bench = Bench::new(RULES);
    let path = bench.root().join("a.js");
    for (file, old, new, expected) in [
        ("crit(1)\nnew\n", "old", "new", false),
        ("crit(1)\ncrit(2)\n", "old", "crit(2)", true),
        // The line was there before; it is only the place that the edit names.
        ("crit(1)\nnew\n", "crit(1)\nold", "crit(1)\nnew", false),
        ("crit(1)\nnew\n", "crit(1)\nold", "  crit(1)\nnew", true),
        ("a crit(1) b\n", "crit(0)", "crit(1)", true),
        // Somebody formatted it since.
        ("  crit('1');\n", "old", "crit(\"1\")", true),
        ("crit(1)\r\nx\r\n", "old", "crit(1)\nx", true),
        ("x\n", "crit(1)", "", false),
        ("// pattern-ok: crit the input is our own\ncrit(1)\n", "old", "crit(1)", false),
    ] {
        bench.write("a.js", file);
        let hook = bench.after(edit(&path, old, new));
        assert_eq!(!refusal(&hook).is_empty(), expected, "{file:?} {new:?}: {}", told(&hook));
    }
    bench.write("a.js", "one\ntwo crit(1)\n");
    let many = json!({"tool_name": "MultiEdit", "tool_input": {"file_path": path, "edits": [
        {"old_string": "1", "new_string": "one"}, {"old_string": "2", "new_string": "two crit(1)"},
    ]}});
    assert!(refusal(&bench.after(many)).contains("a.js:2"));
}

#[test]
fn nothing_is_told_of_files_that_the_rules_do_not_mean() {
    let bench = Bench::new(RULES);
    assert_eq!(told(&written(&bench, "a.md", "crit(1)\n")), "");
    let outside = bench.home().join("a.js");
    std::fs::write(&outside, "crit(1)\n").unwrap();
    assert_eq!(told(&bench.after(write(&outside, "crit(1)\n"))), "");
    let bench = Bench::new("  patterns: {rules: [{id: a, severity: critical, pattern: forbidden}]}");
    let text = std::fs::read_to_string(in_project::config(&bench.root())).unwrap();
    let own = written(&bench, ".claude/requirements.yaml", &text);
    assert_eq!(told(&own), "", "the rules themselves stand there");
    assert!(refusal(&written(&bench, "x.yaml", "forbidden\n")).contains("x.yaml"));
    let notebook = json!({"tool_name": "NotebookEdit", "tool_input": {"notebook_path": bench.root().join("x.yaml"), "new_source": "forbidden"}});
    assert_eq!(told(&bench.after(notebook)), "");
}

#[test]
fn a_file_is_known_by_where_it_lies() {
    let bench = Bench::new(RULES);
    bench.write("src/a.js", "crit(1)\n");
    std::os::unix::fs::symlink("src", bench.root().join("link")).unwrap();
    for name in ["link/a.js", "src/../src/a.js"] {
        let hook = bench.after(write(&bench.root().join(name), "crit(1)\n"));
        assert!(refusal(&hook).contains("`src/a.js:1`"), "{name}");
    }
}

#[test]
fn modes_send_back_warn_or_observe() {
    let warn = Bench::new(&rules("    mode: warn"));
    let hook = written(&warn, "a.js", "crit(1)\nmed(1)\n");
    assert_eq!((refusal(&hook), recorded(&hook).len()), ("", 2));
    assert!(told(&hook).contains("which only warns") && !warn.warned().is_null());
    let observe = Bench::new(&rules("    mode: observe"));
    let hook = written(&observe, "a.js", "crit(1)\nmed(1)\n");
    assert_eq!((told(&hook).as_str(), recorded(&hook).len(), observe.warned()), ("", 2, Value::Null));
    assert!(recorded(&hook).iter().all(|record| record.verdict.name() == "observe"));
}

#[test]
fn a_person_has_the_guard_stand_aside() {
    let bench = Bench::new(RULES);
    let (_, project) = bench.project();
    let id = Payload { session_id: SESSION.to_owned(), ..Payload::default() }.session().unwrap();
    let mark = project.state().pause_mark(id.key());
    std::fs::create_dir_all(mark.parent().unwrap()).unwrap();
    let paths = Paths::below(&bench.home());
    let pause = |by| Pause::new(&paths, id.key(), by, "", Moment::now()).unwrap();
    let forged = Pause { seal: String::new(), ..pause(PausedBy::Person) };
    for (pause, expected) in
        [(pause(PausedBy::Agent), "deny"), (forged, "deny"), (pause(PausedBy::Person), "paused")]
    {
        let by = if expected == "paused" { "person" } else { "agent" };
        std::fs::write(&mark, serde_json::to_string(&pause).unwrap()).unwrap();
        let hook = written(&bench, "a.js", "crit(1)\nmed(1)\n");
        assert_eq!(recorded(&hook)[0].verdict.name(), expected);
        assert_eq!(told(&hook).is_empty(), by == "person");
        assert_eq!(bench.warned().is_null(), by == "person", "nobody is told");
        let _ = std::fs::remove_file(in_project::warned_files(&bench.root()));
    }
}

#[test]
fn the_configurations_message_comes_first() {
    let bench = Bench::new(&rules("    message: 'House rule: {what}.'"));
    assert!(refusal(&written(&bench, "a.js", "crit(1)\n")).starts_with("House rule: `a.js:1` breaks"));
}

#[test]
fn an_edit_that_breaks_nothing_writes_nothing() {
    let bench = Bench::new(RULES);
    assert_eq!(told(&written(&bench, "a.js", "x\n")), "");
    assert!(!in_project::state(&bench.root()).exists());
    assert!(!bench.root().join(".git/stanchion/warned-files.lock").exists());
}

#[test]
fn a_corrupt_record_only_warns_and_is_kept() {
    let bench = Bench::new(RULES);
    bench.write(".claude/state/warned-files.json", "{bad");
    let hook = written(&bench, "a.js", "med(1)\n");
    assert_eq!(refusal(&hook), "");
    assert!(told(&hook).contains("could not be read"), "{}", told(&hook));
    assert_eq!(bench.kept_aside(), [b"{bad".to_vec()]);
}

#[test]
fn secrets_are_not_repeated() {
    let bench = Bench::new("  patterns: {rules: [{id: a, severity: critical, pattern: 'token = .*'}]}");
    let secret = format!("ghp_{}", "a1B2".repeat(9));
    let hook = written(&bench, "a.js", &format!("token = {secret}\n"));
    assert!(!told(&hook).contains(&secret) && !recorded(&hook)[0].what.contains(&secret));
}
