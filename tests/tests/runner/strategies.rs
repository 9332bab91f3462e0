//! Everything that a configuration can ask for, each through the executables.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use tests::world::{KEY, ONE, SESSION, last, now, of, printed};
use tests::{StandIn, World};

const OTHER: &str = "0badcafe-1111-4222-8333-444455556666";

/// One requirement with these keys.
fn one(name: &str, keys: &str) -> String {
    format!("requirements:\n  {name}: {{enabled: true, {keys}}}\n")
}

/// A use of a tool on a file of the repository.
fn on_file(world: &World, tool: &str, file: &str) -> Value {
    let mut payload = world.edit();
    payload["tool_name"] = tool.into();
    payload["tool_input"]["file_path"] = world.repo.join(file).to_string_lossy().into();
    payload
}

fn run(world: &World, command: &str) -> Value {
    world.bash("PreToolUse", command)
}

fn by_agent(mut payload: Value, kind: &str) -> Value {
    payload["agent_id"] = "a90bfa72ec25cebd5".into();
    payload["agent_type"] = kind.into();
    payload
}

fn tool_done(world: &World, tool: &str) -> Value {
    world.payload("PostToolUse-TodoWrite", json!({"tool_name": tool, "tool_input": {}}))
}

fn skill(world: &World, name: &str) -> Value {
    let mut payload = world.recorded("PostToolUse-Skill");
    payload["tool_input"]["skill"] = name.into();
    payload
}

fn commit_all(world: &World) {
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "all"]);
}

