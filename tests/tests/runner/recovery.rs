//! Sessions that ended without saying so, and those that did not.

use std::path::PathBuf;

use serde_json::{Value, json};
use tests::World;
use tests::stand_in::StandIn;
use tests::world::{ONE, SESSION, of};

const NEXT: &str = "0badcafe-2222-4333-8444-555566667777";
const THIRD: &str = "0badcafe-3333-4333-8444-555566667777";

fn ledger(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(world.repo.join(".claude/haios-events.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn checkpoints(world: &World) -> Vec<PathBuf> {
    let folder = world.repo.join("docs/checkpoints");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// A session that worked and whose client was killed in the middle of a tool.
fn crashed(world: &World) -> StandIn {
    let mut client = StandIn::new(world);
    client.hook(&world.recorded("SessionStart-startup"));
    client.hook(&world.recorded("UserPromptSubmit-plain"));
    let edited = world.repo.join("src/parser.rs");
    world.write("src/parser.rs", "half done");
    client.hook(&world.payload(
        "PostToolUse-Edit",
        json!({"tool_input": {"file_path": edited, "old_string": "a", "new_string": "b"}}),
    ));
    client.hook(&world.payload("PostToolUse-TodoWrite", json!({"tool_input": {"todos": [{"content": "finish the parser", "status": "in_progress", "activeForm": "x"}]}})));
    client.hook(&world.bash("PreToolUse", "make"));
    let transcript =
        PathBuf::from(world.recorded("SessionStart-startup")["transcript_path"].as_str().unwrap());
    std::fs::create_dir_all(transcript.parent().unwrap()).unwrap();
    let lines = [
        json!({"type": "user", "message": {"role": "user", "content": "write a parser"}}),
        json!({"type": "assistant", "message": {"content": [{"type": "text", "text": "I begin with the lexer."}]}}),
        json!({"type": "user", "message": {"role": "user", "content": "now the grammar with token=hunter2"}}),
    ];
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&transcript, text + "{\"type\":\"assistant\",\"mess").unwrap();
    client.kill();
    client
}

#[test]
fn the_next_start_recovers_a_session_that_was_killed() {
    let world = World::with(ONE);
    world.write("docs/checkpoints/2026-01-01-01-SESSION-144-old.md", "---\nsession: 144\n---\n");
    crashed(&world);
    let mut client = StandIn::new(&world);
    let started = client.hook(&of(NEXT, world.recorded("SessionStart-startup")));
    let told = started.context();
    for part in [
        "RECOVERY",
        "Session 145",
        "`now the grammar with token=[redacted]`",
        "`src/parser.rs`",
        "`finish the parser`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let block: Vec<&str> = told.split("\n\n").next().unwrap().lines().collect();
    assert!(block.len() <= 12, "{told}");
    let lines = ledger(&world);
    let of_145: Vec<_> = lines
        .iter()
        .filter(|line| line["session"] == 145 && line["type"] == "session")
        .map(|line| line["action"].as_str().unwrap())
        .collect();
    assert_eq!(of_145, ["start", "end", "recovered"]);
    let end = lines.iter().find(|line| line["action"] == "end").unwrap();
    assert_eq!((&end["synthetic"], &end["detected_by"]), (&json!(true), &json!(146)));
    let written = checkpoints(&world);
    assert_eq!(written.len(), 2, "{written:?}");
    let text = std::fs::read_to_string(&written[1]).unwrap();
    for part in [
        "recovered: true",
        "recovered_by: 146",
        "status: draft",
        "src/parser.rs",
        "finish the parser",
        "now the grammar",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("hunter2"));
    let prompt = of(NEXT, world.payload("UserPromptSubmit-plain", json!({"prompt": "hello"})));
    assert!(client.hook(&prompt).context().contains("Session 146: recovered at the start: session 145"));
    client.hook(&prompt).silent();
    let again = client.hook(&of(NEXT, world.recorded("SessionStart-startup")));
    assert!(!again.stdout.contains("RECOVERY"));
    let mut third = StandIn::new(&world);
    third.hook(&of(THIRD, world.recorded("SessionStart-startup")));
    assert_eq!(
        ledger(&world).iter().filter(|line| line["session"] == 145 && line["type"] == "session").count(),
        3
    );
    assert_eq!(checkpoints(&world).len(), 2);
    assert!(world.log().is_empty(), "{:?}", world.log());
}

#[test]
fn a_session_whose_client_lives_is_left_alone_however_long_it_rests() {
    let world = World::with(ONE);
    let mut resting = StandIn::new(&world);
    resting.hook(&world.recorded("SessionStart-startup"));
    world.age(SESSION, 6 * 3_600);
    let mut client = StandIn::new(&world);
    let started = client.hook(&of(NEXT, world.recorded("SessionStart-startup")));
    assert!(!started.stdout.contains("RECOVERY"), "{started:?}");
    assert!(ledger(&world).iter().all(|line| line["action"] == "start"));
    let open = world.req_ok(&["session"]);
    assert!(open.contains("is open"), "{open}");
}

#[test]
fn a_session_that_nobody_can_ask_ends_after_half_an_hour_of_silence() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    world.forget_clients(SESSION);
    world.age(SESSION, 60);
    world.hook(&of(NEXT, world.recorded("SessionStart-startup")));
    world.forget_clients(NEXT);
    assert!(ledger(&world).iter().all(|line| line["action"] == "start"), "a minute ago it was heard of");
    world.age(SESSION, 31 * 60);
    world.hook(&of(THIRD, world.recorded("SessionStart-startup")));
    let ended: Vec<_> = ledger(&world).into_iter().filter(|line| line["action"] == "end").collect();
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!((&ended[0]["session"], &ended[0]["synthetic"]), (&json!(1), &json!(true)));
}

#[test]
fn every_orphan_is_ended_by_one_of_two_starts_at_once() {
    let world = World::with(ONE);
    let line = |number: u64| {
        json!({"ts": "2025-12-29T12:04:59", "type": "session", "action": "start", "session": number})
            .to_string()
    };
    let lines: Vec<String> = (140..146).map(line).collect();
    world.write(".claude/haios-events.jsonl", &(lines.join("\n") + "\n{\"torn"));
    let mut clients = [StandIn::new(&world), StandIn::new(&world)];
    std::thread::scope(|scope| {
        for (client, session) in clients.iter_mut().zip([SESSION, NEXT]) {
            let payload = of(session, world.recorded("SessionStart-startup"));
            scope.spawn(move || client.hook(&payload));
        }
    });
    let text = std::fs::read_to_string(world.repo.join(".claude/haios-events.jsonl")).unwrap();
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for number in 140..146 {
        let ends = lines.iter().filter(|line| line["session"] == number && line["action"] == "end").count();
        assert_eq!(ends, 1, "session {number}: {text}");
    }
    assert!(world.log().is_empty(), "{:?}", world.log());
}

#[test]
fn a_folder_of_checkpoints_that_leads_out_of_the_project_is_not_used() {
    let world = World::with(ONE);
    let outside = world.root().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    crashed(&world);
    std::fs::create_dir_all(world.repo.join("docs")).unwrap();
    std::os::unix::fs::symlink(&outside, world.repo.join("docs/checkpoints")).unwrap();
    let mut client = StandIn::new(&world);
    client.hook(&of(NEXT, world.recorded("SessionStart-startup")));
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    let own = std::fs::read_dir(world.repo.join(".claude/state/checkpoints")).unwrap().count();
    assert_eq!(own, 1);
}

#[test]
fn what_cannot_be_written_stays_open_for_the_next_start() {
    let world = World::with(ONE);
    let outside = world.root().join("outside");
    std::fs::create_dir_all(&outside).unwrap();
    crashed(&world);
    let _ = std::fs::remove_dir_all(world.repo.join(".claude/state"));
    std::os::unix::fs::symlink(&outside, world.repo.join(".claude/state")).unwrap();
    let mut client = StandIn::new(&world);
    assert_eq!(client.hook(&of(NEXT, world.recorded("SessionStart-startup"))).code, Some(0));
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    assert!(ledger(&world).iter().all(|line| line["action"] == "start"));
    let told = client.hook(&of(NEXT, world.payload("UserPromptSubmit-plain", json!({"prompt": "hello"}))));
    assert!(told.context().contains("cannot be recovered now: 1 (req session)"), "{told:?}");
    std::fs::remove_file(world.repo.join(".claude/state")).unwrap();
    client.hook(&of(NEXT, world.recorded("SessionStart-startup")));
    assert_eq!(
        ledger(&world)
            .iter()
            .filter(|line| line["type"] == "session" && line["action"] == "recovered")
            .count(),
        1
    );
}

#[test]
fn what_changed_since_the_checkpoint_before_is_told() {
    let world = World::with(ONE);
    let checkpoint = |number: u64, ids: &str| {
        let text = format!(
            "---\ntemplate: checkpoint\nsession: {number}\nbacklog_ids:\n{ids}memory_refs: []\n---\n"
        );
        world.write(&format!("docs/checkpoints/2026-01-02-01-SESSION-{number}-x.md"), &text);
    };
    checkpoint(144, "- E2-1\n- E2-2\n");
    checkpoint(145, "- E2-2\n- E2-3\n- 'E2-4'\n");
    world.write("docs/work/archive/E2-1/WORK.md", "---\nid: E2-1\nstatus: complete\n---\n");
    world.write("docs/work/active/E2-2/WORK.md", "---\nid: E2-2\nstatus: active\n---\n");
    world.hook(&world.recorded("SessionStart-startup"));
    let prompt = || world.hook(&world.payload("UserPromptSubmit-plain", json!({"prompt": "hello"})));
    let told = prompt();
    assert!(told.context().contains("since session 144: +1 done, +2 new"), "{told:?}");
    prompt().silent();
}
