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

/// What a guard would ask about must not run in any mode: in `bypassPermissions` the client drops a question wherever its
/// own check of protected paths asks too, and a redirection brings that about.
#[test]
fn what_would_be_asked_about_does_not_run_in_any_mode() {
    let Some(client) = client::find() else { return };
    for mode in ["bypassPermissions", "default", "acceptEdits", "dontAsk"] {
        let world = wired("exec");
        world.configure("guards:\n  settings: {}\n  push: {}\n  destructive: {}\n");
        let settings = std::fs::read_to_string(world.repo.join(".claude/settings.json")).unwrap();
        let configuration = std::fs::read_to_string(world.repo.join(".claude/requirements.yaml")).unwrap();
        let remote = world.root().join("remote.git");
        world.git(&["init", "-q", "--bare", remote.to_str().unwrap()]);
        world.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
        let lines = [
            "cat > .claude/settings.json < /dev/null",
            "rm .claude/requirements.yaml",
            "mv .claude elsewhere",
            "B=main; git push origin \"$(echo $B)\" > .claude/x",
            "git push origin $(cat .git/HEAD | cut -d/ -f3) > .claude/y",
            "cp /dev/null .claude/settings.json",
            "sed -i s/hook-/true-/ .claude/settings.json",
            "ln -sf /dev/null .claude/settings.json",
            "mkdir -p .claude/skills/m/.claude-plugin && echo '{}' > .claude/skills/m/.claude-plugin/plugin.json",
            "cp -r /usr/share/doc .claude/skills/m",
        ];
        let write = |name: &str, content: &str| {
            tool("Write", json!({"file_path": world.repo.join(name), "content": content}))
        };
        let files = [
            (".claude/skills/n/.claude-plugin/plugin.json", "{\"name\": \"n\"}"),
            (".claude/skills/n/hooks/hooks.json", "{\"modules\": [\"./register.js\"]}"),
            (".claude/skills/n/hooks/hooks.json", "{}"),
        ];
        let mut turns: Vec<Value> = lines.iter().map(|line| bash(line)).collect();
        turns.extend(files.iter().map(|(name, content)| write(name, content)));
        turns.push(text("Done."));
        let api = MockApi::start(turns);
        let run = client::start_in(mode, &client, &world, &api, &world.repo, &["-p", "Do it."]).finish();
        assert_eq!((run.code, run.failed_hooks().len()), (Some(0), 0), "{mode}: {}", run.stderr);
        let read = |name: &str| std::fs::read_to_string(world.repo.join(name)).unwrap_or_default();
        assert_eq!(read(".claude/settings.json"), settings, "{mode}");
        assert_eq!(read(".claude/requirements.yaml"), configuration, "{mode}");
        assert!(!world.repo.join(".claude/skills").exists(), "{mode}");
        assert!(!world.repo.join("elsewhere").exists(), "{mode}");
        let pushed =
            world.command("git").arg("--git-dir").arg(&remote).args(["for-each-ref"]).output().unwrap();
        assert!(pushed.stdout.is_empty(), "{mode}: {}", String::from_utf8_lossy(&pushed.stdout));
        assert!(api.model_saw("settings.json"), "{mode}");
    }
}
