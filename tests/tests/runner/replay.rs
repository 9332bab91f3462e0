//! `why --last` and `replay`: explanations from the log.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use tests::World;
use tests::world::{KEY, SESSION, printed};

use crate::support::{commit_all, on_file, one, run, skill};

/// What is replayed: one of each kind of requirement.
const REPLAYED: &str = "requirements:\n  plan: {enabled: true, satisfied_by_skill: plan}\n  once: {enabled: true, scope: single_use, trigger_tools: [{tool: Bash, command_pattern: 'gh\\s+pr\\s+create'}]}\n  \
    proven: {enabled: true, evidence: {}, trigger_tools: [Write]}\n  frozen: {enabled: true, type: condition, condition: paths, paths: 'migrations/**'}\n  \
    size: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {block: 500}, trigger_tools: [NotebookEdit]}\n  \
    seen: {enabled: true, mode: observe, trigger_tools: [mcp__scratch]}\n  checks: {enabled: true, stop_only: true, trigger_tools: [Edit]}\n";

/// Plays about sixty events through the hooks.
fn play(world: &World) {
    world.hook(&world.recorded("SessionStart-startup"));
    for at in 0..10 {
        world.hook(&run(world, &format!("git push origin topic-{at}"))).silent();
        world.hook(&run(world, &format!("cargo test -- test_{at} | tail -{at}"))).silent();
    }
    for at in 0..6 {
        world.hook(&on_file(world, "Edit", &format!("src/{at}.txt"))).refusal();
        world.hook(&on_file(world, "Write", &format!("src/w{at}.txt"))).refusal();
    }
    world.hook(&on_file(world, "Edit", "docs/plans/p.md")).silent();
    world.hook(&skill(world, "plan")).silent();
    for at in 0..8 {
        world.hook(&on_file(world, "Edit", &format!("src/{at}.txt"))).silent();
        world.hook(&run(world, &format!("echo {at} > migrations/{at}.sql"))).refusal();
    }
    world.req_ok(&["satisfy", "once", "proven", "--session", SESSION]);
    world.hook(&on_file(world, "Write", "src/w.txt")).refusal();
    world.write(".claude/plans/p.md", "# Plan\n");
    world.hook(&on_file(world, "Write", "src/w.txt")).silent();
    world.hook(&run(world, "gh pr create --fill")).silent();
    world.hook(&world.bash("PostToolUse", "gh pr create --fill")).silent();
    world.hook(&run(world, "gh pr create --fill")).refusal();
    world.hook(&on_file(world, "NotebookEdit", "n.ipynb")).silent();
    world.hook(&world.recorded("PreToolUse-mcp-echo-2.1.329")).silent();
    world.hook(&world.recorded("PostToolUse-Edit")).silent();
    world.hook(&world.recorded("PostToolUseFailure-Bash")).silent();
    world.hook(&world.recorded("Stop-first")).block();
    world.req_ok(&["satisfy", "checks", "--session", SESSION]);
    world.hook(&world.recorded("Stop-first")).silent();
}

/// Repeats the session's log until it has a thousand events; how often it stands there.
fn repeat_to_a_thousand(world: &World) -> usize {
    let path = world.home.join(".stanchion/sessions").join(SESSION).join("events.jsonl");
    let events = world.events(SESSION);
    let first = events[0]["mono_ns"].as_u64().unwrap();
    let span = events.last().unwrap()["mono_ns"].as_u64().unwrap() - first + 1;
    let rounds = 1_000_usize.div_ceil(events.len());
    let mut text = String::new();
    for round in 0..rounds {
        for event in &events {
            let mut event = event.clone();
            event["event_id"] = format!("{}-{round}", event["event_id"].as_str().unwrap()).into();
            event["mono_ns"] = (event["mono_ns"].as_u64().unwrap() + round as u64 * span).into();
            text.push_str(&format!("{event}\n"));
        }
    }
    std::fs::write(path, text).unwrap();
    rounds
}