fn message(payload: &Value, world: &World) -> String {
    let answer = world.hook(payload);
    answer.json.map(|json| json["systemMessage"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
}

fn age(file: &Path, seconds: u64) {
    let then = SystemTime::now() - Duration::from_secs(seconds);
    std::fs::File::options().write(true).open(file).unwrap().set_modified(then).unwrap();
}

// Evidence

#[test]
fn evidence_is_looked_for_in_every_folder_that_is_named() {
    let world = World::with(&one("plan", "evidence: {dirs: [notes, '~/plans'], require_markers: [A, B]}"));
    world.satisfy("plan");
    world.write(".claude/plans/p.md", "A B");
    assert!(world.hook(&world.edit()).refusal().contains("below notes, ~/plans"));
    world.write("notes/deep/er/p.md", "A");
    assert!(world.hook(&of(OTHER, world.edit())).refusal().contains("plan"));
    world.req_ok(&["satisfy", "plan", "--session", OTHER]);
    assert!(
        world.hook(&of(OTHER, world.edit())).refusal().contains("notes/deep/er/p.md does not contain `B`")
    );
    std::fs::create_dir_all(world.home.join("plans")).unwrap();
    std::fs::write(world.home.join("plans/q.md"), "A\nB\n").unwrap();
    world.hook(&world.edit()).silent();
    world.hook(&world.recorded("Stop-first")).silent();
    std::fs::remove_file(world.home.join("plans/q.md")).unwrap();
    assert!(
        world.hook(&world.recorded("Stop-first")).block().contains("does not contain `B`"),
        "Stop looks as well"
    );
    assert!(world.req_ok(&["status", "--session", SESSION]).contains("does not contain `B`"));
}

#[test]
fn evidence_may_be_all_that_is_asked_for() {
    let world = World::with(&one(
        "plan",
        "evidence: {dirs: docs, require_verdict: approved, max_age_seconds: 60, satisfies: true}",
    ));
    world.hook(&world.edit()).refusal();
    world.write("docs/a.md", "## Verdict: APPROVED\n");
    world.write("docs/b.txt", "## Verdict: APPROVED\n");
    world.hook(&world.edit()).silent();
    assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["facts"]["plan"]["evidence"], "docs/a.md");
    age(&world.repo.join("docs/a.md"), 120);
    world.hook(&world.edit()).refusal();
    world.write("docs/a.md", "## Verdict\nnot yet\n## Notes\nAPPROVED\n");
    world.hook(&world.edit()).refusal();
}

// Guards

#[test]
fn protected_branches_are_named_by_globs() {
    let world = World::with(&one(
        "safe",
        "type: condition, condition: protected_branch, protected_branches: ['release/*', trunk]",
    ));
    world.hook(&world.edit()).silent();
    for (branch, is_protected) in
        [("release/1.0", true), ("release-notes", false), ("trunk", true), ("trunk2", false)]
    {
        world.git(&["checkout", "-qb", branch]);
        let answer = world.hook(&of(&format!("{branch}-session"), world.edit()));
        assert_eq!(answer.json.is_some(), is_protected, "{branch}");
        if is_protected {
            assert!(
                answer.refusal().contains(&format!("The branch `{branch}` is protected")),
                "{}",
                answer.refusal()
            );
        }
    }
}

#[test]
fn a_single_session_counts_living_clients_of_this_project() {
    let world = World::with(&one("alone", "type: condition, condition: single_session"));
    let mut first = StandIn::new(&world);
    let elsewhere = world.root().join("elsewhere");
    world.git_in(&world.root(), &["init", "-q", "elsewhere"]);
    let start = world.payload("SessionStart-startup", json!({"cwd": elsewhere}));
    first.hook(&start);
    std::thread::sleep(Duration::from_millis(30));
    let mut second = StandIn::new(&world);
    second.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    second.hook(&of(OTHER, world.edit())).silent();
    std::thread::sleep(Duration::from_millis(30));
    let mut third = StandIn::new(&world);
    let third_id = "33333333-x";
    third.hook(&of(third_id, world.recorded("SessionStart-startup")));
    let answer = third.hook(&of(third_id, world.edit()));
    assert!(answer.refusal().contains("session 0badcafe on `main`") && !answer.refusal().contains(KEY));
    world.req_ok(&["approve", "alone", "--session", third_id]);
    third.hook(&of(third_id, world.edit())).silent();
    second.hook(&of(OTHER, world.edit())).silent();
}

#[test]
fn a_reused_process_number_is_no_session() {
    let world = World::with(&one("alone", "type: condition, condition: single_session"));
    let mut sleeper = world.command("sleep").arg("60").spawn().unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", sleeper.id())).unwrap();
    let start = stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap().to_owned();
    // The session of the test belongs to a client that started later than the one in the registry.
    let mut client = StandIn::new(&world);
    for (start, is_live) in [("1", false), (start.as_str(), true)] {
        let entry = json!({"pid": 1, "ppid": sleeper.id(), "ppid_start": start, "project_dir": world.repo, "branch": "main", "started_at": now() - 5, "last_active": now()});
        std::fs::write(
            world.home.join(".claude/sessions.json"),
            json!({"version": "1.0", "sessions": {"0badcafe": entry}}).to_string(),
        )
        .unwrap();
        client.hook(&world.recorded("SessionStart-startup"));
        assert_eq!(client.hook(&world.edit()).json.is_some(), is_live, "{start}");
    }
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn read_only_paths_hold_against_edits_and_command_lines() {
    let world = World::with(&one(
        "frozen",
        "type: condition, condition: paths, paths: ['migrations/**', '!migrations/new/**', '*.lock']",
    ));
    world.write("migrations/001.sql", "x\n");
    world.write("migrations/new/002.sql", "x\n");
    for file in [
        "migrations/001.sql",
        "migrations/deep/x",
        "Cargo.lock",
        "src/deep/a.lock",
        "src/../migrations/001.sql",
    ] {
        for tool in ["Edit", "Write", "MultiEdit", "NotebookEdit"] {
            assert!(world.hook(&on_file(&world, tool, file)).refusal().contains("frozen"), "{tool} {file}");
        }
    }
    for file in ["migrations/new/002.sql", "src/a.txt", "locks.txt"] {
        world.hook(&on_file(&world, "Edit", file)).silent();
    }
    for command in [
        "echo x > migrations/001.sql",
        "echo x >> ./migrations/001.sql",
        "rm migrations/001.sql",
        "rm -rf migrations",
        "mv ./migrations/ /tmp/elsewhere",
        "find migrations -delete",
        "rm -rf .",
        "sed -i s/x/y/ migrations/001.sql",
        "cp src/a.txt migrations/001.sql",
        "cp src/a.txt migrations/",
        "mv migrations/001.sql /tmp/x",
        "cd migrations && rm 001.sql",
        "tee migrations/001.sql </dev/null",
        "bash -c 'echo x > migrations/001.sql'",
        "touch yarn.lock",
    ] {
        assert!(world.hook(&run(&world, command)).refusal().contains("frozen"), "{command}");
    }
    for command in [
        "cat migrations/001.sql",
        "cp migrations/001.sql /tmp/x",
        "echo 'rm migrations/001.sql'",
        "rm migrations/new/002.sql",
        "sed s/x/y/ migrations/001.sql",
        "grep x migrations/001.sql > /tmp/found",
    ] {
        world.hook(&run(&world, command)).silent();
    }
    world.hook(&world.recorded("Stop-first")).silent();
    let text = world.hook(&of(OTHER, on_file(&world, "Edit", "migrations/001.sql"))).refusal().to_owned();
    assert!(
        text.contains("`migrations/001.sql` is read-only here") && text.contains("req approve frozen"),
        "{text}"
    );
    world.req_ok(&["approve", "frozen", "--session", OTHER]);
    world.hook(&of(OTHER, on_file(&world, "Edit", "migrations/001.sql"))).silent();
}

#[test]
fn a_wildcard_reaches_read_only_paths_too() {
    let world = World::with(&one("frozen", "type: condition, condition: paths, paths: 'migrations/**'"));
    world.write("migrations/001.sql", "x\n");
    for command in ["rm migrations/*.sql", "rm -rf mig*", "cp /etc/hosts migrations/00?.sql"] {
        assert!(world.hook(&run(&world, command)).json.is_some(), "{command}");
    }
    world.hook(&run(&world, "rm src/*.txt")).silent();
}

#[test]
fn allowed_paths_are_the_only_ones_that_may_change() {
    let world = World::with(&one(
        "docs_only",
        "type: condition, condition: paths, allowed_paths: ['docs/**', '*.md', '!SECRET.md']",
    ));
    for file in ["docs/a/b.txt", "src/README.md"] {
        world.hook(&on_file(&world, "Write", file)).silent();
    }
    for file in ["src/a.txt", "SECRET.md"] {
        let answer = world.hook(&of(&file.replace('/', "0"), on_file(&world, "Write", file)));
        assert!(answer.refusal().contains("outside of what may be changed here"), "{file}");
    }
    world.hook(&run(&world, "echo x > docs/x")).silent();
    world.hook(&run(&world, "echo x > src/x")).refusal();
}

#[test]
fn a_time_window_opens_and_closes_by_the_clock_of_its_zone() {
    let minute = now().rem_euclid(86_400) / 60;
    let at = |offset: i64| {
        let minute = (minute + offset).rem_euclid(1_440);
        format!("{:02}:{:02}", minute / 60, minute % 60)
    };
    let window = |from: i64, to: i64| format!("{{from: '{}', to: '{}'}}", at(from), at(to));
    let (around, later) = (window(-60, 60), window(120, 180));
    let east = window(-60 + 150, 60 + 150);
    for (keys, is_open) in [
        (format!("deny: [{around}], timezone: utc"), false),
        (format!("deny: [{later}], timezone: utc"), true),
        (format!("allow: [{around}], timezone: utc"), true),
        (format!("allow: [{later}], timezone: utc"), false),
        (format!("allow: [{later}, {around}], timezone: utc"), true),
        (format!("allow: [{around}], deny: [{around}], timezone: utc"), false),
        (format!("allow: [{east}], timezone: '+02:30'"), true),
        (format!("deny: [{east}], timezone: '+02:30'"), false),
        ("deny: [{}]".to_owned(), false),
        ("allow: [{days: [mon, tue, wed, thu, fri, sat, sun]}]".to_owned(), true),
    ] {
        let world = World::with(&one(
            "hours",
            &format!("type: condition, condition: time_window, time_window: {{{keys}}}"),
        ));
        let answer = world.hook(&world.edit());
        assert_eq!(answer.json.is_none(), is_open, "{keys}: {answer:?}");
        if !is_open {
            assert!(answer.refusal().contains("is outside of the time for this"), "{}", answer.refusal());
            world.req_ok(&["approve", "hours", "--session", SESSION]);
            world.hook(&world.edit()).silent();
        }
        world.hook(&world.recorded("Stop-first")).silent();
    }
}

// Values

#[test]
fn a_branch_is_as_large_as_what_it_changes_against_its_base() {
    let size = |more: &str| {
        one(
            "size",
            &format!(
                "type: limit, calculator: branch_size_calculator, thresholds: {{warn: 8, block: 10}}, cache_ttl: 0{more}"
            ),
        )
    };
    let world = World::with(&size(""));
    commit_all(&world);
    let value = |world: &World| {
        let status = printed(&world.req(&["status", "--json"]));
        status["requirements"][0]["facts"].clone()
    };
    assert_eq!(value(&world)["value"], Value::Null, "nothing is counted on the trunk");
    world.git(&["checkout", "-qb", "feature/one"]);
    world.write("src/one.txt", &"line\n".repeat(20));
    commit_all(&world);
    assert_eq!((&value(&world)["value"], &value(&world)["base_branch"]), (&json!(20), &json!("main")));
    assert!(world.hook(&world.edit()).refusal().contains("committed: 20+/0-"));

    // A strict ancestor is where a stacked branch begins; a copy is not.
    world.git(&["checkout", "-qb", "feature/two"]);
    assert_eq!(value(&world)["value"], 20);
    world.write("src/two.txt", "1\n2\n");
    commit_all(&world);
    assert_eq!((&value(&world)["value"], &value(&world)["base_branch"]), (&json!(2), &json!("feature/one")));
    world.git(&["branch", "fix/copy"]);
    assert_eq!(value(&world)["base_branch"], "feature/one");
    world.hook(&of(OTHER, world.edit())).silent();

    world.write("src/a.txt", "alpha\n");
    world.write("src/staged.txt", "1\n");
    world.git(&["add", "src/staged.txt"]);
    world.write("src/untracked.txt", "1\n2\n3\n4");
    let facts = value(&world);
    assert_eq!(
        (&facts["staged"], &facts["unstaged"], &facts["untracked"]),
        (&json!(1), &json!(1), &json!(4))
    );
    assert_eq!((&facts["value"], &facts["warns"]), (&json!(8), &json!(true)));
    assert!(world.req_ok(&["status", "--verbose"]).contains("8 of 10, near it"));
    world.hook(&of(OTHER, world.edit())).silent();

    world.configure(&size(", base: main"));
    commit_all(&world);
    assert_eq!(value(&world)["base_branch"], "main");
    assert!(world.hook(&of(OTHER, world.edit())).refusal().contains("the limit 10, counted from `main`"));
}

#[test]
fn a_value_is_used_again_for_its_time_and_an_approval_ends() {
    let size = |ttl: u32| {
        one(
            "size",
            &format!(
                "type: limit, calculator: branch_size_calculator, thresholds: {{block: 10}}, cache_ttl: {ttl}, approval_ttl: 900"
            ),
        )
    };
    let world = World::with(&size(60));
    commit_all(&world);
    world.git(&["checkout", "-qb", "feature/x"]);
    world.hook(&world.edit()).silent();
    world.write("src/new.txt", &"line\n".repeat(30));
    world.hook(&world.edit()).silent();
    world.configure(&size(0));
    world.hook(&world.edit()).refusal();
    assert!(world.req_ok(&["approve", "size", "--session", SESSION]).contains("lasts"));
    let entry = world.state("feature-x")["requirements"]["size"]["sessions"][KEY].clone();
    assert_eq!(entry["satisfied_by"], "approval");
    assert_eq!(entry["expires_at"].as_i64().unwrap() - entry["satisfied_at"].as_i64().unwrap(), 900);
    world.hook(&world.edit()).silent();
    world.edit_state("feature-x", |state| {
        state["requirements"]["size"]["sessions"][KEY]["expires_at"] = json!(now() - 1);
    });
    world.hook(&world.edit()).refusal();
}

#[test]
fn a_command_is_run_for_the_global_file_alone() {
    let world = World::with("requirements: {}\n");
    let global = |command: &str, more: &str| {
        world.configure_globally(&one(
            "load",
            &format!("type: limit, command: {command:?}, thresholds: {{block: 5}}, cache_ttl: 0{more}"),
        ));
    };
    global("echo 4.5", "");
    world.hook(&world.edit()).silent();
    global("echo 7; echo $STANCHION_BRANCH", "");
    assert!(world.hook(&world.edit()).refusal().contains("The value is 7, the limit 5"));
    global("echo '{\"value\": 9, \"summary\": \"nine of them\"}'", "");
    assert!(world.hook(&of(OTHER, world.edit())).refusal().contains("nine of them"));
    for failing in ["exit 3", "echo many"] {
        global(failing, "");
        world.hook(&world.edit()).silent();
        global(failing, ", on_error: deny");
        assert!(world.hook(&world.edit()).refusal().contains("load could not be evaluated"), "{failing}");
    }
    world.configure_globally("requirements: {}\n");
    let touched = world.root().join("touched");
    world.configure(&one(
        "load",
        &format!("type: limit, command: 'touch {}; echo 9', thresholds: {{block: 5}}", touched.display()),
    ));
    world.hook(&world.edit()).silent();
    assert!(!touched.exists(), "a repository runs nothing");
    assert!(world.req_ok(&["status"]).contains("only the global file may name a `command`"));
}

// Modes

#[test]
fn observing_records_what_would_have_been_refused() {
    let world = World::with(&one("plan", "mode: observe"));
    for _ in 0..2 {
        world.hook(&world.edit()).silent();
    }
    world.hook(&world.recorded("Stop-first")).silent();
    let events = world.events(SESSION);
    assert_eq!(last(&events, "PreToolUse")["gates"]["asked"], json!([["plan", "observed"]]));
    let status = world.req_ok(&["status", "--session", SESSION]);
    assert!(
        status.contains("it would have refused: 3 uses in one session") && status.contains("mode: observe"),
        "{status}"
    );
    assert_eq!(printed(&world.req(&["status", "--json"]))["requirements"][0]["observed"]["count"], 3);
    world.satisfy("plan");
    world.hook(&world.edit()).silent();
    assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["asked"], json!([["plan", "satisfied"]]));
}

#[test]
fn warning_tells_once_and_lets_pass() {
    let world = World::with(&one("plan", "mode: warn, message: Plan first"));
    let answer = world.hook(&world.edit());
    assert!(answer.context().contains("plan is open and only warns: Plan first"), "{answer:?}");
    assert!(answer.json.as_ref().unwrap()["systemMessage"].as_str().unwrap().contains("Plan first"));
    assert_eq!(answer.json.as_ref().unwrap()["hookSpecificOutput"]["permissionDecision"], Value::Null);
    world.hook(&world.edit()).silent();
    assert!(message(&world.recorded("Stop-first"), &world).contains("plan is open and only warns"));
    world.hook(&world.recorded("Stop-first")).silent();
    assert!(world.req_ok(&["status", "--session", SESSION]).contains("mode warn"));
    world.configure(&one("plan", "mode: enforce"));
    world.hook(&world.edit()).refusal();
    assert!(world.req_ok(&["status", "--session", SESSION]).contains("while it did not enforce"));
}

// What cannot be evaluated

#[test]
fn a_pattern_that_gives_up_opens_or_closes_its_gate_as_configured() {
    let costly = "trigger_tools: [{tool: Bash, command_pattern: '(?:(?=a)a+)+b'}]";
    let command = format!("echo {}", "a".repeat(2_000));
    let world = World::with(&one("costly", costly));
    world.hook(&run(&world, &command)).silent();
    assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["asked"], json!([["costly", "failed"]]));
    assert!(
        message(&world.recorded("SessionStart-startup"), &world).contains("costly could not be evaluated")
    );
    for closing in [
        one("costly", &format!("{costly}, on_error: deny")),
        format!("on_error: deny\n{}", one("costly", costly)),
    ] {
        world.configure(&closing);
        let text = world.hook(&run(&world, &command)).refusal().to_owned();
        assert!(text.contains("costly could not be evaluated") && text.contains("req doctor"), "{text}");
        world.hook(&run(&world, "ls")).silent();
    }
    world.configure(&format!("on_error: deny\n{}", one("costly", &format!("{costly}, on_error: allow"))));
    world.hook(&run(&world, &command)).silent();
}

