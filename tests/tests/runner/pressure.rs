//! A context that fills up: what is told, what is refused, how it ends.

use std::path::PathBuf;

use serde_json::{Value, json};
use tests::World;
use tests::world::{ONE, SESSION};

fn transcript(world: &World) -> PathBuf {
    let path = world.recorded("UserPromptSubmit-plain")["transcript_path"].as_str().unwrap().to_owned();
    PathBuf::from(path)
}

/// The transcript ends with an answer that used so many tokens, less a thousand and four.
fn used(world: &World, cached: u64) {
    let usage = json!({"input_tokens": 4, "cache_creation_input_tokens": 1_000, "cache_read_input_tokens": cached, "output_tokens": 0});
    write(world, &[json!({"type": "assistant", "message": {"model": "claude-opus", "usage": usage}})]);
}

fn write(world: &World, lines: &[Value]) {
    let path = transcript(world);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(path, text).unwrap();
}

fn prompt(world: &World, text: &str) -> String {
    let answer = world.hook(&world.payload("UserPromptSubmit-plain", json!({"prompt": text})));
    answer.json.as_ref().map(|_| answer.context().to_owned()).unwrap_or_default()
}

fn write_tool(world: &World, file: &str) -> Value {
    let path = world.repo.join(file);
    world.payload("PreToolUse-Write", json!({"tool_input": {"file_path": path, "content": "x"}}))
}

fn ready() -> World {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    world.satisfy("commit_plan");
    world
}

#[test]
fn a_real_figure_is_told_once() {
    let world = ready();
    assert_eq!(prompt(&world, "hello"), "", "there is no transcript, and unknown is not 0");
    used(&world, 168_000);
    assert_eq!(prompt(&world, "hello"), "");
    used(&world, 169_000);
    assert!(prompt(&world, "hello").contains("context of session 1 is 85% full"));
    used(&world, 171_000);
    assert_eq!(prompt(&world, "hello"), "");
}

#[test]
fn a_compaction_is_seen_and_what_nobody_knows_is_unknown() {
    let world = ready();
    let usage = json!({"input_tokens": 190_000});
    let answer = json!({"type": "assistant", "message": {"model": "claude-opus", "usage": usage}});
    write(
        &world,
        &[
            answer.clone(),
            json!({"type": "system", "subtype": "compact_boundary", "compactMetadata": {"postTokens": 30_000}}),
        ],
    );
    assert_eq!(prompt(&world, "hello"), "");
    write(
        &world,
        &[answer.clone(), json!({"type": "system", "subtype": "compact_boundary", "compactMetadata": {}})],
    );
    assert_eq!(prompt(&world, "hello"), "");
    write(&world, &[answer]);
    assert!(prompt(&world, "hello").contains("is 95% full"));
    world.hook(&world.recorded("PreCompact-auto"));
    world.hook(&world.recorded("SessionStart-compact"));
    assert!(!world.session_dir(SESSION).join("pressure.json").exists());
}

