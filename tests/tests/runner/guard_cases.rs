//! Guards on what is no command line, through the shipped executables: edits, reads, commits, and patterns over time.

use serde_json::{Value, json};
use tests::world::{SESSION, last, now};
use tests::{Answer, World};

fn guarded(guards: &str) -> World {
    World::with(&format!("guards:\n{guards}"))
}

/// A recorded Write of this content.
fn write(world: &World, event: &str, file: &str, content: &str) -> Answer {
    let input = json!({"file_path": world.repo.join(file), "content": content});
    if event == "PreToolUse" {
        return world.hook(&world.payload("PreToolUse-Write", json!({"tool_input": input})));
    }
    world.write(file, content);
    let mut payload = world.payload("PostToolUse-Write-create", json!({"tool_input": input}));
    payload["tool_response"]["filePath"] = json!(world.repo.join(file));
    world.hook(&payload)
}

fn edit(world: &World, file: &str, old: &str, new: &str) -> Answer {
    let input = json!({"file_path": world.repo.join(file), "old_string": old, "new_string": new});
    world.hook(&world.payload("PreToolUse-Edit", json!({"tool_input": input})))
}

fn read(world: &World, file: &str, limit: Option<u32>) -> Answer {
    let mut input = json!({"file_path": world.repo.join(file)});
    if let Some(limit) = limit {
        input["limit"] = limit.into();
    }
    world.hook(&world.payload("PreToolUse-Edit", json!({"tool_name": "Read", "tool_input": input})))
}

fn warned(world: &World) -> Value {
    world.json(&world.repo.join(".claude/state/warned-files.json"))
}

/// Moves the first warning of a rule back, as if it had been told so many hours ago.
fn age_warning(world: &World, key: &str, hours: i64) {
    let mut known = warned(world);
    let time = chrono::DateTime::from_timestamp(now() - hours * 3_600, 0).unwrap();
    known[key] = time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into();
    world.write(".claude/state/warned-files.json", &known.to_string());
    // Begun after the first warning, so that it is another session's.
    let meta = world.session_dir(SESSION).join("meta.json");
    let mut begun = world.json(&meta);
    begun["created_at"] = json!(chrono::DateTime::from_timestamp(now(), 0).unwrap().to_rfc3339());
    std::fs::write(meta, begun.to_string()).unwrap();
}

const PATTERNS: &str = "  patterns:\n    rules:\n      - {id: no-dbg, pattern: 'dbg!\\(', files: '*.rs', message: A debugging macro is left., fix: Remove it.}\n      - {id: no-exec, severity: critical, pattern: 'exec_raw\\(', files: '*.rs', message: Never.}\n";

#[test]
fn a_pattern_is_warned_of_first_and_refused_when_it_stays() {
    let world = guarded(PATTERNS);
    world.hook(&world.recorded("SessionStart-startup"));
    let bad = "fn main() {\n    dbg!(1);\n}\n";
    let first = write(&world, "PostToolUse", "src/a.rs", bad);
    assert!(
        first.context().contains("A debugging macro is left")
            && first.json.as_ref().unwrap()["decision"].is_null()
    );
    assert!(warned(&world)["src/a.rs::no-dbg"].as_str().unwrap().ends_with('Z'));
    let again = write(&world, "PostToolUse", "src/a.rs", bad);
    assert!(!again.stdout.contains("\"block\""), "within the grace: {again:?}");
    let key = "src/a.rs::no-dbg";
    age_warning(&world, key, 5);
    let block = write(&world, "PostToolUse", "src/a.rs", bad);
    assert!(block.block().contains("src/a.rs:2") && block.block().contains("Remove it"), "{block:?}");
    let why = world.req_ok(&["why", "--last", "--session", SESSION]);
    assert!(why.contains("guard patterns"), "{why}");
    let check = world.req(&["patterns", "check", "--all"]);
    assert_eq!(check.status.code(), Some(1), "{check:?}");
    world.git(&["add", "src/a.rs"]);
    let commit = world.hook(&world.bash("PreToolUse", "git commit -qm x"));
    assert!(commit.refusal().contains("src/a.rs"), "{commit:?}");
    age_warning(&world, key, 31 * 24);
    write(&world, "PostToolUse", "src/a.rs", bad);
    assert!(!write(&world, "PostToolUse", "src/a.rs", bad).stdout.contains("\"block\""), "expired");
    write(&world, "PostToolUse", "src/a.rs", "fn main() {}\n").silent();
    assert!(warned(&world)[key].is_null(), "mended");
    assert!(
        write(&world, "PostToolUse", "src/b.rs", "exec_raw()\n").block().contains("Never"),
        "critical at once"
    );
    let waived = "dbg!(1); // pattern-ok: no-dbg shown in the manual\n";
    assert!(!write(&world, "PostToolUse", "src/c.rs", waived).stdout.contains("debugging macro is left"));
}

#[test]
fn a_corrupt_record_of_warnings_is_kept_and_only_warns() {
    let world = guarded(PATTERNS);
    world.write(".claude/state/warned-files.json", "{bad");
    let answer = write(&world, "PostToolUse", "src/a.rs", "dbg!(1);\n");
    assert!(!answer.stdout.contains("\"block\""), "{answer:?}");
    let state = world.repo.join(".claude/state");
    let kept = std::fs::read_dir(state)
        .unwrap()
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().starts_with("warned-files.json.corrupt"));
    assert_eq!(std::fs::read(kept.expect("a copy").path()).unwrap(), b"{bad");
}