#[test]
fn a_payload_that_cannot_be_read_is_refused_only_where_errors_close() {
    let world = World::with(ONE);
    world.run("hook-pre-tool", b"{").silent();
    world.configure(&format!("on_error: deny\n{ONE}"));
    let answer = world.run("hook-pre-tool", b"{\"tool_name\":");
    assert!(answer.refusal().contains("on_error: deny"));
    assert_eq!(answer.code, Some(0));
    world.run("hook-post-tool", b"{").silent();
    world.configure(&format!("enabled: false\non_error: deny\n{}", one("plan", "scope: session")));
    world.run("hook-pre-tool", b"{").silent();
}

#[test]
fn a_damaged_policy_is_made_again_or_opens_or_closes_as_configured() {
    let path = |world: &World| world.repo.join(".git/stanchion/policy.json");
    let world = World::with(ONE);
    world.hook(&world.edit()).refusal();
    let whole = std::fs::read(path(&world)).unwrap();
    for damaged in [&b""[..], b"{}", &whole[..whole.len() / 2], &[0xff; 64]] {
        std::fs::write(path(&world), damaged).unwrap();
        world.hook(&world.edit()).refusal();
    }
    for (on_error, refuses) in [("allow", false), ("deny", true)] {
        let world = World::with(&format!("on_error: {on_error}\n{}", one("plan", "scope: session")));
        world.hook(&world.edit()).refusal();
        // Of the same length, and sound up to the end of its header.
        let text = std::fs::read_to_string(path(&world)).unwrap();
        let (header, body) = text.split_once('\n').unwrap();
        std::fs::write(path(&world), format!("{header}\n{}", body.replace("\"name\"", "\"name!"))).unwrap();
        let answer = world.hook(&world.edit());
        assert_eq!(answer.json.is_some(), refuses, "{answer:?}");
        if refuses {
            assert!(answer.refusal().contains("could not be evaluated"));
            assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["outcome"], "closed");
        }
        assert!(world.log().iter().any(|line| line["message"].as_str().unwrap().contains("damaged")));
    }
}

