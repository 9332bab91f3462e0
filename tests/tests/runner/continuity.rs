//! What a session must not lose, case by case: its number, the files it read, its tasks, its hand-off.

use serde_json::{Value, json};
use tests::World;
use tests::stand_in::StandIn;
use tests::world::{ONE, SESSION, of};

const OTHER: &str = "0badcafe-2222-4333-8444-555566667777";

fn state_file(world: &World, name: &str) -> Value {
    world.json(&world.repo.join(".claude").join(name))
}

fn read(world: &World, file: &str) -> Value {
    let mut payload = world.recorded("PostToolUse-Read");
    let path = world.repo.join(file);
    payload["tool_input"]["file_path"] = json!(path);
    payload["tool_response"]["file"]["filePath"] = json!(path);
    payload["tool_use_id"] = json!(format!("toolu_{file}"));
    payload
}

fn todos(world: &World, todos: &[(&str, &str)]) -> Value {
    let todo = |(content, status): &(&str, &str)| json!({"content": content, "status": status, "activeForm": content});
    let list: Vec<Value> = todos.iter().map(todo).collect();
    world.payload(
        "PostToolUse-TodoWrite",
        json!({"tool_input": {"todos": list}, "tool_response": {"oldTodos": [], "newTodos": []}}),
    )
}

fn files_read(world: &World) -> Vec<String> {
    let tracking = state_file(world, "hooks/.context-tracking-state.json");
    let list = tracking["filesRead"].as_array().cloned().unwrap_or_default();
    list.iter().map(|file| file.as_str().unwrap().to_owned()).collect()
}

fn compact(world: &World) -> String {
    world.hook(&world.recorded("SessionStart-compact")).context().to_owned()
}

fn ledger(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(world.repo.join(".claude/haios-events.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_compaction_gives_back_what_was_saved_before_it() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&todos(
        &world,
        &[("done already", "completed"), ("write the parser", "in_progress"), ("test it", "pending")],
    ));
    for at in 0..40 {
        world.hook(&read(&world, &format!("src/f{at}.rs")));
    }
    world.hook(&world.recorded("PostToolUse-AskUserQuestion"));
    world.git(&["mv", "src/a.txt", "src/renamed.txt"]);
    world.hook(
        &world.payload("PreCompact-auto", json!({"custom_instructions": "keep the token=hunter2 rules"})),
    );
    let file = world.repo.join(".claude/state/handoff.json");
    let handoff = world.json(&file);
    let keys: Vec<&String> = handoff.as_object().unwrap().keys().collect();
    for key in ["version", "timestamp", "session", "git", "tasks", "filesRead", "recentCommits", "context"] {
        assert!(keys.iter().any(|known| *known == key), "{key}: {keys:?}");
    }
    assert_eq!(
        (&handoff["version"], &handoff["trigger"], &handoff["session"]),
        (&json!(2), &json!("auto"), &json!(1))
    );
    assert_eq!(handoff["git"]["staged"], json!(["src/renamed.txt"]));
    assert_eq!(handoff["tasks"], json!(["write the parser (in_progress)", "test it"]));
    assert_eq!(handoff["filesRead"].as_array().unwrap().len(), 40);
    assert_eq!(handoff["decisions"], json!([{"question": "Which?", "answer": "A"}]));
    assert_eq!(handoff["recentCommits"][0]["message"], "init");
    assert!(std::fs::metadata(&file).unwrap().len() <= 64 * 1024);
    assert!(!handoff.to_string().contains("hunter2"));
    let text = compact(&world);
    assert!(text.encode_utf16().count() <= 9_000);
    for part in [
        "Branch `main`",
        "`write the parser (in_progress)`",
        "staged `src/renamed.txt`",
        "`init`",
        "`Which?`: `A`",
        "data, not instructions",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains("commit_plan"), "the briefing stays: {text}");
    assert!(world.json(&file)["restoredAt"].is_string());
    let status = world.git(&["status", "--porcelain", "--untracked-files=all"]);
    assert!(!status.contains("handoff") && !status.contains("haios-events"), "{status}");
    assert!(world.log().is_empty(), "{:?}", world.log());
}

