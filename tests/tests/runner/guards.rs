//! Guards through the shipped executables: what becomes of what they find, and who lets it through.

use std::process::Stdio;

use serde_json::{Value, json};
use tests::world::{KEY, SESSION, last, now};
use tests::{Answer, World};

const PUSH: &str = "git push origin main";

/// A world whose repository is on `main`, with these guards.
fn guarded(guards: &str) -> World {
    World::with(&format!("guards:\n{guards}"))
}

fn push(world: &World, command: &str) -> Answer {
    world.hook(&world.bash("PreToolUse", command))
}

/// The code that a refusal names.
fn code(refusal: &str) -> String {
    let (_, rest) = refusal.split_once("allow-once ").expect("a code");
    rest.split_whitespace().next().unwrap().to_owned()
}

fn allow(world: &World, code: &str) {
    let output = world.typed(&format!("allow-once {code} --reason agreed"));
    assert!(output.status.success(), "{output:?}");
}

fn grants(world: &World) -> Vec<std::path::PathBuf> {
    let folder = world.repo.join(".git/stanchion/allowed");
    std::fs::read_dir(folder).map_or_else(|_| Vec::new(), |all| all.flatten().map(|one| one.path()).collect())
}

#[test]
fn a_refusal_names_what_why_and_the_ways_out() {
    let world = guarded("  push: {}\n");
    let answer = push(&world, PUSH);
    let refusal = answer.refusal();
    for part in [
        "`main`",
        "`origin`",
        "Bash was refused before it ran; nothing was changed.",
        "Guard: push (.claude/requirements.yaml:2)",
        "Next: ",
        "git push -u origin HEAD:refs/heads/",
        "Only the user can allow exactly this, once, in a terminal of their own: ",
        &format!("why --last --session {KEY}"),
    ] {
        assert!(refusal.contains(part), "{part}: {refusal}");
    }
    let event = last(&world.events(SESSION), "PreToolUse").clone();
    assert_eq!(event["gates"]["outcome"], "guard");
    assert_eq!(
        (&event["guards"][0]["guard"], &event["guards"][0]["verdict"]),
        (&json!("push"), &json!("deny"))
    );
    let why = world.req_ok(&["why", "--last", "--session", SESSION]);
    assert!(
        why.contains("was refused") && why.contains("guard push, .claude/requirements.yaml:2 refused: "),
        "{why}"
    );
    assert!(why.contains(&format!("req allow-once {}", code(refusal))), "{why}");
    assert!(world.req_ok(&["status"]).contains("Guards: push (enforce)"));
    let why = world.req_ok(&["why", "Bash", PUSH]);
    assert!(why.contains("guard push refuses it"), "{why}");
    push(&world, "git push origin topic").silent();
}

#[test]
fn allow_once_lets_exactly_that_through_once() {
    let world = guarded("  push: {}\n");
    let code = code(push(&world, PUSH).refusal());
    // The agent knows the code, and cannot use it.
    let refused = push(&world, &format!("req allow-once {code}"));
    assert!(refused.refusal().contains("an agent must not do that itself"), "{refused:?}");
    let by_script = world.req(&["allow-once", &code]);
    assert!(
        !by_script.status.success() && String::from_utf8_lossy(&by_script.stderr).contains("only a person")
    );
    let mut with_mark = world.command("script");
    let line = format!("{} allow-once {code}", tests::executables().join("req").display());
    with_mark.args(["-qec", &line, "/dev/null"]).env("CLAUDECODE", "1").stdin(Stdio::null());
    assert!(
        !with_mark.output().unwrap().status.success(),
        "a terminal of the client's is not the user's own"
    );
    assert!(grants(&world).is_empty());

    let listed = world.typed("allow-once");
    assert!(String::from_utf8_lossy(&listed.stdout).contains(&code), "{listed:?}");
    assert!(!world.typed("allow-once ZZZZZZ").status.success());
    allow(&world, &code.to_lowercase());
    push(&world, "git push origin main ").refusal();
    push(&world, "git push origin main --tags").refusal();
    let mut elsewhere = world.bash("PreToolUse", PUSH);
    elsewhere["cwd"] = json!(world.repo.join("src"));
    world.hook(&elsewhere).refusal();
    world
        .hook(&tests::world::of("ffffffff-0000-4000-8000-000000000000", world.bash("PreToolUse", PUSH)))
        .refusal();
    let passed = push(&world, PUSH);
    let message = passed.json.as_ref().unwrap()["systemMessage"].as_str().unwrap().to_owned();
    assert!(message.contains("allowed once") && message.contains(&code), "{passed:?}");
    assert!(passed.json.as_ref().unwrap()["hookSpecificOutput"].is_null(), "{passed:?}");
    push(&world, PUSH).refusal();
    assert!(grants(&world).is_empty());

    let events = world.events(SESSION);
    let told = last(&events, "_allow_once");
    assert_eq!(
        (&told["guards"][0]["reason"], &told["guards"][0]["verdict"]),
        (&json!("agreed"), &json!("granted"))
    );
    let allowed = |event: &&Value| event["guards"][0]["verdict"] == "allowed";
    let used = events.iter().find(allowed).expect("its use is in the log");
    assert_eq!((&used["guards"][0]["reason"], &used["command"]), (&json!("agreed"), &json!(PUSH)));
}

