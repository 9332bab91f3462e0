//! Continuity under the real client: what the model gets back after a compaction, and after a crash.

use serde_json::{Value, json};
use tests::World;
use tests::client::{self, Run};
use tests::mock_api::{MockApi, texts};

use crate::real_client::{text, tool, wired};

fn well(run: &Run) {
    assert_eq!((run.code, run.failed_hooks()), (Some(0), Vec::<&Value>::new()), "{}", run.stderr);
}

fn bash(command: &str) -> Value {
    tool("Bash", json!({"command": command, "description": "run it"}))
}

fn sessions(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.home.join(".stanchion/sessions")).unwrap().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

fn commit_log(world: &World) -> Vec<Value> {
    let text = std::fs::read_to_string(world.repo.join(".claude/state/commit-log.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn after_a_compaction_the_model_has_branch_tasks_files_and_commits_and_after_a_kill_a_recovery() {
    let Some(client) = client::find() else { return };
    let mut world = wired("exec");
    // The tools for tasks are there on demand.
    world.env.push(("CLAUDE_CODE_ENABLE_TASKS".into(), "1".into()));
    world.env.push(("CLAUDE_CODE_ENABLE_TODO_TOOLS".into(), "1".into()));
    let agent = json!({"description": "look", "prompt": "Look around.", "subagent_type": "general-purpose", "run_in_background": false});
    let api = MockApi::start(vec![
        tool("Read", json!({"file_path": world.repo.join("src/a.txt")})),
        tool("ToolSearch", json!({"query": "select:TaskCreate,TodoWrite", "max_results": 5})),
        tool(
            "TaskCreate",
            json!({"subject": "Finish the grammar", "description": "All of it", "activeForm": "Finishing"}),
        ),
        bash(
            "git checkout -q -b feature/grammar && echo one > one.txt && git add one.txt && git commit -qm 'Add one' && echo two > two.txt && git add two.txt && git commit -qm 'Add two'",
        ),
        tool("Agent", agent),
        text("I looked."),
        bash("echo three > three.txt && git add three.txt && echo changed >> src/a.txt"),
        text("I am done."),
    ]);
    let run = client::run(&client, &world, &api, &world.repo, "Do it.");
    well(&run);
    let session = sessions(&world).pop().unwrap();
    let commits: Vec<_> = commit_log(&world)
        .iter()
        .map(|commit| (commit["message"].clone(), commit["session"].clone(), commit["branch"].clone()))
        .collect();
    assert_eq!(
        commits,
        [
            (json!("Add one"), json!(1), json!("feature/grammar")),
            (json!("Add two"), json!(1), json!("feature/grammar"))
        ]
    );
    let agents = std::fs::read_to_string(world.repo.join(".claude/state/agent-invocations.jsonl")).unwrap();
    assert!(agents.contains("general-purpose") && agents.contains("Look around."), "{agents}");
    let compacted =
        client::start(&client, &world, &api, &world.repo, &["-p", "/compact", "--resume", &session]).finish();
    well(&compacted);
    let before = api.requests().len();
    let again =
        client::start(&client, &world, &api, &world.repo, &["-p", "Go on.", "--resume", &session]).finish();
    well(&again);
    let requests = api.requests();
    let first: Vec<&str> = texts(&requests[before]);
    let handed = first
        .iter()
        .find(|text| text.contains("Hand-off of session 1"))
        .unwrap_or_else(|| panic!("{first:#?}"));
    for part in [
        "Branch `feature/grammar`",
        "`Finish the grammar`",
        "staged `three.txt`",
        "unstaged `src/a.txt`",
        "`Add one`",
        "`Add two`",
    ] {
        assert!(handed.contains(part), "{part}: {handed}");
    }

    let wait =
        MockApi::start(vec![bash("echo more > more.txt"), bash("until [ -e go ]; do sleep 0.05; done")]);
    let running =
        client::start(&client, &world, &wait, &world.repo, &["-p", "Then write more.", "--resume", &session]);
    let started = std::time::Instant::now();
    while wait.requests().len() < 2 {
        assert!(started.elapsed() < std::time::Duration::from_secs(60), "the second command is asked for");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    running.kill();
    let api = MockApi::start(vec![text("I see.")]);
    let next = client::run(&client, &world, &api, &world.repo, "What happened?");
    well(&next);
    for part in ["RECOVERY", "Session 1 ended without SessionEnd", "`Then write more.`"] {
        assert!(api.model_saw(part), "{part}");
    }
    assert!(world.log().is_empty(), "{:?}", world.log());
}

#[test]
fn a_context_that_is_nearly_full_is_told_to_the_model() {
    let Some(client) = client::find() else { return };
    let world = wired("exec");
    let api = MockApi::start(vec![text("Hello."), text("Again.")]);
    let run = client::run(&client, &world, &api, &world.repo, "Hello.");
    well(&run);
    let session = sessions(&world).pop().unwrap();
    let folder = world.home.join(".claude/projects");
    let transcript = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.path().join(format!("{session}.jsonl")))
        .find(|path| path.exists())
        .unwrap();
    // The client's own answer, grown to 91 % of its window.
    let text = std::fs::read_to_string(&transcript).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let answer = lines.iter_mut().rfind(|line| !line["message"]["usage"].is_null()).unwrap();
    answer["message"]["usage"]["cache_read_input_tokens"] = json!(182_000);
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&transcript, text).unwrap();
    let file = world.repo.join("src/new.txt");
    let api = MockApi::start(vec![tool("Write", json!({"file_path": file, "content": "x"}))]);
    let run = client::start(&client, &world, &api, &world.repo, &["-p", "Write it.", "--resume", &session])
        .finish();
    assert_eq!(run.failed_hooks(), Vec::<&Value>::new());
    assert!(api.model_saw("The context of session 1 is 9"), "told at the prompt");
}
