//! How sessions are kept: compaction, retention, odd clients, whether hooks fire, and the comparison with an older
//! system.

use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tests::World;
use tests::stand_in::StandIn;
use tests::world::{KEY, ONE, SESSION, of, printed};

const DAY: u64 = 86_400;

fn start(world: &World, client: &mut StandIn) {
    client.hook(&world.recorded("SessionStart-startup"));
    client.hook(&world.recorded("UserPromptSubmit-plain"));
}

#[test]
fn case_7_nothing_is_lost_while_a_log_is_compacted() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    client.hook(&world.bash("PreToolUse", "ls"));
    // Three days of work, 2.5 MiB of it.
    world.edit_events(SESSION, |events| {
        let tool = events.pop().unwrap();
        for event in events.iter_mut() {
            event["recorded_at"] = "2026-11-01T10:00:00.000Z".into();
        }
        let first = events[1]["mono_ns"].as_u64().unwrap();
        for at in 0..6_000_u64 {
            let mut event = tool.clone();
            event["event"] = if at % 2 == 0 { "PreToolUse" } else { "PostToolUse" }.into();
            event["event_id"] = format!("old-{at}").into();
            event["tool_use_id"] = format!("t{}", at / 2).into();
            event["mono_ns"] = (first + 1 + at).into();
            event["recorded_at"] = "2026-11-01T11:00:00.000Z".into();
            events.push(event);
        }
    });
    let log = world.session_dir(SESSION).join("events.jsonl");
    let before = std::fs::read(&log).unwrap();
    std::thread::scope(|scope| {
        for at in 0..50 {
            let world = &world;
            scope.spawn(move || {
                let mut payload = world.bash("PreToolUse", "true");
                payload["tool_use_id"] = format!("new-{at}").into();
                world.hook(&payload);
            });
        }
        scope.spawn(|| world.req_ok(&["gc"]));
    });
    assert!(std::fs::metadata(&log).unwrap().len() < before.len() as u64 / 4, "the log was compacted");
    let events = world.events(SESSION);
    assert_eq!(events[0]["event"], "_compacted");
    let mut new: Vec<_> = events
        .iter()
        .filter_map(|event| event["tool_use_id"].as_str())
        .filter(|id| id.starts_with("new-"))
        .collect();
    new.sort_unstable();
    new.dedup();
    assert_eq!(new.len(), 50);
    let compacted = world.session(SESSION);
    let appended: String = events
        .iter()
        .filter(|event| event["tool_use_id"].as_str().is_some_and(|id| id.starts_with("new-")))
        .map(|event| format!("{event}\n"))
        .collect();
    std::fs::write(&log, [before, appended.into_bytes()].concat()).unwrap();
    let whole = world.session(SESSION);
    for key in [
        "state",
        "why",
        "generation",
        "state_changed_at",
        "updated_at",
        "cwd",
        "owner",
        "recent_activity",
        "pending",
    ] {
        assert_eq!(compacted[key], whole[key], "{key}");
    }
    assert_eq!(compacted["state"], "working");
}

#[test]
fn a_full_log_still_ends_a_wait_and_is_made_short_when_the_turn_ends() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    client.hook(&world.bash("PreToolUse", "ls"));
    // A busy day: more than 5 MiB since this morning.
    world.edit_events(SESSION, |events| {
        let tool = events.pop().unwrap();
        let first = events[1]["mono_ns"].as_u64().unwrap();
        for at in 0..13_000_u64 {
            let mut event = tool.clone();
            event["event_id"] = format!("old-{at}").into();
            event["mono_ns"] = (first + 1 + at).into();
            events.push(event);
        }
    });
    let log = world.session_dir(SESSION).join("events.jsonl");
    let full = std::fs::metadata(&log).unwrap().len();
    assert!(full > 5 * 1024 * 1024);
    client.hook(&world.bash("PreToolUse", "ls"));
    assert_eq!(std::fs::metadata(&log).unwrap().len(), full, "a heartbeat is no longer kept");
    let own = |event: &str| {
        let mut payload = world.bash(event, "rm x");
        payload["tool_use_id"] = "own".into();
        payload
    };
    client.hook(&own("PreToolUse"));
    let mut asks = own("PreToolUse");
    asks["hook_event_name"] = "PermissionRequest".into();
    client.hook(&asks);
    assert_eq!(world.state_of(SESSION), "waiting");
    client.hook(&own("PostToolUse"));
    assert_eq!(world.state_of(SESSION), "working");
    client.hook(&world.recorded("Stop-first"));
    assert_eq!(world.state_of(SESSION), "ready");
    assert!(std::fs::metadata(&log).unwrap().len() < full / 4);
}