// Triggers

#[test]
fn a_trigger_may_be_about_certain_files() {
    let world = World::with(&one(
        "plan",
        "trigger_tools: [{tool: Edit, file_pattern: ['src/**', '!src/gen/**']}, {tool: Write, file_pattern: '*.sql'}]",
    ));
    world.hook(&on_file(&world, "Edit", "src/a.txt")).refusal();
    world.hook(&on_file(&world, "Edit", "src/gen/a.txt")).silent();
    world.hook(&on_file(&world, "Edit", "README.md")).silent();
    world.hook(&on_file(&world, "Edit", "docs/../src/x")).refusal();
    world.hook(&on_file(&world, "Write", "db/deep/a.sql")).refusal();
    world.hook(&on_file(&world, "Write", "src/a.txt")).silent();
}

#[test]
fn a_trigger_may_be_about_certain_agents() {
    for (agents, main, explore, plan) in [
        ("main", true, false, false),
        ("Explore", false, true, false),
        ("'*'", false, true, true),
        ("'!Explore'", true, false, true),
        ("[main, 'Pl*']", true, false, true),
    ] {
        let world =
            World::with(&one("plan", &format!("trigger_tools: [{{tool: Edit, agent_type: {agents}}}]")));
        let is_refused = |payload: Value| world.hook(&payload).json.is_some();
        // A session may run as an agent; it stays the session.
        let mut flagged = world.edit();
        flagged["agent_type"] = "Explore".into();
        assert_eq!(
            (
                is_refused(world.edit()),
                is_refused(flagged),
                is_refused(by_agent(world.edit(), "Explore")),
                is_refused(by_agent(world.edit(), "Plan"))
            ),
            (main, main, explore, plan),
            "{agents}"
        );
    }
}

#[test]
fn a_trigger_may_name_a_server_or_a_pattern_of_tools() {
    let payload = |world: &World, tool: &str| {
        let mut payload = world.recorded("PreToolUse-mcp-echo-2.1.329");
        payload["tool_name"] = tool.into();
        payload
    };
    for (trigger, hit, missed) in [
        ("mcp__scratch", ["mcp__scratch__echo", "mcp__scratch__write_x"], ["mcp__scratchpad__echo", "Edit"]),
        ("'mcp__*__write*'", ["mcp__a__write", "mcp__b__write_file"], ["mcp__a__read", "Write"]),
        ("'*Edit'", ["NotebookEdit", "Edit"], ["Write", "Read"]),
        (
            "mcp__scratch__echo",
            ["mcp__scratch__echo", "mcp__scratch__echo"],
            ["mcp__scratch__echo2", "mcp__scratch"],
        ),
    ] {
        let world = World::with(&one("plan", &format!("trigger_tools: [{trigger}]")));
        for tool in hit {
            world.hook(&payload(&world, tool)).refusal();
        }
        for tool in missed {
            world.hook(&payload(&world, tool)).silent();
        }
    }
}

#[test]
fn files_written_through_bash_count_as_edits_where_that_is_asked_for() {
    let world = World::with(&one("plan", "scope: session"));
    world.hook(&run(&world, "echo x > src/a.txt")).silent();
    world.configure(&one("plan", "bash_writes: true"));
    for command in [
        "echo x > src/a.txt",
        "cat <<'EOF' > src/b.txt\nx\nEOF",
        "sed -i s/a/b/ src/a.txt",
        "echo x | tee -a src/a.txt",
        "cp /etc/hosts src/",
        "cd src && echo x > a.txt",
    ] {
        world.hook(&run(&world, command)).refusal();
    }
    for command in [
        "cat src/a.txt",
        "echo x > /tmp/elsewhere",
        "make 2> /dev/null",
        "echo x > .claude/plans/p.md",
        "ls -la",
    ] {
        world.hook(&run(&world, command)).silent();
    }
    world.hook(&world.edit()).refusal();
    world.configure(&one("plan", "bash_writes: true, trigger_tools: [{tool: Edit, file_pattern: 'src/**'}]"));
    world.hook(&run(&world, "echo x > src/a.txt")).refusal();
    world.hook(&run(&world, "echo x > README.md")).silent();
}

// Ways to satisfy

#[test]
fn a_subagent_that_finished_satisfies_what_it_stands_for() {
    let world = World::with(&one("looked", "satisfied_by_agent: ['Expl*', reviewer], replan_ttl: 600"));
    world.hook(&world.edit()).refusal();
    for other in ["", "general-purpose"] {
        world.hook(&world.payload("SubagentStop-Explore", json!({"agent_type": other}))).silent();
        world.hook(&of(OTHER, world.edit())).refusal();
        assert_eq!(world.state("main"), Value::Null, "{other:?}");
    }
    world.hook(&world.recorded("SubagentStart-Explore")).silent();
    assert_eq!(world.state("main"), Value::Null, "it has not finished");
    world.hook(&world.recorded("SubagentStop-Explore")).silent();
    world.hook(&world.edit()).silent();
    let entry = world.state("main")["requirements"]["looked"]["sessions"][KEY].clone();
    assert_eq!((&entry["satisfied_by"], &entry["metadata"]), (&json!("agent"), &json!({"agent": "Explore"})));
}

