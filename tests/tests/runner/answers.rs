//! Answers: one document or nothing, in the shape that the host reads.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::World;
use tests::world::{ONE, SESSION, json_hooks, last, printed, recorded_names};

use crate::support::{keys, prompt};

fn failed_edit(world: &World) -> Value {
    let edit = world.edit();
    world.payload(
        "PostToolUseFailure-Read",
        json!({"tool_name": "Edit", "tool_input": edit["tool_input"], "error": "String to replace not found in file."}),
    )
}

#[test]
fn case_24_the_log_never_reaches_stdout_and_begins_with_the_first_step() {
    let world = World::with(&format!("{ONE}logging: {{level: debug, destinations: [file, stdout]}}\n"));
    world.hook(&world.edit()).refusal();
    world.hook(&world.recorded("PreToolUse-Read")).silent();
    let edit: Vec<Value> = world.log().into_iter().filter(|line| line["tool"] == "Edit").collect();
    assert_eq!(edit[0]["level"], "debug");
    world.configure(&format!("{ONE}logging: {{level: debug, destinations: [stdout]}}\n"));
    let before = world.log().len();
    world.hook(&world.edit()).refusal();
    assert_eq!(world.log().len(), before, "no file is wanted");
}

#[test]
fn r10_every_kind_of_answer_has_the_shape_that_the_host_reads() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, message: M, trigger_tools: [Edit]}\n  warns: {enabled: true, mode: warn, message: W, trigger_tools: [Write]}\n  \
         checks: {enabled: true, stop_only: true, message: C, trigger_tools: [Write]}\nhooks: {agent_teams: {validate_task_completion: true}, subagent_start: {agents: '*'}}\n",
    );
    let shape = |payload: &Value| {
        let answer = world.hook(payload);
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
        answer.json.expect("an answer")
    };
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let context = |event: &str, payload: &Value| {
        let answer = shape(payload);
        let said = text(&answer["hookSpecificOutput"]["additionalContext"]);
        assert!(!said.is_empty());
        assert_eq!(
            answer,
            json!({"hookSpecificOutput": {"hookEventName": event, "additionalContext": said}})
        );
    };
    let denied = shape(&world.edit());
    let reason = text(&denied["hookSpecificOutput"]["permissionDecisionReason"]);
    assert_eq!(
        denied,
        json!({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": reason}})
    );
    let mut dangerous = world.recorded("PermissionRequest-AskUserQuestion");
    dangerous["tool_name"] = "Bash".into();
    dangerous["tool_input"] = json!({"command": "rm -rf /"});
    let denied = shape(&dangerous);
    let message = text(&denied["hookSpecificOutput"]["decision"]["message"]);
    assert_eq!(
        denied,
        json!({"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": {"behavior": "deny", "message": message}}})
    );
    let warned = shape(&world.recorded("PreToolUse-Write"));
    assert_eq!(keys(&warned), ["hookSpecificOutput", "systemMessage"]);
    assert_eq!(keys(&warned["hookSpecificOutput"]), ["additionalContext", "hookEventName"]);
    let blocked = shape(&world.recorded("Stop-first"));
    let reason = text(&blocked["reason"]);
    assert_eq!(blocked["decision"], "block");
    assert!(reason.contains("checks"));
    assert!(
        keys(&blocked).iter().all(|key| ["decision", "reason", "systemMessage"].contains(key)),
        "{blocked}"
    );
    let blocked = shape(&world.payload("TaskCompleted-default", json!({"task_subject": ""})));
    assert_eq!(blocked, json!({"decision": "block", "reason": blocked["reason"]}));
    context("SessionStart", &world.recorded("SessionStart-startup"));
    context("UserPromptSubmit", &world.payload("UserPromptSubmit-plain", json!({"prompt": "fix it"})));
    context("SubagentStart", &world.recorded("SubagentStart-Explore"));
    let plan = json!({"tool_name": "EnterPlanMode", "tool_input": {}});
    context("PostToolUse", &world.payload("PostToolUse-TodoWrite", plan));
    for _ in 0..2 {
        world.hook(&failed_edit(&world)).silent();
    }
    context("PostToolUseFailure", &failed_edit(&world));
}

#[test]
fn r13_the_configured_level_counts_in_every_executable() {
    let world = World::with(&format!("{ONE}logging: {{level: debug}}\n"));
    for name in [
        "SessionStart-startup",
        "UserPromptSubmit-plain",
        "PreToolUse-Edit",
        "PostToolUse-Skill",
        "SubagentStart-Explore",
        "Stop-first",
        "SessionEnd-other",
    ] {
        let before = world.log().len();
        world.hook(&world.recorded(name));
        let event = name.split('-').next().unwrap();
        let log = world.log();
        assert!(
            log[before..].iter().any(|line| line["hook"] == event && line["level"] == "debug"),
            "{name}: {:?}",
            &log[before..]
        );
    }
}

#[test]
fn r15_stdout_is_one_document_or_nothing_for_everything_that_can_come() {
    let world = World::with(&format!("{ONE}hooks: {{stop: {{verify_scopes: [session, branch]}}}}\n"));
    let mut inputs: Vec<Vec<u8>> =
        recorded_names().iter().map(|name| world.recorded(name).to_string().into_bytes()).collect();
    assert!(inputs.len() > 100);
    inputs.extend(
        ["", "text", "{", "[1]", "\"x\"", "{}{}", "{\"session_id\": {}}"]
            .map(|text| text.as_bytes().to_vec()),
    );
    for hook in json_hooks() {
        for input in &inputs {
            // `run` itself wants one document or nothing.
            let answer = world.run(hook, input);
            assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{hook}");
            assert!(answer.stdout.lines().count() <= 1, "{hook}: {}", answer.stdout);
        }
    }
    let started = Instant::now();
    world.hook(&world.recorded("SessionEnd-other")).silent();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(last(&world.events(SESSION), "SessionEnd")["reason"], "other");
    assert!(printed(&world.req(&["status", "--json"])).is_object());
}

#[test]
fn gap_11_however_much_there_is_to_say_it_is_one_document() {
    // Strict mode, a pause and reminders printed a document each. Every run here wants exactly one.
    let world = World::with(
        "strict_preflight: true\nrequirements:\n  bad: 5\n  odd: {enabled: true, stop_only: true, trigger_tools: []}\n",
    );
    world.run("hook-stop", b"{");
    world.req_ok(&["pause", "--session", SESSION]);
    let answer = world.hook(&world.recorded("SessionStart-startup"));
    let told = answer.json.as_ref().unwrap()["systemMessage"].as_str().unwrap();
    assert!(told.contains("passed over") && told.contains("requirements.bad"), "{told}");
    assert!(answer.context().contains("paused"));
    assert!(world.hook(&prompt(&world, "fix and commit it")).context().contains("paused"));
    assert_eq!(world.hook(&world.edit()).stdout.lines().count(), 1);
}

#[test]
fn gap_12_logging_to_stdout_breaks_no_answer() {
    // Log lines went before the decision, which was no JSON then, and the tool ran.
    let world = World::with(&format!("{ONE}logging: {{level: debug, destinations: [stdout]}}\n"));
    let answer = world.hook(&world.edit());
    answer.refusal();
    assert!(answer.stdout.starts_with("{\"hookSpecificOutput\""), "{}", answer.stdout);
}