#[test]
fn metrics_go_on_in_a_compacted_log() {
    let world = World::with(ONE);
    start(&world, &mut StandIn::new(&world));
    world.satisfy("commit_plan");
    world.edit_events(SESSION, |events| {
        let first = events[0].clone();
        for at in 0..8_000_u64 {
            let mut event = first.clone();
            for (key, value) in
                [("event", json!("PreToolUse")), ("tool_name", json!("Bash")), ("mono_ns", json!(at))]
            {
                event[key] = value;
            }
            event["event_id"] = format!("old-{at}").into();
            event["recorded_at"] = "2026-11-01T11:00:00.000Z".into();
            event.as_object_mut().unwrap().remove("gates");
            events.push(event);
        }
        events.sort_by_key(|event| event["mono_ns"].as_u64());
    });
    std::fs::remove_file(world.repo.join(format!(".git/requirements/sessions/{KEY}.json"))).unwrap();
    world.req_ok(&["sync"]);
    assert_eq!(world.metrics()["tools"]["Bash"]["count"], 8_000);
    assert!(world.req_ok(&["gc"]).contains("Compacted"));
    world.hook(&world.bash("PreToolUse", "ls"));
    world.hook(&world.recorded("Stop-first"));
    assert_eq!(world.metrics()["tools"]["Bash"]["count"], 8_001);
}

/// Makes everything of a session look as if it happened so long ago.
fn long_ago(world: &World, session: &str, seconds: u64) {
    world.age(session, i64::try_from(seconds).unwrap());
    let then = SystemTime::now() - Duration::from_secs(seconds);
    let dir = world.session_dir(session);
    for entry in std::fs::read_dir(&dir).unwrap().flatten() {
        std::fs::File::options().append(true).open(entry.path()).unwrap().set_modified(then).unwrap();
    }
    std::fs::File::open(&dir).unwrap().set_modified(then).unwrap();
}

