//! Modes: what only observes or warns, and strict preflight.

use serde_json::{Value, json};
use tests::World;
use tests::world::{SESSION, last, printed};

use crate::support::{message, one};

#[test]
fn observing_records_what_would_have_been_refused() {
    let world = World::with(&one("plan", "mode: observe"));
    for _ in 0..2 {
        world.hook(&world.edit()).silent();
    }
    world.hook(&world.recorded("Stop-first")).silent();
    let events = world.events(SESSION);
    assert_eq!(last(&events, "PreToolUse")["gates"]["asked"], json!([["plan", "observed"]]));
    let status = world.req_ok(&["status", "--session", SESSION]);
    assert!(
        status.contains("it would have refused: 3 uses in one session") && status.contains("mode: observe"),
        "{status}"
    );
    assert_eq!(printed(&world.req(&["status", "--json"]))["requirements"][0]["observed"]["count"], 3);
    world.satisfy("plan");
    world.hook(&world.edit()).silent();
    assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["asked"], json!([["plan", "satisfied"]]));
}

#[test]
fn warning_tells_once_and_lets_pass() {
    let world = World::with(&one("plan", "mode: warn, message: Plan first"));
    let answer = world.hook(&world.edit());
    assert!(answer.context().contains("plan is open and only warns: Plan first"), "{answer:?}");
    assert!(answer.json.as_ref().unwrap()["systemMessage"].as_str().unwrap().contains("Plan first"));
    assert_eq!(answer.json.as_ref().unwrap()["hookSpecificOutput"]["permissionDecision"], Value::Null);
    world.hook(&world.edit()).silent();
    assert!(message(&world.recorded("Stop-first"), &world).contains("plan is open and only warns"));
    world.hook(&world.recorded("Stop-first")).silent();
    assert!(world.req_ok(&["status", "--session", SESSION]).contains("mode warn"));
    world.configure(&one("plan", "mode: enforce"));
    world.hook(&world.edit()).refusal();
    assert!(world.req_ok(&["status", "--session", SESSION]).contains("while it did not enforce"));
}

#[test]
fn gap_24_strict_preflight_reaches_the_project_that_has_no_configuration() {
    // It was evaluated only where a configuration was found: never where it was meant for.
    let mut world = World::new();
    world.configure_globally("strict_preflight: true\n");
    let text = world.hook(&world.edit()).refusal().to_owned();
    assert!(text.contains("strict_preflight") && text.contains("req init"), "{text}");
    assert!(text.contains(".claude/requirements.yaml:1)"), "{text}");
    let escape = |file: &str| {
        let mut payload = world.recorded("PreToolUse-Write");
        payload["tool_input"]["file_path"] = world.repo.join(file).to_string_lossy().into();
        payload
    };
    world.hook(&escape(".claude/requirements.local.yaml")).silent();
    world.hook(&escape(".claude/../.claude/.rf-optout")).silent();
    world.hook(&escape(".claude/requirements.local.yaml.txt")).refusal();
    for command in ["ls", "req init", "req init --preset minimal --yes"] {
        world.hook(&world.bash("PreToolUse", command)).silent();
    }
    world.hook(&world.recorded("PreToolUse-Read")).silent();

    world.env.push(("RF_STRICT_OFF".into(), "TRUE".into()));
    world.hook(&world.edit()).silent();
    world.env.clear();
    world.hook(&world.edit()).refusal();
    world.write(".claude/.rf-optout", "");
    world.hook(&world.edit()).silent();
    std::fs::remove_file(world.repo.join(".claude/.rf-optout")).unwrap();
    world.configure("requirements:\n  plan: {enabled: true, trigger_tools: [Bash]}\n");
    world.hook(&world.edit()).silent();
}
