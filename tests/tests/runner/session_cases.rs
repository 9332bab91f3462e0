//! Sessions, case by case: who lives, in which state, and why. The numbers are those of the cases in the
//! specification of session state; case 21 is tested with the installer, case 22 with the shells, case 25 is the model
//! test beside the state machine.

use serde_json::{Value, json};
use tests::stand_in::StandIn;
use tests::world::{ONE, SESSION, of};
use tests::{World, world};

const OTHER: &str = "0badcafe-2222-4333-8444-555566667777";

fn start(world: &World, client: &mut StandIn) {
    client.hook(&world.recorded("SessionStart-startup"));
}

fn prompt(world: &World, client: &mut StandIn) {
    client.hook(&world.recorded("UserPromptSubmit-plain"));
}

/// A tool's event with an id and an input of its own.
fn tool(world: &World, event: &str, id: &str, command: &str) -> Value {
    let mut payload = world.bash(event, command);
    payload["tool_use_id"] = id.into();
    payload
}

fn permission(world: &World, command: &str) -> Value {
    let mut payload = tool(world, "PreToolUse", "", command);
    payload["hook_event_name"] = "PermissionRequest".into();
    payload.as_object_mut().unwrap().remove("tool_use_id");
    payload
}

fn rules(world: &World, session: &str) -> Vec<String> {
    let rule = |entry: &Value| entry["rule"].as_str().unwrap().to_owned();
    world.timeline(session).iter().map(rule).collect()
}

#[test]
fn case_1_the_client_is_found_above_a_shell_that_is_gone() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    client.hook_through_shell(&world.recorded("SessionStart-startup"));
    let session = world.session(SESSION);
    assert_eq!(session["owner"]["pid"], client.pid());
    assert_eq!((&session["liveness"], &session["state"]), (&json!("live"), &json!("ready")));
    client.hook_through_shell(&world.recorded("UserPromptSubmit-plain"));
    client.hook_through_shell(&tool(&world, "PreToolUse", "t1", "ls"));
    assert_eq!(world.state_of(SESSION), "working");
    client.kill();
    world.age(SESSION, 5);
    let session = world.session(SESSION);
    assert_eq!((&session["state"], &session["ended"]["reason"]), (&json!("idle"), &json!("pid_dead")));
}

#[test]
fn case_2_a_number_that_another_process_took_over_resurrects_nothing() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    prompt(&world, &mut client);
    // The recorded client started at another time than the process that has its number now.
    world.edit_events(SESSION, |events| {
        for event in events.iter_mut().filter(|event| event["owner"].is_object()) {
            event["owner"]["start_raw"] = "1".into();
        }
    });
    world.age(SESSION, 5);
    let session = world.session(SESSION);
    assert_eq!((&session["liveness"], &session["state"]), (&json!("dead"), &json!("idle")));
    assert_eq!(session["why"].as_array().unwrap().last().unwrap(), "pid_dead");
}

#[test]
fn case_3_after_the_end_nothing_counts_and_everything_is_kept() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    client.hook(&world.recorded("SessionEnd-prompt-input-exit"));
    prompt(&world, &mut client);
    for payload in [
        tool(&world, "PreToolUse", "t1", "ls"),
        world.recorded("PostToolUse-Edit"),
        permission(&world, "ls"),
        world.recorded("SessionEnd-prompt-input-exit"),
    ] {
        client.hook(&payload);
    }
    let session = world.session(SESSION);
    assert_eq!((&session["liveness"], &session["state"]), (&json!("ended"), &json!("idle")));
    assert_eq!(session["ended"]["reason"], "prompt_input_exit");
    assert_eq!(session["recent_activity"], json!([]), "no activity counts");
    let late = [
        "session_started",
        "session_ended",
        "ignored_late",
        "ignored_late",
        "ignored_late",
        "ignored_late",
        "ended_again",
    ];
    assert_eq!(rules(&world, SESSION), late);
}

