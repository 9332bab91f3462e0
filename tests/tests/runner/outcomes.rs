//! How commands ended: runs of tests are kept, the same failure again and again is told, and so is what helped.

use serde_json::{Value, json};
use tests::World;
use tests::world::{SESSION, last, of};

const OTHER: &str = "0badcafe-2222-4333-8444-555566667777";
const GUARDS: &str =
    "version: '1.0'\nenabled: true\ninherit: false\nguards:\n  tests: {}\n  loops: {}\n  errors: {}\n";

/// What a failing pytest prints, with durations and line numbers that differ from run to run.
fn failed(world: &World, at: usize) -> Value {
    let error = format!(
        "Exit code 1\ntests/test_a.py:{at}: AssertionError\nE   assert {at} == 2\n==== 1 failed, 9 passed in {at}.12s ===="
    );
    let fields = json!({"tool_input": {"command": "pytest"}, "error": error, "is_interrupt": false});
    world.payload("PostToolUseFailure-Bash", fields)
}

fn passed(world: &World) -> Value {
    let response = json!({"stdout": "==== 10 passed in 1.02s ====", "stderr": "", "interrupted": false});
    world.payload(
        "PostToolUse-Bash",
        json!({"tool_input": {"command": "pytest -q"}, "tool_response": response}),
    )
}

fn runs(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(world.repo.join(".claude/state/test-runs.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_third_same_failure_is_told_and_a_success_resets() {
    let world = World::with(GUARDS);
    world.hook(&world.recorded("SessionStart-startup"));
    for round in 0..2 {
        world.hook(&failed(&world, 11 + round)).silent();
        world.hook(&failed(&world, 2_345)).silent();
        let answer = world.hook(&failed(&world, 7));
        let text = answer.context();
        assert!(text.contains("`pytest` has failed in the same way 3 times"), "{text}");
        assert!(text.contains("stop repeating it"), "{text}");
        let events = world.events(SESSION);
        let event = last(&events, "PostToolUseFailure");
        assert_eq!(
            (&event["guards"][0]["guard"], &event["guards"][0]["verdict"]),
            (&json!("loops"), &json!("warn"))
        );
        world.hook(&passed(&world)).silent();
    }
    assert!(runs(&world).is_empty(), "written at the turn");
    world.hook(&world.recorded("Stop-first"));
    let runs = runs(&world);
    let verdicts: Vec<_> = runs.iter().map(|run| run["passed"].clone()).collect();
    assert_eq!(verdicts[..4], [json!(false), json!(false), json!(false), json!(true)]);
    assert_eq!((runs.len(), &runs[0]["exitCode"], &runs[3]["exitCode"]), (8, &json!(1), &json!(0)));
    for key in ["timestamp", "command", "exitCode", "passed", "session"] {
        assert!(runs[0].get(key).is_some(), "{key}");
    }
    assert!(!world.git(&["status", "--porcelain", "-uall"]).contains("test-runs"), "git does not see them");
}

#[test]
fn what_helped_is_told_to_another_session() {
    let world = World::with(GUARDS);
    world.hook(&failed(&world, 3));
    let mut edit = world.edit();
    edit["hook_event_name"] = json!("PostToolUse");
    world.hook(&edit);
    world.hook(&passed(&world));
    world.hook(&world.recorded("Stop-first"));
    for _ in 0..2 {
        world.hook(&of(OTHER, failed(&world, 4))).silent();
    }
    let answer = world.hook(&of(OTHER, failed(&world, 5)));
    let text = answer.context();
    assert!(text.contains("Stanchion remembers") && text.contains("`pytest -q` passed once"), "{text}");
    let errors: Value = serde_json::from_str(&world.req_ok(&["errors", "--json"])).unwrap();
    assert_eq!(errors["errors"][0]["fixed_by"]["command"], "pytest -q");
    world.req_ok(&["sync"]);
    let list: Value = serde_json::from_str(&world.req_ok(&["tests", "--json"])).unwrap();
    let runs = list["runs"].as_array().unwrap();
    assert_eq!((runs.len(), &runs[0]["passed"]), (5, &json!(false)), "the last one first");
    assert!(world.req_ok(&["tests"]).contains("FAILED"));
    assert!(world.req_ok(&["errors"]).contains("4x  pytest"));
}

#[test]
fn to_observe_tells_nobody_and_to_enforce_tells_the_user_as_well() {
    for (mode, verdict) in [("observe", "observe"), ("enforce", "warn")] {
        let world = World::with(&GUARDS.replace("loops: {}", &format!("loops: {{mode: {mode}, times: 2}}")));
        world.hook(&failed(&world, 3)).silent();
        let answer = world.hook(&failed(&world, 4));
        if mode == "observe" {
            answer.silent();
        } else {
            assert!(answer.context().contains("2 times"));
            assert!(answer.stdout.contains("systemMessage"), "{answer:?}");
        }
        let events = world.events(SESSION);
        assert_eq!(last(&events, "PostToolUseFailure")["guards"][0]["verdict"], verdict);
    }
}

#[test]
fn an_interrupt_and_an_ordinary_success_leave_no_outcome() {
    let world = World::with(GUARDS);
    let mut interrupted = failed(&world, 3);
    interrupted["is_interrupt"] = json!(true);
    world.hook(&interrupted).silent();
    world.hook(&world.recorded("PostToolUse-Bash")).silent();
    assert!(world.events(SESSION).iter().all(|event| event.get("outcome").is_none()));
}
