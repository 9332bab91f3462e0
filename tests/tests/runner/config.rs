//! Configuration files as people write them.

use std::path::Path;

use serde_json::json;
use tests::World;
use tests::world::{ONE, SESSION};

#[test]
fn a_broken_item_is_named_everywhere_and_the_others_still_gate() {
    for bad in [
        "bad: true",
        "bad: {enabled: true, scope: weekly}",
        "bad: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: '('}]}",
        "bad: {enabled: true, type: limit, thresholds: 5}",
        "bad: {enabled: true, type: limit, thresholds: {warn: 1}}",
        "bad: {enabled: true, type: webhook}",
    ] {
        let world =
            World::with(&format!("requirements:\n  {bad}\n  good: {{enabled: true, message: Need good}}\n"));
        assert!(world.hook(&world.edit()).refusal().contains("Need good"), "{bad}");
        let start = world.hook(&world.recorded("SessionStart-startup"));
        let place = format!("{}:2:", world.repo.join(".claude/requirements.yaml").display());
        let told = start.json.as_ref().unwrap()["systemMessage"].as_str().unwrap().to_owned();
        for text in [start.context(), &told, &world.req_ok(&["status", "--session", SESSION])] {
            assert!(text.contains("bad") && text.contains(&place), "{bad}: {text}");
        }
        let doctor = world.stanchion(&["doctor"]);
        let report = String::from_utf8_lossy(&doctor.stdout).into_owned();
        assert!(report.contains(&place) && doctor.status.code() == Some(1), "{report}");
    }
}

#[test]
fn a_syntax_error_is_loud_and_leaves_the_last_good_policy_in_force() {
    let world = World::with("requirements: [\n");
    world.hook(&world.edit()).silent();
    let start = world.hook(&world.recorded("SessionStart-startup"));
    assert!(start.context().contains("requirements.yaml:"), "{}", start.context());
    world.configure(ONE);
    world.hook(&world.edit()).refusal();
    world.configure("requirements: [\n");
    world.hook(&world.edit()).refusal();
    assert!(world.req_ok(&["status"]).contains("stays in force"));
}

#[test]
fn the_cascade_merges_replaces_and_lets_the_local_file_win() {
    let world = World::new();
    let global = world.home.join(".claude/requirements.yaml");
    std::fs::write(
        &global,
        "requirements:\n  g: {enabled: true, description: kept, trigger_tools: [Edit, Write]}\n",
    )
    .unwrap();
    world.hook(&world.edit()).silent();
    let shown = |world: &World| tests::world::printed(&world.req(&["config", "show"]));
    world.configure("requirements:\n  g: {trigger_tools: [Write]}\n  silent: {}\n");
    world.hook(&world.edit()).silent();
    world.hook(&world.recorded("PreToolUse-Write")).refusal();
    assert_eq!(shown(&world)["requirements"]["g"]["description"], "kept");
    world.write(".claude/requirements.local.yaml", "requirements: {g: {enabled: off}}\n");
    world.hook(&world.recorded("PreToolUse-Write")).silent();
    world.configure("inherit: no\nrequirements:\n  p: {enabled: yes}\n");
    assert!(world.hook(&world.edit()).refusal().contains("p "));
    assert_eq!(shown(&world)["requirements"]["g"]["description"], json!(null));
}

#[test]
fn yaml_1_1_merge_keys_and_duplicates_count_as_documented() {
    let world = World::with(
        "base: &base {enabled: yes, message: from base}\nrequirements:\n  a: {<<: *base}\n  b: {enabled: true}\n  b: {enabled: no}\n",
    );
    let answer = world.hook(&world.edit());
    assert!(answer.refusal().contains("from base") && !answer.refusal().contains("satisfy a b"));
    let status = world.req_ok(&["status"]);
    assert!(status.contains("`b` is set twice") && status.contains("line 4"), "{status}");
}

#[test]
fn what_is_not_enforced_is_told() {
    let world = World::with("requirements:\n  g: {enabled: true, type: condition, condition: full_moon}\n");
    world.hook(&world.edit()).silent();
    assert!(
        world
            .hook(&world.recorded("SessionStart-startup"))
            .context()
            .contains("this requirement blocks nothing")
    );
    let status = world.req_ok(&["status"]);
    assert!(
        status.contains("this requirement blocks nothing") && status.contains("No requirement is enabled"),
        "{status}"
    );
    assert_eq!(world.req(&["satisfy", "g", "--session", SESSION]).status.code(), Some(1));
}

#[test]
fn values_that_mean_nothing_are_told_and_the_default_counts() {
    let world = World::with(&format!("{ONE}checkpoints:\n  dir: .git/x\n  commit_paths: [/etc]\n"));
    world.hook(&world.edit());
    let verify = world.req(&["verify"]);
    let told = String::from_utf8_lossy(&[verify.stdout, verify.stderr].concat()).into_owned();
    assert_eq!(verify.status.code(), Some(1), "{told}");
    let line = 1 + ONE.lines().count();
    for (key, line) in [("dir", line + 1), ("commit_paths", line + 2)] {
        let place = format!("{}:{line}:", world.repo.join(".claude/requirements.yaml").display());
        assert!(told.contains(&format!("checkpoints.{key}")) && told.contains(&place), "{told}");
    }
    let shown = tests::world::printed(&world.req(&["config", "show"]));
    assert_eq!(shown["checkpoints"]["dir"], "docs/checkpoints");
    let new = world.req(&["checkpoint", "new", "a"]);
    assert!(!world.repo.join(".git/x").exists(), "{new:?}");
}