#[test]
fn a_slash_command_that_the_user_types_counts_as_its_skill() {
    let world = World::with(&one("did", "satisfied_by_skill: 'acme:doit'"));
    for prompt in ["please run /doit", "doit", "/doit/x", "/doite"] {
        world.hook(&world.payload("UserPromptSubmit-slash", json!({"prompt": prompt})));
        assert_eq!(world.state("main"), Value::Null, "{prompt}");
    }
    world.hook(&world.recorded("UserPromptSubmit-slash")).silent();
    world.hook(&world.edit()).silent();
    let expansion = json!({
        "hook_event_name": "UserPromptExpansion", "expansion_type": "slash_command", "command_name": "acme:doit",
        "command_args": "thing", "command_source": "plugin", "prompt": "/acme:doit thing", "session_id": OTHER,
    });
    world.hook(&world.payload("UserPromptSubmit-slash", expansion)).silent();
    world.hook(&of(OTHER, world.edit())).silent();
    let entry = world.state("main")["requirements"]["did"]["sessions"]["0badcafe"].clone();
    assert_eq!((&entry["satisfied_by"], &entry["metadata"]["skill"]), (&json!("skill"), &json!("acme:doit")));
}

#[test]
fn a_skill_may_have_to_say_itself_that_it_is_done() {
    let world = World::with(&format!(
        "protect_cli: true\n{}",
        one("plan", "satisfied_by_skill: 'acme:plan', satisfied_when: done, success_message: Well planned.")
    ));
    let done = |world: &World| world.req(&["done", "plan", "--session", SESSION]);
    world.hook(&world.recorded("SessionStart-startup"));
    let refused = done(&world);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("has not used /acme:plan"));
    world.hook(&skill(&world, "plan")).silent();
    world.hook(&world.edit()).refusal();
    // An agent may say so, and nothing else, where it is kept from its gates.
    world.hook(&run(&world, "req done plan")).silent();
    let said = done(&world);
    assert!(String::from_utf8_lossy(&said.stdout).contains("Well planned."), "{said:?}");
    world.hook(&world.edit()).silent();
    let entry = world.state("main")["requirements"]["plan"]["sessions"][KEY].clone();
    assert_eq!((&entry["satisfied_by"], &entry["metadata"]["done"]), (&json!("skill"), &json!(true)));
    assert_eq!(
        world.req(&["done", "plan", "--session", OTHER]).status.code(),
        Some(1),
        "not for another session"
    );
}

// What is said

#[test]
fn message_files_say_what_is_said_and_the_nearest_one_counts() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, message: From the configuration}\n  other: {enabled: true, trigger_tools: [Write]}\n",
    );
    std::fs::create_dir_all(world.home.join(".claude/messages")).unwrap();
    let files = [
        (world.home.join(".claude/messages/plan.yaml"), "blocking_message: From home\n"),
        (world.repo.join(".claude/messages/plan.yaml"), "blocking_message: From the project\n"),
        (
            world.repo.join(".claude/messages.local/plan.yaml"),
            "blocking_message: 'From this clone: {name} on {branch}'\nheader: '## {name}'\nfallback_text: ask somebody\nsuccess_message: Thanks\naction_label: ask around\n",
        ),
    ];
    let mut said = "From the configuration".to_owned();
    for (at, (file, text)) in files.iter().enumerate() {
        assert!(
            world.hook(&of(&format!("{at}0000000"), world.edit())).refusal().starts_with(&said),
            "{said}"
        );
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        said = text.lines().next().unwrap().replace("blocking_message: ", "");
    }
    let text = world.hook(&world.edit()).refusal().to_owned();
    assert!(
        text.starts_with("## plan\nFrom this clone: plan on main") && text.contains("To go on: ask somebody"),
        "{text}"
    );
    assert!(world.req_ok(&["satisfy", "plan", "--session", OTHER]).contains("Thanks"));
    world.write(".claude/messages/_templates.yaml", "blocking: {blocking_message: 'Template for {name}'}\n");
    assert!(world.hook(&world.recorded("PreToolUse-Write")).refusal().contains("Template for other"));
    let start = world.hook(&world.recorded("SessionStart-startup"));
    assert!(start.context().contains("plan is open (ask around)"), "{}", start.context());
    world.write(
        ".claude/messages/_status.yaml",
        "compact: 'Mine: {satisfied_count}/{total_count} on {branch}: {unsatisfied_names}'\n",
    );
    let start = world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(start.context(), "Mine: 0/2 on main: plan other");
    assert!(world.req(&["messages", "validate"]).status.success());
    world.write(".claude/messages/plan.yaml", "blocking_message: [\n");
    assert_eq!(world.req(&["messages", "validate"]).status.code(), Some(1));
}

#[test]
fn a_refusal_that_repeats_is_short() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, message: A long story, short_message: 'Still no {name}', checklist: [look twice, 'ask {branch}']}\n  more: {enabled: true, trigger_tools: [Write]}\n",
    );
    let first = world.hook(&world.edit()).refusal().to_owned();
    assert!(first.contains("A long story") && first.contains("- [ ] look twice\n- [ ] ask main"), "{first}");
    let again = world.hook(&world.edit()).refusal().to_owned();
    assert!(again.starts_with("Still no plan") && !again.contains("A long story"), "{again}");
    assert!(again.contains("req satisfy plan"), "the way out stays");
    assert!(
        world.hook(&of(OTHER, world.edit())).refusal().contains("A long story"),
        "not for another session"
    );
    let both = world.hook(&world.recorded("PreToolUse-Write")).refusal().to_owned();
    assert!(both.contains("A long story") && both.contains("more"), "nor for other requirements: {both}");
    assert!(world.req_ok(&["why", "Edit", "src/a.txt"]).contains("- look twice"));
}

#[test]
fn plan_mode_is_told_what_the_plan_will_meet() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, auto_resolve_skill: 'acme:plan'}\nworkflow: {phases: [{name: thinking, gate: plan, skill: 'acme:think'}]}\n",
    );
    let entered = world.hook(&tool_done(&world, "EnterPlanMode"));
    assert!(
        entered.context().contains("- plan (/plan)")
            && entered.context().contains("The phase is thinking; its skill is /acme:think."),
        "{}",
        entered.context()
    );
    let left = world.hook(&tool_done(&world, "ExitPlanMode"));
    assert!(left.context().contains(&format!("req satisfy plan --session {KEY}")), "{}", left.context());
    world.hook(&tool_done(&world, "TodoWrite")).silent();
    world.satisfy("plan");
    world.hook(&tool_done(&world, "EnterPlanMode")).silent();
    world.hook(&tool_done(&world, "ExitPlanMode")).silent();
    world.configure(&format!(
        "{}hooks: {{plan_enter: {{inject_context: false}}, plan_exit: {{inject_context: false}}}}\n",
        one("new", "scope: session")
    ));
    world.hook(&tool_done(&world, "EnterPlanMode")).silent();
    world.hook(&tool_done(&world, "ExitPlanMode")).silent();
}

