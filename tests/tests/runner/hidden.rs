//! What cannot be read is not taken for what is not there: the last good policy and state stay, it is said, and what the
//! session triggered is verified all the same.

use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::json;
use tests::World;
use tests::world::{ONE, SESSION};

const STOP_ONLY: &str = "requirements:\n  verified: {enabled: true, stop_only: true}\n";

/// Puts a link to itself in the place of a file or folder: looking at it fails, for root as well.
fn hide(path: &Path) {
    std::fs::rename(path, path.with_extension("aside")).unwrap();
    symlink(path.file_name().unwrap(), path).unwrap();
}

fn show(path: &Path) {
    std::fs::remove_file(path).unwrap();
    std::fs::rename(path.with_extension("aside"), path).unwrap();
}

#[test]
fn a_configuration_that_cannot_be_looked_at_leaves_the_last_one_in_force() {
    for hidden in [".claude", ".claude/requirements.yaml"] {
        let world = World::with(ONE);
        world.hook(&world.edit()).refusal();
        let path = world.repo.join(hidden);
        hide(&path);
        for _ in 0..2 {
            assert!(world.hook(&world.edit()).refusal().contains("commit_plan"), "{hidden}");
        }
        let status = world.req_ok(&["status"]);
        assert!(status.contains("commit_plan") && status.contains("cannot be read"), "{hidden}: {status}");
        let start = world.hook(&world.recorded("SessionStart-startup"));
        assert!(start.stdout.contains("cannot be read"), "{hidden}: {}", start.stdout);
        show(&path);
        world.configure("requirements: {}\n");
        world.hook(&world.edit()).silent();
    }
}

/// The configuration is looked at once, right after it was written, and can then not be looked at any more.
#[test]
fn a_configuration_that_was_read_once_stays_in_force() {
    let world = World::new();
    world.write(".claude/requirements.yaml", ONE);
    world.hook(&world.edit()).refusal();
    hide(&world.repo.join(".claude"));
    world.hook(&world.edit()).refusal();
    show(&world.repo.join(".claude"));
    world.write(".claude/requirements.yaml", "requirements: {}\n");
    world.hook(&world.edit()).silent();
}

#[test]
fn a_failure_of_another_stage_does_not_drop_the_last_policy() {
    let world = World::with(&format!("{ONE}guards:\n  destructive: {{mode: warn}}\n"));
    world.hook(&world.edit()).refusal();
    hide(&world.repo.join(".claude"));
    // Git does not answer, so the guard fails.
    std::fs::write(world.repo.join(".git/index"), "no index").unwrap();
    world.hook(&world.bash("PreToolUse", "git checkout ."));
    assert!(world.hook(&world.edit()).refusal().contains("commit_plan"));
}

/// Nothing is known of the configuration, so only what closes on an error can hold.
#[test]
fn a_configuration_that_never_was_read_closes_what_closes_on_an_error() {
    let world = World::with(ONE);
    hide(&world.repo.join(".claude/requirements.yaml"));
    assert!(world.hook(&world.edit()).json.is_none());
    let start = world.hook(&world.recorded("SessionStart-startup"));
    assert!(start.stdout.contains("cannot be read"), "{}", start.stdout);
    world.configure_globally("on_error: deny\n");
    assert!(world.hook(&world.edit()).refusal().contains("on_error"));
}

#[test]
fn a_damaged_state_loses_no_trigger() {
    for damage in ["damaged", "{}", "null", ""] {
        let world = World::with(STOP_ONLY);
        world.hook(&world.edit()).silent();
        let state = world.repo.join(".git/requirements/main.json");
        std::fs::write(&state, damage).unwrap();
        assert!(
            world.hook(&world.recorded("Stop-first-agent-flag")).block().contains("verified"),
            "{damage}"
        );
        // The next edit of anybody makes the file anew.
        world.hook(&tests::world::of("other-session", world.edit())).silent();
        assert!(world.state("main")["remade_at"].is_number(), "{damage}");
        assert!(
            world.hook(&world.recorded("Stop-first-agent-flag")).block().contains("verified"),
            "{damage}"
        );
        world.satisfy("verified");
        world.hook(&world.recorded("Stop-first-agent-flag")).silent();
    }
}

#[test]
fn a_state_that_cannot_be_read_is_told_and_loses_no_trigger() {
    let world = World::with(STOP_ONLY);
    world.hook(&world.edit()).silent();
    let state = world.repo.join(".git/requirements/main.json");
    hide(&state);
    assert!(world.hook(&world.recorded("Stop-first-agent-flag")).block().contains("verified"));
    let log = world.log();
    let is_told = |line: &serde_json::Value| line.to_string().contains("main.json cannot be read");
    assert!(log.iter().any(is_told), "{log:?}");
    // What is triggered meanwhile is marked once that is possible.
    world.configure("requirements:\n  verified: {enabled: true, stop_only: true}\n  second: {enabled: true, stop_only: true}\n");
    world.hook(&world.edit());
    show(&state);
    world.hook(&world.recorded("Stop-first-agent-flag")).block();
    assert_eq!(world.state("main")["requirements"]["second"]["sessions"]["cad0ac4d"]["triggered"], true);
    assert!(!world.session_dir(SESSION).join("unmarked.jsonl").exists());
}