#[test]
fn case_4_another_client_takes_the_session_up() {
    let world = World::with(ONE);
    let mut first = StandIn::new(&world);
    start(&world, &mut first);
    prompt(&world, &mut first);
    first.hook(&tool(&world, "PostToolUse", "t1", "ls"));
    first.hook(&world.recorded("SessionEnd-other"));
    let mut second = StandIn::new(&world);
    second.hook(&world.payload("SessionStart-resume", json!({"cwd": world.repo.join("src")})));
    // A straggler of the first life: it began before the second one did, and is appended after.
    world.edit_events(SESSION, |events| {
        let mut straggler = events[2].clone();
        straggler["event_id"] = "straggler".into();
        straggler["mono_ns"] = (events[3]["mono_ns"].as_u64().unwrap() + 1).into();
        events.push(straggler);
    });
    let session = world.session(SESSION);
    assert_eq!(
        (&session["generation"], &session["state"], &session["liveness"]),
        (&json!(2), &json!("ready"), &json!("live"))
    );
    assert_eq!(session["owner"]["pid"], second.pid());
    assert_eq!(session["project_dir"], world.repo.to_string_lossy().as_ref());
    assert_eq!(rules(&world, SESSION)[4..], ["ignored_late", "session_taken_up"]);
}

#[test]
fn case_5_events_count_in_the_order_in_which_they_began() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    prompt(&world, &mut client);
    client.hook(&tool(&world, "PreToolUse", "t1", "ls"));
    client.hook(&permission(&world, "ls"));
    client.hook(&tool(&world, "PostToolUse", "t1", "ls"));
    assert_eq!(world.state_of(SESSION), "working");
    let swap = |a: usize, b: usize| world.edit_events(SESSION, |events| events.swap(a, b));
    swap(3, 4);
    assert_eq!(world.state_of(SESSION), "working", "the request was appended after the tool's end");
    client.hook(&world.recorded("Stop-first"));
    swap(4, 5);
    assert_eq!(world.state_of(SESSION), "ready", "the tool's end was appended after the turn's");
}

#[test]
fn case_6_forty_sessions_at_once_write_only_their_own_directories() {
    let world = World::new();
    let sessions: Vec<String> = (0..40).map(|at| format!("{at:08x}-0000-4000-8000-000000000000")).collect();
    for session in &sessions {
        world.hook(&of(session, world.recorded("SessionStart-startup")));
    }
    let before = files_outside_sessions(&world);
    std::thread::scope(|scope| {
        for session in &sessions {
            let world = &world;
            scope.spawn(move || {
                for at in 1..25_u32 {
                    let event = if at % 2 == 1 { "PreToolUse" } else { "PostToolUse" };
                    world
                        .hook(&of(session, tool(world, event, &format!("t{}", at.div_ceil(2)), "ls")))
                        .silent();
                }
            });
        }
    });
    for session in &sessions {
        let events = world.events(session);
        assert_eq!(events.len(), 25, "{session}");
        assert!(events.iter().all(|event| event["session_id"] == session.as_str()));
        let mut names: Vec<_> = std::fs::read_dir(world.session_dir(session))
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        names.sort();
        assert_eq!(names, ["events.jsonl", "lock", "meta.json"]);
    }
    assert_eq!(files_outside_sessions(&world), before);
}

