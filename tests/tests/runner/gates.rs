//! Requirement gates, through the shipped executables.

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, ONE, SESSION, last};

const OTHER: &str = "0badcafe-1111-4222-8333-444455556666";

fn of(session: &str, mut payload: Value) -> Value {
    payload["session_id"] = session.into();
    payload
}

#[test]
fn an_edit_is_refused_explained_satisfied_and_passed() {
    let world = World::with(ONE);
    let answer = world.hook(&world.edit());
    let reason = answer.refusal();
    assert!(
        reason.contains("Need plan") && reason.contains(&format!("req satisfy commit_plan --session {KEY}")),
        "{reason}"
    );
    assert!(
        reason.contains(".claude/requirements.yaml:5")
            && reason.contains(&format!("req why --last --session {KEY}")),
        "{reason}"
    );
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    let why = world.req_ok(&["why", "Edit", "src/a.txt", "--session", SESSION]);
    assert!(why.contains("would be refused") && why.contains(".claude/requirements.yaml:5"), "{why}");
    world.satisfy("commit_plan");
    world.hook(&world.edit()).silent();
    assert!(world.req_ok(&["why", "Edit", "src/a.txt", "--session", SESSION]).contains("would pass"));
}

#[test]
fn a_refused_edit_triggers_nothing_and_an_armed_one_is_verified_at_stop() {
    let world = World::with(ONE);
    world.hook(&world.edit()).refusal();
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.state("main"), Value::Null, "a refused tool writes no state");

    let world =
        World::with("requirements:\n  checks: {enabled: true, stop_only: true, message: Run the checks}\n");
    world.hook(&world.edit()).silent();
    let answer = world.hook(&world.recorded("Stop-first"));
    assert!(answer.block().contains("checks") && answer.block().contains("Run the checks"));
    world.hook(&world.recorded("Stop-stop-hook-active")).silent();
    world.satisfy("checks");
    world.hook(&world.recorded("Stop-first")).silent();
}

#[test]
fn a_cleared_requirement_blocks_stop_once_a_turn() {
    let world = World::with(ONE);
    world.satisfy("commit_plan");
    world.hook(&world.edit()).silent();
    world.hook(&world.recorded("Stop-first")).silent();
    world.req_ok(&["clear", "commit_plan"]);
    world.hook(&world.recorded("Stop-first")).block();
    world.hook(&world.recorded("Stop-stop-hook-active")).silent();
    assert_eq!(world.state("main")["requirements"]["commit_plan"]["sessions"][KEY]["triggered"], true);
}

#[test]
fn what_another_session_triggered_holds_nobody_up() {
    let world = World::with(
        "requirements:\n  b: {enabled: true, scope: branch, stop_only: true}\nhooks: {stop: {verify_scopes: [branch]}}\n",
    );
    world.hook(&of(OTHER, world.edit())).silent();
    world.hook(&world.recorded("Stop-first")).silent();
    world.hook(&of(OTHER, world.recorded("Stop-first"))).block();
}

#[test]
fn a_satisfaction_belongs_to_its_session() {
    let world = World::with(ONE);
    world.satisfy("commit_plan");
    world.hook(&of(OTHER, world.edit())).refusal();
    world.hook(&world.edit()).silent();
    world.req_ok(&["satisfy", "commit_plan", "--session", OTHER]);
    let sessions = world.state("main")["requirements"]["commit_plan"]["sessions"].clone();
    assert_eq!(sessions.as_object().unwrap().keys().collect::<Vec<_>>(), ["0badcafe", KEY]);
}

#[test]
fn a_single_use_approval_is_spent_by_the_command_it_approves() {
    let world = World::with(
        "requirements:\n  review: {enabled: true, scope: single_use, trigger_tools: [{tool: Bash, command_pattern: 'gh\\s+pr\\s+create'}]}\n\
         \x20 plan: {enabled: true, scope: session, trigger_tools: [{tool: Bash, command_pattern: 'gh\\s+pr\\s+create'}]}\n",
    );
    for session in [SESSION, OTHER] {
        world.req_ok(&["satisfy", "review", "plan", "--session", session]);
    }
    let command = "gh pr create --fill";
    world.hook(&world.bash("PreToolUse", command)).silent();
    world.hook(&world.bash("PostToolUse", "ls")).silent();
    let mut failed = world.recorded("PostToolUseFailure-Bash");
    failed["tool_input"]["command"] = command.into();
    world.hook(&failed).silent();
    world.hook(&world.bash("PreToolUse", command)).silent();
    world.hook(&world.bash("PostToolUse", command)).silent();
    let answer = world.hook(&world.bash("PreToolUse", command));
    assert!(
        answer.refusal().contains("review") && !answer.refusal().contains("plan ("),
        "only what was spent is open"
    );
    world.hook(&of(OTHER, world.bash("PreToolUse", command))).silent();
    let state = world.state("main");
    assert_eq!(state["requirements"]["review"]["sessions"][KEY], Value::Null);
    assert_eq!(state["requirements"]["plan"]["sessions"][KEY]["satisfied"], true);
}