#[test]
fn why_last_explains_the_last_refusal_from_the_log() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, description: A plan first.}\n  proven: {enabled: true, evidence: {}, trigger_tools: [Write]}\n",
    );
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(
        world.req(&["why", "--last", "--session", SESSION]).status.code(),
        Some(1),
        "nothing was decided"
    );
    world.hook(&world.edit()).refusal();
    world.hook(&run(&world, "ls")).silent();
    let told = world.req_ok(&["why", "--last", "--session", SESSION]);
    for part in [
        "src/a.txt",
        "was refused",
        "plan was open",
        ".claude/requirements.yaml:2",
        "A plan first.",
        "req satisfy plan",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    world.satisfy("plan");
    world.satisfy("proven");
    world.hook(&world.recorded("PreToolUse-Write")).refusal();
    let told = printed(&world.req(&["why", "--last", "--session", SESSION, "--json"]));
    assert_eq!(
        (&told["tool"], &told["outcome"], &told["policy_is_current"]),
        (&json!("Write"), &json!("deny"), &json!(true))
    );
    assert_eq!(told["requirements"][1]["facts"], json!({"given": true, "evidence": null}));
    world.configure(&one("plan", "scope: session"));
    assert!(
        world
            .req_ok(&["why", "--last", "--session", SESSION])
            .contains("The configuration has changed since")
    );
}

#[test]
fn a_replay_of_a_thousand_events_gives_the_same_answers_and_tells_what_would_differ() {
    let world = World::with(REPLAYED);
    commit_all(&world);
    world.git(&["checkout", "-qb", "feature/x"]);
    play(&world);
    let decided = world
        .events(SESSION)
        .iter()
        .filter(|event| event["event"] == "PreToolUse" || event["event"] == "Stop")
        .count();
    assert!(decided >= 50, "{decided}");
    let rounds = repeat_to_a_thousand(&world);
    let replay = |more: &[&str]| {
        let started = Instant::now();
        let output = world.req(&[&["replay", "--session", SESSION, "--json"], more].concat());
        (started.elapsed(), printed(&output))
    };
    let (_, same) = replay(&[]);
    assert!(same["events"].as_u64() >= Some(1_000), "{}", same["events"]);
    assert_eq!((&same["differences"], &same["decisions"]), (&json!([]), &json!(decided * rounds)));
    let fastest = (0..3).map(|_| replay(&[]).0).min().unwrap();
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");

    let other = REPLAYED
        .replace("plan: {enabled: true,", "plan: {enabled: false,")
        .replace("paths: 'migrations/**'", "paths: 'migrations/7.sql'")
        + "  push: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\\s+push'}]}\n";
    std::fs::write(world.root().join("other.yaml"), other).unwrap();
    let (_, changed) = replay(&["--config", &world.root().join("other.yaml").to_string_lossy()]);
    let mut found: BTreeMap<(String, String, String, String), usize> = BTreeMap::new();
    for difference in changed["differences"].as_array().unwrap() {
        let text = |key: &str| difference[key].as_str().unwrap_or_default().to_owned();
        let refused = difference["refused_now"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect::<Vec<_>>();
        *found.entry((text("tool"), text("then"), text("now"), refused.join(" "))).or_default() += 1;
    }
    let expected = |tool: &str, then: &str, now: &str, refused: &str, count: usize| {
        ((tool.to_owned(), then.to_owned(), now.to_owned(), refused.to_owned()), count * rounds)
    };
    assert_eq!(
        found,
        BTreeMap::from([
            expected("Edit", "deny", "pass", "", 6),
            expected("Write", "deny", "deny", "proven", 6),
            expected("Bash", "pass", "deny", "push", 10),
            expected("Bash", "deny", "pass", "", 7),
        ])
    );
    let told = world.req_ok(&["replay", "--session", KEY]);
    assert!(told.ends_with("decisions: none would differ.\n"), "{told}");
}