#[test]
fn a_subagent_that_reviews_is_told_what_it_reviews_against() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SubagentStart-Explore")).silent();
    let reviewer = world.payload("SubagentStart-Explore", json!({"agent_type": "acme:code-reviewer"}));
    let told = world.hook(&reviewer).context().to_owned();
    assert!(told.contains("on branch `main`") && told.contains("Open requirements: commit_plan"), "{told}");
    world.satisfy("commit_plan");
    assert!(world.hook(&reviewer).context().contains("Open requirements: none"));
    world.configure(&format!("{ONE}hooks: {{subagent_start: {{agents: Explore}}}}\n"));
    world.hook(&reviewer).silent();
    assert!(world.hook(&world.recorded("SubagentStart-Explore")).context().contains("main"));
    world.hook(&world.recorded("Stop-first")).silent();
    let metrics = world.metrics();
    assert_eq!(metrics["tools"]["SubagentStart:Explore"]["count"], 2);
    assert_eq!(metrics["agents"].as_array().unwrap().len(), 5);
}

#[test]
fn what_destroys_is_denied_before_anybody_is_asked() {
    let world = World::with(ONE);
    let ask = |tool: &str, command: &str| {
        let mut payload = world.recorded("PermissionRequest-AskUserQuestion");
        payload["tool_name"] = tool.into();
        payload["tool_input"] = json!({"command": command, "description": "scripted"});
        payload
    };
    for command in [
        "rm -r -f /",
        "rm -rf ~",
        "rm --no-preserve-root -rf /x",
        "git -C x push --force",
        "git push origin +main",
        "cd / && rm -rf *",
    ] {
        let answer = world.hook(&ask("Bash", command));
        let output = answer.json.as_ref().expect(command)["hookSpecificOutput"].clone();
        assert_eq!(
            (&output["hookEventName"], &output["decision"]["behavior"]),
            (&json!("PermissionRequest"), &json!("deny"))
        );
        assert!(
            output["decision"]["message"].as_str().unwrap().contains("was denied without asking"),
            "{command}"
        );
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    }
    for command in [
        "rm /home/me/f",
        "git push origin my-f",
        "rm -rf target",
        "echo 'rm -rf /'",
        "git push --force-with-lease",
    ] {
        world.hook(&ask("Bash", command)).silent();
    }
    world.hook(&ask("Other", "rm -rf /")).silent();
    world.hook(&world.recorded("PermissionRequest-AskUserQuestion")).silent();
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.metrics()["tools"]["PermissionDenied"]["count"], 6);
    world.configure(&format!("{ONE}hooks: {{permission_request: {{auto_deny_dangerous: false}}}}\n"));
    world.hook(&ask("Bash", "rm -rf /")).silent();
}

#[test]
fn a_team_leaves_a_trail_and_may_be_sent_back() {
    let world = World::with(ONE);
    let trail = || {
        std::fs::read_to_string(world.repo.join(".git/requirements/team_progress.log")).unwrap_or_default()
    };
    let long = "x".repeat(60);
    world.hook(&world.recorded("TeammateIdle-default")).silent();
    world
        .hook(&world.payload("TaskCompleted-default", json!({"task_subject": long, "team_name": "red"})))
        .silent();
    world.hook(&world.payload("TaskCompleted-default", json!({"task_subject": "two\nlines"}))).silent();
    let lines: Vec<String> = trail().lines().map(|line| line[11..].to_owned()).collect();
    assert_eq!(lines[0], "IDLE  mate-one paused  [session-2afd8cf4]");
    assert_eq!(lines[1], format!("DONE  #1 completed: {}  [red]", "x".repeat(43)));
    assert_eq!((lines[2].as_str(), lines.len()), ("DONE  #1 completed: two lines  []", 3));
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.metrics()["agents"][0]["name"], "team:TeammateIdle");

    world.configure(&format!(
        "{ONE}hooks: {{agent_teams: {{keep_working_on_idle: true, validate_task_completion: true}}}}\n"
    ));
    let answer = world.hook(&world.recorded("TeammateIdle-default"));
    let text = answer.block();
    assert!(text.contains("commit_plan (.claude/requirements.yaml:"), "{text}");
    assert!(text.contains("req satisfy commit_plan --session"), "{text}");
    assert!(
        world
            .hook(&world.payload("TaskCompleted-default", json!({"task_subject": ""})))
            .block()
            .contains("subject")
    );
    world.satisfy("commit_plan");
    world.hook(&world.recorded("TeammateIdle-default")).silent();
    world.hook(&world.recorded("TaskCompleted-default")).silent();
    world
        .configure(&format!("{ONE}hooks: {{agent_teams: {{enabled: false, keep_working_on_idle: true}}}}\n"));
    let before = trail();
    world.hook(&world.recorded("TeammateIdle-default")).silent();
    assert_eq!(trail(), before);
}

#[test]
fn compactions_are_counted_by_what_caused_them() {
    let world = World::with(ONE);
    world.hook(&world.recorded("PreCompact-auto")).silent();
    world.hook(&world.recorded("PreCompact-manual")).silent();
    world.hook(&world.recorded("PostCompact-auto")).silent();
    let mut older = world.recorded("PreCompact-auto");
    older.as_object_mut().unwrap().remove("trigger");
    for name in ["compact_trigger", "source"] {
        let mut payload = older.clone();
        payload[name] = "auto".into();
        world.hook(&payload).silent();
    }
    let metrics = world.metrics();
    assert_eq!(metrics["compaction_count"], 4);
    assert_eq!(
        (&metrics["tools"]["Compact:auto"]["count"], &metrics["tools"]["Compact:manual"]["count"]),
        (&json!(3), &json!(1))
    );
}

// The status line

#[test]
fn the_status_line_shows_what_is_open_and_how_full_the_session_is() {
    let mut world = World::with(
        "requirements:\n  a: {enabled: true}\n  b: {enabled: true}\nworkflow: {phases: [{name: think, gate: a}, {name: work, gate: b}], ship_phase: ship it}\n",
    );
    let usage = world.recorded("StatusLine-with-usage").to_string();
    let line = |world: &World| world.status_line(&usage, &[]);
    let red = |text: &str| format!("\u{1b}[31m{text}\u{1b}[0m");
    let yellow = |text: &str| format!("\u{1b}[33m{text}\u{1b}[0m");
    let rest = "ctx 42% · $0.78 · Opus 4.8 (1M context)\n";
    assert_eq!(line(&world), format!("think · {} · {rest}", red("2 open: a, b")));
    world.req_ok(&["satisfy", "a", "--session", OTHER]);
    assert_eq!(line(&world), format!("think · {} · {rest}", red("2 open: a, b")), "another session's");
    world.satisfy("a");
    assert_eq!(line(&world), format!("work · {} · {rest}", red("1 open: b")));
    world.satisfy("b");
    assert_eq!(line(&world), format!("ship it · {rest}"));
    assert_eq!(
        world.status_line(&world.recorded("StatusLine-startup").to_string(), &[]),
        "ship it · Opus 4.8 (1M context)\n"
    );
    world.req_ok(&["pause", "--session", SESSION]);
    assert_eq!(line(&world), format!("{} · ship it · {rest}", yellow("⏸ paused")));
    world.req_ok(&["resume", "--session", SESSION]);

    world.configure("requirements: {a1: {enabled: true}, a2: {enabled: true}, a3: {enabled: true}, a4: {enabled: true}}\n");
    assert!(line(&world).contains("4 open: a1, a2, a3, …"));
    let mut deep = world.recorded("StatusLine-with-usage");
    deep["workspace"]["current_dir"] = world.repo.join("src/deep").to_string_lossy().into();
    for (full, shown) in [(84.6, "ctx 85%".to_owned()), (90.0, yellow("ctx 90%")), (97.0, red("ctx 97%"))] {
        deep["context_window"]["used_percentage"] = full.into();
        let line = world.status_line(&deep.to_string(), &[]);
        assert!(line.contains(&format!(" · {shown} · ")) && line.contains("4 open"), "{line}");
    }
    world.env.push(("NO_COLOR".into(), "1".into()));
    assert!(!world.status_line(&deep.to_string(), &[]).contains('\u{1b}'));
    world.env.clear();
    world.configure("enabled: false\nrequirements: {a1: {enabled: true}}\n");
    assert_eq!(line(&world), format!("{} · {rest}", yellow("gates off")));
}

