//! Where shells are: the executable by itself, and called by real shells at a terminal.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tests::{Typist, World};

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

    for (argument, start) in [("--help", "Records where"), ("--version", "shell-cwd ")] {
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
    silent(
        &command
            .env_remove("HOME")
            .envs(["STANCHION_HOME", "CLAUDE_CONFIG_DIR"].map(|root| (root, "/proc/none")))
            .output()
            .unwrap(),
    );

    std::fs::create_dir_all(world.home.join(".stanchion")).unwrap();
    std::fs::write(file(&world), "{\"version\": 1, \"shells\"").unwrap();
    report(&world, "/", &shell.pid());
    assert_eq!(count(&world), 1);
}

#[test]
fn the_files_and_the_script_are_named_for_people() {
    let world = World::new();
    let paths = world.req_ok(&["paths"]);
    assert!(paths.contains("shell-cwd.json") && paths.contains("shell-history.jsonl"));
    let help = world.req_ok(&["shell-init", "--help"]);
    for line in
        ["eval \"$(req shell-init zsh)\"", "eval \"$(req shell-init bash)\"", "req shell-init fish | source"]
    {
        assert!(help.contains(line), "{help}");
    }
    assert_eq!(world.req(&["shell-init"]).status.code(), Some(2));
    assert_eq!(world.req(&["shell-init", "tcsh"]).status.code(), Some(2));
}

#[test]
fn the_script_calls_the_executable_beside_req_else_the_installed_one() {
    let world = World::new();
    let alone = world.root().join("alone/req");
    std::fs::create_dir(alone.parent().unwrap()).unwrap();
    tests::copy_executable(tests::executables().join("req"), &alone);
    let ask = || world.command(&alone).args(["shell-init", "bash"]).output().unwrap();
    let none = ask();
    assert_eq!((none.status.code(), none.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(String::from_utf8_lossy(&none.stderr).contains("cargo setup"));
    let named =
        |path: &Path| String::from_utf8(ask().stdout).unwrap().contains(&format!("='{}'", path.display()));
    let installed = world.home.join(".stanchion/bin/shell-cwd");
    std::fs::create_dir_all(installed.parent().unwrap()).unwrap();
    std::fs::write(&installed, "").unwrap();
    assert!(named(&installed));
    let beside = alone.with_file_name("shell-cwd");
    std::fs::write(&beside, "").unwrap();
    assert!(named(&beside));
}

/// Whether a program is here. Where one is demanded by `STANCHION_REQUIRE_CLIENT`, it must be.
fn is_here(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).is_file());
    if !found {
        assert!(std::env::var_os("STANCHION_REQUIRE_CLIENT").is_none(), "{program} is not here");
        eprintln!("SKIPPED: {program} is not here, so nothing ran in it; apt-get install {program}");
    }
    found
}

/// A world with `req` and `shell-cwd` in a folder of an odd name, which is on the PATH.
fn odd_world() -> World {
    let mut world = World::new();
    let bin = world.root().join(ODD).join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for name in ["req", "shell-cwd"] {
        tests::copy_executable(tests::executables().join(name), bin.join(name));
    }
    let path = std::env::var("PATH").unwrap();
    world.env.push(("PATH".into(), format!("{}:{path}", bin.display())));
    world.env.push(("LC_ALL".into(), "C.UTF-8".into()));
    world
}

/// Waits until the only shell is in a folder, and returns its process and its entry.
#[track_caller]
fn wait_for(world: &World, shell: &Typist, folder: &Path) -> (String, Value) {
    let is_there = |(_, entry): &(&String, &Value)| entry["cwd"] == folder.to_string_lossy().as_ref();
    shell.waits_for(&folder.to_string_lossy(), || {
        let shells = shells(world);
        let found = shells.as_object()?.iter().find(is_there)?;
        Some((found.0.clone(), found.1.clone()))
    })
}

