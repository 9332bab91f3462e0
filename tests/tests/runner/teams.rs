//! Teams, permission requests and compactions.

use serde_json::json;
use tests::World;
use tests::world::ONE;

#[test]
fn what_destroys_is_denied_before_anybody_is_asked() {
    let world = World::with(ONE);
    let ask = |tool: &str, command: &str| {
        let mut payload = world.recorded("PermissionRequest-AskUserQuestion");
        payload["tool_name"] = tool.into();
        payload["tool_input"] = json!({"command": command, "description": "scripted"});
        payload
    };
    for command in [
        "rm -r -f /",
        "rm -rf ~",
        "rm --no-preserve-root -rf /x",
        "git -C x push --force",
        "git push origin +main",
        "cd / && rm -rf *",
    ] {
        let answer = world.hook(&ask("Bash", command));
        let output = answer.json.as_ref().expect(command)["hookSpecificOutput"].clone();
        assert_eq!(
            (&output["hookEventName"], &output["decision"]["behavior"]),
            (&json!("PermissionRequest"), &json!("deny"))
        );
        assert!(
            output["decision"]["message"].as_str().unwrap().contains("was denied without asking"),
            "{command}"
        );
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    }
    for command in [
        "rm /home/me/f",
        "git push origin my-f",
        "rm -rf target",
        "echo 'rm -rf /'",
        "git push --force-with-lease",
    ] {
        world.hook(&ask("Bash", command)).silent();
    }
    world.hook(&ask("Other", "rm -rf /")).silent();
    world.hook(&world.recorded("PermissionRequest-AskUserQuestion")).silent();
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.metrics()["tools"]["PermissionDenied"]["count"], 6);
    world.configure(&format!("{ONE}hooks: {{permission_request: {{auto_deny_dangerous: false}}}}\n"));
    world.hook(&ask("Bash", "rm -rf /")).silent();
}

#[test]
fn a_team_leaves_a_trail_and_may_be_sent_back() {
    let world = World::with(ONE);
    let trail = || {
        std::fs::read_to_string(world.repo.join(".git/requirements/team_progress.log")).unwrap_or_default()
    };
    let long = "x".repeat(60);
    world.hook(&world.recorded("TeammateIdle-default")).silent();
    world
        .hook(&world.payload("TaskCompleted-default", json!({"task_subject": long, "team_name": "red"})))
        .silent();
    world.hook(&world.payload("TaskCompleted-default", json!({"task_subject": "two\nlines"}))).silent();
    let lines: Vec<String> = trail().lines().map(|line| line[11..].to_owned()).collect();
    assert_eq!(lines[0], "IDLE  mate-one paused  [session-2afd8cf4]");
    assert_eq!(lines[1], format!("DONE  #1 completed: {}  [red]", "x".repeat(43)));
    assert_eq!((lines[2].as_str(), lines.len()), ("DONE  #1 completed: two lines  []", 3));
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.metrics()["agents"][0]["name"], "team:TeammateIdle");

    world.configure(&format!(
        "{ONE}hooks: {{agent_teams: {{keep_working_on_idle: true, validate_task_completion: true}}}}\n"
    ));
    let answer = world.hook(&world.recorded("TeammateIdle-default"));
    let text = answer.block();
    assert!(text.contains("commit_plan (.claude/requirements.yaml:"), "{text}");
    assert!(text.contains("req satisfy commit_plan --session"), "{text}");
    assert!(
        world
            .hook(&world.payload("TaskCompleted-default", json!({"task_subject": ""})))
            .block()
            .contains("subject")
    );
    world.satisfy("commit_plan");
    world.hook(&world.recorded("TeammateIdle-default")).silent();
    world.hook(&world.recorded("TaskCompleted-default")).silent();
    world
        .configure(&format!("{ONE}hooks: {{agent_teams: {{enabled: false, keep_working_on_idle: true}}}}\n"));
    let before = trail();
    world.hook(&world.recorded("TeammateIdle-default")).silent();
    assert_eq!(trail(), before);
}

#[test]
fn compactions_are_counted_by_what_caused_them() {
    let world = World::with(ONE);
    world.hook(&world.recorded("PreCompact-auto")).silent();
    world.hook(&world.recorded("PreCompact-manual")).silent();
    world.hook(&world.recorded("PostCompact-auto")).silent();
    let mut older = world.recorded("PreCompact-auto");
    older.as_object_mut().unwrap().remove("trigger");
    for name in ["compact_trigger", "source"] {
        let mut payload = older.clone();
        payload[name] = "auto".into();
        world.hook(&payload).silent();
    }
    let metrics = world.metrics();
    assert_eq!(metrics["compaction_count"], 4);
    assert_eq!(
        (&metrics["tools"]["Compact:auto"]["count"], &metrics["tools"]["Compact:manual"]["count"]),
        (&json!(3), &json!(1))
    );
}
