//! What was acknowledged is there: under contention, and where the file system has no locks.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use tests::World;
use tests::world::SESSION;

const NAMES: usize = 40;

fn requirements() -> String {
    let scopes = ["session", "branch", "permanent", "single_use"];
    let all = (0..NAMES).map(|number| {
        let scope = scopes[number % 4];
        format!("  r{number}: {{enabled: true, scope: {scope}, satisfied_by_skill: s{number}}}\n")
    });
    format!("requirements:\n{}", all.collect::<String>())
}

/// The same command with every `flock` failing as on a file system without locks.
fn without_flock(command: &Command) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"]);
    traced.arg(command.get_program()).args(command.get_args());
    traced.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    traced.current_dir(command.get_current_dir().unwrap());
    traced
}

fn satisfied(world: &World) -> usize {
    let state = world.state("main");
    let is_satisfied =
        |entry: &Value| entry["satisfied"] == true || entry["sessions"]["cad0ac4d"]["satisfied"] == true;
    state["requirements"]
        .as_object()
        .map_or(0, |all| all.values().filter(|entry| is_satisfied(entry)).count())
}

fn satisfy(world: &World, number: usize) -> Command {
    let mut command = world.command(tests::executables().join("req"));
    command.args(["satisfy", &format!("r{number}"), "--session", SESSION]);
    command
}

fn all_succeed(children: Vec<Child>) {
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn nothing_that_was_satisfied_is_lost_where_there_are_no_locks() {
    let world = World::with(&requirements());
    tests::executables();
    let spawn = |number: usize| {
        let mut command = without_flock(&satisfy(&world, number));
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    all_succeed((0..NAMES).map(spawn).collect());
    assert_eq!(satisfied(&world), NAMES);
    let names = std::fs::read_dir(world.repo.join(".git/requirements")).unwrap().flatten();
    let mut names: Vec<_> = names.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["main.json", "main.lock"], "the stand-ins are gone");
}

/// One whose process is killed while it holds the lock holds up nobody.
#[test]
fn a_killed_owner_holds_no_lock_where_there_are_none() {
    let world = World::with(&requirements());
    tests::executables();
    for number in 0..NAMES {
        let mut killed = without_flock(&satisfy(&world, number));
        // Killed at each of its first calls in turn, by the number of the requirement.
        let inject =
            format!("inject=unlink,rename,renameat,fsync,fdatasync:signal=KILL:when={}", 1 + number % 4);
        let mut command = Command::new("strace");
        command.args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            "trace=flock,unlink,rename,renameat,fsync,fdatasync",
        ]);
        command.args(["-e", "inject=flock:error=ENOLCK", "-e", &inject]);
        command.arg(satisfy(&world, number).get_program()).args(satisfy(&world, number).get_args());
        command.env_clear().envs(killed.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(&world.repo).stdout(Stdio::null()).stderr(Stdio::null());
        let _ = command.status().unwrap();
        let output = killed.output().unwrap();
        assert!(output.status.success(), "{number}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(satisfied(&world), NAMES);
}

/// Writers that take the lock again at once, and wait for it in the kernel, as the reference does.
#[test]
fn a_satisfaction_by_skill_waits_its_turn() {
    let world = World::with(&requirements());
    world.hook(&world.recorded("SessionStart-startup"));
    world.satisfy("r0");
    let lock = world.repo.join(".git/requirements/main.lock");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let file = std::fs::File::options().append(true).open(&lock).unwrap();
                    file.lock().unwrap();
                    std::thread::sleep(std::time::Duration::from_millis(4));
                }
            });
        }
        for number in 1..NAMES {
            let mut payload = world.recorded("PostToolUse-Skill");
            payload["tool_input"]["skill"] = format!("s{number}").into();
            world.hook(&payload);
        }
        done.store(true, Ordering::SeqCst);
    });
    assert_eq!(satisfied(&world), NAMES);
}

#[test]
fn shells_that_report_at_once_are_all_kept() {
    let world = World::new();
    let bin = tests::executables().join("shell-cwd");
    // Each report is of a shell that lives.
    let shells: Vec<Child> = (0..20).map(|_| world.command("sleep").arg("60").spawn().unwrap()).collect();
    let reports: Vec<Child> = shells
        .iter()
        .map(|shell| {
            let mut command = world.command(&bin);
            command.args([world.repo.to_str().unwrap(), &shell.id().to_string(), "/dev/pts/1"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    all_succeed(reports);
    let kept = world.json(&world.home.join(".stanchion/shell-cwd.json"));
    let kept = kept["shells"].as_object().unwrap();
    for mut shell in shells {
        assert!(kept.contains_key(&shell.id().to_string()), "{} of 20", kept.len());
        shell.kill().unwrap();
        shell.wait().unwrap();
    }
}
