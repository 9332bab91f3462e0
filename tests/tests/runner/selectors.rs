//! Triggers: which tools, files, agents and servers a requirement is about.

use serde_json::{Value, json};
use tests::World;
use tests::world::KEY;

use crate::support::{on_file, one, plan, run};

fn by_agent(mut payload: Value, kind: &str) -> Value {
    payload["agent_id"] = "a90bfa72ec25cebd5".into();
    payload["agent_type"] = kind.into();
    payload
}

fn write_of(world: &World, file: &str) -> Value {
    let mut payload = world.recorded("PreToolUse-Write");
    payload["tool_input"]["file_path"] = world.repo.join(file).to_string_lossy().into();
    payload
}

#[test]
fn a_trigger_may_be_about_certain_files() {
    let world = World::with(&one(
        "plan",
        "trigger_tools: [{tool: Edit, file_pattern: ['src/**', '!src/gen/**']}, {tool: Write, file_pattern: '*.sql'}]",
    ));
    world.hook(&on_file(&world, "Edit", "src/a.txt")).refusal();
    world.hook(&on_file(&world, "Edit", "src/gen/a.txt")).silent();
    world.hook(&on_file(&world, "Edit", "README.md")).silent();
    world.hook(&on_file(&world, "Edit", "docs/../src/x")).refusal();
    world.hook(&on_file(&world, "Write", "db/deep/a.sql")).refusal();
    world.hook(&on_file(&world, "Write", "src/a.txt")).silent();
}

#[test]
fn a_trigger_may_be_about_certain_agents() {
    for (agents, main, explore, plan) in [
        ("main", true, false, false),
        ("Explore", false, true, false),
        ("'*'", false, true, true),
        ("'!Explore'", true, false, true),
        ("[main, 'Pl*']", true, false, true),
    ] {
        let world =
            World::with(&one("plan", &format!("trigger_tools: [{{tool: Edit, agent_type: {agents}}}]")));
        let is_refused = |payload: Value| world.hook(&payload).json.is_some();
        // A session may run as an agent; it stays the session.
        let mut flagged = world.edit();
        flagged["agent_type"] = "Explore".into();
        assert_eq!(
            (
                is_refused(world.edit()),
                is_refused(flagged),
                is_refused(by_agent(world.edit(), "Explore")),
                is_refused(by_agent(world.edit(), "Plan"))
            ),
            (main, main, explore, plan),
            "{agents}"
        );
    }
}

#[test]
fn a_trigger_may_name_a_server_or_a_pattern_of_tools() {
    let payload = |world: &World, tool: &str| {
        let mut payload = world.recorded("PreToolUse-mcp-echo-2.1.329");
        payload["tool_name"] = tool.into();
        payload
    };
    for (trigger, hit, missed) in [
        ("mcp__scratch", ["mcp__scratch__echo", "mcp__scratch__write_x"], ["mcp__scratchpad__echo", "Edit"]),
        ("'mcp__*__write*'", ["mcp__a__write", "mcp__b__write_file"], ["mcp__a__read", "Write"]),
        ("'*Edit'", ["NotebookEdit", "Edit"], ["Write", "Read"]),
        (
            "mcp__scratch__echo",
            ["mcp__scratch__echo", "mcp__scratch__echo"],
            ["mcp__scratch__echo2", "mcp__scratch"],
        ),
    ] {
        let world = World::with(&one("plan", &format!("trigger_tools: [{trigger}]")));
        for tool in hit {
            world.hook(&payload(&world, tool)).refusal();
        }
        for tool in missed {
            world.hook(&payload(&world, tool)).silent();
        }
    }
}

#[test]
fn files_written_through_bash_count_as_edits_where_that_is_asked_for() {
    let world = World::with(&one("plan", "scope: session"));
    world.hook(&run(&world, "echo x > src/a.txt")).silent();
    world.configure(&one("plan", "bash_writes: true"));
    for command in [
        "echo x > src/a.txt",
        "cat <<'EOF' > src/b.txt\nx\nEOF",
        "sed -i s/a/b/ src/a.txt",
        "echo x | tee -a src/a.txt",
        "cp /etc/hosts src/",
        "cd src && echo x > a.txt",
    ] {
        world.hook(&run(&world, command)).refusal();
    }
    for command in [
        "cat src/a.txt",
        "echo x > /tmp/elsewhere",
        "make 2> /dev/null",
        "echo x > .claude/plans/p.md",
        "ls -la",
    ] {
        world.hook(&run(&world, command)).silent();
    }
    world.hook(&world.edit()).refusal();
    world.configure(&one("plan", "bash_writes: true, trigger_tools: [{tool: Edit, file_pattern: 'src/**'}]"));
    world.hook(&run(&world, "echo x > src/a.txt")).refusal();
    world.hook(&run(&world, "echo x > README.md")).silent();
}

#[test]
fn case_17_plans_may_be_written_and_what_only_lies_beside_may_not() {
    let world = plan();
    world.hook(&write_of(&world, ".claude/plans/x.md")).silent();
    world.hook(&write_of(&world, "docs/plans/x.md")).silent();
    world.hook(&write_of(&world, "src/docs/plans/x.py")).refusal();
}

#[test]
fn case_18_only_what_runs_a_trigger_is_asked() {
    let world = World::with(
        "requirements:\n  c: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\\s+commit'}]}\n",
    );
    for name in ["PreToolUse-Read", "PreToolUse-Glob", "PreToolUse-Edit"] {
        world.hook(&world.recorded(name)).silent();
    }
    for command in
        ["ls", "echo 'git commit'", "grep -rn \"git commit\" docs", "ls # git commit", "git commit-tree x"]
    {
        world.hook(&world.bash("PreToolUse", command)).silent();
    }
    for command in [
        "GIT COMMIT -m x",
        "git -C . commit",
        "git -c a.b=c commit",
        "cd x && git commit",
        "bash -c 'git commit'",
    ] {
        world.hook(&world.bash("PreToolUse", command)).refusal();
    }
}

#[test]
fn r14_a_gate_lets_its_own_plan_be_written_and_shows_no_raw_placeholder() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, auto_resolve_skill: 'acme:arch-review', message: 'Run /{auto_resolve_skill} in {session_id}, not {this}.'}\n",
    );
    let answer = world.hook(&world.edit());
    assert!(
        answer.refusal().contains(&format!("Run /arch-review in {KEY}, not {{this}}.")),
        "{}",
        answer.refusal()
    );
    world.hook(&write_of(&world, "docs/plans/deep/x.md")).silent();
    world.hook(&write_of(&world, ".claude/plans/x.md")).silent();
}

#[test]
fn gap_04_notebooks_and_foreign_tools_are_gated_like_any_other() {
    // Six tools were looked at; triggers for others were dead.
    let world = World::with(
        "requirements:\n  c: {enabled: true, trigger_tools: [NotebookEdit, mcp__scratch__echo]}\n",
    );
    let mut notebook = world.edit();
    notebook["tool_name"] = "NotebookEdit".into();
    notebook["tool_input"] = json!({"notebook_path": world.repo.join("n.ipynb"), "new_source": "1"});
    world.hook(&notebook).refusal();
    world.hook(&world.recorded("PreToolUse-mcp-echo-2.1.329")).refusal();
}
