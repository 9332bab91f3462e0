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

#[test]
fn work_in_progress_is_kept_and_forgotten_when_it_is_merged() {
    let world = World::new();
    let file = world.home.join(".claude/wip_projects.json");
    world.git(&["checkout", "-qb", "feat/$(touch${IFS}x)"]);
    world.req_ok(&["wip", "summary", "a feature"]);
    world.git(&["commit", "-q", "--allow-empty", "-m", "work"]);
    world.git(&["checkout", "-qb", "fresh", "main"]);
    world.req_ok(&["wip", "set", "wip"]);
    world.git(&["checkout", "-qb", "given-up", "main"]);
    world.git(&["commit", "-q", "--allow-empty", "-m", "other work"]);
    world.req_ok(&["wip", "set", "done"]);
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "--no-ff", "-m", "merge", "feat/$(touch${IFS}x)"]);
    let key = |branch: &str| format!("{}::{branch}", world.repo.display());
    let mut whole = world.json(&file);
    whole["theirs"] = json!(1);
    whole["entries"][key("fresh")]["mine"] = json!({"x": 1});
    std::fs::write(&file, whole.to_string()).unwrap();
    let cleaned = printed(&world.req(&["wip", "clean", "--delete-branches", "--json"]));
    assert_eq!(cleaned["merged"], json!(["feat/$(touch${IFS}x)"]), "{cleaned}");
    assert_eq!(cleaned["deleted"][0]["branch"], "feat/$(touch${IFS}x)");
    assert_eq!(cleaned["refused"][0]["branch"], "given-up");
    assert_eq!(world.git(&["branch", "--format=%(refname:short)"]), "fresh\ngiven-up\nmain\n");
    assert!(!world.repo.join("x").exists());
    let left = world.json(&file);
    assert_eq!((&left["theirs"], &left["entries"][key("fresh")]["mine"]["x"]), (&json!(1), &json!(1)));
    assert_eq!(left["entries"].as_object().unwrap().len(), 2);
    assert!(!world.req_ok(&["wip"]).contains("given-up"));
    assert!(world.req_ok(&["wip", "list", "-s", "done"]).contains("given-up"));
    assert_eq!(printed(&world.req(&["wip", "status", "--json"]))["entry"], json!(null));
    std::fs::write(&file, "{").unwrap();
    assert!(error(&world.req(&["wip", "set", "wip"])).contains("fix it or move it away"));
    assert_eq!(read(file), "{");
}

#[test]
fn what_was_learned_is_listed_and_what_is_foreign_is_told() {
    let world = World::new();
    assert!(world.req_ok(&["learning"]).contains("Nothing was learned"));
    world.write(
        ".git/requirements/learning_history.json",
        r#"{"updates": [{"id": 0, "type": "skill", "target": "a"}, {"id": 1, "type": "memory", "target": "b", "rolled_back": true}]}"#,
    );
    let listed = printed(&world.req(&["learning", "list", "-n", "1", "--json"]));
    assert_eq!((&listed["updates"][0]["target"], &listed["total"]), (&json!("b"), &json!(2)));
    let stats = &printed(&world.req(&["learning", "stats", "--json"]))["stats"];
    assert_eq!((&stats["skills_updated"], &stats["rollbacks"]), (&json!(1), &json!(1)));
    for foreign in ["{", "[]", "{\"updates\": {}}"] {
        world.write(".git/requirements/learning_history.json", foreign);
        assert!(error(&world.req(&["learning"])).contains("learning_history.json"), "{foreign}");
    }
}

#[test]
fn a_feature_is_added_in_place_with_a_copy_beside() {
    let text = "# ours\nrequirements:\n  commit_plan: {enabled: true} # why\nrequirments: {}\n";
    let world = World::with(text);
    let status = world.req_ok(&["upgrade"]);
    assert!(status.contains("evidence") && status.contains("did you mean `requirements`?"), "{status}");
    assert!(error(&world.req(&["upgrade", "apply", "-f", "evidenc"])).contains("did you mean `evidence`?"));
    let dry = world.req_ok(&["upgrade", "apply", "-f", "evidence", "--dry-run"]);
    assert!(dry.contains("+   plan_written:"), "{dry}");
    assert!(error(&world.req(&["upgrade", "apply", "-f", "evidence"])).contains("--yes"));
    assert_eq!(read(project_file(&world)), text);
    world.req_ok(&["upgrade", "apply", "-f", "evidence", "-f", "logging", "--yes"]);
    let after = read(project_file(&world));
    let copy = project_file(&world).with_extension("yaml.bak");
    let kept = text.lines().all(|line| after.lines().any(|other| other == line));
    assert!(kept && read(copy) == text, "{after}");
    let status = printed(&world.req(&["upgrade", "status", "--json"]));
    let used: Vec<_> = status["used"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect();
    assert_eq!(used, [json!("evidence"), json!("logging")]);
    assert!(error(&world.req(&["upgrade", "apply", "-f", "evidence", "-y"])).contains("already"));
    let every = printed(&world.req(&["upgrade", "recommend", "--json"]));
    assert!(every["features"].as_array().unwrap().len() > 20);
}

#[test]
fn projects_are_found_and_remembered() {
    let world = World::with(ONE);
    let inner = world.home.join("Work/a/p/.claude");
    std::fs::create_dir_all(&inner).unwrap();
    std::fs::write(inner.join("requirements.yaml"), "logging: {level: info}\n").unwrap();
    assert_eq!(printed(&world.req(&["upgrade", "scan", "--json"]))["new"], 1);
    let repo = world.repo.to_str().unwrap();
    assert_eq!(printed(&world.req(&["upgrade", "scan", repo, "--json"]))["new"], 1);
    let registry = world.json(&world.home.join(".claude/project_registry.json"));
    let entry = &registry["projects"][world.home.join("Work/a/p").to_str().unwrap()];
    assert_eq!(
        (&entry["has_global_inherit"], &entry["configured_features"]),
        (&json!(true), &json!(["logging"]))
    );
    assert_eq!(registry["projects"][repo]["has_global_inherit"], false);
    assert!(registry["updated_at"].is_i64() && entry["discovered_at"].is_i64());
    std::fs::remove_dir_all(&inner).unwrap();
    assert!(world.req_ok(&["upgrade", "status", "--all"]).contains("no longer has a configuration"));
    assert_eq!(printed(&world.req(&["upgrade", "scan", "--json"]))["forgotten"], 1);
    std::fs::write(world.home.join(".claude/project_registry.json"), "[]").unwrap();
    assert!(error(&world.req(&["upgrade", "scan"])).contains("fix it or move it away"));
}
