//! Metrics, pauses, presets and failed edits.

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, ONE, SESSION, of};

use crate::support::OTHER;

#[test]
fn case_22_a_pause_lets_one_session_pass_and_nothing_more() {
    let world = World::with("requirements:\n  commit_plan: {enabled: true, trigger_tools: [Edit, Bash]}\n");
    world.hook(&world.bash("PreToolUse", "ls")).refusal();
    world.hook(&world.bash("PreToolUse", "req pause")).silent();
    for name in [SESSION, KEY] {
        world.req_ok(&["pause", "--session", name]);
        world.hook(&world.edit()).silent();
        world.hook(&world.recorded("Stop-first")).silent();
        world.hook(&of(OTHER, world.edit())).refusal();
        assert!(world.hook(&world.recorded("SessionStart-resume")).context().contains("paused"));
        assert!(world.hook(&world.recorded("UserPromptSubmit-plain")).context().contains("paused"));
        world.hook(&world.recorded("SessionEnd-other")).silent();
        world.hook(&world.edit()).refusal();
    }
    world.configure("strict_preflight: true\nrequirements: {}\n");
    world.req_ok(&["pause", "--session", SESSION]);
    assert!(world.hook(&world.edit()).refusal().contains("strict_preflight"));
}

#[test]
fn r11_metrics_are_finished_where_there_are_some_and_made_nowhere() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionEnd-other")).silent();
    assert_eq!(world.metrics(), Value::Null);
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&world.edit()).refusal();
    assert_eq!(world.metrics()["ended_at"], Value::Null);
    world.hook(&world.recorded("SessionEnd-other")).silent();
    let metrics = world.metrics();
    assert!(metrics["ended_at"].is_i64() && metrics["duration_seconds"].is_i64());
    assert_eq!(metrics["tools"]["Edit"]["count"], 1, "what came since the last turn counts");
}

#[test]
fn gap_21_an_unknown_name_is_an_error() {
    // `req satisfy` recorded any word and exited 0.
    let world = World::with(ONE);
    let output = world.req(&["satisfy", "commit_plam", "--session", SESSION]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `commit_plan`?"));
    assert_eq!(world.state("main"), Value::Null);
}

#[test]
fn gap_23_three_failed_edits_in_a_row_are_advised_upon() {
    // A missing attribute kept the count at one, so that advice never came.
    let world = World::with(ONE);
    let edit = world.edit();
    let failed = world.payload(
        "PostToolUseFailure-Read",
        json!({"tool_name": "Edit", "tool_input": edit["tool_input"], "error": "String to replace not found in file."}),
    );
    let mut interrupted = failed.clone();
    interrupted["is_interrupt"] = true.into();
    world.hook(&failed).silent();
    world.hook(&interrupted).silent();
    world.hook(&world.recorded("PostToolUseFailure-Bash")).silent();
    world.hook(&failed).silent();
    assert!(world.hook(&failed).context().starts_with("3 edits in a row have failed."));
    world.hook(&failed).silent();
    world.hook(&world.recorded("PostToolUse-Edit")).silent();
    for _ in 0..2 {
        world.hook(&failed).silent();
    }
    assert!(world.hook(&failed).context().starts_with("3 edits"), "one that went through begins anew");
    world.configure(&format!("{ONE}hooks: {{tool_failure: {{advice: false}}}}\n"));
    for _ in 0..3 {
        world.hook(&failed).silent();
    }
}

#[test]
fn gap_25_every_preset_passes_the_check_of_configurations() {
    // A documented preset failed the validation of the very tool that wrote it.
    for preset in ["relaxed", "strict", "advanced", "minimal", "inherit"] {
        let world = World::new();
        world.req_ok(&["init", "--preset", preset, "--yes"]);
        let output = world.req(&["verify", "--ci"]);
        assert_eq!(output.status.code(), Some(0), "{}: {}", preset, String::from_utf8_lossy(&output.stdout));
    }
    let world = World::with("requirements:\n  bad: {enabled: true, scope: weekly}\n");
    assert_eq!(world.req(&["verify"]).status.code(), Some(1), "the check does look");
}