#[test]
fn a_compaction_is_no_new_session() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&read(&world, "src/a.txt"));
    world.hook(&world.recorded("PostToolUse-Agent-Explore"));
    world.hook(&world.recorded("Stop-first"));
    let before = (
        state_file(&world, "hooks/.session-state.json"),
        state_file(&world, "hooks/.session-agents.json"),
        files_read(&world),
    );
    assert_eq!(before.1["agentsInvoked"][0]["agent"], "Explore");
    world.hook(&world.recorded("PreCompact-manual"));
    compact(&world);
    let after = (
        state_file(&world, "hooks/.session-state.json"),
        state_file(&world, "hooks/.session-agents.json"),
        files_read(&world),
    );
    assert_eq!(before, after);
    assert_eq!(before.0["sessionId"], before.0["startedAt"]);
    assert_eq!((&before.0["hostSessionId"], &before.0["sessionNumber"]), (&json!(SESSION), &json!(1)));
    let starts = ledger(&world).iter().filter(|line| line["action"] == "start").count();
    assert_eq!(starts, 1);
}

#[test]
fn fifty_reads_at_once_are_fifty_files() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    std::thread::scope(|scope| {
        for at in 0..50 {
            let world = &world;
            scope.spawn(move || world.hook(&read(world, &format!("src/f{at}.rs"))));
        }
    });
    world.hook(&world.recorded("Stop-first"));
    let mut files = files_read(&world);
    files.sort();
    files.dedup();
    assert_eq!(files.len(), 50);
    let left: Vec<_> = std::fs::read_dir(world.repo.join(".claude/hooks")).unwrap().flatten().collect();
    let names: Vec<_> = left.iter().map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(names.iter().all(|name| name.ends_with("-state.json")), "{names:?}");
    // Enough were read that the hand-off was saved without asking.
    assert_eq!(state_file(&world, "hooks/.auto-save-state.json")["saveCount"], 1);
    assert_eq!(state_file(&world, "state/handoff.json")["trigger"], "auto_save");
    world.hook(&world.recorded("Stop-first"));
    assert_eq!(state_file(&world, "hooks/.auto-save-state.json")["saveCount"], 1, "not again so soon");
}

#[test]
fn a_list_of_files_ends_with_a_pause_or_another_session() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    for at in 0..15 {
        world.hook(&read(&world, &format!("src/f{at}.rs")));
    }
    let told = world.hook(&world.recorded("UserPromptSubmit-plain"));
    assert!(told.context().contains("15 files have been read"), "{told:?}");
    assert_eq!(state_file(&world, "hooks/.context-tracking-state.json")["warningShown"], true);
    let again = world.hook(&world.recorded("UserPromptSubmit-plain"));
    assert!(!again.stdout.contains("files have been read"), "{again:?}");
    world.age(SESSION, 31 * 60);
    std::fs::remove_file(world.session_dir(SESSION).join("continuity.json")).unwrap();
    world.hook(&read(&world, "src/late.rs"));
    world.hook(&world.recorded("Stop-first"));
    assert_eq!(files_read(&world), ["src/late.rs"]);
    assert_eq!(state_file(&world, "hooks/.context-tracking-state.json")["warningShown"], false);
    world.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    assert!(files_read(&world).is_empty(), "another session has read nothing");
}

#[test]
fn a_hand_off_that_cannot_be_given_back_says_why() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    for at in 0..120 {
        let steps =
            if at == 0 { json!({}) } else { json!([{"name": format!("step {at}"), "status": "pending"}]) };
        world.write(
            &format!(".claude/state/task-{at}.state.json"),
            &json!({"task": format!("job {at}"), "steps": steps}).to_string(),
        );
    }
    world.hook(&world.recorded("PreCompact-auto"));
    let text = compact(&world);
    assert!(text.contains("step ") && text.encode_utf16().count() <= 9_000, "{text}");
    let own = world.session_dir(SESSION).join("handoff.json");
    let both = |text: &str| {
        std::fs::write(&own, text).unwrap();
        world.write(".claude/state/handoff.json", text);
    };
    let at = |minutes: i64| {
        let time = chrono::Utc::now() - chrono::TimeDelta::minutes(minutes);
        let mut handoff = world.json(&own);
        handoff["timestamp"] = time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into();
        both(&handoff.to_string());
        compact(&world)
    };
    assert!(at(61).contains("not restored: it is 1h old"));
    assert!(at(-600).contains("lies ahead"));
    both("{\"version\":2,");
    assert!(compact(&world).contains("no JSON object"));
    assert!(world.log().is_empty(), "{:?}", world.log());
}

