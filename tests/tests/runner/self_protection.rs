//! `protect_cli`: an agent cannot open its own gates.

use serde_json::Value;
use tests::world::{SESSION, last};
use tests::{StandIn, World};

use crate::support::{on_file, one, run};

#[test]
fn an_agent_is_kept_from_its_own_gates() {
    let world = World::with(&format!("protect_cli: true\n{}", one("plan", "scope: session")));
    let refused = |payload: &Value| {
        let answer = world.hook(payload);
        assert!(
            answer.refusal().contains("protect_cli (") && answer.refusal().contains("ask the user"),
            "{}",
            answer.refusal()
        );
        assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["outcome"], "protected");
    };
    for command in [
        "req satisfy plan",
        "cd src; req pause",
        "req config --set enabled=false",
        "bash -c 'req clear plan'",
        "sed -i s/true/false/ .claude/requirements.yaml",
        "rm -rf .git/requirements",
    ] {
        refused(&run(&world, command));
    }
    for file in [
        ".claude/requirements.yaml",
        ".claude/requirements.local.yaml",
        ".git/requirements/main.json",
        ".claude/settings.json",
        "src/../.claude/messages/plan.yaml",
    ] {
        refused(&on_file(&world, "Edit", file));
        refused(&on_file(&world, "Write", file));
    }
    let mut global = world.edit();
    global["tool_input"]["file_path"] = world.home.join(".claude/settings.json").to_string_lossy().into();
    refused(&global);
    for command in ["req status", "req why Edit src/a.txt", "req why --last", "cat .claude/requirements.yaml"]
    {
        world.hook(&run(&world, command)).silent();
    }
    let open = world.hook(&world.edit()).refusal().to_owned();
    assert!(open.contains("ask the user") && open.contains("Do not run it yourself"), "{open}");
    assert!(world.hook(&world.recorded("SessionStart-startup")).context().contains("`protect_cli`"));
}

#[test]
fn req_itself_refuses_an_agent_that_got_past_its_hook() {
    let mut world = World::with(&format!("protect_cli: true\n{}", one("plan", "scope: session")));
    world.env.push(("CLAUDECODE".into(), "1".into()));
    for arguments in [
        &["satisfy", "plan", "--session", SESSION][..],
        &["pause", "--session", SESSION],
        &["clear", "--all"],
        &["logging", "--level", "debug", "--yes"],
        &["init", "--force", "--yes"],
    ] {
        let output = world.req(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("protect_cli"), "{arguments:?}");
    }
    assert_eq!(world.state("main"), Value::Null);
    world.req_ok(&["status"]);
    world.req_ok(&["logging"]);
    world.env.clear();
    let mut client = StandIn::new(&world);
    assert_eq!(
        client.req("satisfy plan --session cad0ac4d").status.code(),
        Some(1),
        "the client above it tells as well"
    );
    let output = world.req(&["satisfy", "plan", "--session", SESSION]);
    assert_eq!(output.status.code(), Some(1), "what was cut loose from its agent has no terminal");
    assert!(world.typed(&format!("satisfy plan --session {SESSION}")).status.success());
    world.hook(&world.edit()).silent();
}
