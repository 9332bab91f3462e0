//! Under the real Claude Code client: what it really sends, and what the model really sees.

use serde_json::{Value, json};
use tests::mock_api::MockApi;
use tests::world::last;
use tests::{World, client};

pub fn tool(name: &str, input: Value) -> Value {
    json!([{"type": "tool_use", "name": name, "input": input}])
}

pub fn text(text: &str) -> Value {
    json!([{"type": "text", "text": text}])
}

/// A world whose repository is wired by the installer.
pub fn wired(form: &str) -> World {
    let world = World::with(
        "requirements:\n  commit_plan: {enabled: true, scope: session, message: Agree on a plan first}\n",
    );
    let bin = world.root().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for name in setup::EXECUTABLES {
        tests::copy_executable(tests::executables().join(name), bin.join(name));
    }
    let output = world.stanchion(&["install", "--form", form, "--bin-dir", &bin.to_string_lossy()]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    world
}

#[test]
fn an_edit_is_refused_satisfied_passed_and_the_turn_ends() {
    let Some(client) = client::find() else { return };
    for form in ["exec", "shell"] {
        let world = wired(form);
        let file = world.repo.join("src/a.txt");
        let edit = || tool("Edit", json!({"file_path": file, "old_string": "alpha", "new_string": "ALPHA"}));
        let req = world.root().join("bin/req");
        let api = MockApi::start(vec![
            tool("Read", json!({"file_path": file})),
            edit(),
            tool(
                "Bash",
                json!({"command": format!("{} satisfy commit_plan", req.display()), "description": "satisfy"}),
            ),
            edit(),
            tool(
                "Bash",
                json!({"command": format!("{} clear commit_plan", req.display()), "description": "clear"}),
            ),
            text("I am done."),
            text("I am really done."),
        ]);
        let run = client::run(&client, &world, &api, &world.repo, "Change the file.");
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.failed_hooks(), Vec::<&Value>::new());
        assert!(run.hooks().len() >= 10, "{} hooks ran", run.hooks().len());
        for seen in [
            "Agree on a plan first",
            "req satisfy commit_plan --session",
            "commit_plan is open",
            ".claude/requirements.yaml:2",
        ] {
            assert!(api.model_saw(seen), "the model should have seen {seen:?} ({form})");
        }
        assert!(std::fs::read_to_string(&file).unwrap().starts_with("ALPHA"), "the second edit ran");
        let requests = api.requests();
        let last_request = requests.last().unwrap();
        let feedback = tests::mock_api::texts(&last_request["messages"]);
        let feedback: Vec<_> = feedback
            .into_iter()
            .filter(|text| text.starts_with("Stop hook feedback:\nThis turn did something that needs"))
            .collect();
        assert_eq!(feedback.len(), 1, "Stop blocked once: {feedback:#?}");
        assert_eq!(requests.len(), 7);

        let sessions = std::fs::read_dir(world.home.join(".stanchion/sessions")).unwrap().flatten();
        let sessions: Vec<_> = sessions.map(|entry| entry.file_name().into_string().unwrap()).collect();
        assert_eq!(sessions.len(), 1);
        let meta = world.json(&world.home.join(".stanchion/sessions").join(&sessions[0]).join("meta.json"));
        assert_eq!(meta["owner"]["pid"], run.pid, "the owner is the client, {form} form: {}", meta["owner"]);
        assert_ne!(meta["owner"]["found_by"], "ppid");
        assert_eq!(meta["project_dir"], world.repo.to_string_lossy().as_ref());
        let events = world.events(&sessions[0]);
        let stops: Vec<_> = events.iter().filter(|event| event["event"] == "Stop").collect();
        assert_eq!((stops.len(), &stops[0]["gates"]["outcome"]), (2, &json!("block")));
        assert_eq!(stops[1]["stop_hook_active"], true);
        assert_eq!(last(&events, "SessionEnd")["reason"], "other");
        assert_eq!(world.registry()["sessions"], json!({}));
        assert!(world.log().is_empty(), "{:?}", world.log());
    }
}

#[test]
fn a_satisfaction_from_another_terminal_counts() {
    let Some(client) = client::find() else { return };
    let world = wired("exec");
    let file = world.repo.join("src/new.txt");
    let write = || tool("Write", json!({"file_path": file, "content": "one\n"}));
    let wait =
        tool("Bash", json!({"command": "until [ -e go ]; do sleep 0.05; done", "description": "wait"}));
    let api = MockApi::start(vec![write(), wait, write()]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let started = std::time::Instant::now();
            // Refused means the session is known: the only live one of this project.
            while api.requests().len() < 2 && started.elapsed() < std::time::Duration::from_secs(60) {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            let output = world.req(&["satisfy", "commit_plan"]);
            std::fs::write(world.repo.join("go"), "").unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        });
        let run = client::run(&client, &world, &api, &world.repo, "Write the file.");
        assert_eq!((run.code, run.failed_hooks().len()), (Some(0), 0), "{}", run.stderr);
    });
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one\n");
}