#[test]
fn what_only_looks_like_a_configuration_is_an_error_and_not_nothing() {
    let path = |world: &World| world.repo.join(".claude/requirements.yaml");
    let makers: [fn(&Path); 3] = [
        |path| std::fs::create_dir(path).unwrap(),
        |path| std::os::unix::fs::symlink("/nowhere", path).unwrap(),
        |path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success()),
    ];
    for make in makers {
        let world = World::with(ONE);
        world.hook(&world.edit()).refusal();
        std::fs::remove_file(path(&world)).unwrap();
        make(&path(&world));
        std::thread::sleep(std::time::Duration::from_millis(25));
        world.hook(&world.edit()).refusal();
        assert!(world.req_ok(&["status"]).contains("stays in force"));
        assert_eq!(world.stanchion(&["doctor"]).status.code(), Some(1));
    }
}

#[test]
fn an_edit_of_the_configuration_counts_at_once() {
    let world = World::with(ONE);
    for round in 0..5 {
        world.write(".claude/requirements.yaml", "requirements: {}\n");
        world.hook(&world.edit()).silent();
        world.write(".claude/requirements.yaml", ONE);
        world.hook(&world.edit()).refusal();
        let _ = round;
    }
}

#[test]
fn logging_counts_from_the_first_line_and_never_reaches_stdout() {
    let world = World::with(&format!("{ONE}logging: {{level: debug, destinations: [file, stdout]}}\n"));
    let answer = world.hook(&world.edit());
    answer.refusal();
    assert_eq!(answer.stdout.lines().count(), 1);
    assert!(world.log().iter().any(|line| line["level"] == "debug" && line["hook"] == "PreToolUse"));
}

#[test]
fn the_older_words_of_requirements_still_refuse() {
    let refusal = |words: &str| {
        let world =
            World::with(&format!("requirements:\n  no_main: {{enabled: true, {words}: protected_branch}}\n"));
        world.hook(&world.edit()).refusal().to_owned()
    };
    let older = refusal("type: guard, guard_type");
    assert!(older.contains("The branch `main` is protected"), "{older}");
    assert_eq!(older, refusal("type: condition, condition"));
}

#[test]
fn the_committed_schema_is_the_one_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../foundation/config/requirements.schema.json");
    let schema = serde_json::to_string_pretty(&config::types::json_schema()).unwrap() + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&path, &schema).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        schema,
        "run UPDATE_SCHEMA=1 cargo test -p tests schema"
    );
}

#[test]
fn the_reference_names_every_key_and_is_free_of_findings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let reference = std::fs::read_to_string(root.join("docs/configuration.md")).unwrap();
    let example = reference.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let world = World::with(example);
    let report = world.req_ok(&["verify", "--ci"]);
    assert!(report.contains("0 warnings, 0 critical"), "{report}");
    let schema: serde_json::Value = serde_json::from_str(config::SCHEMA).unwrap();
    let objects = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let keys = objects.filter_map(|object| object["properties"].as_object()).flat_map(|keys| keys.keys());
    let missing: Vec<_> = keys
        .filter(|key| !example.contains(&format!("{key}:")) && !reference.contains(&format!("`{key}:`")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_repository_does_not_choose_where_hooks_write() {
    for name in ["requirements.yaml", "requirements.local.yaml"] {
        let world = World::with(ONE);
        let target = world.home.join(".bashrc");
        std::fs::write(&target, "# mine\n").unwrap();
        let logging = "logging: {level: debug, destinations: [file], file: ~/.bashrc}\n";
        let text = if name == "requirements.yaml" { format!("{ONE}{logging}") } else { logging.to_owned() };
        world.write(&format!(".claude/{name}"), &text);
        std::thread::sleep(std::time::Duration::from_millis(25));
        world.git(&["checkout", "-qb", "$(touch-x)"]);
        world.hook(&world.edit()).refusal();
        world.hook(&world.recorded("Stop-first"));
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "# mine\n", "{name}");
        assert!(!world.log().is_empty(), "the default file has it");
        assert!(world.req_ok(&["status"]).contains("is allowed in the global file only"), "{name}");
    }
    let world = World::with(&format!("{ONE}logging: {{level: debug}}\n").replace("inherit: false\n", ""));
    world.configure_globally("logging: {destinations: [file], file: ~/mine.log}\n");
    world.hook(&world.edit()).refusal();
    assert!(world.home.join("mine.log").exists(), "a person chooses in the global file");
    let before = std::fs::read_to_string(world.repo.join(".claude/requirements.yaml")).unwrap();
    world.req_ok(&["logging", "--file", "~/other.log", "--yes"]);
    let global = std::fs::read_to_string(world.home.join(".claude/requirements.yaml")).unwrap();
    assert!(global.contains("file: ~/other.log"), "{global}");
    assert_eq!(std::fs::read_to_string(world.repo.join(".claude/requirements.yaml")).unwrap(), before);
    assert_eq!(world.req(&["logging", "--file", "x", "--project", "--yes"]).status.code(), Some(2));
}