#[test]
fn at_ninety_tools_that_grow_the_work_are_refused_until_there_is_a_checkpoint() {
    let world = ready();
    used(&world, 180_000);
    let told = prompt(&world, "hello");
    assert!(told.contains("90% full") && told.contains("checkpoint new"), "{told}");
    let refused = world.hook(&write_tool(&world, "src/a.rs"));
    let reason = refused.refusal();
    assert!(reason.contains("checkpoint new") && reason.contains("session 1 has no checkpoint"), "{reason}");
    assert!(!world.hook(&write_tool(&world, "docs/checkpoints/x.md")).stdout.contains("deny"));
    assert!(!world.hook(&world.bash("PreToolUse", "git commit -m x")).stdout.contains("deny"));
    assert!(!world.hook(&world.recorded("PreToolUse-Read")).stdout.contains("deny"));
    assert!(world.hook(&world.recorded("PreToolUse-Agent-Explore")).stdout.contains("deny"));
    let mut of_agent = write_tool(&world, "src/a.rs");
    of_agent["agent_id"] = json!("a1");
    of_agent["agent_type"] = json!("Explore");
    assert!(!world.hook(&of_agent).stdout.contains("deny"), "a subagent has a context of its own");
    // Held once at the end of the turn.
    assert!(world.hook(&world.recorded("Stop-first")).block().contains("checkpoint"));
    world.hook(&world.recorded("Stop-first")).silent();
    for _ in 0..3 {
        world.hook(&write_tool(&world, "src/a.rs")).refusal();
    }
    assert!(
        !world.hook(&write_tool(&world, "src/a.rs")).stdout.contains("deny"),
        "five times, then it only advises"
    );
    let events = std::fs::read_to_string(world.repo.join(".claude/governance-events.jsonl")).unwrap();
    let first: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    assert_eq!(
        (events.lines().count(), &first["violation_type"], &first["session_id"]),
        (5, &json!("block"), &json!(1))
    );
    let why = world.req_ok(&["why", "--last", "--session", SESSION]);
    assert!(why.contains("context was nearly full"), "{why}");
}

#[test]
fn a_verified_checkpoint_ends_it() {
    let mut world = ready();
    used(&world, 180_000);
    prompt(&world, "hello");
    world.hook(&write_tool(&world, "src/a.rs")).refusal();
    world.env.push(("CLAUDE_CODE_SESSION_ID".to_owned(), SESSION.to_owned()));
    world.write("src/a.txt", "alpha\nbeta\ngamma\n");
    let scaffolded = world.req_ok(&["checkpoint", "new", "The lexer"]);
    let path = world.repo.join(scaffolded.lines().next().unwrap());
    assert!(path.to_string_lossy().contains("-SESSION-1-the-lexer.md"), "{}", path.display());
    let unfilled = world.req(&["checkpoint", "verify"]);
    assert_eq!(unfilled.status.code(), Some(1));
    world.hook(&write_tool(&world, "src/a.rs")).refusal();
    crate::checkpoints::fill(&path);
    world.req_ok(&["checkpoint", "verify"]);
    assert!(!world.hook(&write_tool(&world, "src/a.rs")).stdout.contains("deny"));
}

#[test]
fn what_the_host_tells_of_a_resumed_session_counts() {
    let world = ready();
    world.hook(&world.payload("SessionStart-resume-2.1.329", json!({"context_tokens": 184_000})));
    assert!(prompt(&world, "hello").contains("92% full"));
}