#[test]
fn an_override_at_the_branch_holds_for_everybody_until_it_expires() {
    let world = World::with(ONE);
    world.req_ok(&["satisfy", "commit_plan", "--branch"]);
    world.hook(&of(OTHER, world.edit())).silent();
    world.req_ok(&["satisfy", "commit_plan", "--branch=main", "--ttl", "600"]);
    world.expire("main");
    world.hook(&of(OTHER, world.edit())).refusal();
}

#[test]
fn several_open_requirements_are_told_together_and_count_once() {
    let two = |skill: &str| {
        format!(
            "requirements:\n  a: {{enabled: true, auto_resolve_skill: 'acme:plan'}}\n  b: {{enabled: true, auto_resolve_skill: '{skill}'}}\n"
        )
    };
    let world = World::with(&two("acme:plan"));
    let answer = world.hook(&world.edit());
    assert_eq!(answer.refusal().matches("/acme:plan").count(), 1, "{}", answer.refusal());
    assert!(answer.refusal().contains(&format!("req satisfy a b --session {KEY}")));
    world.configure(&two("acme:review"));
    let answer = world.hook(&world.edit());
    assert!(answer.refusal().contains("/acme:plan for a") && answer.refusal().contains("/acme:review for b"));
    world.hook(&world.recorded("Stop-first")).silent();
    let metrics = world.json(&world.repo.join(format!(".git/requirements/sessions/{KEY}.json")));
    assert_eq!(
        (&metrics["tools"]["Edit"]["count"], &metrics["tools"]["Edit"]["blocked_count"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(metrics["requirements"]["a"]["blocked_count"], 2);
    assert_eq!(metrics["tools"]["Edit"]["files"], json!(["src/a.txt"]));
}

#[test]
fn a_skill_satisfies_what_it_stands_for_by_each_of_its_names() {
    for skill in ["acme:plan", "plan", "/acme:plan"] {
        let world = World::with(
            "requirements:\n  a: {enabled: true, satisfied_by_skill: 'acme:plan', replan_ttl: 600}\n  b: {enabled: true, satisfied_by_skill: plan}\n\
             \x20 off: {satisfied_by_skill: plan}\n  other: {enabled: true, satisfied_by_skill: 'acme:review'}\n",
        );
        world.hook(&world.edit()).refusal();
        let mut payload = world.recorded("PostToolUse-Skill");
        payload["tool_input"]["skill"] = skill.into();
        world.hook(&payload).silent();
        let all = world.state("main")["requirements"].clone();
        assert_eq!(all.as_object().unwrap().keys().collect::<Vec<_>>(), ["a", "b"], "{skill}");
        let entry = &all["a"]["sessions"][KEY];
        assert_eq!((&entry["satisfied_by"], &entry["metadata"]["skill"]), (&json!("skill"), &json!(skill)));
        assert_eq!(entry["expires_at"].as_i64().unwrap() - entry["satisfied_at"].as_i64().unwrap(), 600);
        world.hook(&world.recorded("Stop-first"));
        let metrics = world.json(&world.repo.join(format!(".git/requirements/sessions/{KEY}.json")));
        assert_eq!(metrics["requirements"]["a"]["satisfied_by"], format!("skill:{skill}"));
        assert!(metrics["requirements"]["a"]["time_to_satisfy_seconds"].is_i64());
        assert_eq!(metrics["skills"][0]["name"], skill);
    }
}

#[test]
fn plans_are_written_before_there_is_a_plan() {
    let world = World::with(ONE);
    let write = |file: std::path::PathBuf| {
        let mut payload = world.recorded("PreToolUse-Write");
        payload["tool_input"]["file_path"] = file.to_string_lossy().into();
        world.hook(&payload)
    };
    for plan in [
        world.repo.join(".claude/plans/x.md"),
        world.repo.join("docs/plans/x.md"),
        world.home.join(".claude/plans/x.md"),
    ] {
        write(plan).silent();
    }
    for other in
        ["src/docs/plans/evil.py", "docs/plans/evil.py", "src/docs/plans/x.md", "docs/plans/../../src/x.md"]
    {
        write(world.repo.join(other)).refusal();
    }
}

#[test]
fn only_what_triggers_is_asked() {
    let world = World::with(
        "requirements:\n  c: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\\s+commit'}, NotebookEdit, mcp__scratch__echo]}\n",
    );
    world.hook(&world.recorded("PreToolUse-Read")).silent();
    world.hook(&world.recorded("PreToolUse-Glob")).silent();
    world.hook(&world.edit()).silent();
    world.hook(&world.bash("PreToolUse", "ls -la")).silent();
    world.hook(&world.bash("PreToolUse", "cd x && GIT  COMMIT -m y")).refusal();
    world.hook(&world.recorded("PreToolUse-mcp-echo-2.1.329")).refusal();
    let mut notebook = world.edit();
    notebook["tool_name"] = "NotebookEdit".into();
    world.hook(&notebook).refusal();
}

#[test]
fn the_way_out_is_open_where_every_command_is_gated() {
    let world = World::with("requirements:\n  all: {enabled: true, trigger_tools: [Bash]}\n");
    world.hook(&world.bash("PreToolUse", "ls")).refusal();
    for command in ["req satisfy all --session cad0ac4d", "/opt/x/req pause"] {
        world.hook(&world.bash("PreToolUse", command)).silent();
    }
    world.hook(&world.bash("PreToolUse", "req pause; rm -rf x")).refusal();
}

#[test]
fn a_pause_holds_for_one_session_until_it_ends() {
    let world = World::with(ONE);
    world.req_ok(&["pause", "--session", SESSION, "--reason", "token=hunter2"]);
    world.hook(&world.edit()).silent();
    world.hook(&of(OTHER, world.edit())).refusal();
    assert!(world.hook(&world.recorded("SessionStart-startup")).context().contains("paused"));
    assert!(world.hook(&world.recorded("UserPromptSubmit-plain")).context().contains("paused"));
    let mark = world.repo.join(format!(".git/requirements/sessions/{KEY}.paused"));
    assert!(!std::fs::read_to_string(&mark).unwrap().contains("hunter2"));
    world.hook(&world.recorded("SessionEnd-other")).silent();
    assert!(!mark.exists());
    world.hook(&world.edit()).refusal();
    world.req_ok(&["pause", "--session", KEY]);
    world.req_ok(&["resume", "--session", SESSION]);
    world.hook(&world.edit()).refusal();
    let hostile = world.req(&["pause", "--session", "../../../../oops"]);
    assert!(hostile.status.success() && !world.root().join("oops.paused").exists());
}

#[test]
fn the_environment_switches_the_gates_off() {
    let mut world = World::with(ONE);
    world.env.push(("CLAUDE_SKIP_REQUIREMENTS".into(), "1".into()));
    world.hook(&world.edit()).silent();
    assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["outcome"], "skipped");
    for off in ["", "0", "false"] {
        world.env[0].1 = off.to_owned();
        world.hook(&world.edit()).refusal();
    }
}

#[test]
fn clear_carries_over_what_its_session_had() {
    let world = World::with(
        "requirements:\n  a: {enabled: true}\n  once: {enabled: true, scope: single_use, trigger_tools: [Write]}\n  late: {enabled: true}\n",
    );
    world.hook(&world.recorded("SessionStart-startup"));
    world.req_ok(&["satisfy", "a", "once", "--session", SESSION]);
    world.req_ok(&["satisfy", "late", "--session", SESSION, "--ttl", "600"]);
    world.expire("main");
    let start = |session: &str, source: &str| {
        world.hook(&world.payload("SessionStart-startup", json!({"session_id": session, "source": source})))
    };
    assert!(
        !start("11111111-aaaa", "startup").context().contains("Carried over"),
        "a start inherits nothing"
    );
    world.hook(&world.recorded("SessionEnd-clear")).silent();
    let answer = start(OTHER, "clear");
    assert!(answer.context().contains("Carried over from the cleared session: a."), "{}", answer.context());
    let entry = world.state("main")["requirements"]["a"]["sessions"]["0badcafe"].clone();
    assert_eq!(
        (&entry["satisfied_by"], &entry["metadata"]["carried_from"]),
        (&json!("carry_over"), &json!(KEY))
    );
    assert!(!start(OTHER, "clear").context().contains("Carried over"), "once");
}

#[test]
fn the_model_is_reminded_once_when_work_is_announced() {
    let world = World::with(ONE);
    let prompt = |text: &str| world.hook(&world.payload("UserPromptSubmit-plain", json!({"prompt": text})));
    world.hook(&world.recorded("SessionStart-startup"));
    prompt("what does this do?").silent();
    assert!(prompt("fix the parser").context().contains("commit_plan"));
    prompt("now update the docs").silent();
    world.configure("requirements:\n  commit_plan: {enabled: true}\n  more: {enabled: true}\n");
    assert!(prompt("and fix the rest").context().contains("commit_plan, more"));
    let told = world.events(SESSION).iter().filter(|event| event["gates"]["reminded"].is_array()).count();
    assert_eq!(told, 2);
}

#[test]
fn a_permanent_requirement_outlives_its_ttl_and_a_branch_one_does_not() {
    let world = World::with(
        "requirements:\n  p: {enabled: true, scope: permanent, trigger_tools: [Edit]}\n  b: {enabled: true, scope: branch, trigger_tools: [Write]}\n",
    );
    world.req_ok(&["satisfy", "p", "b", "--ttl", "600"]);
    world.expire("main");
    world.hook(&world.edit()).silent();
    world.hook(&world.recorded("PreToolUse-Write")).refusal();
}

#[test]
fn branches_that_share_a_file_name_stay_apart_and_prune_removes_the_deleted() {
    let world = World::with(ONE);
    world.write(".git/requirements/learning_history.json", "{\"version\": \"1.0\"}");
    for branch in ["feature/auth", "feature-auth"] {
        world.git(&["checkout", "-qb", branch]);
        world.hook(&world.edit()).refusal();
        world.satisfy("commit_plan");
        world.hook(&world.edit()).silent();
    }
    world.git(&["checkout", "-q", "main"]);
    world.git(&["branch", "-qD", "feature/auth"]);
    assert!(world.req_ok(&["prune"]).contains("1 deleted branch: feature/auth"));
    assert!(world.req_ok(&["list"]).contains("feature-auth"));
    assert!(world.repo.join(".git/requirements/learning_history.json").exists());
    world.git(&["pack-refs", "--all"]);
    assert!(world.req_ok(&["prune"]).contains("Removed the state of 0"), "packed branches are branches");
}

#[test]
fn prune_never_removes_what_git_cannot_vouch_for() {
    let world = World::with(ONE);
    let unborn = world.root().join("unborn");
    std::fs::create_dir_all(unborn.join(".claude")).unwrap();
    world.git_in(&unborn, &["init", "-q", "-b", "main"]);
    std::fs::write(unborn.join(".claude/requirements.yaml"), ONE).unwrap();
    let satisfied = world.req_in(&unborn, &["satisfy", "commit_plan", "--session", SESSION]);
    assert!(satisfied.status.success());
    assert_eq!(world.req_in(&unborn, &["prune"]).status.code(), Some(1));
    assert!(unborn.join(".git/requirements/main.json").exists());
}

#[test]
fn a_session_that_ends_takes_only_its_own_entries() {
    let world = World::with(&format!("{ONE}hooks: {{session_end: {{clear_session_state: true}}}}\n"));
    for session in [SESSION, OTHER] {
        world.req_ok(&["satisfy", "commit_plan", "--session", session]);
    }
    world.hook(&world.recorded("SessionEnd-other")).silent();
    let sessions = world.state("main")["requirements"]["commit_plan"]["sessions"].clone();
    assert_eq!(sessions.as_object().unwrap().keys().collect::<Vec<_>>(), ["0badcafe"]);
}

#[test]
fn look_around_and_back_references_gate_too() {
    for (pattern, gated, passed) in [
        (r"git\s+(?!log)\w+", "git push", "git log"),
        (r"(?<!safe-)rm\b", "rm x", "safe-rm x"),
        (r"(\w+) \1", "go go", "go come"),
        (r"\p{Lu}x", "Éx", "1x"),
    ] {
        let world = World::with(&format!(
            "requirements:\n  c: {{enabled: true, trigger_tools: [{{tool: Bash, command_pattern: '{pattern}'}}]}}\n"
        ));
        world.hook(&world.bash("PreToolUse", gated)).refusal();
        world.hook(&world.bash("PreToolUse", passed)).silent();
    }
}

#[test]
fn prune_keeps_the_state_of_every_work_tree() {
    let world = World::with(ONE);
    let (detached, orphan) = (world.root().join("d"), world.root().join("o"));
    for tree in [&detached, &orphan] {
        world.git(&["worktree", "add", "-q", "--detach", &tree.to_string_lossy()]);
    }
    world.git_in(&detached, &["commit", "-q", "--allow-empty", "-m", "z"]);
    world.git_in(&orphan, &["checkout", "-q", "--orphan", "orph"]);
    for tree in [&detached, &orphan] {
        assert!(world.req_in(tree, &["satisfy", "commit_plan", "--session", SESSION]).status.success());
    }
    assert!(world.req_ok(&["prune"]).contains("Removed the state of 0"));
}