/// Every file of the home with its content, but for the sessions' own, the heartbeat and the log.
fn files_outside_sessions(world: &World) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![world.home.clone(), world.repo.clone()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
            let is_exempt = path.starts_with(world.home.join(".stanchion/sessions"))
                || path.ends_with("hud-hook-heartbeat")
                || path.ends_with("requirements.log");
            if is_exempt {
            } else if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.clone(), std::fs::read(path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn case_8_the_folder_moves_and_the_project_stays() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    let meta = std::fs::read(world.session_dir(SESSION).join("meta.json")).unwrap();
    let elsewhere = world.root().join("other");
    std::fs::create_dir_all(&elsewhere).unwrap();
    for cwd in [world.repo.join("src"), elsewhere.clone()] {
        let mut payload = tool(&world, "PreToolUse", "t1", "ls");
        payload["cwd"] = cwd.to_string_lossy().into();
        client.hook(&payload);
        assert_eq!(world.session(SESSION)["cwd"], payload["cwd"]);
        assert_eq!(world.session(SESSION)["project_dir"], world.repo.to_string_lossy().as_ref());
    }
    let moved = world.payload("CwdChanged-default", json!({"new_cwd": world.repo.join("src/deep")}));
    client.hook(&moved);
    assert_eq!(world.session(SESSION)["cwd"], moved["new_cwd"]);
    assert_eq!(std::fs::read(world.session_dir(SESSION).join("meta.json")).unwrap(), meta);
    let there = world.req_in(&elsewhere, &["sessions", "--project", "--json"]);
    assert_eq!(world::printed(&there)["sessions"], json!([]));
}

#[test]
fn case_13_whatever_comes_is_recorded_as_far_as_it_can_be_read() {
    let world = World::with(ONE);
    for bytes in ["", "{}", "\u{1}\u{2}", "{\"session_id\":\"x\"", "[]"] {
        world.run("hook-observe", bytes.as_bytes()).silent();
    }
    world.hook(&world.recorded("SessionStart-startup"));
    for response in [
        json!("text"),
        json!([1, {"a": []}]),
        json!(null),
        json!({"success": "x"}),
        json!("x".repeat(5_000_000)),
    ] {
        let payload =
            world.payload("PostToolUse-Bash", json!({"tool_response": response, "tool_use_id": [1]}));
        world.hook(&payload).silent();
    }
    let odd = world.payload(
        "Notification-idle-prompt",
        json!({"notification_type": 5, "error": {}, "background_tasks": "x"}),
    );
    world.hook(&odd).silent();
    let unknown = world.payload("Notification-idle-prompt", json!({"hook_event_name": "SomethingNew"}));
    world.hook(&unknown).silent();
    let events = world.events(SESSION);
    assert_eq!(events.iter().filter(|event| event["event"] == "PostToolUse").count(), 5);
    assert_eq!(events.last().unwrap()["event"], "SomethingNew");
    assert_eq!(world.state_of(SESSION), "ready", "an unknown event changes nothing");
    assert_eq!(rules(&world, SESSION).last().unwrap(), "recorded");
    assert!(world.log().len() >= 5, "each unreadable payload is in the log");
}

#[test]
fn case_14_any_id_has_one_directory_of_its_own_and_is_told_whole() {
    let world = World::with(ONE);
    let long = "é".repeat(300);
    let ids = ["../../evil", "a/b", ".", "legacy", "x.lock", &long, "nul\0😀", "plain-id"];
    for id in ids {
        for _ in 0..2 {
            world.hook(&of(id, world.recorded("SessionStart-startup")));
        }
    }
    let names: Vec<String> = std::fs::read_dir(world.home.join(".stanchion/sessions"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    assert_eq!(names.len(), ids.len(), "{names:?}");
    assert!(!world.root().join("evil").exists() && !world.home.join("evil").exists());
    for id in ids {
        let whole: String = id.chars().take(256).collect();
        assert!(world.session(&whole).is_object(), "{id:?}");
    }
}

#[test]
fn what_a_payload_brings_does_not_reach_the_terminal_raw() {
    let world = World::with(ONE);
    let odd = world.root().join("ev\u{1b}[31mil\u{7}\n\u{202e}x");
    std::fs::create_dir_all(&odd).unwrap();
    let mut client = StandIn::new(&world);
    client.hook(&world.payload("SessionStart-startup", json!({"cwd": odd})));
    client.hook(&world.payload("PreToolUse-Bash", json!({"tool_name": "\u{1b}]0;x\u{7}", "cwd": odd})));
    for words in [&["sessions"][..], &["timeline", SESSION]] {
        let text = world.req_ok(words);
        let is_odd = |c: char| c != '\n' && c.is_control() || c == '\u{202e}';
        assert!(!text.chars().any(is_odd), "{text:?}");
    }
    assert_eq!(world.req_ok(&["sessions"]).lines().count(), 2);
}

#[test]
fn nothing_is_written_through_a_link_in_a_sessions_place() {
    let world = World::with(ONE);
    world.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    let outside = world.root().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, world.session_dir(SESSION)).unwrap();
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&world.bash("PreToolUse", "ls"));
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    let told = world.hook(&of(OTHER, world.recorded("SessionStart-resume")));
    let told = told.json.unwrap()["systemMessage"].as_str().unwrap().to_owned();
    assert!(told.contains("nothing is recorded through a symbolic link until it is removed"), "{told}");
}

#[test]
fn every_known_event_is_recorded_under_its_own_name() {
    let world = World::new();
    for event in hooks_common::event::Event::ALL {
        let payload = world.payload("Notification-idle-prompt", json!({"hook_event_name": event.name()}));
        world.hook(&payload);
        assert_eq!(world.events(SESSION).last().unwrap()["event"], event.name());
    }
}

#[test]
fn case_15_a_torn_line_costs_itself_alone() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    let log = world.session_dir(SESSION).join("events.jsonl");
    for torn in [&b"{\"v\":1,\"event_id\":\"to"[..], &[0; 64], b"x"] {
        let mut bytes = std::fs::read(&log).unwrap();
        bytes.extend_from_slice(torn);
        std::fs::write(&log, bytes).unwrap();
        client.hook(&world.recorded("UserPromptSubmit-plain"));
    }
    assert_eq!(rules(&world, SESSION), ["session_started", "prompt", "prompt", "prompt"]);
    assert_eq!(world.state_of(SESSION), "working");
    std::fs::write(&log, "x").unwrap();
    assert_eq!(world.session(SESSION)["state"], "idle", "nothing is left, and nothing breaks");
}