#[test]
fn only_what_a_person_sealed_lets_anything_through() {
    let world = guarded("  push: {}\n");
    let code = code(push(&world, PUSH).refusal());
    allow(&world, &code);
    let path = grants(&world).pop().unwrap();
    let sealed = std::fs::read_to_string(&path).unwrap();
    let grant = world.json(&path);
    for (key, value) in [
        ("expires_at", json!(now() - 1)),
        ("expires_at", json!(now() + 300)),
        ("expires_at", json!(now() + 3_600)),
        ("reason", json!("another")),
        ("seal", json!("")),
        ("seal", json!("00")),
    ] {
        let mut changed = grant.clone();
        changed[key] = value;
        std::fs::write(&path, changed.to_string()).unwrap();
        push(&world, PUSH).refusal();
    }
    std::fs::write(&path, "{").unwrap();
    push(&world, PUSH).refusal();
    // For another command the same file counts for nothing.
    let other = "git push origin HEAD:main";
    push(&world, other).refusal();
    let digest =
        last(&world.events(SESSION), "PreToolUse")["guards"][0]["digest"].as_str().unwrap().to_owned();
    std::fs::write(path.with_file_name(format!("{digest}.json")), &sealed).unwrap();
    push(&world, other).refusal();
    std::fs::write(&path, &sealed).unwrap();
    assert!(push(&world, PUSH).stdout.contains("allowed once"));

    let mark = world.repo.join(format!(".git/requirements/sessions/{KEY}.paused"));
    std::fs::create_dir_all(mark.parent().unwrap()).unwrap();
    for forged in [
        r#"{"by":"person"}"#,
        r#"{"paused_at":"2026-01-01T00:00:00.000Z","reason":"","by":"person","seal":"00"}"#,
    ] {
        std::fs::write(&mark, forged).unwrap();
        push(&world, PUSH).refusal();
    }
    std::fs::remove_file(&mark).unwrap();
    let key = world.home.join(".stanchion/key");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&key).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    push(&world, "cat ~/.stanchion/key | xxd").refusal();
    let read =
        world.payload("PreToolUse-Write", json!({"tool_name": "Read", "tool_input": {"file_path": key}}));
    world.hook(&read).refusal();
}

#[test]
fn a_line_beyond_what_is_followed_is_asked_about() {
    let world = guarded("  secrets: {}\n");
    let ask = |line: &str| {
        let answer = push(&world, line);
        answer
            .json
            .map(|json| json["hookSpecificOutput"]["permissionDecision"].as_str().unwrap_or("").to_owned())
    };
    let long = format!("cat > data.txt <<'E'\n{}\nE\nrm -rf /", "x".repeat(300_000));
    assert_eq!(ask(&long).as_deref(), Some("ask"));
    assert_eq!(ask(&"( ".repeat(200)).as_deref(), Some("ask"));
    assert_eq!(ask(&format!("cat > data.txt <<'E'\n{}\nE\n", "x".repeat(30_000))), None);
}