#[test]
fn nothing_is_written_through_a_link_in_the_project() {
    let world = World::with(ONE);
    let outside = world.root().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, world.repo.join(".claude/state")).unwrap();
    world.hook(&world.recorded("SessionStart-startup"));
    for file in ["../x", "-rf", "a\nb", "src/a.txt"] {
        world.hook(&read(&world, file));
    }
    let answer = world.hook(&world.recorded("Stop-first"));
    assert_eq!(answer.code, Some(0));
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(files_read(&world), ["src/a.txt"]);
    let doctor = world.req(&["doctor"]);
    let told = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(told.contains("symbolic link"), "{told}");
}

#[test]
fn a_project_below_a_link_works() {
    let mut world = World::with(ONE);
    let link = world.root().join("linked");
    std::os::unix::fs::symlink(&world.repo, &link).unwrap();
    world.repo = link;
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&read(&world, "src/a.txt"));
    world.hook(&world.recorded("Stop-first"));
    assert_eq!(files_read(&world), ["src/a.txt"]);
}

#[test]
fn agents_are_listed_once_and_redacted() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    let secret = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let mut payload = world.recorded("PostToolUse-Agent-Explore");
    payload["tool_input"]["prompt"] = json!(format!("feed the monkey é with password=x1y2z3 and {secret}"));
    payload["tool_response"]["content"] = json!([{"type": "text", "text": "y".repeat(300_000)}]);
    world.hook(&payload);
    world.hook(&world.recorded("Stop-first"));
    std::fs::remove_file(world.session_dir(SESSION).join("continuity.json")).unwrap();
    world.hook(&world.recorded("Stop-first"));
    let text = std::fs::read_to_string(world.repo.join(".claude/state/agent-invocations.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "made anew, it is written down once: {text}");
    let line = &lines[0];
    assert_eq!((&line["agent"], &line["session"]), (&json!("Explore"), &json!(1)));
    let prompt = line["prompt"].as_str().unwrap();
    assert!(prompt.starts_with("feed the monkey é with password=[redacted]"), "{prompt}");
    assert!(prompt.chars().count() <= 100 && !text.contains(&secret));
}

#[test]
fn numbers_are_given_once_and_never_twice() {
    let world = World::with(ONE);
    for number in [145, 146, 148] {
        world.write(
            &format!("docs/checkpoints/2026-01-02-01-SESSION-{number}-x.md"),
            "---\nsession: 1\n---\n",
        );
    }
    let line = |action: &str, number: u64| {
        json!({"ts": "2025-12-29T12:04:59.1", "type": "session", "action": action, "session": number})
            .to_string()
    };
    let lines = [line("start", 149), line("end", 149), line("end", 147)];
    world.write(".claude/haios-events.jsonl", &(lines.join("\n") + "\n"));
    let mut clients = [StandIn::new(&world), StandIn::new(&world)];
    std::thread::scope(|scope| {
        for (client, session) in clients.iter_mut().zip([SESSION, OTHER]) {
            let payload = of(session, world.recorded("SessionStart-startup"));
            scope.spawn(move || client.hook(&payload));
        }
    });
    let number = |session: &str| {
        world.json(&world.session_dir(session).join("continuity.json"))["number"].as_u64().unwrap()
    };
    let mut numbers = [number(SESSION), number(OTHER)];
    numbers.sort_unstable();
    assert_eq!(numbers, [150, 151]);
    let mine = number(SESSION);
    clients[0].hook(&world.recorded("SessionStart-startup"));
    clients[0].hook(&world.recorded("SessionStart-resume"));
    assert_eq!(number(SESSION), mine);
    assert_eq!(ledger(&world).iter().filter(|line| line["action"] == "start").count(), 3);
    let told = world.req_ok(&["session"]);
    assert!(told.contains("session 147 ended without a start"), "{told}");
    // `/clear`: the old one ends, the new one gets the next number.
    clients[0].hook(&world.recorded("SessionEnd-clear"));
    let third = "0badcafe-3333-4333-8444-555566667777";
    clients[0].hook(&of(third, world.recorded("SessionStart-clear")));
    assert_eq!(number(third), 152);
    let ends: Vec<Value> = ledger(&world)
        .into_iter()
        .filter(|line| line["session"] == mine && line["action"] == "end")
        .collect();
    assert_eq!((ends.len(), &ends[0]["reason"]), (1, &json!("clear")));
}

#[test]
fn a_counter_that_people_keep_lifts_the_number() {
    let world = World::with(ONE);
    world.write("SESSION_CONTEXT.md", "# Context\n\n**Current Session Count**: 42\n");
    world.write(".claude/session", "# session\n12\n");
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(state_file(&world, "hooks/.session-state.json")["sessionNumber"], 42);
    world.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    assert_eq!(state_file(&world, "hooks/.session-state.json")["sessionNumber"], 43);
}

#[test]
fn a_session_is_begun_and_ended_by_hand() {
    let world = World::new();
    let refused = world.req(&["session", "start", "3"]);
    assert!(!refused.status.success(), "nothing is configured");
    world.configure(ONE);
    assert!(world.req_ok(&["session", "start", "145"]).contains("Session 145 started"));
    assert!(world.req_ok(&["session", "start", "145"]).contains("nothing was changed"));
    let backwards = world.req(&["session", "start", "144"]);
    assert!(String::from_utf8_lossy(&backwards.stderr).contains("the next number is 146"));
    assert!(world.req_ok(&["session", "end", "145"]).contains("Session 145 ended"));
    assert!(world.req_ok(&["session", "end", "145"]).contains("not open"));
    let lines = ledger(&world);
    let shape: Vec<_> = lines
        .iter()
        .map(|line| (line["type"].clone(), line["action"].clone(), line["session"].clone()))
        .collect();
    assert_eq!(
        shape,
        [(json!("session"), json!("start"), json!(145)), (json!("session"), json!("end"), json!(145))]
    );
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(state_file(&world, "hooks/.session-state.json")["sessionNumber"], 146);
}

#[test]
fn a_turn_that_ends_ends_no_session() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    client.hook(&world.recorded("SessionStart-startup"));
    for _ in 0..3 {
        client.hook(&world.recorded("UserPromptSubmit-plain"));
        client.hook(&world.recorded("Stop-first"));
    }
    let before = state_file(&world, "hooks/.session-state.json");
    assert_eq!(ledger(&world).len(), 1);
    assert_eq!(before["lastEnd"], Value::Null);
    client.hook(&world.recorded("SessionEnd-other"));
    client.hook(&world.recorded("SessionEnd-other"));
    let ends: Vec<Value> = ledger(&world).into_iter().filter(|line| line["action"] == "end").collect();
    assert_eq!((ends.len(), &ends[0]["reason"], &ends[0]["synthetic"]), (1, &json!("other"), &Value::Null));
    assert_eq!(state_file(&world, "hooks/.session-state.json")["endCount"], 1);
}

