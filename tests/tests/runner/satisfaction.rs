//! Facts that satisfy a requirement: skills, subagents, commands, approvals.

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, ONE, SESSION, now, of};

use crate::support::{OTHER, OTHER_KEY, commit_all, keys, one, plan, run, skill};

#[test]
fn a_subagent_that_finished_satisfies_what_it_stands_for() {
    let world = World::with(&one("looked", "satisfied_by_agent: ['Expl*', reviewer], replan_ttl: 600"));
    world.hook(&world.edit()).refusal();
    for other in ["", "general-purpose"] {
        world.hook(&world.payload("SubagentStop-Explore", json!({"agent_type": other}))).silent();
        world.hook(&of(OTHER, world.edit())).refusal();
        assert_eq!(world.state("main"), Value::Null, "{other:?}");
    }
    world.hook(&world.recorded("SubagentStart-Explore")).silent();
    assert_eq!(world.state("main"), Value::Null, "it has not finished");
    world.hook(&world.recorded("SubagentStop-Explore")).silent();
    world.hook(&world.edit()).silent();
    let entry = world.state("main")["requirements"]["looked"]["sessions"][KEY].clone();
    assert_eq!((&entry["satisfied_by"], &entry["metadata"]), (&json!("agent"), &json!({"agent": "Explore"})));
}

#[test]
fn a_slash_command_that_the_user_types_counts_as_its_skill() {
    let world = World::with(&one("did", "satisfied_by_skill: 'acme:doit'"));
    for prompt in ["please run /doit", "doit", "/doit/x", "/doite"] {
        world.hook(&world.payload("UserPromptSubmit-slash", json!({"prompt": prompt})));
        assert_eq!(world.state("main"), Value::Null, "{prompt}");
    }
    world.hook(&world.recorded("UserPromptSubmit-slash")).silent();
    world.hook(&world.edit()).silent();
    let expansion = json!({
        "hook_event_name": "UserPromptExpansion", "expansion_type": "slash_command", "command_name": "acme:doit",
        "command_args": "thing", "command_source": "plugin", "prompt": "/acme:doit thing", "session_id": OTHER,
    });
    world.hook(&world.payload("UserPromptSubmit-slash", expansion)).silent();
    world.hook(&of(OTHER, world.edit())).silent();
    let entry = world.state("main")["requirements"]["did"]["sessions"]["0badcafe"].clone();
    assert_eq!((&entry["satisfied_by"], &entry["metadata"]["skill"]), (&json!("skill"), &json!("acme:doit")));
}

#[test]
fn a_skill_may_have_to_say_itself_that_it_is_done() {
    let world = World::with(&format!(
        "protect_cli: true\n{}",
        one("plan", "satisfied_by_skill: 'acme:plan', satisfied_when: done, success_message: Well planned.")
    ));
    let done = |world: &World| world.req(&["done", "plan", "--session", SESSION]);
    world.hook(&world.recorded("SessionStart-startup"));
    let refused = done(&world);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("has not used /acme:plan"));
    world.hook(&skill(&world, "plan")).silent();
    world.hook(&world.edit()).refusal();
    // An agent may say so, and nothing else, where it is kept from its gates.
    world.hook(&run(&world, "req done plan")).silent();
    let said = done(&world);
    assert!(String::from_utf8_lossy(&said.stdout).contains("Well planned."), "{said:?}");
    world.hook(&world.edit()).silent();
    let entry = world.state("main")["requirements"]["plan"]["sessions"][KEY].clone();
    assert_eq!((&entry["satisfied_by"], &entry["metadata"]["done"]), (&json!("skill"), &json!(true)));
    assert_eq!(
        world.req(&["done", "plan", "--session", OTHER]).status.code(),
        Some(1),
        "not for another session"
    );
}

#[test]
fn case_01_an_edit_is_denied_until_its_requirement_is_satisfied() {
    let world = plan();
    let answer = world.hook(&world.edit());
    let reason = answer.refusal();
    assert!(reason.contains("Need plan"), "{reason}");
    assert!(reason.contains(&format!("req satisfy commit_plan --session {KEY}")), "{reason}");
    assert_eq!((answer.code, answer.stdout.lines().count()), (Some(0), 1));
    world.req_ok(&["satisfy", "commit_plan", "--session", SESSION]);
    world.hook(&world.edit()).silent();
}

#[test]
fn case_05_the_command_it_approves_spends_a_single_use_approval_alone() {
    let trigger = r"trigger_tools: [{tool: Bash, command_pattern: 'gh\s+pr\s+create'}]";
    let world = World::with(&format!(
        "requirements:\n  once: {{enabled: true, scope: single_use, {trigger}}}\n  plan: {{enabled: true, scope: session, {trigger}}}\n"
    ));
    for session in [SESSION, OTHER] {
        world.req_ok(&["satisfy", "once", "plan", "--session", session]);
    }
    let before = world.state("main")["requirements"].clone();
    let command = "gh pr create --fill";
    world.hook(&world.bash("PreToolUse", command)).silent();
    world.hook(&world.bash("PostToolUse", command)).silent();
    let after = world.state("main")["requirements"].clone();
    assert_eq!(after["once"]["sessions"][KEY], Value::Null);
    assert_eq!(after["once"]["sessions"][OTHER_KEY], before["once"]["sessions"][OTHER_KEY]);
    assert_eq!(
        after["plan"]["sessions"][KEY]["satisfied_at"],
        before["plan"]["sessions"][KEY]["satisfied_at"]
    );
    let answer = world.hook(&world.bash("PreToolUse", command));
    assert!(answer.refusal().contains("once") && !answer.refusal().contains("plan ("));
}

