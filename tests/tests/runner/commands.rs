//! Commands that change configuration, or keep what projects and branches are about.

use std::path::PathBuf;

use serde_json::json;
use tests::World;
use tests::world::{ONE, printed};

fn error(output: &std::process::Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn project_file(world: &World) -> PathBuf {
    world.repo.join(".claude/requirements.yaml")
}

fn local_file(world: &World) -> PathBuf {
    world.repo.join(".claude/requirements.local.yaml")
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn gates_and_requirements_are_switched() {
    let world = World::new();
    assert!(error(&world.req(&["enable"])).contains("req init"));
    assert!(!local_file(&world).exists());
    let world = World::with(ONE);
    assert!(error(&world.req(&["disable", "comit_plan"])).contains("did you mean `commit_plan`?"));
    assert!(!local_file(&world).exists(), "nothing half-written");
    world.hook(&world.edit()).refusal();
    let printed_file = world.req_ok(&["disable", "commit_plan"]);
    assert!(printed_file.contains(local_file(&world).to_str().unwrap()), "{printed_file}");
    world.hook(&world.edit()).silent();
    world.req_ok(&["enable", "commit_plan"]);
    world.hook(&world.edit()).refusal();
    world.req_ok(&["disable"]);
    world.hook(&world.edit()).silent();
    assert_eq!(
        read(local_file(&world)),
        "requirements:\n  commit_plan:\n    enabled: true\nenabled: false\n"
    );
    assert_eq!(printed(&world.req(&["enable", "--json"]))["changed"], true);
    world.hook(&world.edit()).refusal();
    world.req_ok(&["disable", "--project"]);
    assert_eq!(read(project_file(&world)), ONE.replacen("enabled: true", "enabled: false", 1));
}

#[test]
fn a_requirement_is_changed_in_place_or_not_at_all() {
    let text = "# ours\nrequirements:\n  commit_plan:   # the plan\n    enabled: true\n    message: |\n      Old.\n    scope: session # why\n";
    let world = World::with(text);
    let arguments = ["config", "commit_plan", "--project", "--scope", "branch", "--message", "New."];
    assert!(error(&world.req(&arguments)).contains("--yes"), "nobody to ask");
    assert_eq!(read(project_file(&world)), text);
    let shown = world.req_ok(&[&arguments[..], &["--yes"]].concat());
    assert!(shown.contains("-       Old.") && shown.contains("+     message: New."), "{shown}");
    let changed = "# ours\nrequirements:\n  commit_plan:   # the plan\n    enabled: true\n    message: New.\n    scope: branch # why\n";
    assert_eq!(read(project_file(&world)), changed);
    for wrong in ["scope=weekly", "trigger_tools=[{tool: Bash, command_pattern: '('}]", "enabled=perhaps"] {
        let told = error(&world.req(&["config", "commit_plan", "--project", "--set", wrong, "--yes"]));
        assert!(told.contains("nothing was changed") && told.contains("requirements.commit_plan"), "{told}");
        assert_eq!(read(project_file(&world)), changed);
    }
    world.req_ok(&["config", "--set", "hooks.stop.verify_requirements=false", "--yes"]);
    assert_eq!(read(local_file(&world)), "hooks:\n  stop:\n    verify_requirements: false\n");
    let shown = printed(&world.req(&["config", "show"]));
    assert_eq!(shown["hooks"]["stop"]["verify_requirements"], false);
    world.write(".claude/requirements.local.yaml", "hooks: [\n");
    assert!(error(&world.req(&["config", "commit_plan", "--enable", "--yes"])).contains("line 2"));
    assert_eq!(read(local_file(&world)), "hooks: [\n");
    world.write(".claude/requirements.local.yaml", "{\"enabled\": true}");
    world.req_ok(&["config", "commit_plan", "--set", "replan_ttl=60", "--yes"]);
    let json: serde_json::Value = serde_json::from_str(&read(local_file(&world))).unwrap();
    assert_eq!(json["requirements"]["commit_plan"]["replan_ttl"], json!(60));
}

#[test]
fn a_new_project_file_starts_with_its_version() {
    let world = World::new();
    world.req_ok(&["config", "--project", "--set", "requirements.plan.enabled=true", "--yes"]);
    assert_eq!(read(project_file(&world)), "version: \"1.0\"\nrequirements:\n  plan:\n    enabled: true\n");
    world.hook(&world.edit()).refusal();
}

#[test]
fn a_protected_file_stays() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::with(ONE);
    std::fs::set_permissions(project_file(&world), std::fs::Permissions::from_mode(0o444)).unwrap();
    assert!(error(&world.req(&["disable", "--project"])).contains("read-only"));
    assert_eq!(read(project_file(&world)), ONE);
}

#[test]
fn an_agent_does_not_switch_off_its_own_gates() {
    let mut world = World::with(&format!("protect_cli: true\n{ONE}"));
    world.env.push(("CLAUDECODE".to_owned(), "1".to_owned()));
    for arguments in
        [&["disable"][..], &["enable", "commit_plan"], &["config", "commit_plan", "--disable", "--yes"]]
    {
        assert!(error(&world.req(arguments)).contains("protect_cli"), "{arguments:?}");
    }
    assert!(!local_file(&world).exists());
    world.req_ok(&["config", "commit_plan"]);
}

/// Runs `req` on a terminal of its own with these keys; what it showed. `None` where there is no `script`.
fn on_a_terminal(world: &World, arguments: &str, keys: &str) -> Option<String> {
    use std::io::Write;
    use std::process::Stdio;
    let req = tests::executables().join("req");
    let mut command = world.command("script");
    command.args(["-qec", &format!("'{}' {arguments}", req.display()), "/dev/null"]).env("TERM", "xterm");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        eprintln!("skipped: there is no `script` here");
        return None;
    };
    child.stdin.take().unwrap().write_all(keys.as_bytes()).unwrap();
    Some(String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned())
}

#[test]
fn on_a_terminal_init_asks_and_elsewhere_it_does_not() {
    let world = World::new();
    let Some(shown) = on_a_terminal(&world, "init", "q") else { return };
    assert!(shown.contains("relaxed") && shown.contains("nothing was written"), "{shown}");
    assert!(!project_file(&world).exists());
    const DOWN: &str = "\u{1b}[B";
    on_a_terminal(&world, "init", &format!("{DOWN}\r\ry"));
    let strict = world.req_ok(&["init", "--preset", "strict", "--preview"]);
    assert_eq!(read(project_file(&world)), strict);
    on_a_terminal(&world, "init --local", &format!("{}\r {DOWN} \ry", DOWN.repeat(5)));
    let custom = printed(&world.req(&["config", "--sources"]));
    let names = custom["local"]["configuration"]["requirements"].as_object().unwrap();
    assert_eq!(names.keys().collect::<Vec<_>>(), ["commit_plan", "ticket"]);
    assert!(world.req_ok(&["init"]).contains("stays as it is"));
}
