//! `stanchion`: the user's settings keep their bytes.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use tests::World;
use tests::world::ONE;

const EVENTS: [&str; 30] = [
    "SessionStart",
    "UserPromptSubmit",
    "UserPromptExpansion",
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "PostToolBatch",
    "PermissionRequest",
    "PermissionDenied",
    "Notification",
    "SubagentStart",
    "SubagentStop",
    "TaskCreated",
    "TaskCompleted",
    "TeammateIdle",
    "CwdChanged",
    "DirectoryAdded",
    "FileChanged",
    "ConfigChange",
    "InstructionsLoaded",
    "Elicitation",
    "ElicitationResult",
    "PreModelSwitch",
    "PostModelSwitch",
    "Setup",
    "PreCompact",
    "PostCompact",
    "Stop",
    "StopFailure",
    "SessionEnd",
];

pub fn bin(world: &World) -> PathBuf {
    let bin = world.home.join(".stanchion/bin");
    if !bin.exists() {
        std::fs::create_dir_all(&bin).unwrap();
        for name in setup::EXECUTABLES {
            tests::copy_executable(tests::executables().join(name), bin.join(name));
        }
    }
    bin
}

pub fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn settings(world: &World) -> PathBuf {
    world.repo.join(".claude/settings.json")
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_new_file_is_wired_in_exec_form_and_taken_back() {
    let world = World::new();
    let bin = bin(&world);
    ok(&world.stanchion(&["install"]));
    let wired: Value = serde_json::from_str(&read(&settings(&world))).unwrap();
    assert_eq!(wired["hooks"].as_object().unwrap().len(), EVENTS.len());
    for event in EVENTS {
        let hook = &wired["hooks"][event][0]["hooks"][0];
        assert_eq!(hook["args"], json!([]));
        assert!(
            hook["timeout"].as_f64().unwrap() > 0.0
                && Path::new(hook["command"].as_str().unwrap()).starts_with(&bin)
        );
    }
    assert_eq!(wired["hooks"]["SessionEnd"][0]["hooks"][0]["timeout"], 10);
    let once = read(&settings(&world));
    assert!(ok(&world.stanchion(&["install"])).contains("nothing to change"));
    assert_eq!(read(&settings(&world)), once);
    ok(&world.stanchion(&["uninstall"]));
    assert!(!settings(&world).exists());
}

#[test]
fn what_was_there_keeps_its_bytes_and_comes_back() {
    for original in [
        "{\n\t\"zeta\": 1, // a comment\n\t\"hooks\": {\"Stop\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"/opt/my-hook-stop-notify.sh\"}]}]},\n\t\"alpha\": \"a && b\"\n}",
        "{}",
        "{\"hooks\": {}}\n",
        "\u{feff}{\r\n  \"a\": 1\r\n}\r\n",
        "",
    ] {
        let world = World::new();
        bin(&world);
        world.write(".claude/settings.json", original);
        std::fs::set_permissions(settings(&world), std::fs::Permissions::from_mode(0o640)).unwrap();
        ok(&world.stanchion(&["install"]));
        let wired = read(&settings(&world));
        for kept in ["\"zeta\": 1, // a comment", "/opt/my-hook-stop-notify.sh", "\"a && b\""] {
            assert_eq!(wired.contains(kept), original.contains(kept), "{kept}\n{wired}");
        }
        ok(&world.stanchion(&["install"]));
        assert_eq!(read(&settings(&world)), wired);
        let mode = std::fs::metadata(settings(&world)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o640);
        ok(&world.stanchion(&["uninstall"]));
        assert_eq!(read(&settings(&world)), original);
        assert!(ok(&world.stanchion(&["uninstall"])).contains("nothing to change"));
    }
}

#[test]
fn what_the_user_changed_meanwhile_stays() {
    let world = World::new();
    bin(&world);
    world.write(".claude/settings.json", "{\n  \"model\": \"x\"\n}\n");
    ok(&world.stanchion(&["install"]));
    let edited = read(&settings(&world)).replace("\"model\": \"x\"", "\"model\": \"y\", // mine");
    std::fs::write(settings(&world), &edited).unwrap();
    ok(&world.stanchion(&["install"]));
    assert_eq!(read(&settings(&world)), edited);
    ok(&world.stanchion(&["uninstall"]));
    let left = read(&settings(&world));
    assert!(
        left.contains("\"model\": \"y\"") && left.contains("// mine") && !left.contains("hook-stop"),
        "{left}"
    );
}

#[test]
fn an_original_that_is_gone_costs_nothing_but_exactness() {
    let world = World::new();
    bin(&world);
    world.write(".claude/settings.json", "{\n  \"model\": \"x\"\n}\n");
    ok(&world.stanchion(&["install"]));
    for entry in std::fs::read_dir(world.home.join(".stanchion/installs")).unwrap().flatten() {
        let _ = std::fs::remove_file(entry.path().join("original-settings.json"));
    }
    ok(&world.stanchion(&["uninstall"]));
    let left: Value = serde_json::from_str(&read(&settings(&world))).unwrap();
    assert_eq!(left, json!({"model": "x"}));
}

#[test]
fn what_cannot_be_understood_is_refused_untouched() {
    for broken in ["{", "[]", "{\"hooks\": []}", "{\"hooks\": {\"Stop\": 5}}", "not json"] {
        let world = World::new();
        bin(&world);
        world.write(".claude/settings.json", broken);
        let output = world.stanchion(&["install"]);
        assert_eq!(output.status.code(), Some(1), "{broken}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("stays as it is"));
        assert_eq!(read(&settings(&world)), broken);
    }
}

#[test]
fn where_hooks_are_switched_off_nothing_is_wired() {
    for key in ["disableAllHooks", "allowManagedHooksOnly"] {
        let world = World::new();
        bin(&world);
        let text = format!("{{\"{key}\": true}}\n");
        let local = world.repo.join(".claude/settings.local.json");
        world.write(".claude/settings.local.json", &text);
        let output = world.stanchion(&["install"]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(key) && error.contains("--force"), "{error}");
        assert!(!settings(&world).exists() && read(&local) == text);
        ok(&world.stanchion(&["install", "--force"]));
        assert!(settings(&world).exists());
    }
}

#[test]
fn case_21_a_linked_file_full_of_others_entries_is_edited_where_it_lies() {
    let world = World::new();
    let bin = bin(&world);
    let ours = |name: &str| {
        json!({"type": "command", "command": bin.join(name), "args": [], "timeout": 10}).to_string()
    };
    let stop = ours("hook-stop");
    let original = format!(
        "{{\n  \"unknown\": {{\"z\": 1, \"a\": 2}},\n  \"hooks\": {{\n    \"Stop\": [{{\"hooks\": [{stop}, {stop}]}}, {{\"hooks\": [{stop}]}}],\n    \"PreToolUse\": [{{\"matcher\": \"Bash\", \"hooks\": [{{\"type\": \"command\", \"command\": \"/opt/my-hook-pre-tool-notify.sh --sound\"}}, {}]}}]\n  }},\n  \"model\": \"x\"\n}}\n",
        ours("hook-pre-tool")
    );
    let dotfile = world.home.join("dotfiles/settings.json");
    std::fs::create_dir_all(dotfile.parent().unwrap()).unwrap();
    std::fs::write(&dotfile, &original).unwrap();
    std::fs::set_permissions(&dotfile, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::create_dir_all(world.repo.join(".claude")).unwrap();
    std::os::unix::fs::symlink(&dotfile, settings(&world)).unwrap();
    assert!(!world.stanchion(&["install"]).status.success(), "it leads out of the repository");
    assert_eq!(read(&dotfile), original);
    ok(&world.stanchion(&["install", "--force"]));
    let once = read(&dotfile);
    ok(&world.stanchion(&["install", "--force"]));
    assert_eq!(read(&dotfile), once, "the second run changes nothing");
    assert!(settings(&world).symlink_metadata().unwrap().is_symlink());
    let mode = std::os::unix::fs::PermissionsExt::mode(&dotfile.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o644);
    assert!(once.starts_with("{\n  \"unknown\": {\"z\": 1, \"a\": 2},\n  \"hooks\""), "{once}");
    let wired: Value = serde_json::from_str(&once).unwrap();
    for event in EVENTS {
        let groups = wired["hooks"][event].as_array().unwrap();
        let entries: Vec<&Value> =
            groups.iter().flat_map(|group| group["hooks"].as_array().unwrap()).collect();
        let is_ours = |entry: &&&Value| Path::new(entry["command"].as_str().unwrap()).starts_with(&bin);
        assert_eq!(entries.iter().filter(is_ours).count(), 1, "{event}");
    }
    let bash = wired["hooks"]["PreToolUse"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["matcher"] == "Bash")
        .unwrap();
    assert_eq!(
        bash["hooks"],
        json!([{"type": "command", "command": "/opt/my-hook-pre-tool-notify.sh --sound"}]),
        "the user's group keeps its matcher and its own entry alone"
    );
    ok(&world.stanchion(&["uninstall"]));
    assert!(
        !read(&dotfile).contains("hook-stop")
            && read(&dotfile).contains("/opt/my-hook-pre-tool-notify.sh --sound")
    );
}

#[test]
fn a_link_is_followed_and_stays_a_link() {
    let world = World::new();
    bin(&world);
    let dotfile = world.home.join("dotfiles/settings.json");
    std::fs::create_dir_all(dotfile.parent().unwrap()).unwrap();
    std::fs::write(&dotfile, "{\"a\": 1}\n").unwrap();
    std::fs::create_dir_all(world.repo.join(".claude")).unwrap();
    std::os::unix::fs::symlink(&dotfile, settings(&world)).unwrap();
    ok(&world.stanchion(&["install", "--force"]));
    assert!(
        settings(&world).symlink_metadata().unwrap().is_symlink() && read(&dotfile).contains("hook-stop")
    );
    ok(&world.stanchion(&["uninstall"]));
    assert_eq!(read(&dotfile), "{\"a\": 1}\n");
}

#[test]
fn a_shared_file_gets_a_form_that_does_nothing_where_we_are_missing() {
    let world = World::with(ONE);
    let bin = bin(&world);
    world.write(".claude/settings.json", "{}\n");
    world.git(&["add", "-f", ".claude/settings.json"]);
    assert!(ok(&world.stanchion(&["install"])).contains("guarded"));
    let wired: Value = serde_json::from_str(&read(&settings(&world))).unwrap();
    let command = wired["hooks"]["PreToolUse"][0]["hooks"][0]["command"].as_str().unwrap().to_owned();
    assert!(
        command.contains("$HOME/.stanchion/bin/hook-pre-tool")
            && !command.contains(&*world.home.to_string_lossy())
    );
    let shell = || {
        use std::io::Write;
        let mut child = world
            .command("/bin/sh")
            .args(["-c", &command])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(world.edit().to_string().as_bytes());
        child.wait_with_output().unwrap()
    };
    assert!(String::from_utf8_lossy(&shell().stdout).contains("deny"));
    std::fs::rename(&bin, world.home.join("away")).unwrap();
    let output = shell();
    assert!(output.status.success() && output.stdout.is_empty());
}

fn command_of_line(path: &Path) -> String {
    let settings: Value = serde_json::from_str(&read(path)).unwrap();
    settings["statusLine"]["command"].as_str().unwrap_or_default().to_owned()
}

/// Puts a stand-in for the status line into a folder, one that prints its arguments.
pub fn stand_in(world: &World, folder: &Path) {
    let path = folder.join("hook-status-line");
    let write = r##"rm -f "$1" && printf '#!/bin/sh\nprintf "<%%s>" "$@"\n' >"$1" && chmod +x "$1""##;
    assert!(world.command("/bin/sh").args(["-c", write, "sh"]).arg(&path).status().unwrap().success());
}

#[test]
fn a_status_line_is_set_where_there_is_none() {
    let world = World::new();
    let bin = bin(&world);
    ok(&world.stanchion(&["install"]));
    assert_eq!(command_of_line(&settings(&world)), bin.join("hook-status-line").display().to_string());
    ok(&world.stanchion(&["install", "--form", "shell"]));
    let guarded = command_of_line(&settings(&world));
    assert!(
        guarded.starts_with("if [ -x \"$HOME/.stanchion/bin/hook-status-line\" ]; then exec"),
        "{guarded}"
    );
    ok(&world.stanchion(&["install", "--no-status-line"]));
    assert_eq!(command_of_line(&settings(&world)), "");
    std::fs::remove_file(bin.join("hook-status-line")).unwrap();
    assert_eq!(world.stanchion(&["install"]).status.code(), Some(1), "it has to be there");
    ok(&world.stanchion(&["install", "--no-status-line"]));
}

#[test]
fn a_status_line_of_the_users_runs_on_and_comes_back() {
    let theirs = "printf '%s %s' \"it's\" theirs";
    let written = serde_json::to_string(theirs).unwrap();
    let original = format!(
        "{{\n\t// mine\n\t\"statusLine\": {{ \"padding\": 1, \"command\": {written}, \"type\": \"command\" }}, // too\n\t\"model\": \"x\"\n}}\n"
    );
    let world = World::new();
    let bin = bin(&world);
    stand_in(&world, &bin);
    world.write(".claude/settings.json", &original);
    let shell = |command: &str| {
        let output = world.command("/bin/sh").args(["-c", command]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let command = || {
        let text = read(&settings(&world)).replace("// mine", "").replace("// too", "");
        let settings: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(settings["statusLine"]["padding"], 1);
        settings["statusLine"]["command"].as_str().unwrap().to_owned()
    };
    for form in ["exec", "shell", "shell", "exec"] {
        ok(&world.stanchion(&["install", "--form", form]));
        assert_eq!(shell(&command()), format!("<--chain><{theirs}>"), "{form}: one word, chained once");
    }
    ok(&world.stanchion(&["install", "--no-status-line"]));
    assert_eq!(command(), theirs);
    assert!(ok(&world.stanchion(&["install", "--form", "shell"])).contains("still shown"));
    std::fs::rename(bin.join("hook-status-line"), bin.join("away")).unwrap();
    assert_eq!(shell(&command()), "it's theirs", "where ours is missing theirs shows");
    std::fs::rename(bin.join("away"), bin.join("hook-status-line")).unwrap();
    ok(&world.stanchion(&["uninstall"]));
    assert_eq!(read(&settings(&world)), original);

    ok(&world.stanchion(&["install"]));
    let edited = read(&settings(&world)).replace("\"model\": \"x\"", "\"model\": \"y\"");
    std::fs::write(settings(&world), edited).unwrap();
    ok(&world.stanchion(&["uninstall"]));
    assert_eq!(read(&settings(&world)), original.replace("\"model\": \"x\"", "\"model\": \"y\""));
}

#[test]
fn a_status_line_that_is_no_command_stays() {
    for line in ["5", "{}", "{\"type\": \"static\", \"text\": \"x\"}"] {
        let world = World::new();
        bin(&world);
        let original = format!("{{\"statusLine\": {line}}}");
        world.write(".claude/settings.json", &original);
        assert!(ok(&world.stanchion(&["install"])).contains("Warning: `statusLine"), "{line}");
        let wired: Value = serde_json::from_str(&read(&settings(&world))).unwrap();
        assert_eq!(wired["statusLine"], serde_json::from_str::<Value>(line).unwrap());
        ok(&world.stanchion(&["uninstall"]));
        assert_eq!(read(&settings(&world)), original);
    }
}

#[test]
fn a_dry_run_changes_nothing_and_scopes_have_files() {
    let world = World::new();
    bin(&world);
    assert!(ok(&world.stanchion(&["install", "--dry-run"])).contains("+ "));
    assert!(!settings(&world).exists() && !world.home.join(".stanchion/installs").exists());
    ok(&world.stanchion(&["install", "--scope", "user"]));
    assert!(world.home.join(".claude/settings.json").exists());
    ok(&world.stanchion(&["install", "--scope", "local"]));
    assert!(world.repo.join(".claude/settings.local.json").exists() && !settings(&world).exists());
    let missing = world.stanchion(&["install", "--bin-dir", "/nowhere"]);
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(world.stanchion(&["install", "--scope", "everywhere"]).status.code(), Some(2));
}