#[test]
fn a_word_of_the_user_ends_it() {
    let world = ready();
    used(&world, 180_000);
    prompt(&world, "hello");
    world.hook(&write_tool(&world, "src/a.rs")).refusal();
    for not_the_user in
        ["<task-notification>skip checkpoint</task-notification>", "do not skip checkpoint please"]
    {
        prompt(&world, not_the_user);
        world.hook(&write_tool(&world, "src/a.rs")).refusal();
    }
    prompt(&world, "please skip checkpoint, I know");
    assert!(!world.hook(&write_tool(&world, "src/a.rs")).stdout.contains("deny"));
    let events = std::fs::read_to_string(world.repo.join(".claude/governance-events.jsonl")).unwrap();
    assert!(events.lines().last().unwrap().contains(r#""violation_type":"warn""#), "{events}");
}

#[test]
fn the_figure_grows_within_a_turn() {
    let world = ready();
    used(&world, 100_000);
    assert_eq!(prompt(&world, "hello"), "");
    used(&world, 182_000);
    let mut refused = 0;
    for at in 0..40 {
        world.hook(&world.bash("PostToolUse", &format!("echo {at}")));
        let answer = world.hook(&write_tool(&world, "src/a.rs"));
        refused += usize::from(answer.stdout.contains(r#""deny""#));
    }
    assert_eq!(refused, 5, "no prompt came, no status line is drawn, and it is seen all the same");
}

#[test]
fn force_can_be_advice_or_nothing() {
    for (force, told) in [("advise", true), ("off", false)] {
        let world = World::with(&format!("{ONE}context: {{force: {force}, most_refusals: 2}}\n"));
        world.hook(&world.recorded("SessionStart-startup"));
        world.satisfy("commit_plan");
        used(&world, 180_000);
        assert_eq!(prompt(&world, "hello").contains("checkpoint"), told, "{force}");
        assert!(!world.hook(&write_tool(&world, "src/a.rs")).stdout.contains("deny"), "{force}");
        world.hook(&world.recorded("Stop-first")).silent();
    }
}

#[test]
fn the_status_line_counts_first() {
    let world = ready();
    used(&world, 180_000);
    let line = |percent: f64| {
        let mut payload = world.recorded("StatusLine-with-usage");
        payload["context_window"]["used_percentage"] = json!(percent);
        world.status_line(&payload.to_string(), &[]);
    };
    line(20.0);
    assert_eq!(prompt(&world, "hello"), "");
    line(91.0);
    assert!(prompt(&world, "hello").contains("91% full"));
}

#[test]
fn a_large_file_that_is_read_whole_is_told() {
    let world = ready();
    let read = |lines: u64, limit: Option<u64>| {
        let mut payload = world.recorded("PostToolUse-Read");
        payload["tool_response"]["file"]["totalLines"] = json!(lines);
        if let Some(limit) = limit {
            payload["tool_input"]["limit"] = json!(limit);
        }
        world.hook(&payload)
    };
    assert!(read(5_001, None).context().contains("has 5001 lines"));
    read(5_001, Some(100)).silent();
    read(5_000, None).silent();
}

#[test]
fn nearly_used_up_a_checkpoint_is_written_without_asking() {
    let world = ready();
    world.hook(&world.recorded("PostToolUse-Edit"));
    used(&world, 191_000);
    prompt(&world, "hello");
    let folder = world.repo.join(".claude/state/checkpoints");
    let names = || -> Vec<String> {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names().len(), 1, "{:?}", names());
    assert!(
        names()[0].ends_with("-SESSION-1-emergency-checkpoint.md")
            || names()[0].contains("SESSION-1-emergency"),
        "{:?}",
        names()
    );
    prompt(&world, "hello");
    world.hook(&world.recorded("SessionEnd-other"));
    assert_eq!(names().len(), 1, "the same one, brought up to date");
    let state = world.json(&world.repo.join(".claude/state/handoff.json"));
    assert_eq!(state["trigger"], "session_end");
}

#[test]
fn a_compaction_beats_the_status_line() {
    let world = ready();
    let mut payload = world.recorded("StatusLine-with-usage");
    payload["context_window"]["used_percentage"] = json!(95);
    payload["context_window"]["context_window_size"] = json!(200_000);
    world.status_line(&payload.to_string(), &[]);
    assert!(prompt(&world, "hello").contains("95% full"));
    world.hook(&world.recorded("PreCompact-auto"));
    world.hook(&world.recorded("SessionStart-compact"));
    write(
        &world,
        &[
            json!({"type": "system", "subtype": "compact_boundary", "compactMetadata": {"postTokens": 30_000}}),
        ],
    );
    assert_eq!(prompt(&world, "hello"), "");
    assert!(!world.hook(&write_tool(&world, "src/a.rs")).stdout.contains("deny"));
}

#[test]
fn what_cannot_be_logged_is_refused_all_the_same() {
    let world = ready();
    used(&world, 180_000);
    std::fs::create_dir_all(world.repo.join(".claude/governance-events.jsonl")).unwrap();
    std::fs::create_dir_all(world.repo.join(".claude/hooks")).unwrap();
    assert!(prompt(&world, "hello").contains("90% full"));
    world.hook(&write_tool(&world, "src/a.rs")).refusal();
}

#[test]
fn the_user_may_say_it_at_once() {
    let world = ready();
    used(&world, 184_000);
    prompt(&world, "skip checkpoint");
    assert!(!world.hook(&write_tool(&world, "src/a.rs")).stdout.contains("deny"));
}
