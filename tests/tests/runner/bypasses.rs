//! Ways around a gate that were found, and stay shut.

use tests::World;
use tests::world::ONE;

const COMMIT: &str = "requirements:\n  commit: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\\s+commit'}]}\n";

#[test]
fn a_line_beyond_what_is_followed_is_refused() {
    let world = World::with(COMMIT);
    for line in [
        format!("{}git -C . commit", "eval ".repeat(40)),
        format!("echo {}git -C . commit{}", "$(".repeat(40), ")".repeat(40)),
        format!("{}git -C . commit{}", "( ".repeat(80), " )".repeat(80)),
        format!(": {}\ngit -C . commit", "x".repeat(70_000)),
        format!(": {}\ngit -C . commit", "x".repeat(400_000)),
        format!("{}git -C . commit", "ls;".repeat(20_000)),
    ] {
        let shown: String = line.chars().take(30).collect();
        let answer = world.hook(&world.bash("PreToolUse", &line));
        assert!(answer.json.is_some(), "{shown}");
    }
    let world = World::with("requirements:\n  plan: {enabled: true, bash_writes: true}\n");
    let line = format!("{}echo x > src/a.txt{}", "( ".repeat(80), " )".repeat(80));
    world.hook(&world.bash("PreToolUse", &line)).refusal();
}

#[test]
fn a_subcommand_that_the_line_does_not_tell_may_be_any() {
    let world = World::with(COMMIT);
    for line in [
        "git $c -m x",
        "git \"$(tr a-z a-z <<< commit)\"",
        "for c in 1 2 3 4 5 6 7 8 9 10 commit; do git $c; done",
        "/usr/lib/git-core/git-commit -m x",
    ] {
        assert!(world.hook(&world.bash("PreToolUse", line)).json.is_some(), "{line}");
    }
    for line in ["git log $x", "git checkout $BRANCH", "git -C \"$DIR\" status", "npm $x"] {
        world.hook(&world.bash("PreToolUse", line)).silent();
    }
}

#[test]
fn a_link_and_two_dots_lead_where_the_kernel_goes() {
    let world = World::with(&format!("protect_cli: true\n{ONE}"));
    std::fs::create_dir_all(world.repo.join(".claude/plans")).unwrap();
    std::os::unix::fs::symlink(".claude/plans", world.repo.join("p")).unwrap();
    let line = "echo 'enabled: false' > p/../requirements.local.yaml";
    assert!(world.hook(&world.bash("PreToolUse", line)).refusal().contains("protect_cli"));
    let mut write = world.recorded("PreToolUse-Write");
    write["tool_input"]["file_path"] =
        world.repo.join("p/../requirements.local.yaml").to_str().unwrap().into();
    assert!(world.hook(&write).refusal().contains("protect_cli"));
    // A plan that is a link to somewhere else is not a plan.
    std::fs::create_dir_all(world.repo.join("docs/plans")).unwrap();
    std::os::unix::fs::symlink("../../new.py", world.repo.join("docs/plans/n.md")).unwrap();
    write["tool_input"]["file_path"] = world.repo.join("docs/plans/n.md").to_str().unwrap().into();
    assert!(world.hook(&write).refusal().contains("commit_plan"));
}

#[test]
fn an_edit_is_verified_on_whatever_branch_the_turn_ends() {
    let world = World::with("requirements:\n  checks: {enabled: true, stop_only: true}\n");
    world.hook(&world.edit()).silent();
    world.git(&["switch", "-qc", "topic"]);
    world.hook(&world.recorded("Stop-first")).block();
    world.git(&["switch", "-q", "--detach"]);
    world.hook(&world.recorded("Stop-first")).block();
    world.git(&["switch", "-q", "topic"]);
    world.satisfy("checks");
    world.hook(&world.recorded("Stop-first")).silent();
}

#[test]
fn gates_that_are_protected_outlive_their_file() {
    let world = World::with(&format!("protect_cli: true\n{ONE}"));
    world.hook(&world.edit()).refusal();
    std::fs::remove_file(world.repo.join(".claude/requirements.yaml")).unwrap();
    world.hook(&world.edit()).refusal();
    let told = world.hook(&world.recorded("SessionStart-startup"));
    assert!(told.context().contains("the configuration file is missing"), "{told:?}");
    assert!(world.req_ok(&["status"]).contains("the configuration file is missing"));
    std::fs::remove_file(world.repo.join(".git/stanchion/policy.json")).unwrap();
    world.hook(&world.edit()).silent();
}

#[test]
fn what_a_command_leaves_running_is_not_waited_for() {
    let world = World::with("requirements: {}\n");
    std::fs::write(
        world.home.join(".claude/requirements.yaml"),
        "requirements:\n  d: {enabled: true, type: limit, command: 'echo 99; sleep 30 &', thresholds: {block: 5}}\n",
    )
    .unwrap();
    let started = std::time::Instant::now();
    assert!(world.hook(&world.edit()).refusal().contains("99"));
    assert!(started.elapsed() < std::time::Duration::from_secs(1));
}

#[test]
fn a_skill_that_failed_satisfies_nothing() {
    let world = World::with("requirements:\n  plan: {enabled: true, satisfied_by_skill: 'acme:plan'}\n");
    let mut skill = world.recorded("PostToolUse-Skill");
    skill["tool_input"]["skill"] = "acme:plan".into();
    skill["tool_response"]["success"] = false.into();
    world.hook(&skill).silent();
    world.hook(&world.edit()).refusal();
    skill["tool_response"]["success"] = true.into();
    world.hook(&skill).silent();
    world.hook(&world.edit()).silent();
}
