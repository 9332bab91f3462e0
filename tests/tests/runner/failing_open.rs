//! Faults: which ones let a tool use pass, and which ones close a gate where the configuration says so.

use serde_json::{Value, json};
use tests::World;
use tests::world::{ONE, SESSION, json_hooks, last};

use crate::support::{message, one, run, start};

#[test]
fn a_pattern_that_gives_up_opens_or_closes_its_gate_as_configured() {
    let costly = "trigger_tools: [{tool: Bash, command_pattern: '(?:(?=a)a+)+b'}]";
    let command = format!("echo {}", "a".repeat(2_000));
    let world = World::with(&one("costly", costly));
    world.hook(&run(&world, &command)).silent();
    assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["asked"], json!([["costly", "failed"]]));
    assert!(
        message(&world.recorded("SessionStart-startup"), &world).contains("costly could not be evaluated")
    );
    for closing in [
        one("costly", &format!("{costly}, on_error: deny")),
        format!("on_error: deny\n{}", one("costly", costly)),
    ] {
        world.configure(&closing);
        let text = world.hook(&run(&world, &command)).refusal().to_owned();
        assert!(text.contains("costly could not be evaluated") && text.contains("req doctor"), "{text}");
        world.hook(&run(&world, "ls")).silent();
    }
    world.configure(&format!("on_error: deny\n{}", one("costly", &format!("{costly}, on_error: allow"))));
    world.hook(&run(&world, &command)).silent();
}

#[test]
fn a_payload_that_cannot_be_read_is_refused_only_where_errors_close() {
    let world = World::with(ONE);
    world.run("hook-pre-tool", b"{").silent();
    world.configure(&format!("on_error: deny\n{ONE}"));
    let answer = world.run("hook-pre-tool", b"{\"tool_name\":");
    assert!(answer.refusal().contains("on_error: deny"));
    assert_eq!(answer.code, Some(0));
    world.run("hook-post-tool", b"{").silent();
    world.configure(&format!("enabled: false\non_error: deny\n{}", one("plan", "scope: session")));
    world.run("hook-pre-tool", b"{").silent();
}

#[test]
fn a_damaged_policy_is_made_again_or_opens_or_closes_as_configured() {
    let path = |world: &World| world.repo.join(".git/stanchion/policy.json");
    let world = World::with(ONE);
    world.hook(&world.edit()).refusal();
    let whole = std::fs::read(path(&world)).unwrap();
    for damaged in [&b""[..], b"{}", &whole[..whole.len() / 2], &[0xff; 64]] {
        std::fs::write(path(&world), damaged).unwrap();
        world.hook(&world.edit()).refusal();
    }
    for (on_error, refuses) in [("allow", false), ("deny", true)] {
        let world = World::with(&format!("on_error: {on_error}\n{}", one("plan", "scope: session")));
        world.hook(&world.edit()).refusal();
        // Of the same length, and sound up to the end of its header.
        let text = std::fs::read_to_string(path(&world)).unwrap();
        let (header, body) = text.split_once('\n').unwrap();
        std::fs::write(path(&world), format!("{header}\n{}", body.replace("\"name\"", "\"name!"))).unwrap();
        let answer = world.hook(&world.edit());
        assert_eq!(answer.json.is_some(), refuses, "{answer:?}");
        if refuses {
            assert!(answer.refusal().contains("could not be evaluated"));
            assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["outcome"], "closed");
        }
        assert!(world.log().iter().any(|line| line["message"].as_str().unwrap().contains("damaged")));
    }
}

#[test]
fn case_10_a_broken_requirement_is_named_and_the_good_one_still_denies() {
    for bad in [
        "bad: true",
        "bad: {enabled: true, scope: weekly}",
        "bad: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: '('}]}",
        "bad: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: 5}",
        "bad: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {warn: 1}}",
    ] {
        let world =
            World::with(&format!("requirements:\n  {bad}\n  good: {{enabled: true, message: Need good}}\n"));
        assert!(world.hook(&world.edit()).refusal().contains("Need good"), "{bad}");
        let answer = world.hook(&world.recorded("SessionStart-startup"));
        assert!(answer.context().contains("requirements.bad"), "{bad}: {}", answer.context());
        assert!(world.req_ok(&["status"]).contains("requirements.bad"), "{bad}");
    }
    let world = World::with("requirements: [\n");
    world.hook(&world.edit()).silent();
    let answer = world.hook(&world.recorded("SessionStart-startup"));
    let told = answer.json.as_ref().unwrap()["systemMessage"].as_str().unwrap();
    assert!(told.contains("requirements.yaml:"), "{told}");
}

#[test]
fn case_19_what_cannot_be_read_is_passed_by_with_one_log_line() {
    for bytes in [
        "",
        "{",
        "[]",
        "null",
        "{\"tool_name\": \"Edit\"}",
        "{\"session_id\": \"abc\", \"tool_name\": 5}",
        "{\"session_id\": \"abc\", \"tool_input\": \"x\"}",
    ] {
        for hook in json_hooks() {
            let world = World::with(ONE);
            let answer = world.run(hook, bytes.as_bytes());
            // A session that begins is told what is open, whatever else its payload holds.
            let begins = ["hook-session-start", "hook-prompt-submit"].contains(&hook);
            let is_briefing = begins && bytes.contains("abc");
            assert_eq!((answer.code, answer.stdout.is_empty()), (Some(0), !is_briefing), "{hook} {bytes}");
            assert_eq!(world.log().len(), 1, "{hook} {bytes}: {:?}", world.log());
        }
    }
}

#[test]
fn r09_a_gate_that_could_never_hold_is_told() {
    for never in ["stop_only: true, scope: single_use", "stop_only: true, trigger_tools: []"] {
        let world = World::with(&format!("requirements:\n  checks: {{enabled: true, {never}}}\n"));
        let status = world.req_ok(&["status"]);
        assert!(status.contains("is never verified"), "{never}: {status}");
        assert!(start(&world, SESSION, "startup").context().contains("is never verified"), "{never}");
        assert_eq!(world.req(&["verify", "--ci"]).status.code(), Some(1), "{never}");
    }
}

#[test]
fn r12_a_failure_that_was_passed_over_is_seen_in_three_places() {
    let world = World::with("requirements:\n  checks: {enabled: true, stop_only: true}\n");
    std::fs::write(world.repo.join(".git/requirements"), "in the way").unwrap();
    world.hook(&world.edit()).silent();
    let said = |line: &Value| {
        line["message"].as_str().is_some_and(|text| text.starts_with("marking what was triggered: "))
    };
    assert!(world.log().iter().any(said), "{:?}", world.log());
    let failures = std::fs::read_to_string(world.home.join(".stanchion/failures.jsonl")).unwrap();
    assert!(failures.lines().any(|line| said(&serde_json::from_str(line).unwrap())), "{failures}");
    std::fs::remove_file(world.repo.join(".git/requirements")).unwrap();
    let told = start(&world, SESSION, "startup").json.unwrap()["systemMessage"].clone();
    assert!(told.as_str().unwrap().contains("marking what was triggered: "), "{told}");
}

#[test]
fn gap_03_a_malformed_requirement_costs_itself_alone() {
    // One value of a wrong type switched every gate off.
    for bad in [
        "bad: true",
        "bad: {enabled: true, type: limit, thresholds: 5}",
        "bad: [1]",
        "bad: ~",
        "7: {enabled: 5}",
    ] {
        let world = World::with(&format!("requirements:\n  {bad}\n  good: {{enabled: true}}\n"));
        assert!(world.hook(&world.edit()).refusal().contains("good"), "{bad}");
    }
}
