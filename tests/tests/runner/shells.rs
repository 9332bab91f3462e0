//! Where shells are, as the executable is told.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tests::World;

/// A path that wants quotes in every shell.
const ODD: &str = "it's \"odd\" $HOME é🦀 \\";

/// A process that stands for a shell, until it is dropped.
struct Sleeper(Child);

impl Sleeper {
    fn new() -> Self {
        Self(Command::new("sleep").arg("120").spawn().unwrap())
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn shell_cwd(world: &World, arguments: &[&str]) -> Command {
    let mut command = world.command(tests::executables().join("shell-cwd"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[track_caller]
fn silent(output: &Output) {
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert_eq!((output.status.code(), texts), (Some(0), [String::new(), String::new()]));
}

#[track_caller]
fn report(world: &World, cwd: &str, pid: &str) {
    silent(&shell_cwd(world, &[cwd, pid, "/dev/pts/7"]).output().unwrap());
}

fn file(world: &World) -> PathBuf {
    world.home.join(".stanchion/shell-cwd.json")
}

fn shells(world: &World) -> Value {
    world.json(&file(world))["shells"].take()
}

fn count(world: &World) -> usize {
    shells(world).as_object().map_or(0, serde_json::Map::len)
}

fn history(world: &World) -> Vec<Value> {
    let path = world.home.join(".stanchion/shell-history.jsonl");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn twenty_shells_at_once_are_kept_and_a_reused_number_leaves() {
    let world = World::new();
    let here: Vec<_> = (0..20).map(|_| Sleeper::new()).collect();
    let reused = Sleeper::new();
    std::fs::create_dir_all(world.home.join(".stanchion")).unwrap();
    let entry = json!({"cwd": "/", "tty": "", "parent_app": "kitty", "updated_at": "2026-11-21T01:55:04.000Z", "start_raw": "1"});
    std::fs::write(file(&world), json!({"version": 1, "shells": {reused.pid(): entry}}).to_string()).unwrap();

    let report_all = |cwd: &str| {
        let start = |shell: &Sleeper| shell_cwd(&world, &[cwd, &shell.pid(), "/dev/pts/7"]).spawn().unwrap();
        let running: Vec<_> = here.iter().map(start).collect();
        for child in running {
            silent(&child.wait_with_output().unwrap());
        }
    };
    report_all("/one");
    // On a machine that does nothing else nobody waits in vain. Whoever does says so, and its next prompt mends it.
    let waited = world.log().len();
    assert!(world.log().iter().all(|line| line["message"].as_str().unwrap().contains("held the lock")));
    assert_eq!((count(&world) + waited, history(&world).len() + waited), (20, 20));
    for shell in &here {
        report(&world, "/one", &shell.pid());
    }
    assert_eq!((count(&world), history(&world).len()), (20, 20), "one line for each change");
    assert!(shells(&world).get(reused.pid()).is_none());
    for shell in &here {
        report(&world, "/two/", &shell.pid());
    }
    assert!(shells(&world).as_object().unwrap().values().all(|entry| entry["cwd"] == "/two"));
    assert_eq!(history(&world).len(), 40);

    let gone = here[0].pid();
    drop(here);
    let last = Sleeper::new();
    report(&world, "/three", &last.pid());
    report(&world, "/four", &gone);
    assert_eq!(shells(&world).as_object().unwrap().keys().collect::<Vec<_>>(), [&last.pid()]);
}

#[test]
fn every_path_and_terminal_is_kept_as_it_is() {
    let world = World::new();
    let shell = Sleeper::new();
    let long = format!("/{}", "long/".repeat(800));
    for (given, kept) in [
        ("/home/dev/", "/home/dev"),
        ("/home/dev///", "/home/dev"),
        ("/", "/"),
        ("//", "/"),
        ("/two  spaces/ end ", "/two  spaces/ end "),
        ("/new\nline\ttab", "/new\nline\ttab"),
        (&format!("/{ODD}/"), &format!("/{ODD}")),
        (&long, long.trim_end_matches('/')),
    ] {
        let tty = format!("/dev/{ODD}");
        silent(&shell_cwd(&world, &[given, &shell.pid(), &tty]).output().unwrap());
        let entry = &shells(&world)[shell.pid()];
        assert_eq!((&entry["cwd"], &entry["tty"]), (&json!(kept), &json!(tty)));
        let updated = entry["updated_at"].as_str().unwrap();
        assert!(updated.len() == 24 && &updated[19..20] == "." && updated.ends_with('Z'), "{updated}");
    }
    // `/` and `//` are one folder.
    assert_eq!(history(&world).len(), 6);
    let line = &history(&world)[0];
    let timestamp = line["timestamp"].as_str().unwrap();
    assert!(timestamp.len() == 35 && timestamp.ends_with("+00:00"), "{timestamp}");
    assert_eq!(line["pid"].to_string(), shell.pid());
    assert!(world.log().is_empty(), "{:?}", world.log());
}

#[test]
fn whatever_goes_wrong_a_prompt_does_not_notice() {
    let world = World::new();
    let me = std::process::id().to_string();
    for (at, arguments) in [
        &[][..],
        &["/"],
        &["/", &me],
        &["relative", &me, ""],
        &["/", "x", ""],
        &["/", "0", ""],
        &["/", &me, "", ""],
    ]
    .into_iter()
    .enumerate()
    {
        silent(&shell_cwd(&world, arguments).output().unwrap());
        assert_eq!(world.log().len(), at + 1, "{arguments:?}");
    }
    let log = world.log();
    assert!(log.iter().all(|line| line["level"] == "error" && line["hook"] == "shell-cwd"), "{log:?}");

    for (argument, start) in [("--help", "Keeps where"), ("--version", "shell-cwd ")] {
        let output = shell_cwd(&world, &[argument]).output().unwrap();
        assert!(output.status.success() && output.stdout.starts_with(start.as_bytes()), "{output:?}");
    }

    // A file where the folder should be holds for root too.
    let shell = Sleeper::new();
    for broken in ["home-is-a-file", "read-only", "none/at/all"] {
        let home = world.root().join(broken);
        match broken {
            "home-is-a-file" => std::fs::write(&home, "").unwrap(),
            "read-only" => {
                std::fs::create_dir(&home).unwrap();
                std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o500)).unwrap();
            }
            _ => std::fs::write(world.root().join("none"), "").unwrap(),
        }
        let mut command = shell_cwd(&world, &["/", &shell.pid(), "/dev/pts/7"]);
        silent(&command.env("HOME", &home).output().unwrap());
    }
    let mut command = shell_cwd(&world, &["/", &shell.pid(), ""]);
    silent(&command.env_remove("HOME").env("STANCHION_HOME", "/proc/none").output().unwrap());

    std::fs::create_dir_all(world.home.join(".stanchion")).unwrap();
    std::fs::write(file(&world), "{\"version\": 1, \"shells\"").unwrap();
    report(&world, "/", &shell.pid());
    assert_eq!(count(&world), 1);
}
