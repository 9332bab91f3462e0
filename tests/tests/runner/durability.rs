//! Races, held locks, read-only folders, kill -9.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, ONE, SESSION};

fn many(count: usize) -> String {
    (0..count).fold("requirements:\n".to_owned(), |text, at| text + &format!("  r{at}: {{enabled: true}}\n"))
}

fn wait_all(children: Vec<Child>) {
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn parallel_writers_lose_nothing() {
    let world = World::with(&many(20));
    let satisfy = |at: usize| {
        let mut command = world.command(tests::executables().join("req"));
        command
            .args(["satisfy", &format!("r{at}"), "--session", SESSION])
            .stderr(Stdio::piped())
            .stdout(Stdio::null());
        command.spawn().unwrap()
    };
    wait_all((0..20).map(satisfy).collect());
    assert_eq!(world.state("main")["requirements"].as_object().unwrap().len(), 20);

    let start = |at: usize| {
        use std::io::Write;
        let mut child = world.spawn("hook-session-start");
        let payload = world.payload("SessionStart-startup", json!({"session_id": format!("{at:08}-aaaa")}));
        child.stdin.take().unwrap().write_all(payload.to_string().as_bytes()).unwrap();
        child
    };
    wait_all((0..20).map(start).collect());
    let dirs = std::fs::read_dir(world.home.join(".stanchion/sessions")).unwrap().count();
    assert_eq!(dirs, 20);
    assert_eq!(world.registry()["sessions"].as_object().unwrap().len(), 20);
}

#[test]
fn parallel_sessions_of_different_clients_are_all_registered() {
    let world = World::with(ONE);
    let script = "read payload; printf '%s' \"$payload\" | \"$HOOK\"; sleep 20";
    let mut clients: Vec<Child> = (0..20)
        .map(|at| {
            use std::io::Write;
            // A program of its own name stands for the client; a shell would be passed over as a wrapper.
            let client = world.root().join(format!("client{at}"));
            if !client.exists() {
                tests::copy_executable("/bin/sh", &client);
            }
            let payload =
                world.payload("SessionStart-startup", json!({"session_id": format!("{at:08}-aaaa")}));
            let mut command = world.command(&client);
            command.args(["-c", script]).env("HOOK", tests::executables().join("hook-session-start"));
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(format!("{payload}\n").as_bytes()).unwrap();
            child
        })
        .collect();
    let started = Instant::now();
    let registered = loop {
        let count = world.registry()["sessions"].as_object().map_or(0, serde_json::Map::len);
        if count == 20 || started.elapsed() > Duration::from_secs(10) {
            break count;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    for client in &mut clients {
        client.kill().unwrap();
        client.wait().unwrap();
    }
    assert_eq!(registered, 20);
    world.req_ok(&["sessions"]);
    assert_eq!(world.registry()["sessions"], json!({}), "dead clients leave");
}

#[test]
fn appends_from_many_processes_neither_tear_nor_vanish() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    let children = (0..40).map(|_| {
        use std::io::Write;
        let mut child = world.spawn("hook-pre-tool");
        child.stdin.take().unwrap().write_all(world.edit().to_string().as_bytes()).unwrap();
        child
    });
    wait_all(children.collect());
    assert_eq!(world.events(SESSION).len(), 41);
}

/// Holds a lock until it is killed.
fn hold(world: &World, path: &std::path::Path) -> Child {
    let mut command = world.command("flock");
    let child = command.arg(path).args(["sleep", "30"]).spawn().unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(5) {
        let probe = world.command("flock").arg("-n").arg(path).arg("true").status().unwrap();
        if !probe.success() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child
}

#[test]
fn a_held_lock_is_not_waited_for() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    world.satisfy("commit_plan");
    let session = world.home.join(".stanchion/sessions").join(SESSION).join("lock");
    let state = world.repo.join(".git/requirements/main.lock");
    let registry = world.home.join(".claude/sessions.lock");
    let holders: Vec<Child> = [&session, &state, &registry].iter().map(|path| hold(&world, path)).collect();
    let started = Instant::now();
    world.hook(&world.edit()).silent();
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    let before = world.events(SESSION).len();
    assert_eq!(before, 3, "the event was appended all the same");
    let refused = world.req(&["satisfy", "commit_plan", "--session", KEY]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("nothing was satisfied"));
    let started = Instant::now();
    assert_eq!(world.hook(&world.recorded("SessionEnd-other")).code, Some(0));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    for mut holder in holders {
        // `flock` hands the lock to its child, which goes with the group.
        let _ = world.command("pkill").args(["-P", &holder.id().to_string()]).status();
        let _ = holder.kill();
        let _ = holder.wait();
    }
}

#[test]
fn where_nothing_can_be_written_hooks_pass_and_commands_say_so() {
    let world = World::with(ONE);
    world.satisfy("commit_plan");
    // A file where a folder should be stops root as well.
    std::fs::remove_dir_all(world.repo.join(".git/requirements")).unwrap();
    std::fs::write(world.repo.join(".git/requirements"), "").unwrap();
    let _ = std::fs::remove_dir_all(world.home.join(".stanchion"));
    std::fs::write(world.home.join(".stanchion"), "").unwrap();
    world.hook(&world.edit()).refusal();
    for name in [
        "SessionStart-startup",
        "UserPromptSubmit-plain",
        "PostToolUse-Edit",
        "Stop-first",
        "SessionEnd-other",
    ] {
        let answer = world.hook(&world.recorded(name));
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{name}");
    }
    let output = world.req(&["satisfy", "commit_plan", "--session", SESSION]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(!output.stderr.is_empty());
}

#[test]
fn a_killed_writer_leaves_old_or_new_content() {
    let world = World::with(&many(12));
    world.hook(&world.recorded("SessionStart-startup"));
    let files = || {
        let folders = [
            world.repo.join(".git/requirements"),
            world.repo.join(".git/requirements/sessions"),
            world.repo.join(".git/stanchion"),
            world.home.join(".claude"),
        ];
        let entries = folders
            .into_iter()
            .filter_map(|folder| std::fs::read_dir(folder).ok())
            .flat_map(Iterator::flatten);
        entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect::<Vec<_>>()
    };
    let mut killed = 0;
    for round in 0..120_u64 {
        use std::io::Write;
        let mut children = Vec::new();
        let mut command = world.command(tests::executables().join("req"));
        command
            .args(["satisfy", &format!("r{}", round % 12), "--session", SESSION])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        children.push(command.spawn().unwrap());
        for name in ["SessionStart-startup", "UserPromptSubmit-plain", "PreToolUse-Edit", "Stop-first"] {
            let payload = world.recorded(name);
            let mut child =
                world.spawn(tests::world::executable(payload["hook_event_name"].as_str().unwrap()));
            let _ = child.stdin.take().unwrap().write_all(payload.to_string().as_bytes());
            children.push(child);
        }
        std::thread::sleep(Duration::from_micros(round * 97 % 6_000));
        for mut child in children {
            let _ = child.kill();
            killed += usize::from(child.wait().unwrap().signal() == Some(9));
        }
        for path in files() {
            let text = std::fs::read(&path).unwrap();
            assert!(serde_json::from_slice::<Value>(&text).is_ok(), "{} after round {round}", path.display());
        }
    }
    assert!(killed > 20, "only {killed} processes were killed in time");
    let log =
        std::fs::read_to_string(world.home.join(".stanchion/sessions").join(SESSION).join("events.jsonl"))
            .unwrap();
    let torn = log.lines().filter(|line| serde_json::from_str::<Value>(line).is_err()).count();
    assert_eq!(torn, 0, "one write holds a whole line");
    world.hook(&world.recorded("SessionStart-startup"));
    world.req_ok(&["status"]);
}

#[test]
fn a_torn_line_and_foreign_lines_are_passed_over() {
    let world = World::with(ONE);
    world.hook(&world.edit()).refusal();
    let log = world.home.join(".stanchion/sessions").join(SESSION).join("events.jsonl");
    let mut text = std::fs::read_to_string(&log).unwrap();
    text.push_str("{\"v\":1,\"event\":\"PreTo");
    std::fs::write(&log, text).unwrap();
    world.hook(&world.edit()).refusal();
    world.hook(&world.recorded("Stop-first")).silent();
    let metrics = world.json(&world.repo.join(format!(".git/requirements/sessions/{KEY}.json")));
    assert_eq!(metrics["tools"]["Edit"]["count"], 2);
}

#[test]
fn a_corrupt_state_file_is_kept_aside_and_gates_again() {
    for content in ["{", "[]", "{\"version\": \"1.0\"}", ""] {
        let world = World::with(ONE);
        world.satisfy("commit_plan");
        std::fs::write(world.repo.join(".git/requirements/main.json"), content).unwrap();
        world.hook(&world.edit()).refusal();
        world.satisfy("commit_plan");
        world.hook(&world.edit()).silent();
        let copies = std::fs::read_dir(world.repo.join(".git/requirements")).unwrap().flatten();
        let kept = copies.filter(|entry| entry.file_name().to_string_lossy().contains(".corrupt-")).count();
        assert_eq!(kept, usize::from(!content.is_empty()), "{content:?}");
    }
}