#[test]
fn case_06_a_branch_override_holds_for_every_session_until_it_expires() {
    let world = plan();
    world.req_ok(&["satisfy", "commit_plan", "--branch"]);
    world.hook(&of(OTHER, world.edit())).silent();
    world.edit_state("feature-auth", |state| {
        state["requirements"]["commit_plan"]["expires_at"] = json!(now() - 1);
    });
    world.hook(&of(OTHER, world.edit())).refusal();

    world.configure("requirements:\n  once: {enabled: true, scope: single_use, trigger_tools: [Bash]}\n");
    world.req_ok(&["satisfy", "once", "--branch"]);
    world.req_ok(&["satisfy", "once", "--session", SESSION]);
    world.hook(&world.bash("PreToolUse", "make")).silent();
    world.hook(&world.bash("PostToolUse", "make")).silent();
    assert_eq!(world.state("feature-auth")["requirements"]["once"]["sessions"][KEY], Value::Null);
    world.hook(&world.bash("PreToolUse", "make")).silent();
}

#[test]
fn case_15_a_skill_satisfies_what_is_enabled_under_each_of_its_names() {
    for name in ["acme:plan", "plan", "/acme:plan"] {
        let world = World::with(
            "requirements:\n  a: {enabled: true, satisfied_by_skill: 'acme:plan', replan_ttl: 600}\n  off: {enabled: false, satisfied_by_skill: 'acme:plan'}\n",
        );
        world.hook(&world.edit()).refusal();
        world.hook(&skill(&world, name)).silent();
        world.hook(&world.edit()).silent();
        let state = world.state("main")["requirements"].clone();
        assert_eq!(keys(&state), ["a"], "{name}");
        let entry = &state["a"]["sessions"][KEY];
        assert_eq!((&entry["satisfied_by"], &entry["metadata"]["skill"]), (&json!("skill"), &json!(name)));
        assert_eq!(entry["expires_at"].as_i64().unwrap() - entry["satisfied_at"].as_i64().unwrap(), 600);
        world.hook(&world.recorded("Stop-first")).silent();
        assert!(world.metrics()["requirements"]["a"]["time_to_satisfy_seconds"].is_i64());
    }
}

#[test]
fn case_16_several_open_requirements_are_one_refusal_and_one_tool_use() {
    let two = |skill: &str| {
        format!(
            "requirements:\n  a: {{enabled: true, auto_resolve_skill: 'acme:plan'}}\n  b: {{enabled: true, auto_resolve_skill: '{skill}'}}\n"
        )
    };
    let world = World::with(&two("acme:plan"));
    let answer = world.hook(&world.edit());
    assert_eq!(answer.refusal().matches("/acme:plan").count(), 1);
    assert!(answer.refusal().contains(&format!("req satisfy a b --session {KEY}")));
    world.hook(&world.recorded("Stop-first")).silent();
    let edits = world.metrics()["tools"]["Edit"].clone();
    assert_eq!((&edits["count"], &edits["blocked_count"]), (&json!(1), &json!(1)));
    world.configure(&two("acme:review"));
    let answer = world.hook(&world.edit());
    assert!(answer.refusal().contains("/acme:plan for a") && answer.refusal().contains("/acme:review for b"));
    assert!(answer.refusal().contains(&format!("req satisfy a b --session {KEY}")));
}

#[test]
fn gap_13_a_skill_satisfies_the_branch_whose_edit_was_denied() {
    // The skill counted for `CLAUDE_PROJECT_DIR`, the edit for its folder: in a work tree it stayed denied for ever.
    let mut world = World::with("requirements:\n  plan: {enabled: true, satisfied_by_skill: plan}\n");
    commit_all(&world);
    let tree = world.root().join("tree");
    world.git(&["worktree", "add", "-q", "-b", "side", &tree.to_string_lossy()]);
    world.env.push(("CLAUDE_PROJECT_DIR".into(), world.repo.to_string_lossy().into()));
    let mut edit = world.payload("PreToolUse-Edit", json!({"cwd": tree}));
    edit["tool_input"]["file_path"] = tree.join("src/a.txt").to_string_lossy().into();
    world.hook(&edit).refusal();
    let mut used = skill(&world, "plan");
    used["cwd"] = tree.to_string_lossy().into();
    world.hook(&used).silent();
    world.hook(&edit).silent();
    assert_eq!(world.state("main"), Value::Null);
}

#[test]
fn gap_16_what_was_not_saved_is_not_called_satisfied() {
    // A failed save was logged, and success printed.
    let world = World::with(ONE);
    std::fs::write(world.repo.join(".git/requirements"), "in the way").unwrap();
    let output = world.req(&["satisfy", "commit_plan", "--session", SESSION]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing was satisfied"));
}

#[test]
fn gap_26_a_skill_counts_by_its_short_name() {
    // Only the exact text of the configuration counted, which the host and people shorten.
    for (configured, used) in
        [("acme:plan", "plan"), ("acme:plan", "/acme:plan"), ("plan", "acme:plan"), ("/plan", "plan")]
    {
        let world = World::with(&format!(
            "requirements:\n  p: {{enabled: true, satisfied_by_skill: '{configured}'}}\n"
        ));
        world.hook(&skill(&world, "replan")).silent();
        world.hook(&world.edit()).refusal();
        world.hook(&skill(&world, used)).silent();
        world.hook(&world.edit()).silent();
    }
}