#[test]
fn case_23_only_what_ended_long_ago_goes() {
    let world = World::with(ONE);
    let id = |name: &str| format!("{name}-0000-4000-8000-000000000000");
    let mut client = StandIn::new(&world);
    for name in ["ended06d", "ended40d", "newer40d", "silent20", "silent40"] {
        let session = id(name);
        client.hook(&of(&session, world.recorded("SessionStart-startup")));
        if name.starts_with("ended") || name.starts_with("newer") {
            client.hook(&of(&session, world.recorded("SessionEnd-other")));
        } else {
            world.forget_clients(&session);
        }
    }
    client.kill();
    let mut living = StandIn::new(&world);
    living.hook(&of(&id("living60"), world.recorded("SessionStart-startup")));
    let meta = world.session_dir(&id("newer40d")).join("meta.json");
    let mut newer = world.json(&meta);
    newer["v"] = 99.into();
    std::fs::write(&meta, newer.to_string()).unwrap();
    for (name, days) in [
        ("ended06d", 6),
        ("ended40d", 40),
        ("newer40d", 40),
        ("living60", 60),
        ("silent20", 20),
        ("silent40", 40),
    ] {
        long_ago(&world, &id(name), days * DAY);
    }
    let sessions = world.home.join(".stanchion/sessions");
    for foreign in ["x-1.lock", "legacy", "notes"] {
        std::fs::create_dir_all(sessions.join(foreign)).unwrap();
        std::fs::write(sessions.join(foreign).join("pid"), "1").unwrap();
    }
    let outside = world.root().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::fs::write(outside.join("events.jsonl"), "").unwrap();
    std::os::unix::fs::symlink(&outside, sessions.join("linked")).unwrap();

    let told = printed(&world.req(&["gc", "--dry-run", "--json"]));
    assert_eq!(told["removed"].as_array().unwrap().len(), 2, "{told}");
    assert!(sessions.join(id("ended40d")).exists(), "a dry run removes nothing");
    let done = printed(&world.req(&["gc", "--json"]));
    let mut removed: Vec<_> =
        done["removed"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    removed.sort();
    assert_eq!(removed, [id("ended40d"), id("silent40")]);
    assert_eq!(done["days"], 14);
    for kept in ["ended06d", "newer40d", "living60", "silent20"] {
        assert!(sessions.join(id(kept)).join("events.jsonl").exists(), "{kept}");
    }
    assert!(outside.join("events.jsonl").exists() && sessions.join("notes/pid").exists());
    world.configure_globally("sessions: {retention_days: 5}\n");
    assert!(world.req_ok(&["gc"]).contains(&id("ended06d")));
    let sessions: Vec<_> = std::fs::read_dir(sessions)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(sessions.iter().all(|name| !name.starts_with(".trash")), "{sessions:?}");
}

#[test]
fn session_start_removes_a_few_that_ended_long_ago() {
    let world = World::with(ONE);
    // The clock was looked at before, and has not leapt.
    std::fs::create_dir_all(world.home.join(".stanchion")).unwrap();
    let seen = tests::world::now() - 3_600;
    std::fs::write(world.home.join(".stanchion/clock.json"), format!("{{\"seen\":{seen},\"leapt\":null}}"))
        .unwrap();
    let old: Vec<String> = (0..20).map(|at| format!("{at:08x}-0000-4000-8000-000000000000")).collect();
    for session in &old {
        world.hook(&of(session, world.recorded("SessionStart-startup")));
        world.hook(&of(session, world.recorded("SessionEnd-other")));
        long_ago(&world, session, 40 * DAY);
    }
    let left = || old.iter().filter(|session| world.session_dir(session).exists()).count();
    // The last start was less than an hour ago.
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(left(), 20);
    let mark = world.home.join(".stanchion/gc.lock");
    let hour_ago = SystemTime::now() - Duration::from_secs(3_700);
    std::fs::File::options().append(true).open(&mark).unwrap().set_modified(hour_ago).unwrap();
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(left(), 4, "sixteen at a time");
}

#[test]
fn a_session_that_begins_while_it_is_removed_loses_nothing() {
    let world = World::with(ONE);
    for _ in 0..10 {
        world.hook(&world.recorded("SessionStart-startup"));
        world.hook(&world.recorded("SessionEnd-other"));
        long_ago(&world, SESSION, 40 * DAY);
        std::thread::scope(|scope| {
            scope.spawn(|| world.req(&["gc"]));
            scope.spawn(|| world.hook(&world.recorded("SessionStart-resume")));
        });
        let events = world.events(SESSION);
        let last = events.last().expect("the log is there");
        assert_eq!((&last["event"], &last["source"]), (&json!("SessionStart"), &json!("resume")));
        assert!(world.session_dir(SESSION).join("meta.json").exists());
        std::fs::remove_dir_all(world.session_dir(SESSION)).unwrap();
    }
}

#[test]
fn case_24_a_client_that_cannot_be_right_is_never_live() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    world.age(SESSION, 5);
    let zombie = {
        // Its parent never collects it.
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 0.05 & echo $!; exec sleep 60"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(shell.stdout.as_mut().unwrap()), &mut line)
            .unwrap();
        std::thread::sleep(Duration::from_millis(300));
        (shell, line.trim().parse::<u64>().unwrap())
    };
    let start_of = |pid: u64| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().to_owned()
    };
    let original = std::fs::read(world.session_dir(SESSION).join("events.jsonl")).unwrap();
    let meta_path = world.session_dir(SESSION).join("meta.json");
    let meta = world.json(&meta_path);
    let verdict = |pid: u64, start: &str, change: &dyn Fn(&mut Value), boot: Option<&str>| {
        std::fs::write(world.session_dir(SESSION).join("events.jsonl"), &original).unwrap();
        world.edit_events(SESSION, |events| {
            for event in events.iter_mut().filter(|event| event["owner"].is_object()) {
                event["owner"]["pid"] = pid.into();
                event["owner"]["start_raw"] = start.into();
                if let Some(boot) = boot {
                    event["boot_id"] = boot.into();
                }
            }
        });
        let mut changed = meta.clone();
        change(&mut changed);
        std::fs::write(&meta_path, changed.to_string()).unwrap();
        world.session(SESSION)["liveness"].as_str().unwrap().to_owned()
    };
    let keep = |_: &mut Value| {};
    let own = u64::from(client.pid());
    assert_eq!(verdict(own, &start_of(own), &keep, None), "live");
    for pid in [0, 1, u64::from(u32::MAX)] {
        assert_eq!(verdict(pid, "1", &keep, None), "dead", "{pid}");
    }
    assert_eq!(verdict(zombie.1, &start_of(zombie.1), &keep, None), "dead", "a zombie");
    assert_eq!(verdict(own, "1", &keep, None), "dead", "another start");
    assert_eq!(verdict(own, &start_of(own), &keep, Some("another-boot")), "dead", "another boot");
    assert_eq!(
        verdict(own, &start_of(own), &|meta| meta["pid_ns"] = "1".into(), None),
        "unknown",
        "another namespace"
    );
    assert_eq!(
        verdict(own, &start_of(own), &|meta| meta["host"] = "elsewhere".into(), Some("another-boot")),
        "unknown",
        "another machine"
    );
    another_user_looks(&world, &original, &meta_path, &meta);
    let (mut shell, _) = zombie;
    let _ = shell.kill();
    let _ = shell.wait();
}