#[test]
fn a_trigger_that_could_not_be_marked_in_time_is_verified() {
    let world = World::with(STOP_ONLY);
    world.hook(&tests::world::of("other-session", world.edit())).silent();
    let mut files =
        std::fs::read_dir(world.repo.join(".git/requirements")).unwrap().flatten().map(|entry| entry.path());
    let path = files.find(|path| path.to_string_lossy().contains("lock")).expect("the branch's lock");
    let held = std::fs::File::options().read(true).write(true).open(path).unwrap();
    held.lock().unwrap();
    world.hook(&world.edit()).silent();
    assert_eq!(world.state("main")["requirements"]["verified"]["sessions"]["cad0ac4d"], json!(null));
    // Also while it is still held.
    assert!(world.hook(&world.recorded("Stop-first-agent-flag")).block().contains("verified"));
    drop(held);
    assert!(world.hook(&world.recorded("Stop-first-agent-flag")).block().contains("verified"));
    assert_eq!(world.state("main")["requirements"]["verified"]["sessions"]["cad0ac4d"]["triggered"], true);
}

/// What `json.dump` writes is YAML but for a few characters.
#[test]
fn a_configuration_in_json_holds() {
    for text in [
        r#"{"requirements": {"plan": {"enabled": true, "message": "\ud83d\udeab plan"}}}"#,
        "{\n\t\"requirements\": {\n\t\t\"plan\": {\"enabled\": true, \"message\": \"\\ud83d\\udeab plan\"}\n\t}\n}\n",
        r#"{"requirements": {"plan": {"enabled": true, "message": "🚫 plan \ud83d"}}}"#,
    ] {
        let world = World::with(text);
        assert!(world.hook(&world.edit()).refusal().contains("\u{1f6ab} plan"), "{text}");
    }
}

#[test]
fn an_installation_whose_record_cannot_be_read_stays() {
    for (damage, is_hidden) in [("damaged", false), ("", true)] {
        let world = World::new();
        let bin = world.root().join("opt/our bin");
        std::fs::create_dir_all(bin.parent().unwrap()).unwrap();
        let copied = world.command("cp").arg("-rL").arg(tests::executables()).arg(&bin).status().unwrap();
        assert!(copied.success());
        let original = "{\"model\": \"x\"} // mine\n";
        world.write(".claude/settings.json", original);
        let settings = || std::fs::read_to_string(world.repo.join(".claude/settings.json")).unwrap();
        let install = || world.stanchion(&["install", "--bin-dir", bin.to_str().unwrap()]);
        assert!(install().status.success());
        let wired = settings();
        let installs = world.home.join(".stanchion/installs");
        let records = std::fs::read_dir(&installs).unwrap().flatten().map(|entry| entry.path());
        let folder = records.into_iter().find(|path| path.is_dir()).unwrap();
        let record = folder.join("record.json");
        if is_hidden {
            hide(&record);
        } else {
            std::fs::write(&record, damage).unwrap();
        }
        for command in ["uninstall", "install"] {
            let output = if command == "install" { install() } else { world.stanchion(&[command]) };
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && error.contains("nothing was changed"), "{command}: {error}");
            assert!(error.contains("\nNext: ") || error.contains("move "), "{command}: {error}");
            assert_eq!(settings(), wired, "{command}");
            assert_eq!(std::fs::read_to_string(folder.join("original-settings.json")).unwrap(), original);
        }
        // As the message says. The entries show themselves where the executables are.
        std::fs::rename(&folder, world.root().join("away")).unwrap();
        assert!(world.stanchion(&["uninstall"]).status.success());
        let left = settings();
        assert!(!left.contains("hook-") && left.contains("\"model\": \"x\""), "{left}");
    }
}

#[test]
fn a_folder_of_ours_that_cannot_be_used_is_told() {
    let world = World::with(ONE);
    let ours = world.home.join(".stanchion");
    for place in ["a file", "a loop"] {
        let _ = std::fs::remove_dir_all(&ours);
        let _ = std::fs::remove_file(&ours);
        match place {
            "a file" => std::fs::write(&ours, "").unwrap(),
            _ => symlink(".stanchion", &ours).unwrap(),
        }
        let start = world.hook(&world.recorded("SessionStart-startup"));
        let told = start.json.as_ref().unwrap()["systemMessage"].as_str().unwrap_or_default().to_owned();
        assert!(told.contains("Stanchion cannot write to ") && told.contains("\nNext: "), "{place}: {told}");
        world.hook(&world.edit()).refusal();
    }
    std::fs::remove_file(&ours).unwrap();
    let start = world.hook(&world.recorded("SessionStart-startup"));
    assert!(!start.stdout.contains("cannot write to"), "{}", start.stdout);
}