#[test]
fn a_pipe_in_the_place_of_the_policy_holds_nobody_up() {
    let world = guarded("  push: {}\n");
    push(&world, PUSH).refusal();
    let policy = world.repo.join(".git/stanchion/policy.json");
    std::fs::remove_file(&policy).unwrap();
    assert!(world.command("mkfifo").arg(&policy).status().unwrap().success());
    let started = std::time::Instant::now();
    push(&world, PUSH).refusal();
    assert!(started.elapsed() < std::time::Duration::from_secs(3));
}

#[test]
fn of_many_uses_at_once_one_passes() {
    let world = guarded("  push: {}\n");
    let code = code(push(&world, PUSH).refusal());
    for _ in 0..5 {
        allow(&world, &code);
        let payload = world.bash("PreToolUse", PUSH).to_string();
        let answers: Vec<bool> = std::thread::scope(|scope| {
            let one = || world.run("hook-pre-tool", payload.as_bytes());
            let all: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            let passed = |answer: Answer| !answer.stdout.contains("deny");
            all.into_iter().map(|one| passed(one.join().unwrap())).collect()
        });
        assert_eq!(answers.iter().filter(|passed| **passed).count(), 1, "{answers:?}");
    }
}

#[test]
fn a_grant_is_not_spent_on_what_a_gate_refuses() {
    let world = World::with(
        "requirements:\n  review: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\\s+push'}]}\nguards:\n  push: {}\n",
    );
    let first = push(&world, PUSH);
    assert!(first.refusal().contains("Guard: push") && !first.refusal().contains("review"));
    let state = world.repo.join(".git/requirements/main.json");
    assert!(!state.exists(), "what is refused triggers nothing");
    allow(&world, &code(first.refusal()));
    assert!(push(&world, PUSH).refusal().contains("review"));
    assert_eq!(grants(&world).len(), 1);
    world.satisfy("review");
    assert!(push(&world, PUSH).json.unwrap()["systemMessage"].as_str().unwrap().contains("allowed once"));
    assert!(grants(&world).is_empty());
}

#[test]
fn a_pause_of_a_person_counts_and_one_of_an_agent_does_not() {
    let world = guarded("  push: {}\n");
    let refused = push(&world, "req pause");
    assert!(refused.refusal().contains("`req pause` sets guards aside"), "{refused:?}");
    let by_agent = world.req_ok(&["pause", "--session", SESSION]);
    assert!(by_agent.contains("Guards stay in force"), "{by_agent}");
    push(&world, PUSH).refusal();
    let status = || world.req_ok(&["status", "--session", SESSION]);
    assert!(status().contains("The gates, and not the guards, are paused"), "{}", status());
    let typed = world.typed(&format!("pause --session {SESSION} --reason release"));
    assert!(typed.status.success(), "{typed:?}");
    push(&world, PUSH).silent();
    assert_eq!(last(&world.events(SESSION), "PreToolUse")["guards"][0]["verdict"], "paused");
    assert!(status().contains("The gates are paused"), "{}", status());
    let timeline = world.req_ok(&["timeline", SESSION]);
    assert!(timeline.contains("release"), "the reason of the pause: {timeline}");
    world.req_ok(&["resume", "--session", SESSION]);
    push(&world, PUSH).refusal();
}

#[test]
fn a_copy_of_what_was_used_or_ended_counts_no_longer() {
    let world = guarded("  push: {}\n");
    allow(&world, &code(push(&world, PUSH).refusal()));
    let grant = grants(&world).pop().unwrap();
    let kept = std::fs::read(&grant).unwrap();
    assert!(!push(&world, PUSH).stdout.contains("deny"));
    std::fs::write(&grant, &kept).unwrap();
    push(&world, PUSH).refusal();

    let mark = world.repo.join(format!(".git/requirements/sessions/{KEY}.paused"));
    for _ in 0..2 {
        assert!(world.typed(&format!("pause --session {SESSION} --reason release")).status.success());
    }
    let kept = std::fs::read(&mark).unwrap();
    push(&world, PUSH).silent();
    // A mark that was taken away before counts no longer either.
    std::fs::remove_file(&mark).unwrap();
    world.req_ok(&["resume", "--session", SESSION]);
    std::fs::write(&mark, &kept).unwrap();
    push(&world, PUSH).refusal();
    assert!(world.typed(&format!("pause --session {SESSION} --reason release")).status.success());
    let kept = std::fs::read(&mark).unwrap();
    push(&world, PUSH).silent();
    world.hook(&world.recorded("SessionEnd-other"));
    std::fs::write(&mark, &kept).unwrap();
    push(&world, PUSH).refusal();
}