/// A client of another user exists and is checked by its start like any other.
fn another_user_looks(world: &World, log: &[u8], meta_path: &std::path::Path, meta: &Value) {
    std::fs::write(world.session_dir(SESSION).join("events.jsonl"), log).unwrap();
    std::fs::write(meta_path, meta.to_string()).unwrap();
    let is_root =
        std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let has_tool =
        Command::new("setpriv").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_root || !has_tool {
        eprintln!("SKIPPED: only root can become somebody else");
        return;
    }
    let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(world.root()).status().unwrap();
    assert!(owned.success());
    let copy = world.root().join("req");
    tests::copy_executable(tests::executables().join("req"), &copy);
    std::os::unix::fs::chown(&copy, Some(65534), Some(65534)).unwrap();
    let mut command = world.command("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(copy);
    let shown = printed(&command.args(["sessions", "--json"]).output().unwrap());
    assert_eq!(shown["sessions"][0]["liveness"], "live", "{shown}");
}

#[test]
fn what_cannot_be_read_or_written_is_named_and_the_rest_is_shown() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    // Nothing but a folder where a lock should be: not even root can open that.
    for lock in [".claude/sessions.lock", ".stanchion/gc.lock", ".stanchion/derived-state.lock"] {
        let path = world.home.join(lock);
        let _ = std::fs::remove_file(&path);
        std::fs::create_dir_all(path).unwrap();
    }
    let shown = world.req(&["sessions"]);
    let (text, note) = (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
    assert!(shown.status.success() && text.contains("working") && note.contains("registry"), "{text}{note}");
    let swept = world.req(&["gc"]);
    let error = String::from_utf8_lossy(&swept.stderr).into_owned();
    assert!(!swept.status.success() && !error.contains("another sweep"), "{error}");
    let mut server = world.command(tests::executables().join("req"));
    let mut server = server.arg("serve").stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let stderr = server.stderr.as_mut().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stderr), &mut line).unwrap();
    let _ = server.kill();
    let _ = server.wait();
    assert!(line.contains("cannot be written"), "{line}");
    // What is JSON and nothing of ours is replaced; a figure that cannot be is bounded; a pipe is empty.
    std::fs::remove_dir(world.home.join(".stanchion/derived-state.lock")).unwrap();
    let context = r#"{"v":1,"used_percentage":1e300,"recorded_at":"x"}"#;
    std::fs::write(world.session_dir(SESSION).join("context.json"), context).unwrap();
    assert_eq!(world.session(SESSION)["context_percent"], 100.0);
    let log = world.session_dir(SESSION).join("events.jsonl");
    std::fs::remove_file(&log).unwrap();
    assert!(Command::new("mkfifo").arg(&log).status().unwrap().success());
    client.hook(&world.recorded("SessionStart-resume"));
    client.hook(&world.bash("PreToolUse", "ls"));
    assert!(world.req(&["sessions"]).status.success());
}