#[test]
fn the_status_line_prints_what_is_left_whatever_comes() {
    let world = World::with(ONE);
    for stdin in [
        "",
        "{",
        "[]",
        "null",
        "{\"model\": 5, \"cost\": \"x\", \"cwd\": [1], \"session_id\": {}}",
        "{\"cwd\": \"/nowhere\"}",
    ] {
        assert_eq!(world.status_line(stdin, &[]), "\n", "{stdin}");
    }
    let mut odd = world.recorded("StatusLine-startup");
    odd["model"]["display_name"] = "a\u{1b}[2Jb\n".into();
    assert!(!world.status_line(&odd.to_string(), &[]).contains("\u{1b}[2J"));
    std::fs::write(world.repo.join(".git/requirements"), "in the way").unwrap();
    assert!(
        world.status_line(&world.recorded("StatusLine-startup").to_string(), &[]).contains("commit_plan")
    );
}

#[test]
fn a_status_line_that_nobody_reads_ends_well() {
    let world = World::new();
    let path = tests::executables().join("hook-status-line");
    for sink in ["/dev/full", "/dev/null"] {
        let mut shell = world.command("sh");
        shell.args(["-c", &format!("echo '{{}}' | '{}' >{sink}", path.display())]);
        let output = shell.output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{sink}");
    }
}

#[test]
fn the_status_line_of_the_user_comes_first() {
    let world = World::with("requirements: {}\n");
    let payload = world.recorded("StatusLine-startup").to_string();
    let chained = |command: &str| world.status_line(&payload, &["--chain", command]);
    assert_eq!(chained("echo mine; echo two"), "mine\ntwo\nOpus 4.8 (1M context)\n");
    assert_eq!(
        chained("grep -o 'Opus 4.8' | head -1"),
        "Opus 4.8\nOpus 4.8 (1M context)\n",
        "it reads the same"
    );
    assert_eq!(chained("printf '\\033[1mbold\\033[0m'"), "\u{1b}[1mbold\u{1b}[0m\nOpus 4.8 (1M context)\n");
    for broken in ["exit 3", "/no/such/program", "kill -9 $$"] {
        assert_eq!(chained(broken), "Opus 4.8 (1M context)\n", "{broken}");
    }
    let started = Instant::now();
    assert_eq!(chained("sleep 20"), "Opus 4.8 (1M context)\n");
    assert!(started.elapsed() < Duration::from_secs(5));
}

// protect_cli

#[test]
fn an_agent_is_kept_from_its_own_gates() {
    let world = World::with(&format!("protect_cli: true\n{}", one("plan", "scope: session")));
    let refused = |payload: &Value| {
        let answer = world.hook(payload);
        assert!(
            answer.refusal().contains("protect_cli (") && answer.refusal().contains("ask the user"),
            "{}",
            answer.refusal()
        );
        assert_eq!(last(&world.events(SESSION), "PreToolUse")["gates"]["outcome"], "protected");
    };
    for command in [
        "req satisfy plan",
        "cd src; req pause",
        "req config --set enabled=false",
        "bash -c 'req clear plan'",
        "sed -i s/true/false/ .claude/requirements.yaml",
        "rm -rf .git/requirements",
    ] {
        refused(&run(&world, command));
    }
    for file in [
        ".claude/requirements.yaml",
        ".claude/requirements.local.yaml",
        ".git/requirements/main.json",
        ".claude/settings.json",
        "src/../.claude/messages/plan.yaml",
    ] {
        refused(&on_file(&world, "Edit", file));
        refused(&on_file(&world, "Write", file));
    }
    let mut global = world.edit();
    global["tool_input"]["file_path"] = world.home.join(".claude/settings.json").to_string_lossy().into();
    refused(&global);
    for command in ["req status", "req why Edit src/a.txt", "req why --last", "cat .claude/requirements.yaml"]
    {
        world.hook(&run(&world, command)).silent();
    }
    let open = world.hook(&world.edit()).refusal().to_owned();
    assert!(open.contains("ask the user") && open.contains("Do not run it yourself"), "{open}");
    assert!(world.hook(&world.recorded("SessionStart-startup")).context().contains("`protect_cli`"));
}

#[test]
fn req_itself_refuses_an_agent_that_got_past_its_hook() {
    let mut world = World::with(&format!("protect_cli: true\n{}", one("plan", "scope: session")));
    world.env.push(("CLAUDECODE".into(), "1".into()));
    for arguments in [
        &["satisfy", "plan", "--session", SESSION][..],
        &["pause", "--session", SESSION],
        &["clear", "--all"],
        &["logging", "--level", "debug", "--yes"],
        &["init", "--force", "--yes"],
    ] {
        let output = world.req(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("protect_cli"), "{arguments:?}");
    }
    assert_eq!(world.state("main"), Value::Null);
    world.req_ok(&["status"]);
    world.req_ok(&["logging"]);
    world.env.clear();
    let mut client = StandIn::new(&world);
    assert_eq!(
        client.req("satisfy plan --session cad0ac4d").status.code(),
        Some(1),
        "the client above it tells as well"
    );
    let output = world.req(&["satisfy", "plan", "--session", SESSION]);
    assert_eq!(output.status.code(), Some(1), "what was cut loose from its agent has no terminal");
    assert!(world.typed(&format!("satisfy plan --session {SESSION}")).status.success());
    world.hook(&world.edit()).silent();
}

// Looking back