#[test]
fn an_allowance_is_for_what_the_person_saw() {
    let world = guarded("  push: {}\n  sql: {mode: warn}\n");
    let line = "git push origin HEAD && sqlite3 x.db 'DROP TABLE t'";
    let refused = push(&world, line);
    assert!(refused.stdout.contains("sqlite3"), "a warning is told beside a refusal: {refused:?}");
    allow(&world, &code(refused.refusal()));
    world.git(&["checkout", "-q", "-b", "master"]);
    let other = push(&world, line);
    assert!(other.refusal().contains("`master`"), "{other:?}");
    assert!(
        other.refusal().contains("What was allowed with ") && other.refusal().contains("`main`"),
        "{other:?}"
    );
    world.git(&["checkout", "-q", "main"]);
    let passed = push(&world, line);
    assert!(!passed.stdout.contains("\"deny\"") && passed.stdout.contains("was allowed once"), "{passed:?}");
}

#[test]
fn a_client_far_above_is_a_client_all_the_same() {
    let world = guarded("  push: {}\n");
    let code = code(push(&world, PUSH).refusal());
    // A shell that is called `claude`, twenty levels above.
    let client = world.root().join("claude");
    tests::copy_executable("/bin/bash", &client);
    let nest = world.root().join("nest.sh");
    let req = tests::executables().join("req");
    std::fs::write(
        &nest,
        format!(
            "#!/bin/bash\nif [ \"$1\" -gt 0 ]; then bash \"$0\" $(($1 - 1)); true; else script -qec '{} allow-once {code}' /dev/null; true; fi\n",
            req.display()
        ),
    )
    .unwrap();
    let mut command = world.command(&client);
    let output = command.arg("-c").arg(format!("bash {} 20; true", nest.display())).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("only a person"), "{said}");
    assert!(grants(&world).is_empty());
}

#[test]
fn what_reaches_for_an_override_by_other_spellings_is_refused() {
    let world = guarded("  push: {}\n");
    // With the first allowance comes the key.
    allow(&world, &code(push(&world, PUSH).refusal()));
    for line in [
        "req \"allow\"-once ABCDEF",
        "req a{llow,}-once ABCDEF",
        "x=allow; req $x-once ABCDEF",
        "cp $(which req) zz && ./zz allow-once ABCDEF",
        "tmux send-keys -t u 'req allow-once ABCDEF' Enter",
        "tmux send-keys -t u req Space allow-once Space ABCDEF Enter",
        "tmux send-keys -t u 'req allow' '-once ABCDEF' Enter",
        "tmux new-window 'req pause --session x'",
        "tmux send-keys 'req pau' 'se' Enter",
        "python3.12 -c \"import pty; pty.spawn(['req','pause'])\"",
        "rm ~/.stanchion/ended-seals",
        "truncate -s 3G ~/.stanchion/ended-seals",
        "ln -sf /dev/null ~/.stanchion/ended-seals",
        "screen -X stuff 'req pause\n'",
        "xterm -e 'req pause'",
        "python3 -c 'import pty; pty.spawn([\"req\",\"pause\"])'",
        "cat ~/.stanchion//key",
        "cat ~/.stanchion/./key",
        "cd ~/.stanchion && cat key",
        "cat ~/.stan*/key",
        "cp -r ~/.stanchion /tmp/x",
        "tar cf /tmp/x.tar ~/.stanchion",
        "python3 -c \"print(open('/root/.stanchion/key','rb').read())\"",
    ] {
        let answer = push(&world, line);
        assert!(answer.stdout.contains("\"deny\""), "{line}: {answer:?}");
    }
    for line in [
        "ls ~/.stanchion",
        "cat ~/.stanchion/bin/README",
        "tmux send-keys -t u 'cargo test' Enter",
        "git commit -m 'say how req allow-once works'",
        "grep -rn 'req pause' docs",
        "cat src/key",
        "docker pause web",
        "python3 - <<'P'\nfor req in queue:\n    if pause: break\nP",
        "echo '{\"req\": \"pause\"}' | python3 -m json.tool",
        "req pause --help",
        "req allow-once",
        "git commit -m 'doc: ~/.stanchion/key is private'",
        "find ~/.stanchion -name '*.log'",
        "ls -la ~/.stanchion/*",
    ] {
        push(&world, line).silent();
    }
}