/// Walks through a shell: it is entered, followed into an odd folder and to the root, hears the status of its user's
/// commands, shows nothing of it, and is told once.
fn walk(world: &World, line: &str, status: &str) {
    let odd = world.home.join(ODD);
    std::fs::create_dir(&odd).unwrap();
    let mut shell = Typist::new(world, line);
    let (pid, entry) = wait_for(world, &shell, &world.home);
    assert!(entry["tty"].as_str().unwrap().starts_with("/dev/"), "{entry}");
    shell.types(&format!(
        "cd '{}'",
        ODD.replace('\\', if line.contains("fish") { r"\\" } else { r"\" }).replace('\'', r"'\''")
    ));
    wait_for(world, &shell, &odd);
    shell.types("cd /");
    wait_for(world, &shell, Path::new("/"));
    shell.types("sh -c 'exit 7'");
    shell.types(&format!("echo {status} >$HOME/status"));
    assert_eq!(shell.waits_for_file("status"), "7");
    shell.types("sleep 0.2; echo here >$HOME/here");
    shell.waits_for_file("here");
    assert_eq!(shells(world)[&pid]["cwd"], "/");
    let screen = shell.leaves();
    for noise in
        ["[1]", "[2]", "+ done", "Done", "has ended", "stanchion", "not found", "rror", "nbound", "arning"]
    {
        assert!(!screen.contains(noise), "{noise}: {screen}");
    }
    let told: Vec<_> = history(world).iter().map(|line| line["cwd"].as_str().unwrap().to_owned()).collect();
    let walked = [&world.home, &odd, Path::new("/")].map(|folder| folder.to_string_lossy().into_owned());
    assert_eq!(told, walked, "{:?}", history(world));
    assert!(world.log().is_empty(), "{:?}", world.log());
}

#[test]
fn bash_tells_where_it_is() {
    if !is_here("bash") {
        return;
    }
    let seen = "printf '%s ' \"$?\" >>$HOME/seen";
    let twice = "eval \"$(req shell-init bash)\"\neval \"$(req shell-init bash)\"\n";
    for (rc, is_seen) in [
        (twice.to_owned(), false),
        (format!("PROMPT_COMMAND='{}; '\n{twice}", seen.replace('\'', r"'\''")), true),
        (format!("set -u\nPROMPT_COMMAND=(true '{}')\n{twice}", seen.replace('\'', r"'\''")), true),
        (format!("set -u\nset -a\n{twice}PROMPT_COMMAND+=('{}')\n", seen.replace('\'', r"'\''")), true),
        (format!("set -u\n{twice}PROMPT_COMMAND='{}'\n{twice}", seen.replace('\'', r"'\''")), true),
    ] {
        let world = odd_world();
        std::fs::write(world.home.join(".bashrc"), &rc).unwrap();
        walk(&world, "bash -i", "$?");
        let seen = std::fs::read_to_string(world.home.join("seen")).unwrap_or_default();
        assert_eq!(
            seen.split(' ').filter(|status| *status == "7").count(),
            usize::from(is_seen),
            "{rc}: {seen}"
        );
        assert!(seen.split(' ').all(|status| matches!(status, "0" | "7" | "")), "{rc}: {seen}");
    }
}

#[test]
fn zsh_tells_where_it_is() {
    if !is_here("zsh") {
        return;
    }
    let seen = "seen() { printf '%s ' \"$?\" >>$HOME/seen }\nprecmd_functions+=(seen)\n";
    let twice = "eval \"$(req shell-init zsh)\"\neval \"$(req shell-init zsh)\"\n";
    for rc in [format!("{twice}{seen}"), format!("{seen}setopt no_unset rc_quotes ksh_arrays\n{twice}")] {
        let world = odd_world();
        std::fs::write(world.home.join(".zshrc"), &rc).unwrap();
        walk(&world, "zsh -d -i", "$?");
        let seen = std::fs::read_to_string(world.home.join("seen")).unwrap();
        assert_eq!(seen.split(' ').filter(|status| *status == "7").count(), 1, "{rc}: {seen}");
    }
}

#[test]
fn fish_tells_where_it_is() {
    if !is_here("fish") {
        return;
    }
    let world = odd_world();
    let config = world.home.join(".config/fish/config.fish");
    std::fs::create_dir_all(config.parent().unwrap()).unwrap();
    std::fs::write(
        config,
        "set -g fish_greeting\nreq shell-init fish | source\nreq shell-init fish | source\n",
    )
    .unwrap();
    walk(&world, "fish -i", "$status");
}

#[test]
fn a_shell_that_nobody_types_at_says_nothing() {
    let world = odd_world();
    for (shell, line) in [
        ("bash", "eval \"$(req shell-init bash)\"; declare -F | grep stanchion"),
        ("zsh", "eval \"$(req shell-init zsh)\"; typeset -f | grep stanchion"),
        ("fish", "req shell-init fish | source; functions -a | grep stanchion"),
    ] {
        if is_here(shell) {
            let output = world.command(shell).args(["-c", line]).output().unwrap();
            let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
            assert_eq!(texts, [String::new(), String::new()], "{shell}");
        }
    }
    assert!(!file(&world).exists());
}

#[test]
fn a_pane_of_tmux_knows_its_session_and_who_shows_it() {
    if !is_here("tmux") {
        return;
    }
    let mut world = odd_world();
    world.env.retain(|(name, _)| name != "LC_ALL");
    world.env.push(("TMUX_TMPDIR".into(), world.root().to_string_lossy().into_owned()));
    std::fs::write(world.home.join(".bashrc"), "eval \"$(req shell-init bash)\"\n").unwrap();
    let mut shell = Typist::new(&world, "tmux -f /dev/null new-session -s 'my work' 'exec bash -i'");
    let (_, entry) = wait_for(&world, &shell, &world.home);
    shell.types("cd /");
    let (_, again) = wait_for(&world, &shell, Path::new("/"));
    let _ = world.command("tmux").arg("kill-server").status();
    drop(shell);
    assert_eq!(
        (&entry["parent_app"], &entry["tmux_session"]),
        (&json!("tmux"), &json!("my work")),
        "{entry}"
    );
    let shown_at = entry["tmux_client_tty"].as_str().unwrap();
    assert!(shown_at.starts_with("/dev/") && shown_at != entry["tty"], "{entry}");
    for field in ["tmux_session", "tmux_client_tty", "tmux_asked_at", "start_raw", "proc_started"] {
        assert_eq!(again[field], entry[field], "{field} is not asked for again");
    }
}
