//! Whatever comes on stdin: exit 0, at most one document, no crash.

use std::io::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, ONE, SESSION, executable, json_hooks};

#[test]
fn every_recorded_payload_is_answered_or_passed_by() {
    let world = World::with(ONE);
    let mut served = 0;
    for entry in std::fs::read_dir(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("payloads"))
        .unwrap()
        .flatten()
    {
        let name = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
        let payload = world.recorded(&name);
        let event = payload["hook_event_name"].as_str().unwrap_or_default().to_owned();
        let is_served = [
            "SessionStart",
            "SessionEnd",
            "UserPromptSubmit",
            "PreToolUse",
            "PostToolUse",
            "PostToolUseFailure",
            "Stop",
        ]
        .contains(&event.as_str());
        if is_served {
            let answer = world.hook(&payload);
            assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{name}");
            assert!(!answer.stdout.contains("\"allow\""), "{name}");
            served += 1;
        } else if !event.is_empty() {
            for hook in json_hooks() {
                world.run(hook, payload.to_string().as_bytes()).silent();
            }
        }
    }
    assert!(served > 40, "{served} payloads were served");
    assert!(
        world
            .log()
            .iter()
            .all(|line| line["message"].as_str().unwrap().starts_with("this executable serves")),
        "{:?}",
        world.log()
    );
}

#[test]
fn what_cannot_be_read_gets_no_answer_and_one_log_line() {
    for bytes in [
        &b""[..],
        b"   ",
        b"{",
        b"[]",
        b"null",
        b"5",
        b"{\"session_id\":",
        b"{}{}",
        b"\xff\xfe{}",
        b"{\"session_id\":\"\xff\xff\"}",
        b"{\"tool_name\":\"Edit\"}",
        b"{\"session_id\":\"\"}",
        b"{\"session_id\":5}",
        b"{\"session_id\":\"----\"}",
        b"{\"session_id\":\"abc\",\"tool_name\":5,\"tool_input\":\"x\"}",
    ] {
        for hook in json_hooks() {
            let world = World::new();
            world.run(hook, bytes).silent();
            assert_eq!(
                world.log().len(),
                1,
                "{hook} {:?}: {:?}",
                String::from_utf8_lossy(bytes),
                world.log()
            );
        }
    }
}

#[test]
fn a_byte_order_mark_windows_line_ends_and_wrong_types_do_not_open_a_gate() {
    let world = World::with(ONE);
    let text = serde_json::to_string_pretty(&world.edit()).unwrap();
    world.run("hook-pre-tool", format!("\u{feff}{}\r\n", text.replace('\n', "\r\n")).as_bytes()).refusal();
    let mut payload = world.edit();
    payload["prompt_id"] = json!([1]);
    payload["permission_mode"] = json!({"a": 1});
    payload["tool_input"]["old_string"] = json!([["deep"]]);
    world.hook(&payload).refusal();
    let mut raw = world.edit().to_string().into_bytes();
    let at = raw.windows(5).position(|window| window == b"ALPHA").unwrap();
    raw[at] = 0xff;
    world.run("hook-pre-tool", &raw).refusal();
}

#[test]
fn half_an_emoji_does_not_open_a_gate() {
    let world = World::with(
        "requirements:\n  c: {enabled: true, trigger_tools: [Edit, {tool: Bash, command_pattern: 'git\\s+commit'}]}\n",
    );
    let bash = world.bash("PreToolUse", "git commit -m HALF").to_string();
    world.run("hook-pre-tool", bash.replace("HALF", "\\ud83d").as_bytes()).refusal();
    let edit = world.edit().to_string();
    world.run("hook-pre-tool", edit.replace("a.txt", "a\\udc00.txt").as_bytes()).refusal();
    let mut raw = edit.into_bytes();
    let at = raw.windows(5).position(|window| window == b"a.txt").unwrap();
    raw[at] = 0xff;
    world.run("hook-pre-tool", &raw).refusal();
    assert_eq!(world.log().len(), 3, "each is told");
}

#[test]
fn a_payload_of_sixty_megabytes_is_gated_and_a_larger_one_is_not_read() {
    let world = World::with(ONE);
    let mut payload = world.recorded("PreToolUse-Write");
    payload["tool_input"]["content"] = "x".repeat(60 * 1024 * 1024).into();
    world.hook(&payload).refusal();
    let started = Instant::now();
    world.run("hook-pre-tool", &vec![b' '; 65 * 1024 * 1024]).silent();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(world.log().len(), 1);
}

#[test]
fn a_host_that_never_closes_stdin_is_not_waited_for() {
    let world = World::with(ONE);
    let mut child = world.spawn("hook-pre-tool");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(world.edit().to_string().as_bytes()).unwrap();
    let started = Instant::now();
    let status = child.wait().unwrap();
    assert!(status.success() && started.elapsed() < Duration::from_secs(3));
    drop(stdin);
}

#[test]
fn hostile_session_ids_stay_in_their_folder() {
    let world = World::with(ONE);
    let before = std::fs::read_dir(world.root()).unwrap().count();
    for id in ["../../evil", "a/b", ".", "..", "legacy", "x.lock", "\u{0}", "😀😀", &"y".repeat(300)] {
        let mut payload = world.edit();
        payload["session_id"] = id.into();
        world.hook(&payload).refusal();
        let mut payload = world.recorded("SessionStart-startup");
        payload["session_id"] = id.into();
        assert_eq!(world.hook(&payload).code, Some(0));
    }
    assert_eq!(std::fs::read_dir(world.root()).unwrap().count(), before);
    let dirs = std::fs::read_dir(world.home.join(".stanchion/sessions")).unwrap().flatten();
    let names: Vec<_> = dirs.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(
        names.iter().all(|name| !name.contains("..") && name != "legacy" && !name.ends_with(".lock")),
        "{names:?}"
    );
    assert_eq!(names.len(), 9);
}

#[test]
fn the_log_keeps_no_prompt_no_content_and_no_secret() {
    let world = World::with(ONE);
    world.hook(&world.payload("UserPromptSubmit-plain", json!({"prompt": "fix SECRET-PROMPT"})));
    world.hook(&world.recorded("PostToolUse-Write-create"));
    world.hook(&world.bash(
        "PreToolUse",
        "curl -H 'Authorization: Bearer sk-abcdefghijklmnopqrst' x; PGPASSWORD=hunter2 psql",
    ));
    world.hook(&world.recorded("Stop-first"));
    let mut kept = String::new();
    for file in [
        ".stanchion/sessions".to_owned() + "/" + SESSION + "/events.jsonl",
        ".stanchion/sessions/".to_owned() + SESSION + "/meta.json",
    ] {
        kept += &std::fs::read_to_string(world.home.join(file)).unwrap();
    }
    kept +=
        &std::fs::read_to_string(world.repo.join(format!(".git/requirements/sessions/{KEY}.json"))).unwrap();
    for secret in ["SECRET-PROMPT", "one\\ntwo", "sk-abcdef", "hunter2", "All done."] {
        assert!(!kept.contains(secret), "{secret}");
    }
    assert!(kept.contains("[redacted]"));
}

#[test]
fn a_missing_event_name_means_the_executables_own() {
    let world = World::with(ONE);
    let mut payload = world.edit();
    payload.as_object_mut().unwrap().remove("hook_event_name");
    world.run(executable("PreToolUse"), payload.to_string().as_bytes()).refusal();
    payload["hook_event_name"] = Value::from("Stop");
    world.run(executable("PreToolUse"), payload.to_string().as_bytes()).silent();
}