#[test]
fn nothing_is_written_into_a_project_that_nobody_configured() {
    let world = World::new();
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&read(&world, "src/a.txt"));
    for name in ["UserPromptSubmit-plain", "Stop-first", "PreCompact-auto", "SessionEnd-other"] {
        world.hook(&world.recorded(name));
    }
    assert!(!world.repo.join(".claude").exists());
    let off = World::with(&format!("{ONE}context: {{enabled: false}}\ncommits: {{enabled: false}}\n"));
    off.hook(&off.recorded("SessionStart-startup"));
    off.hook(&off.recorded("Stop-first"));
    let names: Vec<_> = std::fs::read_dir(off.repo.join(".claude"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(names, ["requirements.yaml"]);
}

#[test]
fn vitals_are_told_once_and_again_when_they_change() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    let started = client.hook(&world.recorded("SessionStart-startup"));
    assert!(started.context().contains("commit_plan"), "the briefing tells what is open");
    let prompt = |client: &mut StandIn| {
        client.hook(&world.payload("UserPromptSubmit-plain", json!({"prompt": "what is this?"})))
    };
    prompt(&mut client).silent();
    let mut second = StandIn::new(&world);
    second.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    let told = prompt(&mut client);
    assert!(told.context().contains("also at work in this tree: session 0badcafe on `main`"), "{told:?}");
    prompt(&mut client).silent();
    world.satisfy("commit_plan");
    prompt(&mut client).silent();
    world.req_ok(&["clear", "commit_plan"]);
    assert!(prompt(&mut client).context().contains("Session 1: open requirements: commit_plan"));
    prompt(&mut client).silent();
}