#[test]
fn case_16_a_live_client_never_fades_and_one_nobody_can_ask_does() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    prompt(&world, &mut client);
    world.age(SESSION, 45 * 60);
    let session = world.session(SESSION);
    assert_eq!((&session["state"], &session["liveness"]), (&json!("working"), &json!("live")));
    assert!(session["quiet_secs"].as_i64().unwrap() >= 45 * 60);
    // Without a client there is nobody to ask.
    for (event, ages) in [
        ("UserPromptSubmit-plain", [(20, "working"), (40, "ready"), (301, "idle")]),
        ("PreCompact-manual", [(20, "compacting"), (200, "compacting"), (301, "idle")]),
    ] {
        for (seconds, expected) in ages {
            world.hook(&of(OTHER, world.recorded("SessionStart-startup")));
            world.hook(&of(OTHER, world.recorded(event)));
            world.forget_clients(OTHER);
            world.age(OTHER, seconds);
            let session = world.session(OTHER);
            assert_eq!(
                (session["state"].as_str(), &session["liveness"]),
                (Some(expected), &json!("unknown")),
                "{event} {seconds}"
            );
            std::fs::remove_dir_all(world.session_dir(OTHER)).unwrap();
        }
    }
}

#[test]
fn case_17_a_session_with_two_clients_lives_as_long_as_one_of_them() {
    let world = World::with(ONE);
    let (mut first, mut second) = (StandIn::new(&world), StandIn::new(&world));
    start(&world, &mut first);
    second.hook(&world.recorded("SessionStart-resume"));
    world.satisfy("commit_plan");
    first.hook(&world.recorded("SessionEnd-other"));
    let session = world.session(SESSION);
    assert_eq!((&session["liveness"], &session["owner"]["pid"]), (&json!("live"), &json!(second.pid())));
    assert_eq!(world.registry()["sessions"][world::KEY]["ppid"], second.pid(), "the registry follows");
    let meta = world.json(&world.session_dir(SESSION).join("meta.json"));
    assert_eq!((&meta["generation"], meta["prev_owners"].as_array().unwrap().len()), (&json!(2), 1));
    second.kill();
    world.age(SESSION, 5);
    let session = world.session(SESSION);
    assert_eq!((&session["state"], &session["ended"]["reason"]), (&json!("idle"), &json!("pid_dead")));
    assert_eq!(world.registry()["sessions"], json!({}));
}

#[test]
fn case_18_a_cleared_session_is_left_behind_even_when_nobody_says_so() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    prompt(&world, &mut client);
    client.hook(&of(OTHER, world.recorded("SessionStart-clear")));
    let old = world.session(SESSION);
    assert_eq!((&old["liveness"], &old["ended"]["reason"]), (&json!("ended"), &json!("superseded")));
    assert_eq!(world.session(OTHER)["liveness"], "live");
    let live = world::printed(&world.req(&["sessions", "--json"]));
    assert_eq!(live["sessions"].as_array().unwrap().len(), 1);
    // And back, by /resume.
    client.hook(&world.recorded("SessionStart-resume"));
    assert_eq!(
        (world.session(SESSION)["liveness"].as_str(), world.state_of(OTHER).as_str()),
        (Some("live"), "idle")
    );
}