#[test]
fn an_agent_cannot_write_its_own_allowance() {
    let world = guarded("  large_read: {mode: observe}\n");
    let folder = world.repo.join(".git/stanchion/allowed");
    let mark = world.repo.join(format!(".git/requirements/sessions/{KEY}.paused"));
    for file in [folder.join("x.json"), mark.clone(), world.repo.join("src/../.git/stanchion/allowed/y.json")]
    {
        let payload =
            world.payload("PreToolUse-Write", json!({"tool_input": {"file_path": file, "content": "{}"}}));
        assert!(world.hook(&payload).refusal().contains("a person's exceptions"), "{}", file.display());
    }
    for command in [
        "echo '{}' > .git/stanchion/allowed/x.json".to_owned(),
        format!("cp a {}", mark.display()),
        "bash -c 'req allow-once K7Q4MX'".to_owned(),
        "yes | ~/.stanchion/bin/req allow-once K7Q4MX".to_owned(),
        "env -i setsid req pause".to_owned(),
    ] {
        push(&world, &command).refusal();
    }
    for command in [
        "echo req pause",
        "git commit -m 'explain req allow-once'",
        "grep -rn 'allow-once' docs",
        "ls .git/stanchion/allowed",
    ] {
        push(&world, command).silent();
    }
}

#[test]
fn modes_refuse_tell_once_or_only_record() {
    let world = guarded("  push: {mode: observe}\n");
    push(&world, PUSH).silent();
    assert_eq!(last(&world.events(SESSION), "PreToolUse")["guards"][0]["verdict"], "observe");
    world.configure("guards:\n  push: {mode: warn}\n");
    let told = push(&world, PUSH);
    assert!(told.context().contains("which only warns"), "{told:?}");
    assert!(told.json.unwrap()["systemMessage"].as_str().unwrap().contains("guard push"));
    push(&world, PUSH).silent();
    world.configure("guards:\n  push: {message: 'Ana merges. {what}'}\n");
    assert!(push(&world, PUSH).refusal().starts_with("Ana merges. "));
    for off in
        ["guards:\n  push: {enabled: false}\n", "guards: {}\n", "enabled: false\nguards:\n  push: {}\n"]
    {
        world.configure(off);
        push(&world, PUSH).silent();
    }
    // A guard that is named is on, with whatever value.
    world.configure("guards: {push: false, sql: {}}\n");
    push(&world, PUSH).silent();
    for on in [
        "guards:\n  push:\n",
        "guards: {push: ~}\n",
        "guards: {push: true}\n",
        "guards:\n  push: # with a word\n  sql: {}\n",
    ] {
        world.configure(on);
        push(&world, PUSH).refusal();
    }
}

#[test]
fn why_tells_what_a_mode_would_do() {
    for (mode, does) in [("enforce", "refuses it"), ("warn", "only warns"), ("observe", "only records")] {
        let world = guarded(&format!("  push: {{mode: {mode}}}\n"));
        let why = world.req_ok(&["why", "Bash", PUSH]);
        assert!(why.contains(&format!("guard push {does}: ")), "{mode}: {why}");
        assert_eq!(why.contains("would be refused"), mode == "enforce", "{mode}: {why}");
    }
    let world = guarded("  destructive: {}\n  push: {}\n  settings: {}\n  large_read: {}\n");
    let why = world.req_ok(&["why", "Bash", "git push origin topic"]);
    assert!(!why.contains("guard "), "{why}");
    // What a tool is given counts whole.
    let settings = world.repo.join(".claude/settings.json");
    std::fs::write(&settings, "{}").unwrap();
    let weaker = json!({"file_path": settings, "content": "{\"disableAllHooks\": true}"}).to_string();
    assert!(world.req_ok(&["why", "Write", &weaker]).contains("guard settings refuses it"));
    let bare = world.req_ok(&["why", "Write", settings.to_str().unwrap()]);
    assert!(bare.contains("would pass") && bare.contains("which was not given"), "{bare}");
    let large = world.repo.join("large.log");
    std::fs::write(&large, "0123456789abcde\n".repeat(6 * 65_536)).unwrap();
    assert!(world.req_ok(&["why", "Read", large.to_str().unwrap()]).contains("would be refused"));
    let part = json!({"file_path": large, "limit": 100}).to_string();
    assert!(world.req_ok(&["why", "Read", &part]).contains("would pass"));
}

