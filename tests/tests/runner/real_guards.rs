//! Guards under the real Claude Code client: what the model sees of a refused push, and what lets it through once.

use serde_json::{Value, json};
use tests::mock_api::MockApi;
use tests::{World, client};

use crate::real_client::{text, tool, wired};

fn bash(command: &str) -> Value {
    tool("Bash", json!({"command": command, "description": "run"}))
}

/// Lets the one refused push through, as the user does in a terminal of their own.
fn let_through(world: &World, api: &MockApi, go: &std::path::Path) {
    let started = std::time::Instant::now();
    while api.requests().len() < 2 && started.elapsed() < std::time::Duration::from_secs(60) {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let listed: Value = serde_json::from_str(&world.req_ok(&["allow-once", "--json"])).unwrap();
    let code = listed[0]["code"].as_str().unwrap_or_default().to_owned();
    let output = world.typed(&format!("allow-once {code} --reason hotfix"));
    std::fs::write(go, "").unwrap();
    assert!(output.status.success(), "{listed} {output:?}");
}

#[test]
fn a_refused_push_is_explained_and_let_through_once() {
    let Some(client) = client::find() else { return };
    let world = wired("exec");
    world.configure("guards:\n  push: {mode: enforce}\n");
    let remote = world.root().join("remote.git");
    world.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
    world.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    let tip = || world.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let pushed = || {
        let output = world
            .command("git")
            .arg("--git-dir")
            .arg(&remote)
            .args(["rev-parse", "-q", "--verify", "main"])
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap().trim().to_owned()
    };
    let go = world.root().join("go");
    let push = || bash("git push origin HEAD:main");
    let api = MockApi::start(vec![
        push(),
        bash(&format!("until [ -e {} ]; do sleep 0.05; done", go.display())),
        push(),
        bash("git commit -q --allow-empty -m second"),
        push(),
        text("Done."),
    ]);
    let first = tip();
    std::thread::scope(|scope| {
        scope.spawn(|| let_through(&world, &api, &go));
        let run = client::run(&client, &world, &api, &world.repo, "Push it.");
        assert_eq!((run.code, run.failed_hooks().len()), (Some(0), 0), "{}", run.stderr);
    });
    for seen in ["`main`", "`origin`", "git push -u origin HEAD:refs/heads/", "allow-once "] {
        assert!(api.model_saw(seen), "the model should have seen {seen:?}");
    }
    assert_eq!(pushed(), first, "the push ran once, and the next one not");
    assert_ne!(tip(), first);
    let session =
        std::fs::read_dir(world.home.join(".stanchion/sessions")).unwrap().flatten().next().unwrap();
    let events = world.events(session.file_name().to_str().unwrap());
    let verdicts: Vec<_> = events.iter().filter_map(|event| event["guards"][0]["verdict"].as_str()).collect();
    assert_eq!(verdicts, ["deny", "granted", "allowed", "deny"]);
    assert!(world.log().is_empty(), "{:?}", world.log());
}
