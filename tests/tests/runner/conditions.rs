//! Conditions: branches, paths, times and other sessions.

use std::time::Duration;

use serde_json::{Value, json};
use tests::world::{KEY, SESSION, now, of};
use tests::{StandIn, World};

use crate::support::{OTHER, on_file, one, run, start};

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

#[test]
fn case_12_a_protected_branch_is_judged_by_where_the_session_is() {
    let world = World::with(
        "requirements:\n  no_main: {enabled: true, type: condition, condition: protected_branch}\n",
    );
    assert!(world.hook(&world.edit()).refusal().contains("main"));
    world.req_ok(&["approve", "no_main", "--session", SESSION]);
    world.hook(&world.edit()).silent();
    world.hook(&of(OTHER, world.edit())).refusal();
    world.git(&["checkout", "-qb", "feature/auth"]);
    world.hook(&of(OTHER, world.edit())).silent();
    world.hook(&of(OTHER, world.recorded("Stop-first"))).silent();
    assert!(start(&world, OTHER, "startup").context().contains("1/1 satisfied"));
    assert!(world.req_ok(&["status", "--session", OTHER]).contains("The requirement is satisfied"));
    let told = world.hook(&of(OTHER, world.payload("UserPromptSubmit-plain", json!({"prompt": "fix it"}))));
    assert!(!told.stdout.contains("no_main"), "{told:?}");
    world.configure("requirements:\n  odd: {enabled: true, type: condition, condition: full_moon}\n");
    world.hook(&world.edit()).silent();
    assert!(world.req_ok(&["status"]).contains("full_moon"), "and it is told");
}

#[test]
fn r03_what_a_guard_denied_is_not_verified_either() {
    let world = World::with(
        "requirements:\n  no_main: {enabled: true, type: condition, condition: protected_branch}\n  plan: {enabled: true}\n",
    );
    world.hook(&world.edit()).refusal();
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.state("main"), Value::Null);
}

#[test]
fn r08_a_passing_guard_is_open_nowhere() {
    let world = World::with(
        "requirements:\n  no_main: {enabled: true, type: condition, condition: protected_branch}\nhooks: {subagent_start: {agents: '*'}}\n",
    );
    let everywhere = |world: &World| {
        let plan_exit =
            world.payload("PostToolUse-TodoWrite", json!({"tool_name": "ExitPlanMode", "tool_input": {}}));
        let prompt = world.payload("UserPromptSubmit-plain", json!({"prompt": "fix it"}));
        [
            ("SessionStart", world.hook(&world.recorded("SessionStart-startup")).stdout),
            ("prompt", world.hook(&prompt).stdout),
            ("plan", world.hook(&plan_exit).stdout),
            ("subagent", world.hook(&world.recorded("SubagentStart-Explore")).stdout),
            ("status", world.req_ok(&["status", "--session", SESSION])),
            ("summary", world.req_ok(&["status", "--summary", "--session", SESSION])),
            ("line", world.status_line(&world.recorded("StatusLine-startup").to_string(), &[])),
        ]
    };
    for (place, text) in everywhere(&world) {
        assert!(text.contains("no_main"), "{place} tells what is open: {text}");
    }
    world.git(&["checkout", "-qb", "feature/auth"]);
    for (place, text) in everywhere(&world) {
        assert!(!text.contains("no_main"), "{place}: {text}");
    }
    world.hook(&world.edit()).silent();
    world.hook(&world.recorded("Stop-first")).silent();
}

#[test]
fn gap_20_of_two_sessions_the_one_that_was_first_goes_on() {
    // Each blocked the other as soon as the second had tried.
    let world =
        World::with("requirements:\n  alone: {enabled: true, type: condition, condition: single_session}\n");
    let mut first = StandIn::new(&world);
    std::thread::sleep(Duration::from_millis(30));
    let mut second = StandIn::new(&world);
    second.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    first.hook(&world.recorded("SessionStart-startup"));
    first.hook(&world.edit()).silent();
    assert!(second.hook(&of(OTHER, world.edit())).refusal().contains(KEY));
    first.hook(&world.edit()).silent();
    first.hook(&world.recorded("Stop-first")).silent();
    drop(first);
    second.hook(&of(OTHER, world.edit())).silent();
}

#[test]
fn gap_27_the_message_of_a_guard_is_what_it_says() {
    // A built-in text won over the configured one.
    let world = World::with(
        "requirements:\n  no_main: {enabled: true, type: condition, condition: protected_branch, message: 'Hands off {branch}!'}\n",
    );
    let text = world.hook(&world.edit()).refusal().to_owned();
    assert!(text.starts_with("Hands off main!"), "{text}");
    assert!(!text.contains("is protected"), "{text}");
}