#[test]
fn settings_are_compared_by_meaning_however_large_the_edit() {
    let world = guarded("  settings: {}\n");
    let bin = world.home.join(".stanchion/bin");
    let entry = |event: &str, name: &str| {
        (event.to_owned(), json!([{"hooks": [{"type": "command", "command": bin.join(name), "args": []}]}]))
    };
    let hooks: serde_json::Map<String, Value> =
        [entry("PreToolUse", "hook-pre-tool"), entry("Stop", "hook-stop")].into_iter().collect();
    let settings = json!({"hooks": hooks, "permissions": {"deny": ["Read(.env)"]}});
    world.write(".claude/settings.json", &settings.to_string());
    let mut large = settings;
    large["note"] = json!("x".repeat(8 * 1024 * 1024));
    write(&world, "PreToolUse", ".claude/settings.json", &large.to_string()).silent();
    large["hooks"].as_object_mut().unwrap().remove("PreToolUse");
    assert!(
        write(&world, "PreToolUse", ".claude/settings.json", &large.to_string())
            .refusal()
            .contains("PreToolUse")
    );
    for (old, new) in [
        ("hook-pre-tool", "hook-pre-tool2"),
        ("\"Read(.env)\"", ""),
        ("{\"hooks\":", "{\"disableAllHooks\":true,\"hooks\":"),
    ] {
        edit(&world, ".claude/settings.json", old, new).refusal();
    }
    edit(&world, ".claude/settings.json", "\"Read(.env)\"", "\"Read(.env)\",\"Read(key)\"").silent();
    edit(&world, ".claude/requirements.yaml", "settings: {}", "settings: {mode: observe}").refusal();
    edit(&world, ".claude/requirements.yaml", "settings: {}", "settings: {}\n  push: {}").silent();
}

#[test]
fn a_large_file_is_read_in_parts() {
    let world = guarded("  large_read: {}\n");
    world.write("big.log", &"a line of the log\n".repeat(350_000));
    let refused = read(&world, "big.log", None);
    assert!(refused.refusal().contains("MiB") && refused.refusal().contains("limit 2000"), "{refused:?}");
    read(&world, "big.log", Some(10)).silent();
    world.write("middle.log", &"a line of the log\n".repeat(40_000));
    assert!(read(&world, "middle.log", None).context().contains("KiB"));
    read(&world, "src/a.txt", None).silent();
    read(&world, "none.log", None).silent();
}

#[test]
fn what_must_stay_stays_and_no_secret_is_written_or_committed() {
    let world = guarded(
        "  secrets: {}\n  protected_content: {rules: [{files: '*.txt', content: alpha, message: The first word stays.}]}\n",
    );
    assert!(edit(&world, "src/a.txt", "alpha", "omega").refusal().contains("The first word stays"));
    edit(&world, "src/a.txt", "beta", "gamma").silent();
    let token = concat!("gh", "p_Hs0GnG5mAldOKMgN0tRea1AaYatTSJa6tz1g");
    let refused = write(&world, "PreToolUse", "src/key.rs", &format!("let a = 1;\nlet key = \"{token}\";\n"));
    assert!(refused.refusal().contains("src/key.rs") && !refused.stdout.contains("Hs0GnG5m"), "{refused:?}");
    write(&world, "PreToolUse", "src/key.rs", "let key = std::env::var(\"KEY\");\n").silent();
    world.write("src/key.rs", &format!("let key = \"{token}\";\n"));
    world.git(&["add", "src/key.rs"]);
    let commit = world.hook(&world.bash("PreToolUse", "git commit -qm key"));
    assert!(commit.refusal().contains("src/key.rs") && !commit.stdout.contains("Hs0GnG5m"), "{commit:?}");
    let log = std::fs::read_to_string(world.session_dir(SESSION).join("events.jsonl")).unwrap();
    assert!(!log.contains("Hs0GnG5m"), "{log}");
    assert_eq!(last(&world.events(SESSION), "PreToolUse")["guards"][0]["guard"], "secrets");
}

#[test]
fn governed_files_and_planning_documents_are_looked_at_in_every_edit() {
    let world = guarded("  paths: {}\n  references: {mode: enforce}\n");
    assert!(write(&world, "PreToolUse", "docs/checkpoints/x.md", "x").refusal().contains("/new-checkpoint"));
    let many = json!({"tool_name": "MultiEdit", "tool_input": {
        "file_path": world.repo.join("src/../docs/checkpoints/y.md"), "edits": [{"old_string": "", "new_string": "x"}]}});
    world.hook(&world.payload("PreToolUse-Edit", many)).refusal();
    world.write("docs/checkpoints/x.md", "text\n");
    edit(&world, "docs/checkpoints/x.md", "text", "more").silent();
    world
        .write("docs/plans/PLAN-1.md", "---\ntemplate: implementation_plan\nbacklog_id: E2-001\n---\ntext\n");
    let refused = edit(&world, "docs/plans/PLAN-1.md", "backlog_id: E2-001\n", "");
    assert!(refused.refusal().contains("backlog_id"), "{refused:?}");
    world
        .write("docs/plans/PLAN-2.md", "---\ntemplate: implementation_plan\nbacklog_id: E2-002\n---\ntext\n");
    assert!(edit(&world, "docs/plans/PLAN-2.md", "E2-002", "E2-001").refusal().contains("PLAN-1.md"));
    edit(&world, "docs/plans/PLAN-2.md", "E2-002", "E2-003").silent();
}