#[test]
fn case_19_compaction_ends_where_it_began() {
    for (trigger, expected) in [("manual", "ready"), ("auto", "working")] {
        let world = World::with(ONE);
        let mut client = StandIn::new(&world);
        start(&world, &mut client);
        prompt(&world, &mut client);
        client.hook(&world.recorded(&format!("PreCompact-{trigger}")));
        assert_eq!(world.state_of(SESSION), "compacting");
        // The host's order: a subagent without a type ends, the session starts, and only then it is over.
        client.hook(&world.payload("SubagentStop-Explore", json!({"agent_type": "", "agent_id": "a0"})));
        client.hook(&world.recorded("SessionStart-compact"));
        assert_eq!(world.state_of(SESSION), expected, "{trigger}");
        client.hook(&world.recorded(&format!("PostCompact-{trigger}")));
        let session = world.session(SESSION);
        assert_eq!(
            (session["state"].as_str(), &session["generation"]),
            (Some(expected), &json!(1)),
            "{trigger}"
        );
        assert_eq!((&session["subagents_active"], &session["session_id"]), (&json!(0), &json!(SESSION)));
    }
}

#[test]
fn case_20_a_tool_that_waits_is_not_hidden_by_one_that_runs() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    prompt(&world, &mut client);
    client.hook(&tool(&world, "PreToolUse", "a", "sleep 1"));
    client.hook(&tool(&world, "PreToolUse", "b", "rm x"));
    client.hook(&permission(&world, "rm x"));
    client.hook(&world.recorded("Notification-permission-prompt"));
    client.hook(&tool(&world, "PostToolUse", "a", "sleep 1"));
    let session = world.session(SESSION);
    assert_eq!(
        (&session["state"], &session["pending"]),
        (&json!("waiting"), &json!({"kind": "permission", "tool_name": "Bash"}))
    );
    client.hook(&tool(&world, "PostToolUse", "b", "rm x"));
    assert_eq!(world.state_of(SESSION), "working");
    // Refused by the user: nothing tells of it but the end of the turn.
    client.hook(&tool(&world, "PreToolUse", "c", "rm y"));
    client.hook(&permission(&world, "rm y"));
    client.hook(&world.recorded("Stop-stop-hook-active"));
    assert_eq!(world.state_of(SESSION), "ready", "the last Stop counts, whoever prolonged the turn");
    client.hook(&tool(&world, "PostToolUse", "c", "rm y"));
    assert_eq!(world.state_of(SESSION), "ready");
    assert_eq!(rules(&world, SESSION).last().unwrap(), "late_tool");
}

#[test]
fn a_client_that_says_it_is_idle_is_believed_where_no_hook_fires() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    prompt(&world, &mut client);
    let file = world.home.join(format!(".claude/sessions/{}.json", client.pid()));
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let pid = client.pid();
    let says = |session: &str, status: &str, later: i64| {
        let at = (world::now() + later) * 1_000;
        let text = json!({"pid": pid, "sessionId": session, "status": status, "statusUpdatedAt": at});
        std::fs::write(&file, text.to_string()).unwrap();
        world.state_of(SESSION)
    };
    assert_eq!(says(SESSION, "busy", 5), "working");
    assert_eq!(says(OTHER, "idle", 5), "working", "it speaks of another session");
    assert_eq!(says(SESSION, "idle", -5), "working", "that was before the prompt");
    assert_eq!(says(SESSION, "idle", 5), "ready");
    assert_eq!(world.session(SESSION)["why"], json!(["prompt", "client_idle"]));
    // A permission that was given, and what was asked for runs.
    client.hook(&permission(&world, "make"));
    assert_eq!(says(SESSION, "waiting", 5), "waiting");
    assert_eq!(says(SESSION, "busy", 5), "working");
    assert_eq!(world.session(SESSION)["pending"], Value::Null);
}

#[test]
fn subagents_show_as_work_and_their_questions_as_waiting() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    start(&world, &mut client);
    prompt(&world, &mut client);
    client.hook(&world.payload("SubagentStart-Explore", json!({"agent_id": "a1"})));
    client.hook(&world.payload("Stop-first", json!({"background_tasks": [{"id": "a1"}]})));
    let session = world.session(SESSION);
    assert_eq!((&session["state"], &session["display_state"]), (&json!("ready"), &json!("working")));
    assert_eq!((&session["subagents_active"], &session["background_tasks"]), (&json!(1), &json!(1)));
    let mut asks = permission(&world, "rm x");
    asks["agent_id"] = "a1".into();
    client.hook(&asks);
    assert_eq!(world.state_of(SESSION), "waiting");
    client.hook(&world.payload("SubagentStop-Explore", json!({"agent_id": "a1"})));
    assert_eq!(world.state_of(SESSION), "ready");
}