#[test]
fn a_corrupt_state_file_is_kept_and_made_anew() {
    let world = World::with(ONE);
    world.write(".claude/hooks/.session-state.json", "{\"sessionId\":");
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(state_file(&world, "hooks/.session-state.json")["sessionNumber"], 1);
    let kept: Vec<_> = std::fs::read_dir(world.repo.join(".claude/hooks"))
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains(".corrupt-"))
        .collect();
    assert_eq!(kept.len(), 1);
    // An older system's file, with keys of its own.
    world.write(
        ".claude/hooks/.session-state.json",
        "{\"currentSessionId\":\"session-1\",\"beginCount\":7,\"theirs\":[1]}",
    );
    world.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    let state = state_file(&world, "hooks/.session-state.json");
    assert_eq!((&state["beginCount"], &state["theirs"]), (&json!(8), &json!([1])));
}

#[test]
fn one_file_that_cannot_be_written_costs_itself_alone() {
    let world = World::with(ONE);
    let outside = world.root().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, world.repo.join(".claude/hooks")).unwrap();
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&todos(&world, &[("go on here", "pending")]));
    world.hook(&world.recorded("PreCompact-auto"));
    assert!(compact(&world).contains("`go on here`"));
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
}

#[test]
fn keys_of_other_tools_stay_and_what_is_damaged_is_kept() {
    let world = World::with(ONE);
    world.write(".claude/hooks/.context-tracking-state.json", "{\"theirs\":1,\"filesRead\":[\"old\"]}");
    world.write(".claude/hooks/.auto-save-state.json", "{bad");
    world.write(".claude/state/handoff.json", "{\"theirs\":[1],\"restoredAt\":\"x\"}");
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(state_file(&world, "hooks/.context-tracking-state.json"), json!({"theirs": 1}));
    world.hook(&read(&world, "src/a.txt"));
    world.hook(&world.recorded("PreCompact-auto"));
    let tracking = state_file(&world, "hooks/.context-tracking-state.json");
    assert_eq!((&tracking["theirs"], &tracking["filesRead"]), (&json!(1), &json!(["src/a.txt"])));
    let handoff = state_file(&world, "state/handoff.json");
    assert_eq!((&handoff["theirs"], &handoff["restoredAt"]), (&json!([1]), &Value::Null));
    let kept = std::fs::read_dir(world.repo.join(".claude/hooks")).unwrap().flatten();
    assert!(
        kept.into_iter()
            .any(|entry| entry.file_name().to_string_lossy().starts_with(".auto-save-state.json.corrupt-"))
    );
}

#[test]
fn a_session_whose_start_nobody_saw_has_a_number_and_an_end() {
    let world = World::with(ONE);
    let mut client = StandIn::new(&world);
    client.hook(&world.recorded("UserPromptSubmit-plain"));
    client.hook(&world.recorded("SessionEnd-other"));
    let actions: Vec<_> = ledger(&world).iter().map(|line| line["action"].clone()).collect();
    assert_eq!(actions, ["start", "end"]);
    // An older client names the original when it forks one: that alone begins nothing.
    client.hook(&world.recorded("SessionStart-resume"));
    assert_eq!(ledger(&world).len(), 2);
    client.hook(&of(OTHER, world.recorded("UserPromptSubmit-plain")));
    assert_eq!(ledger(&world).last().unwrap()["session"], 2);
    // Taken up in earnest, it begins again under its number.
    client.hook(&world.recorded("UserPromptSubmit-plain"));
    let last = ledger(&world).pop().unwrap();
    assert_eq!(
        (&last["session"], &last["action"], &last["source"]),
        (&json!(1), &json!("start"), &json!("resume"))
    );
}

#[test]
fn git_sees_nothing_even_where_no_start_was_seen() {
    let world = World::with(ONE);
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "configure"]);
    world.hook(&read(&world, "src/a.txt"));
    world.hook(&world.bash("PostToolUse", "true"));
    world.hook(&world.recorded("Stop-first"));
    world.hook(&world.recorded("SessionEnd-other"));
    assert!(world.repo.join(".claude/state/handoff.json").exists());
    assert_eq!(world.git(&["status", "--porcelain", "--untracked-files=all"]), "");
}

#[test]
fn work_trees_share_their_numbers() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    let tree = world.root().join("tree");
    world.git(&["worktree", "add", "-q", &tree.to_string_lossy()]);
    world.hook(&world.payload("SessionStart-startup", json!({"session_id": OTHER, "cwd": tree})));
    let number =
        |session: &str| world.json(&world.session_dir(session).join("continuity.json"))["number"].clone();
    assert_eq!((number(SESSION), number(OTHER)), (json!(1), json!(2)));
    assert!(tree.join(".claude/hooks/.session-state.json").exists());
    assert!(!tree.join(".claude/haios-events.jsonl").exists());
}