#[test]
fn a_list_of_what_was_refused_tells_every_reason() {
    let world = guarded("  push: {}\n  sql: {}\n");
    push(&world, &format!("{PUSH} && sqlite3 x.db 'DROP TABLE t'")).refusal();
    let list = world.req_ok(&["allow-once"]);
    assert!(list.contains("`main`") && list.contains("DROP TABLE"), "{list}");
    let list: Value = serde_json::from_str(&world.req_ok(&["allow-once", "--json"])).unwrap();
    assert_eq!(list[0]["because"].as_array().map(Vec::len), Some(2), "{list}");
}

#[test]
fn a_path_of_any_length_is_survived() {
    let world = guarded("  paths: {}\n  secrets: {}\n  settings: {}\n  destructive: {}\n  large_read: {}\n");
    for length in [4_095, 4_097, 1 << 20] {
        let path = format!("{}/{}", world.repo.display(), "a/".repeat(length / 2));
        for tool in ["Write", "Edit", "Read"] {
            let mut payload = world.edit();
            payload["tool_name"] = tool.into();
            payload["tool_input"] =
                json!({"file_path": path, "content": "x", "old_string": "a", "new_string": "b"});
            world.hook(&payload).silent();
        }
        let answer = push(&world, &format!("echo x > {path}"));
        // A line of that length is asked about, whatever it holds.
        if length < 1 << 18 {
            answer.silent();
        } else {
            assert!(answer.stdout.contains("is longer than"), "{answer:?}");
        }
    }
}

#[test]
fn a_guard_that_fails_lets_pass_and_says_so_or_closes() {
    for (on_error, closes) in [("allow", false), ("deny", true)] {
        let world = guarded(&format!("  push: {{on_error: {on_error}}}\n"));
        push(&world, PUSH).refusal();
        // The settings of the guard, damaged where only the guard looks.
        let policy = world.repo.join(".git/stanchion/policy.json");
        let text = std::fs::read_to_string(&policy).unwrap();
        let damaged = text.replacen("\"branches\":[]", "\"branches\":77", 1);
        assert_ne!(text, damaged);
        std::fs::write(&policy, damaged).unwrap();
        let answer = push(&world, PUSH);
        if closes {
            assert!(answer.refusal().contains("`on_error: deny` refuses then"), "{answer:?}");
        } else {
            answer.silent();
            let told = world.hook(&world.recorded("SessionStart-startup"));
            assert!(told.stdout.contains("guard push"), "{told:?}");
        }
    }
}

#[test]
fn what_the_log_keeps_of_a_finding_holds_no_secret() {
    let world = guarded("  push: {}\n");
    push(&world, "git push https://dev:hunter2secret@example.invalid/x.git main").refusal();
    let log = std::fs::read_to_string(world.session_dir(SESSION).join("events.jsonl")).unwrap();
    assert!(!log.contains("hunter2secret"), "{log}");
    assert!(!world.req_ok(&["why", "--last", "--session", SESSION]).contains("hunter2secret"));
    // Neither does a line that nobody refuses, nor what is kept when it ran.
    for line in ["mysql -uroot -phunter2secret db", "curl -su me:hunter2secret https://example.invalid"] {
        push(&world, line).silent();
        world.hook(&world.bash("PostToolUse", line));
        let command =
            last(&world.events(SESSION), "PreToolUse")["command"].as_str().unwrap_or_default().to_owned();
        assert!(command.contains("[redacted]"), "{command}");
    }
    let holds = |dir: &std::path::Path| {
        let grep =
            std::process::Command::new("grep").args(["-rl", "hunter2secret"]).arg(dir).output().unwrap();
        String::from_utf8_lossy(&grep.stdout).into_owned()
    };
    assert_eq!(holds(&world.home) + &holds(&world.repo), "");
}
