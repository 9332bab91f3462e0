//! Many writers, and locks that another process holds.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::World;
use tests::world::{KEY, ONE, SESSION, of};

use crate::support::{OTHER, keys, plan, prompt, skill};

fn parse_all(files: &[std::path::PathBuf]) {
    for file in files {
        let Ok(bytes) = std::fs::read(file) else { continue };
        assert!(serde_json::from_slice::<Value>(&bytes).is_ok(), "{} is torn", file.display());
    }
}

/// Waits for the processes and looks at the files all the while.
fn watch(children: Vec<Child>, files: &[std::path::PathBuf]) {
    for mut child in children {
        let status = loop {
            parse_all(files);
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
        };
        assert!(status.success());
    }
    parse_all(files);
}

fn feed(world: &World, payload: &Value) -> Child {
    use std::io::Write;
    let event = payload["hook_event_name"].as_str().unwrap();
    let mut child = world.spawn(tests::world::executable(event));
    child.stdin.take().unwrap().write_all(payload.to_string().as_bytes()).unwrap();
    child
}

/// Holds a lock until it is dropped.
struct Held(Child);

impl Held {
    fn new(world: &World, path: &Path) -> Self {
        let mut command = world.command("flock");
        let mut holder = Self(
            command
                .arg(path)
                .args(["-c", "echo held; exec sleep 30"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let mut line = String::new();
        std::io::BufRead::read_line(
            &mut std::io::BufReader::new(holder.0.stdout.as_mut().unwrap()),
            &mut line,
        )
        .unwrap();
        assert_eq!(line, "held\n");
        holder
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // `flock` waits for its child, which has the lock.
        let _ = std::process::Command::new("pkill").args(["-P", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn case_07_twenty_writers_lose_nothing_and_no_reader_sees_half_a_file() {
    let names: Vec<String> = (0..20).map(|at| format!("r{at}")).collect();
    let all: String = names.iter().map(|name| format!("  {name}: {{enabled: true}}\n")).collect();
    let world = World::with(&format!("requirements:\n{all}"));
    let files = [
        world.repo.join(".git/requirements/main.json"),
        world.home.join(".claude/sessions.json"),
        world.repo.join(format!(".git/requirements/sessions/{KEY}.json")),
    ];
    let satisfying = names.iter().map(|name| {
        let mut command = world.command(tests::executables().join("req"));
        command.args(["satisfy", name, "--session", SESSION]).stdout(Stdio::null()).spawn().unwrap()
    });
    watch(satisfying.collect(), &files);
    let entering =
        (0..20).map(|at| feed(&world, &of(&format!("{at:08}-aaaa"), world.recorded("SessionStart-startup"))));
    watch(entering.collect(), &files);
    let counting = (0..20).map(|_| feed(&world, &world.recorded("UserPromptSubmit-plain")));
    watch(counting.collect(), &files);
    assert_eq!(keys(&world.state("main")["requirements"]).len(), 20);
    assert_eq!(
        keys(&world.registry()["sessions"]).iter().filter(|key| key.starts_with("000000")).count(),
        20
    );
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.metrics()["tools"]["UserPrompt"]["count"], 20);
}

#[test]
fn case_23_nobody_waits_for_a_lock_and_nobody_pretends_to_have_written() {
    let world = plan();
    world.hook(&world.recorded("SessionStart-startup"));
    world.satisfy("commit_plan");
    let held = [".git/requirements/feature-auth.lock", ".git/requirements/sessions/cad0ac4d.lock"]
        .map(|name| Held::new(&world, &world.repo.join(name)));
    let registry = Held::new(&world, &world.home.join(".claude/sessions.lock"));
    for payload in [world.edit(), of(OTHER, world.edit()), world.recorded("Stop-first")] {
        let started = Instant::now();
        assert_eq!(world.hook(&payload).code, Some(0));
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    }
    drop((held, registry));

    // A file in the place of the folder stops even those whom no permission stops.
    std::fs::remove_dir_all(world.repo.join(".git/requirements")).unwrap();
    std::fs::write(world.repo.join(".git/requirements"), "").unwrap();
    for name in [
        "SessionStart-startup",
        "UserPromptSubmit-plain",
        "PreToolUse-Edit",
        "PostToolUse-Skill",
        "Stop-first",
        "SessionEnd-other",
    ] {
        let answer = world.hook(&world.recorded(name));
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{name}");
    }
    let output = world.req(&["satisfy", "commit_plan", "--session", SESSION]);
    assert_ne!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty() && !output.stderr.is_empty());
}

#[test]
fn r01_a_writer_never_shows_an_empty_file_and_leaves_no_temporary_one() {
    let all: String = (0..20).map(|at| format!("  r{at}: {{enabled: true}}\n")).collect();
    let world = World::with(&format!("requirements:\n{all}"));
    world.satisfy("r0");
    let file = world.repo.join(".git/requirements/main.json");
    let children = (0..20).map(|at| {
        let mut command = world.command(tests::executables().join("req"));
        command
            .args(["satisfy", &format!("r{at}"), "--session", OTHER])
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    });
    for mut child in children.collect::<Vec<_>>() {
        while child.try_wait().unwrap().is_none() {
            assert!(std::fs::metadata(&file).unwrap().len() > 0);
        }
    }
    assert_eq!(world.state("main")["requirements"]["r0"]["sessions"][KEY]["satisfied"], true);
    let names = std::fs::read_dir(file.parent().unwrap()).unwrap().flatten().map(|entry| entry.file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["main.json", "main.lock"]);
}

#[test]
fn r02_parallel_hooks_keep_each_others_satisfactions() {
    let all: String =
        (0..20).map(|at| format!("  r{at}: {{enabled: true, satisfied_by_skill: s{at}}}\n")).collect();
    let world = World::with(&format!("requirements:\n{all}"));
    world.hook(&world.recorded("SessionStart-startup"));
    let children: Vec<Child> = (0..20).map(|at| feed(&world, &skill(&world, &format!("s{at}")))).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(keys(&world.state("main")["requirements"]).len(), 20);
}

#[test]
fn gap_09_parallel_prompts_are_all_counted() {
    // Eight prompts at once counted as three.
    use std::io::Write;
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    let children: Vec<_> = (0..8)
        .map(|_| {
            let mut child = world.spawn("hook-prompt-submit");
            let payload = prompt(&world, "hello").to_string();
            child.stdin.take().unwrap().write_all(payload.as_bytes()).unwrap();
            child
        })
        .collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.metrics()["tools"]["UserPrompt"]["count"], 8);
}

#[test]
fn gap_10_a_lock_that_somebody_holds_is_not_waited_for() {
    // With the registry's lock held every edit hung until the host gave up.
    let world = World::with(ONE);
    world.satisfy("commit_plan");
    let lock = world.home.join(".claude/sessions.lock");
    let mut holder = world.command("flock").arg(&lock).args(["sleep", "30"]).spawn().unwrap();
    while world.command("flock").arg("-n").arg(&lock).arg("true").status().unwrap().success() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let started = Instant::now();
    world.hook(&world.edit()).silent();
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    let _ = world.command("pkill").args(["-P", &holder.id().to_string()]).status();
    holder.wait().unwrap();
}
