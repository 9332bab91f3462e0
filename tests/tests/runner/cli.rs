//! `req` as people and scripts use it.

use serde_json::json;
use tests::World;
use tests::world::{KEY, ONE, SESSION, printed};

#[test]
fn exit_codes_tell_done_failed_and_usage() {
    let world = World::with(ONE);
    assert_eq!(world.req(&["satisfy"]).status.code(), Some(2));
    assert_eq!(world.req(&["no-such-command"]).status.code(), Some(2));
    assert_eq!(world.req(&["--help"]).status.code(), Some(0));
    let unknown = world.req(&["satisfy", "comit_plan", "--session", SESSION]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean `commit_plan`?"));
    assert_eq!(world.state("main"), json!(null), "nothing half-written");
    assert_eq!(world.req(&["satisfy", "x", "--force", "--session", SESSION]).status.code(), Some(0));
    let metadata = world.req(&["satisfy", "commit_plan", "-m", "{", "--session", SESSION]);
    assert_eq!(metadata.status.code(), Some(1));
    assert_eq!(world.req(&["why", "Edit", "src/a.txt"]).status.code(), Some(0), "a refusal is an answer");
    assert_eq!(world.req_in(&world.home, &["satisfy", "x", "--session", SESSION]).status.code(), Some(1));
    assert_eq!(world.req_in(&world.home, &["status"]).status.code(), Some(0));
}

#[test]
fn a_branch_may_be_named_with_or_without_an_equals_sign() {
    let world = World::with("requirements:\n  a: {enabled: true}\n  b: {enabled: true}\n");
    assert!(world.req_ok(&["satisfy", "a", "-b", "topic"]).contains("every session on topic"));
    assert!(world.req_ok(&["satisfy", "b", "--branch"]).contains("every session on main"));
    assert!(world.req_ok(&["clear", "a", "-b", "topic"]).contains("Cleared on topic: a"));
    let unknown = world.req(&["satisfy", "a", "--session", "e03e7ba5"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("ever seen"), "most likely mistyped");
}

#[test]
fn every_command_that_prints_data_speaks_json() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    for arguments in [
        &["status", "--json"][..],
        &["satisfy", "commit_plan", "--json"],
        &["why", "Edit", "src/a.txt", "--json"],
        &["list", "--json"],
        &["sessions", "--json"],
        &["prune", "--json"],
        &["pause", "--json"],
        &["resume", "--json"],
        &["logging", "--json"],
        &["config", "show"],
        &["config", "commit_plan", "--json"],
        &["config", "--sources"],
        &["paths", "--json"],
        &["sync", "--json"],
        &["commits", "--json"],
        &["tests", "--json"],
        &["errors", "--json"],
        &["commits", "sync", "--json"],
        &["clear", "commit_plan", "--json"],
    ] {
        assert!(printed(&world.req(arguments)).is_object(), "{arguments:?}");
    }
    let status = printed(&world.req(&["status", "--json"]));
    assert_eq!((&status["session"], &status["requirements"][0]["place"]["line"]), (&json!(KEY), &json!(5)));
    assert_eq!(status["requirements"][0]["satisfied"], false);
}

#[test]
fn why_names_the_rule_for_each_kind_of_input() {
    let world = World::with(
        "requirements:\n  push: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\\s+push'}]}\n  edit: {enabled: true, trigger_tools: [Edit]}\n",
    );
    let why = |arguments: &[&str]| printed(&world.req(&[&["why"], arguments, &["--json"]].concat()));
    assert_eq!(why(&["Bash", "git push origin main"])["requirements"][0]["line"], 2);
    assert_eq!(why(&["Bash", "{\"command\": \"git push\"}"])["outcome"], "deny");
    assert_eq!(why(&["Bash", "git status"])["outcome"], "pass");
    assert_eq!(why(&["Edit", "src/a.txt"])["requirements"][0]["line"], 3);
    assert_eq!(why(&["Edit", "{\"file_path\": \"docs/plans/x.md\"}"])["outcome"], "pass");
    assert_eq!(why(&["Read", "src/a.txt"])["outcome"], "pass");
    assert_eq!(world.req(&["why", "Bash", "{broken"]).status.code(), Some(1));
    let before = world.state("main");
    assert_eq!(before, json!(null), "asking changes nothing");
}

#[test]
fn init_writes_what_editors_complete_and_keeps_what_exists() {
    let world = World::new();
    let preview = world.req_ok(&["init", "--preset", "strict", "--preview"]);
    assert!(preview.contains("pr_review") && !world.repo.join(".claude/requirements.yaml").exists());
    world.req_ok(&["init", "--yes"]);
    let path = world.repo.join(".claude/requirements.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("# yaml-language-server: $schema=./requirements.schema.json\n"));
    let schema = world.json(&world.repo.join(".claude/requirements.schema.json"));
    assert!(schema["properties"]["requirements"].is_object());
    std::fs::write(&path, "enabled: true # mine\n").unwrap();
    assert!(world.req_ok(&["init", "--yes"]).contains("stays as it is"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "enabled: true # mine\n");
    world.req_ok(&["init", "--force", "--preset", "minimal"]);
    assert_eq!(
        std::fs::read_to_string(world.repo.join(".claude/requirements.yaml.bak")).unwrap(),
        "enabled: true # mine\n"
    );
    assert_eq!(world.req(&["init", "--preset", "nope"]).status.code(), Some(2));
    world.req_ok(&["init", "--local"]);
    assert!(world.repo.join(".claude/requirements.local.yaml").exists());
}

#[test]
fn logging_changes_one_value_and_no_other_byte() {
    let world = World::with(ONE);
    let local = world.repo.join(".claude/requirements.local.yaml");
    std::fs::write(&local, "# mine\nlogging:   # why\n  level: info   # keep\n").unwrap();
    assert_eq!(world.req(&["logging", "--level", "debug"]).status.code(), Some(1), "nobody to ask");
    world.req_ok(&["logging", "--level", "debug", "--yes"]);
    assert_eq!(
        std::fs::read_to_string(&local).unwrap(),
        "# mine\nlogging:   # why\n  level: debug   # keep\n"
    );
    assert_eq!(printed(&world.req(&["logging", "--json"]))["level"], "debug");
    world.hook(&world.edit()).refusal();
    assert!(!world.log().is_empty());
    std::fs::write(&local, "logging: [\n").unwrap();
    assert_eq!(world.req(&["logging", "--level", "error", "--yes"]).status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&local).unwrap(), "logging: [\n");
}

#[test]
fn completions_and_the_man_page_are_generated() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(world.req_ok(&["completions", shell]).contains("satisfy"));
    }
    assert!(world.req_ok(&["man"]).contains(".TH"));
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let world = World::with(ONE);
    let req = tests::executables().join("req");
    let status = world
        .command("bash")
        .args(["-c", "set -o pipefail; \"$0\" config show | head -1 >/dev/null"])
        .arg(&req)
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn both_names_of_the_command_line_run_the_same_commands() {
    let world = World::with(ONE);
    let text = |output: &std::process::Output| String::from_utf8_lossy(&output.stdout).into_owned();
    for arguments in [&["--help"][..], &["why", "--help"], &["install", "--help"]] {
        let (full, short) = (text(&world.stanchion(arguments)), text(&world.req(arguments)));
        let usage = |help: &str| help.lines().find(|line| line.starts_with("Usage: ")).unwrap().to_owned();
        assert!(usage(&full).starts_with("Usage: stanchion"), "{full}");
        assert!(usage(&short).starts_with("Usage: req"), "{short}");
        assert_eq!(full.replace(&usage(&full), ""), short.replace(&usage(&short), ""), "{arguments:?}");
    }
    assert_eq!(text(&world.stanchion(&["status"])), text(&world.req(&["status"])));
    assert_eq!(
        text(&world.stanchion(&["install", "--dry-run"])),
        text(&world.req(&["install", "--dry-run"]))
    );
    let error = |output: std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error(world.stanchion(&["satisfy", "comit_plan"])).starts_with("stanchion: no "));
    assert!(error(world.req(&["satisfy", "comit_plan"])).starts_with("req: no "));
}