#[test]
fn the_heartbeat_is_touched_at_most_every_ten_seconds() {
    let world = World::with(ONE);
    let beat = world.home.join(".stanchion/hud-hook-heartbeat");
    world.hook(&world.recorded("SessionStart-startup"));
    let modified = || std::fs::metadata(&beat).unwrap().modified().unwrap();
    let set = |seconds: u64| {
        let time = SystemTime::now() - Duration::from_secs(seconds);
        std::fs::File::options().append(true).open(&beat).unwrap().set_modified(time).unwrap();
        modified()
    };
    let fresh = set(5);
    world.hook(&world.bash("PreToolUse", "ls"));
    assert_eq!(modified(), fresh);
    let stale = set(11);
    world.hook(&world.payload("Notification-idle-prompt", json!({"hook_event_name": "SomethingNew"})));
    assert!(modified() > stale, "an unknown event is a sign of life too");
    let stale = set(11);
    world.run("hook-observe", b"{}");
    assert_eq!(modified(), stale);
}

#[test]
fn an_older_systems_view_is_compared_and_every_difference_explained() {
    let world = World::with(ONE);
    let missing = world.req(&["sessions", "--compare-legacy"]);
    assert!(
        !missing.status.success() && String::from_utf8_lossy(&missing.stderr).contains("nothing to compare")
    );
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    client.hook(&world.bash("PreToolUse", "ls"));
    client.hook(&world.recorded("Stop-first"));
    client.hook(&world.bash("PostToolUse", "ls"));
    // What Capacitor made of the same events: the late tool left the session working.
    let legacy = world.home.join(".capacitor");
    let lock = legacy.join(format!("sessions/{SESSION}-{}.lock", client.pid()));
    std::fs::create_dir_all(&lock).unwrap();
    let now = chrono::Utc::now();
    let stamp = now.to_rfc3339();
    let record = json!({"session_id": SESSION, "state": "working", "cwd": world.repo, "updated_at": stamp, "state_changed_at": stamp});
    std::fs::write(
        legacy.join("sessions.json"),
        json!({"version": 3, "sessions": {SESSION: record}}).to_string(),
    )
    .unwrap();
    std::fs::write(lock.join("pid"), client.pid().to_string()).unwrap();
    let started = world.json(&world.session_dir(SESSION).join("meta.json"))["owner"]["proc_started"].clone();
    let meta = json!({"created": now.timestamp_millis(), "lock_version": "0.1.27", "path": world.repo, "pid": client.pid(),
        "proc_started": started, "session_id": SESSION});
    std::fs::write(lock.join("meta.json"), meta.to_string()).unwrap();
    let report = printed(&world.req(&["sessions", "--compare-legacy", "--json"]));
    let project = &report["projects"][0];
    assert_eq!(
        (&project["legacy"]["state"], &project["ours"]["state"]),
        (&json!("working"), &json!("ready"))
    );
    assert_eq!(project["because"], "late_tool_after_stop", "{report:#}");
    assert_eq!(report["totals"]["unexplained"], 0);
    let text = world.req_ok(&["sessions", "--compare-legacy"]);
    assert!(text.contains("1 differ for a known reason"), "{text}");
    assert!(lock.join("pid").exists() && legacy.join("sessions.json").exists(), "nothing there is touched");
}