#[test]
fn why_last_explains_the_last_refusal_from_the_log() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, description: A plan first.}\n  proven: {enabled: true, evidence: {}, trigger_tools: [Write]}\n",
    );
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(
        world.req(&["why", "--last", "--session", SESSION]).status.code(),
        Some(1),
        "nothing was decided"
    );
    world.hook(&world.edit()).refusal();
    world.hook(&run(&world, "ls")).silent();
    let told = world.req_ok(&["why", "--last", "--session", SESSION]);
    for part in [
        "src/a.txt",
        "was refused",
        "plan was open",
        ".claude/requirements.yaml:2",
        "A plan first.",
        "req satisfy plan",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    world.satisfy("plan");
    world.satisfy("proven");
    world.hook(&world.recorded("PreToolUse-Write")).refusal();
    let told = printed(&world.req(&["why", "--last", "--session", SESSION, "--json"]));
    assert_eq!(
        (&told["tool"], &told["outcome"], &told["policy_is_current"]),
        (&json!("Write"), &json!("deny"), &json!(true))
    );
    assert_eq!(told["requirements"][1]["facts"], json!({"given": true, "evidence": null}));
    world.configure(&one("plan", "scope: session"));
    assert!(
        world
            .req_ok(&["why", "--last", "--session", SESSION])
            .contains("The configuration has changed since")
    );
}

/// What is replayed: one of each kind of requirement.
const REPLAYED: &str = "requirements:\n  plan: {enabled: true, satisfied_by_skill: plan}\n  once: {enabled: true, scope: single_use, trigger_tools: [{tool: Bash, command_pattern: 'gh\\s+pr\\s+create'}]}\n  \
    proven: {enabled: true, evidence: {}, trigger_tools: [Write]}\n  frozen: {enabled: true, type: condition, condition: paths, paths: 'migrations/**'}\n  \
    size: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {block: 500}, trigger_tools: [NotebookEdit]}\n  \
    seen: {enabled: true, mode: observe, trigger_tools: [mcp__scratch]}\n  checks: {enabled: true, stop_only: true, trigger_tools: [Edit]}\n";

/// Plays about sixty events through the hooks.
fn play(world: &World) {
    world.hook(&world.recorded("SessionStart-startup"));
    for at in 0..10 {
        world.hook(&run(world, &format!("git push origin topic-{at}"))).silent();
        world.hook(&run(world, &format!("cargo test -- test_{at} | tail -{at}"))).silent();
    }
    for at in 0..6 {
        world.hook(&on_file(world, "Edit", &format!("src/{at}.txt"))).refusal();
        world.hook(&on_file(world, "Write", &format!("src/w{at}.txt"))).refusal();
    }
    world.hook(&on_file(world, "Edit", "docs/plans/p.md")).silent();
    world.hook(&skill(world, "plan")).silent();
    for at in 0..8 {
        world.hook(&on_file(world, "Edit", &format!("src/{at}.txt"))).silent();
        world.hook(&run(world, &format!("echo {at} > migrations/{at}.sql"))).refusal();
    }
    world.req_ok(&["satisfy", "once", "proven", "--session", SESSION]);
    world.hook(&on_file(world, "Write", "src/w.txt")).refusal();
    world.write(".claude/plans/p.md", "# Plan\n");
    world.hook(&on_file(world, "Write", "src/w.txt")).silent();
    world.hook(&run(world, "gh pr create --fill")).silent();
    world.hook(&world.bash("PostToolUse", "gh pr create --fill")).silent();
    world.hook(&run(world, "gh pr create --fill")).refusal();
    world.hook(&on_file(world, "NotebookEdit", "n.ipynb")).silent();
    world.hook(&world.recorded("PreToolUse-mcp-echo-2.1.329")).silent();
    world.hook(&world.recorded("PostToolUse-Edit")).silent();
    world.hook(&world.recorded("PostToolUseFailure-Bash")).silent();
    world.hook(&world.recorded("Stop-first")).block();
    world.req_ok(&["satisfy", "checks", "--session", SESSION]);
    world.hook(&world.recorded("Stop-first")).silent();
}

/// Repeats the session's log until it has a thousand events; how often it stands there.
fn repeat_to_a_thousand(world: &World) -> usize {
    let path = world.home.join(".stanchion/sessions").join(SESSION).join("events.jsonl");
    let events = world.events(SESSION);
    let first = events[0]["mono_ns"].as_u64().unwrap();
    let span = events.last().unwrap()["mono_ns"].as_u64().unwrap() - first + 1;
    let rounds = 1_000_usize.div_ceil(events.len());
    let mut text = String::new();
    for round in 0..rounds {
        for event in &events {
            let mut event = event.clone();
            event["event_id"] = format!("{}-{round}", event["event_id"].as_str().unwrap()).into();
            event["mono_ns"] = (event["mono_ns"].as_u64().unwrap() + round as u64 * span).into();
            text.push_str(&format!("{event}\n"));
        }
    }
    std::fs::write(path, text).unwrap();
    rounds
}

#[test]
fn a_replay_of_a_thousand_events_gives_the_same_answers_and_tells_what_would_differ() {
    let world = World::with(REPLAYED);
    commit_all(&world);
    world.git(&["checkout", "-qb", "feature/x"]);
    play(&world);
    let decided = world
        .events(SESSION)
        .iter()
        .filter(|event| event["event"] == "PreToolUse" || event["event"] == "Stop")
        .count();
    assert!(decided >= 50, "{decided}");
    let rounds = repeat_to_a_thousand(&world);
    let replay = |more: &[&str]| {
        let started = Instant::now();
        let output = world.req(&[&["replay", "--session", SESSION, "--json"], more].concat());
        (started.elapsed(), printed(&output))
    };
    let (_, same) = replay(&[]);
    assert!(same["events"].as_u64() >= Some(1_000), "{}", same["events"]);
    assert_eq!((&same["differences"], &same["decisions"]), (&json!([]), &json!(decided * rounds)));
    let fastest = (0..3).map(|_| replay(&[]).0).min().unwrap();
    assert!(fastest < Duration::from_millis(200), "{fastest:?}");

    let other = REPLAYED
        .replace("plan: {enabled: true,", "plan: {enabled: false,")
        .replace("paths: 'migrations/**'", "paths: 'migrations/7.sql'")
        + "  push: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\\s+push'}]}\n";
    std::fs::write(world.root().join("other.yaml"), other).unwrap();
    let (_, changed) = replay(&["--config", &world.root().join("other.yaml").to_string_lossy()]);
    let mut found: BTreeMap<(String, String, String, String), usize> = BTreeMap::new();
    for difference in changed["differences"].as_array().unwrap() {
        let text = |key: &str| difference[key].as_str().unwrap_or_default().to_owned();
        let refused = difference["refused_now"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap())
            .collect::<Vec<_>>();
        *found.entry((text("tool"), text("then"), text("now"), refused.join(" "))).or_default() += 1;
    }
    let expected = |tool: &str, then: &str, now: &str, refused: &str, count: usize| {
        ((tool.to_owned(), then.to_owned(), now.to_owned(), refused.to_owned()), count * rounds)
    };
    assert_eq!(
        found,
        BTreeMap::from([
            expected("Edit", "deny", "pass", "", 6),
            expected("Write", "deny", "deny", "proven", 6),
            expected("Bash", "pass", "deny", "push", 10),
            expected("Bash", "deny", "pass", "", 7),
        ])
    );
    let told = world.req_ok(&["replay", "--session", KEY]);
    assert!(told.ends_with("decisions: none would differ.\n"), "{told}");
}
