//! Sessions of the real client: their states through a scripted run, their owners, their ends.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::World;
use tests::client::{self, Run};
use tests::mock_api::MockApi;
use tests::world::printed;

use crate::real_client::{text, tool, wired};

fn sessions(world: &World) -> Vec<Value> {
    let all = printed(&world.req(&["sessions", "--all", "--json"]));
    all["sessions"].as_array().unwrap().clone()
}

/// The states that a session went through, each once in a row, with the rules that led there.
fn states(world: &World, session: &str) -> Vec<(String, String)> {
    let text = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let changes = world.timeline(session).into_iter().filter(|entry| entry["changed"] == true);
    changes.map(|entry| (text(&entry, "state"), text(&entry, "rule"))).collect()
}

fn well(run: &Run) {
    assert_eq!((run.code, run.failed_hooks()), (Some(0), Vec::<&Value>::new()), "{}", run.stderr);
}

#[test]
fn states_follow_a_prompt_a_tool_a_subagent_a_compaction_and_the_end() {
    let Some(client) = client::find() else { return };
    for form in ["exec", "shell"] {
        let world = wired(form);
        let agent = json!({"description": "look", "prompt": "Look around.", "subagent_type": "general-purpose", "run_in_background": false});
        let api = MockApi::start(vec![
            tool("Bash", json!({"command": "echo hi", "description": "say hi"})),
            tool("Agent", agent),
            tool("Bash", json!({"command": "echo from the agent", "description": "say hi"})),
            text("I looked."),
            text("I am done."),
        ]);
        let run = client::run(&client, &world, &api, &world.repo, "Do it.");
        well(&run);
        let all = sessions(&world);
        assert_eq!(all.len(), 1, "{all:#?}");
        let session = all[0]["session_id"].as_str().unwrap();
        assert_eq!(all[0]["owner"]["pid"], run.pid, "{form}");
        assert_eq!((&all[0]["liveness"], &all[0]["ended"]["reason"]), (&json!("ended"), &json!("other")));
        let first = states(&world, session);
        let names: Vec<&str> = first.iter().map(|(state, _)| state.as_str()).collect();
        assert_eq!(names, ["ready", "working", "ready", "idle"], "{first:?}");
        let rules: Vec<_> =
            world.timeline(session).iter().map(|entry| entry["rule"].as_str().unwrap().to_owned()).collect();
        for rule in [
            "prompt",
            "tool_started",
            "tool_finished",
            "agent_started",
            "agent_event",
            "agent_ended",
            "turn_ended",
        ] {
            assert!(rules.iter().any(|seen| seen == rule), "{rule}: {rules:?}");
        }
        let agents = world.events(session).into_iter().filter(|event| !event["agent_id"].is_null()).count();
        assert!(agents >= 3, "the subagent's own events carry its id");
        // Compacted by another client that takes the session up.
        let again =
            client::start(&client, &world, &api, &world.repo, &["-p", "/compact", "--resume", session])
                .finish();
        well(&again);
        let all = states(&world, session);
        let then: Vec<&str> = all[first.len()..].iter().map(|(state, _)| state.as_str()).collect();
        assert_eq!(then, ["ready", "compacting", "ready", "idle"], "{all:?}");
        let row = world.session(session);
        assert_eq!((&row["generation"], &row["owner"]["pid"]), (&json!(2), &json!(again.pid)));
        let order: Vec<_> =
            world.events(session).iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect();
        let compaction = order.iter().position(|event| event == "PreCompact").unwrap();
        assert!(order[compaction..].iter().any(|event| event == "PostCompact"), "{order:?}");
        assert!(world.log().is_empty(), "{:?}", world.log());
    }
}

#[test]
fn two_clients_in_one_project_are_both_shown_and_a_killed_one_is_dead() {
    let Some(client) = client::find() else { return };
    for form in ["exec", "shell"] {
        let world = wired(form);
        let wait = || {
            tool("Bash", json!({"command": "until [ -e go ]; do sleep 0.05; done", "description": "wait"}))
        };
        let (one, two) = (MockApi::start(vec![wait()]), MockApi::start(vec![wait()]));
        let first = client::start(&client, &world, &one, &world.repo, &["-p", "Wait."]);
        let second = client::start(&client, &world, &two, &world.repo, &["-p", "Wait."]);
        let (killed, other) = (first.pid(), second.pid());
        let live = |world: &World| {
            let all = printed(&world.req(&["sessions", "--json", "--project"]));
            let mut live: Vec<(u64, String)> = all["sessions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| {
                    (row["owner"]["pid"].as_u64().unwrap_or(0), row["state"].as_str().unwrap().to_owned())
                })
                .collect();
            live.sort();
            live
        };
        let mut both =
            vec![(u64::from(killed), "working".to_owned()), (u64::from(other), "working".to_owned())];
        both.sort();
        until(|| live(&world) == both, || format!("both work ({form}): {:?}", live(&world)));
        // Without a word: SIGKILL.
        first.kill();
        until(
            || live(&world) == [(u64::from(other), "working".to_owned())],
            || format!("one is left: {:?}", live(&world)),
        );
        let gone = sessions(&world).into_iter().find(|row| row["owner"]["pid"] == killed).unwrap();
        assert_eq!((&gone["state"], &gone["ended"]["reason"]), (&json!("idle"), &json!("pid_dead")));
        std::fs::write(world.repo.join("go"), "").unwrap();
        well(&second.finish());
        until(|| live(&world).is_empty(), || format!("nobody is left: {:?}", live(&world)));
        untouched(&world.home.join(".claude/sessions"));
    }
}

#[track_caller]
fn until(holds: impl Fn() -> bool, what: impl Fn() -> String) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "{}", what());
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Nothing of ours lies among the client's own files.
fn untouched(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        let owner = name.split('.').next().unwrap_or_default();
        assert!(!owner.is_empty() && owner.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    }
}
