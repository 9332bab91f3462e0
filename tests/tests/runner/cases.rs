//! The behaviour that everything rests on, case by case, and what must never come back.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::world::{KEY, ONE, SESSION, json_hooks, last, now, of, printed, recorded_names};
use tests::{Answer, StandIn, World};

const OTHER: &str = "0badcafe-1111-4222-8333-444455556666";
const OTHER_KEY: &str = "0badcafe";

/// `commit_plan` of each session, on the branch `feature/auth`.
fn plan() -> World {
    let world = World::with(ONE);
    world.git(&["checkout", "-qb", "feature/auth"]);
    world
}

fn write_of(world: &World, file: &str) -> Value {
    let mut payload = world.recorded("PreToolUse-Write");
    payload["tool_input"]["file_path"] = world.repo.join(file).to_string_lossy().into();
    payload
}

fn skill(world: &World, name: &str) -> Value {
    let mut payload = world.recorded("PostToolUse-Skill");
    payload["tool_input"]["skill"] = name.into();
    payload
}

fn start(world: &World, session: &str, source: &str) -> Answer {
    world.hook(&world.payload("SessionStart-startup", json!({"session_id": session, "source": source})))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

fn parse_all(files: &[std::path::PathBuf]) {
    for file in files {
        let Ok(bytes) = std::fs::read(file) else { continue };
        assert!(serde_json::from_slice::<Value>(&bytes).is_ok(), "{} is torn", file.display());
    }
}

/// Waits for the processes and looks at the files all the while.
fn watch(children: Vec<Child>, files: &[std::path::PathBuf]) {
    for mut child in children {
        let status = loop {
            parse_all(files);
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
        };
        assert!(status.success());
    }
    parse_all(files);
}

fn feed(world: &World, payload: &Value) -> Child {
    use std::io::Write;
    let event = payload["hook_event_name"].as_str().unwrap();
    let mut child = world.spawn(tests::world::executable(event));
    child.stdin.take().unwrap().write_all(payload.to_string().as_bytes()).unwrap();
    child
}

/// Holds a lock until it is dropped.
struct Held(Child);

impl Held {
    fn new(world: &World, path: &Path) -> Self {
        let mut command = world.command("flock");
        let mut holder = Self(
            command
                .arg(path)
                .args(["-c", "echo held; exec sleep 30"])
                .stdout(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let mut line = String::new();
        std::io::BufRead::read_line(
            &mut std::io::BufReader::new(holder.0.stdout.as_mut().unwrap()),
            &mut line,
        )
        .unwrap();
        assert_eq!(line, "held\n");
        holder
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // `flock` waits for its child, which has the lock.
        let _ = std::process::Command::new("pkill").args(["-P", &self.0.id().to_string()]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn case_01_an_edit_is_denied_until_its_requirement_is_satisfied() {
    let world = plan();
    let answer = world.hook(&world.edit());
    let reason = answer.refusal();
    assert!(reason.contains("Need plan"), "{reason}");
    assert!(reason.contains(&format!("req satisfy commit_plan --session {KEY}")), "{reason}");
    assert_eq!((answer.code, answer.stdout.lines().count()), (Some(0), 1));
    world.req_ok(&["satisfy", "commit_plan", "--session", SESSION]);
    world.hook(&world.edit()).silent();
}

#[test]
fn case_02_stop_verifies_what_ran_and_never_what_was_denied() {
    let world = plan();
    world.hook(&world.edit()).refusal();
    world.hook(&world.recorded("Stop-first")).silent();
    world.configure("requirements:\n  checks: {enabled: true, stop_only: true}\n");
    world.hook(&world.edit()).silent();
    let answer = world.hook(&world.recorded("Stop-first"));
    assert!(answer.block().contains("checks"));
    world.satisfy("checks");
    world.hook(&world.recorded("Stop-first")).silent();
}

#[test]
fn case_03_a_turn_that_was_sent_back_ends() {
    let world = World::with("requirements:\n  checks: {enabled: true, stop_only: true}\n");
    world.hook(&world.edit()).silent();
    world.hook(&world.recorded("Stop-first")).block();
    world.hook(&world.recorded("Stop-stop-hook-active")).silent();
}

#[test]
fn case_04_one_session_satisfies_nothing_for_another() {
    let world = plan();
    world.satisfy("commit_plan");
    world.hook(&of(OTHER, world.edit())).refusal();
    world.hook(&world.edit()).silent();
    world.req_ok(&["satisfy", "commit_plan", "--session", OTHER]);
    let sessions = world.state("feature-auth")["requirements"]["commit_plan"]["sessions"].clone();
    assert_eq!(keys(&sessions), [OTHER_KEY, KEY]);
}

#[test]
fn case_05_the_command_it_approves_spends_a_single_use_approval_alone() {
    let trigger = r"trigger_tools: [{tool: Bash, command_pattern: 'gh\s+pr\s+create'}]";
    let world = World::with(&format!(
        "requirements:\n  once: {{enabled: true, scope: single_use, {trigger}}}\n  plan: {{enabled: true, scope: session, {trigger}}}\n"
    ));
    for session in [SESSION, OTHER] {
        world.req_ok(&["satisfy", "once", "plan", "--session", session]);
    }
    let before = world.state("main")["requirements"].clone();
    let command = "gh pr create --fill";
    world.hook(&world.bash("PreToolUse", command)).silent();
    world.hook(&world.bash("PostToolUse", command)).silent();
    let after = world.state("main")["requirements"].clone();
    assert_eq!(after["once"]["sessions"][KEY], Value::Null);
    assert_eq!(after["once"]["sessions"][OTHER_KEY], before["once"]["sessions"][OTHER_KEY]);
    assert_eq!(
        after["plan"]["sessions"][KEY]["satisfied_at"],
        before["plan"]["sessions"][KEY]["satisfied_at"]
    );
    let answer = world.hook(&world.bash("PreToolUse", command));
    assert!(answer.refusal().contains("once") && !answer.refusal().contains("plan ("));
}

#[test]
fn case_06_a_branch_override_holds_for_every_session_until_it_expires() {
    let world = plan();
    world.req_ok(&["satisfy", "commit_plan", "--branch"]);
    world.hook(&of(OTHER, world.edit())).silent();
    world.edit_state("feature-auth", |state| {
        state["requirements"]["commit_plan"]["expires_at"] = json!(now() - 1);
    });
    world.hook(&of(OTHER, world.edit())).refusal();

    world.configure("requirements:\n  once: {enabled: true, scope: single_use, trigger_tools: [Bash]}\n");
    world.req_ok(&["satisfy", "once", "--branch"]);
    world.req_ok(&["satisfy", "once", "--session", SESSION]);
    world.hook(&world.bash("PreToolUse", "make")).silent();
    world.hook(&world.bash("PostToolUse", "make")).silent();
    assert_eq!(world.state("feature-auth")["requirements"]["once"]["sessions"][KEY], Value::Null);
    world.hook(&world.bash("PreToolUse", "make")).silent();
}

#[test]
fn case_07_twenty_writers_lose_nothing_and_no_reader_sees_half_a_file() {
    let names: Vec<String> = (0..20).map(|at| format!("r{at}")).collect();
    let all: String = names.iter().map(|name| format!("  {name}: {{enabled: true}}\n")).collect();
    let world = World::with(&format!("requirements:\n{all}"));
    let files = [
        world.repo.join(".git/requirements/main.json"),
        world.home.join(".claude/sessions.json"),
        world.repo.join(format!(".git/requirements/sessions/{KEY}.json")),
    ];
    let satisfying = names.iter().map(|name| {
        let mut command = world.command(tests::executables().join("req"));
        command.args(["satisfy", name, "--session", SESSION]).stdout(Stdio::null()).spawn().unwrap()
    });
    watch(satisfying.collect(), &files);
    let entering =
        (0..20).map(|at| feed(&world, &of(&format!("{at:08}-aaaa"), world.recorded("SessionStart-startup"))));
    watch(entering.collect(), &files);
    let counting = (0..20).map(|_| feed(&world, &world.recorded("UserPromptSubmit-plain")));
    watch(counting.collect(), &files);
    assert_eq!(keys(&world.state("main")["requirements"]).len(), 20);
    assert_eq!(
        keys(&world.registry()["sessions"]).iter().filter(|key| key.starts_with("000000")).count(),
        20
    );
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.metrics()["tools"]["UserPrompt"]["count"], 20);
}

#[test]
fn case_08_two_spellings_of_a_session_become_one_entry_with_the_newer_satisfaction() {
    let world = plan();
    world.satisfy("commit_plan");
    let entry = |at: i64, by: &str| json!({"satisfied": true, "satisfied_at": at, "satisfied_by": by, "expires_at": null});
    for (long, short, newer) in [(2_000, 1_000, "long"), (1_000, 2_000, "short")] {
        world.edit_state("feature-auth", |state| {
            state["requirements"]["commit_plan"]["sessions"] =
                json!({SESSION: entry(long, "long"), KEY: entry(short, "short")});
        });
        world.hook(&world.edit()).silent();
        let sessions = world.state("feature-auth")["requirements"]["commit_plan"]["sessions"].clone();
        assert_eq!(keys(&sessions), [KEY]);
        assert_eq!(
            (&sessions[KEY]["satisfied_at"], &sessions[KEY]["satisfied_by"]),
            (&json!(2_000), &json!(newer))
        );
    }
}

#[test]
fn case_09_a_subfolder_and_a_work_tree_are_gated_like_the_root() {
    let mut world = plan();
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "configure"]);
    let deep = world.repo.join("src/deep");
    let at_root = world.hook(&world.edit()).refusal().to_owned();
    let in_folder = world.hook(&of(OTHER, world.payload("PreToolUse-Edit", json!({"cwd": deep}))));
    assert_eq!(in_folder.refusal().replace(OTHER_KEY, KEY), at_root);
    assert!(world.req_in(&deep, &["satisfy", "commit_plan", "--session", SESSION]).status.success());
    world.hook(&world.payload("PreToolUse-Edit", json!({"cwd": deep}))).silent();
    assert!(world.state("feature-auth").is_object());

    let tree = world.root().join("tree");
    world.git(&["worktree", "add", "-q", "-b", "side", &tree.to_string_lossy()]);
    for (at, project) in [None, Some(&tree), Some(&world.repo.clone())].into_iter().enumerate() {
        world.env.clear();
        world
            .env
            .extend(project.map(|dir| ("CLAUDE_PROJECT_DIR".to_owned(), dir.to_string_lossy().into_owned())));
        let session = format!("{at:08}-bbbb");
        let mut payload = of(&session, world.payload("PreToolUse-Edit", json!({"cwd": tree.join("src")})));
        payload["tool_input"]["file_path"] = tree.join("src/a.txt").to_string_lossy().into();
        world.hook(&payload).refusal();
        let mut used = of(&session, world.payload("PostToolUse-Skill", json!({"cwd": tree.join("src")})));
        used["tool_input"]["skill"] = "unknown".into();
        world.hook(&used).silent();
        assert!(world.req_in(&tree, &["satisfy", "commit_plan", "--session", &session]).status.success());
        world.hook(&payload).silent();
        assert!(world.state("side")["requirements"]["commit_plan"]["sessions"][&session[..8]].is_object());
    }
}

#[test]
fn case_10_a_broken_requirement_is_named_and_the_good_one_still_denies() {
    for bad in [
        "bad: true",
        "bad: {enabled: true, scope: weekly}",
        "bad: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: '('}]}",
        "bad: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: 5}",
        "bad: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {warn: 1}}",
    ] {
        let world =
            World::with(&format!("requirements:\n  {bad}\n  good: {{enabled: true, message: Need good}}\n"));
        assert!(world.hook(&world.edit()).refusal().contains("Need good"), "{bad}");
        let answer = world.hook(&world.recorded("SessionStart-startup"));
        assert!(answer.context().contains("requirements.bad"), "{bad}: {}", answer.context());
        assert!(world.req_ok(&["status"]).contains("requirements.bad"), "{bad}");
    }
    let world = World::with("requirements: [\n");
    world.hook(&world.edit()).silent();
    let answer = world.hook(&world.recorded("SessionStart-startup"));
    let told = answer.json.as_ref().unwrap()["systemMessage"].as_str().unwrap();
    assert!(told.contains("requirements.yaml:"), "{told}");
}

#[test]
fn case_11_levels_merge_replace_and_override() {
    let world = World::new();
    world.configure_globally(
        "requirements:\n  g1: {enabled: true, checklist: [look twice], trigger_tools: [Edit, Write]}\n",
    );
    let write = world.recorded("PreToolUse-Write");
    for inherit in ["", "inherit: true\n"] {
        world.configure(&format!(
            "{inherit}requirements:\n  g1: {{trigger_tools: [Write]}}\n  silent: {{message: x}}\n"
        ));
        world.hook(&world.edit()).silent();
        let session = if inherit.is_empty() { SESSION } else { OTHER };
        assert!(world.hook(&of(session, write.clone())).refusal().contains("look twice"), "{inherit}");
    }
    world.configure("inherit: false\nrequirements:\n  p1: {enabled: true}\n");
    let reason = world.hook(&of("11112222-x", write.clone()));
    assert!(reason.refusal().contains("p1") && !reason.refusal().contains("g1"));
    world.write(".claude/requirements.local.yaml", "requirements: {p1: {message: From the local file}}\n");
    assert!(world.hook(&of("11113333-x", write.clone())).refusal().contains("From the local file"));
    world.configure("requirements:\n  g1: {message: From the project}\n");
    world.write(".claude/requirements.local.yaml", "requirements: {g1: {message: From the local file}}\n");
    assert!(world.hook(&of("11114444-x", write.clone())).refusal().contains("From the local file"));
    world.write(".claude/requirements.local.yaml", "requirements: {g1: {enabled: false}}\n");
    world.hook(&write).silent();
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
    assert!(world.req_ok(&["status", "--session", OTHER]).contains("All 1 requirements are satisfied"));
    let told = world.hook(&of(OTHER, world.payload("UserPromptSubmit-plain", json!({"prompt": "fix it"}))));
    assert!(!told.stdout.contains("no_main"), "{told:?}");
    world.configure("requirements:\n  odd: {enabled: true, type: condition, condition: full_moon}\n");
    world.hook(&world.edit()).silent();
    assert!(world.req_ok(&["status"]).contains("full_moon"), "and it is told");
}

#[test]
fn case_13_a_value_denies_from_its_limit_on_and_an_approval_lasts_its_time() {
    let limit = |more: &str| {
        format!(
            "requirements:\n  size: {{enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {{warn: 5, block: 10}}, cache_ttl: 0, approval_ttl: 2{more}}}\n"
        )
    };
    let world = World::with(&limit(""));
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "configure"]);
    world.git(&["checkout", "-qb", "feature/auth"]);
    world.write("src/new.txt", "1\n2\n3\n");
    world.hook(&world.edit()).silent();
    world.hook(&world.recorded("Stop-first")).silent();
    world.write("src/new.txt", &"line\n".repeat(12));
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "more"]);
    let answer = world.hook(&world.edit());
    assert!(answer.refusal().contains("The value is 12, the limit 10"), "{}", answer.refusal());
    assert!(answer.refusal().contains(&format!("req approve size --session {KEY}")), "{}", answer.refusal());
    world.git(&["branch", "feature/copy"]);
    assert!(world.hook(&of(OTHER, world.edit())).refusal().contains("The value is 12"));
    world.req_ok(&["approve", "size", "--session", SESSION]);
    world.hook(&world.edit()).silent();
    std::thread::sleep(Duration::from_millis(3_100));
    world.hook(&world.edit()).refusal();
    world.configure(&limit(", base: no-such-branch"));
    world.hook(&world.edit()).silent();
    assert!(world.log().iter().any(|line| line["message"].as_str().unwrap().contains("no-such-branch")));
}

#[test]
fn case_14_a_satisfaction_needs_its_evidence() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, evidence: {require_markers: ['## Commit Plan'], require_verdict: APPROVED, max_age_seconds: 600}}\n",
    );
    world.satisfy("plan");
    let file = world.repo.join(".claude/plans/p.md");
    let lacks = |session: &str, reason: &str| {
        world.req_ok(&["satisfy", "plan", "--session", session]);
        let answer = world.hook(&of(session, world.edit()));
        assert!(answer.refusal().contains(reason), "{}", answer.refusal());
    };
    lacks("10000001", "no Markdown file below .claude/plans");
    world.write(".claude/plans/p.md", "## Verdict\nAPPROVED\n");
    lacks("10000002", "does not contain `## Commit Plan`");
    world.write(".claude/plans/p.md", "## Commit Plan\nx\n## Verdict APPROVED\n");
    world.hook(&world.edit()).silent();
    world.write(
        ".claude/plans/p.md",
        "## Commit Plan\nx\n## Verdict BLOCKED\nnot APPROVED\n".replace("not APPROVED", "no").as_str(),
    );
    lacks("10000003", "has no section `## Verdict` that says APPROVED");
    world.write(".claude/plans/p.md", "## Commit Plan\nx\n## Verdict\nAPPROVED\n");
    let old = std::time::SystemTime::now() - Duration::from_secs(900);
    std::fs::File::options().write(true).open(file).unwrap().set_modified(old).unwrap();
    lacks("10000004", "at most 600 s count");
}

#[test]
fn case_15_a_skill_satisfies_what_is_enabled_under_each_of_its_names() {
    for name in ["acme:plan", "plan", "/acme:plan"] {
        let world = World::with(
            "requirements:\n  a: {enabled: true, satisfied_by_skill: 'acme:plan', replan_ttl: 600}\n  off: {enabled: false, satisfied_by_skill: 'acme:plan'}\n",
        );
        world.hook(&world.edit()).refusal();
        world.hook(&skill(&world, name)).silent();
        world.hook(&world.edit()).silent();
        let state = world.state("main")["requirements"].clone();
        assert_eq!(keys(&state), ["a"], "{name}");
        let entry = &state["a"]["sessions"][KEY];
        assert_eq!((&entry["satisfied_by"], &entry["metadata"]["skill"]), (&json!("skill"), &json!(name)));
        assert_eq!(entry["expires_at"].as_i64().unwrap() - entry["satisfied_at"].as_i64().unwrap(), 600);
        world.hook(&world.recorded("Stop-first")).silent();
        assert!(world.metrics()["requirements"]["a"]["time_to_satisfy_seconds"].is_i64());
    }
}

#[test]
fn case_16_several_open_requirements_are_one_refusal_and_one_tool_use() {
    let two = |skill: &str| {
        format!(
            "requirements:\n  a: {{enabled: true, auto_resolve_skill: 'acme:plan'}}\n  b: {{enabled: true, auto_resolve_skill: '{skill}'}}\n"
        )
    };
    let world = World::with(&two("acme:plan"));
    let answer = world.hook(&world.edit());
    assert_eq!(answer.refusal().matches("/acme:plan").count(), 1);
    assert!(answer.refusal().contains(&format!("req satisfy a b --session {KEY}")));
    world.hook(&world.recorded("Stop-first")).silent();
    let edits = world.metrics()["tools"]["Edit"].clone();
    assert_eq!((&edits["count"], &edits["blocked_count"]), (&json!(1), &json!(1)));
    world.configure(&two("acme:review"));
    let answer = world.hook(&world.edit());
    assert!(answer.refusal().contains("/acme:plan for a") && answer.refusal().contains("/acme:review for b"));
    assert!(answer.refusal().contains(&format!("req satisfy a b --session {KEY}")));
}

#[test]
fn case_17_plans_may_be_written_and_what_only_lies_beside_may_not() {
    let world = plan();
    world.hook(&write_of(&world, ".claude/plans/x.md")).silent();
    world.hook(&write_of(&world, "docs/plans/x.md")).silent();
    world.hook(&write_of(&world, "src/docs/plans/x.py")).refusal();
}

#[test]
fn case_18_only_what_runs_a_trigger_is_asked() {
    let world = World::with(
        "requirements:\n  c: {enabled: true, trigger_tools: [{tool: Bash, command_pattern: 'git\\s+commit'}]}\n",
    );
    for name in ["PreToolUse-Read", "PreToolUse-Glob", "PreToolUse-Edit"] {
        world.hook(&world.recorded(name)).silent();
    }
    for command in
        ["ls", "echo 'git commit'", "grep -rn \"git commit\" docs", "ls # git commit", "git commit-tree x"]
    {
        world.hook(&world.bash("PreToolUse", command)).silent();
    }
    for command in [
        "GIT COMMIT -m x",
        "git -C . commit",
        "git -c a.b=c commit",
        "cd x && git commit",
        "bash -c 'git commit'",
    ] {
        world.hook(&world.bash("PreToolUse", command)).refusal();
    }
}

#[test]
fn case_19_what_cannot_be_read_is_passed_by_with_one_log_line() {
    for bytes in [
        "",
        "{",
        "[]",
        "null",
        "{\"tool_name\": \"Edit\"}",
        "{\"session_id\": \"abc\", \"tool_name\": 5}",
        "{\"session_id\": \"abc\", \"tool_input\": \"x\"}",
    ] {
        for hook in json_hooks() {
            let world = World::with(ONE);
            let answer = world.run(hook, bytes.as_bytes());
            // A session that begins is told what is open, whatever else its payload holds.
            let begins = ["hook-session-start", "hook-prompt-submit"].contains(&hook);
            let is_briefing = begins && bytes.contains("abc");
            assert_eq!((answer.code, answer.stdout.is_empty()), (Some(0), !is_briefing), "{hook} {bytes}");
            assert_eq!(world.log().len(), 1, "{hook} {bytes}: {:?}", world.log());
        }
    }
}

#[test]
fn case_20_a_start_leaves_the_living_and_an_end_takes_only_its_own() {
    let world = World::with(ONE);
    let mut sleeper = world.command("sleep").arg("60").spawn().unwrap();
    let entry = |ppid: u32| json!({"pid": 1, "ppid": ppid, "project_dir": world.repo, "branch": "main", "started_at": now(), "last_active": now()});
    let registry = json!({"version": "1.0", "sessions": {
        "deadbeef": entry(999_999_999), "00000000": entry(0), "livelive": entry(sleeper.id()), SESSION: entry(std::process::id()),
    }});
    std::fs::write(world.home.join(".claude/sessions.json"), registry.to_string()).unwrap();
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(keys(&world.registry()["sessions"]), [KEY, "livelive"]);
    world.satisfy("commit_plan");
    world.req_ok(&["satisfy", "commit_plan", "--session", OTHER]);
    world.req_ok(&["pause", "--session", SESSION]);
    world.hook(&world.recorded("SessionEnd-other")).silent();
    assert_eq!(keys(&world.registry()["sessions"]), ["livelive"]);
    assert!(world.state("main")["requirements"]["commit_plan"]["sessions"][KEY].is_object(), "state stays");
    assert!(world.metrics()["ended_at"].is_i64());
    assert!(!world.repo.join(format!(".git/requirements/sessions/{KEY}.paused")).exists());
    world.hook(&of(OTHER, world.recorded("SessionEnd-other"))).silent();
    let made = world.repo.join(format!(".git/requirements/sessions/{OTHER_KEY}.json"));
    assert!(!made.exists(), "what had no metrics gets none");

    world.configure(&format!("{ONE}hooks: {{session_end: {{clear_session_state: true}}}}\n"));
    world.req_ok(&["satisfy", "commit_plan", "--branch"]);
    world.hook(&world.recorded("SessionEnd-other")).silent();
    let plan = world.state("main")["requirements"]["commit_plan"].clone();
    assert_eq!((keys(&plan["sessions"]), &plan["satisfied"]), (vec![OTHER_KEY], &json!(true)));
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn case_21_clear_carries_over_what_an_ended_session_had_lately() {
    let world = World::with(
        "requirements:\n  fresh: {enabled: true}\n  two: {enabled: true}\n  old: {enabled: true}\n  once: {enabled: true, scope: single_use}\n  \
         branch: {enabled: true, scope: branch}\n  guard: {enabled: true, type: condition, condition: protected_branch}\n  \
         expired: {enabled: true}\n  live: {enabled: true}\n",
    );
    world.satisfy("fresh");
    let mut sleeper = world.command("sleep").arg("60").spawn().unwrap();
    let given = |ago: i64, more: Value| {
        let mut entry = json!({"satisfied": true, "satisfied_at": now() - ago, "satisfied_by": "skill", "expires_at": null});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let gone = |ago: i64| json!({"aaaa0001": given(ago, json!({}))});
    world.edit_state("main", |state| {
        let soon = now() + 500;
        state["requirements"] = json!({
            "fresh": {"scope": "session", "sessions": {"aaaa0001": given(120, json!({"expires_at": soon}))}},
            "two": {"scope": "session", "sessions": {"aaaa0001": given(120, json!({})), "aaaa0002": given(60, json!({}))}},
            "old": {"scope": "session", "sessions": gone(600)},
            "once": {"scope": "single_use", "sessions": gone(120)},
            "branch": {"scope": "branch", "sessions": gone(120)},
            "guard": {"scope": "session", "sessions": gone(120)},
            "expired": {"scope": "session", "sessions": {"aaaa0001": given(120, json!({"expires_at": now() - 60}))}},
            "live": {"scope": "session", "sessions": {"11fe11fe": given(120, json!({}))}},
        });
    });
    let live = json!({"pid": 1, "ppid": sleeper.id(), "project_dir": world.repo, "branch": "main", "started_at": now(), "last_active": now()});
    let registry = json!({"version": "1.0", "sessions": {"11fe11fe": live}});
    std::fs::write(world.home.join(".claude/sessions.json"), registry.to_string()).unwrap();

    assert!(
        !start(&world, SESSION, "startup").context().contains("Carried over"),
        "only `/clear` carries over"
    );
    let answer = start(&world, SESSION, "clear");
    assert!(
        answer.context().contains("Carried over from the cleared session: fresh, two."),
        "{}",
        answer.context()
    );
    let state = world.state("main")["requirements"].clone();
    let mine = &state["fresh"]["sessions"][KEY];
    assert_eq!(mine["satisfied_by"], "carry_over");
    assert_eq!(mine["expires_at"], state["fresh"]["sessions"]["aaaa0001"]["expires_at"]);
    assert_eq!(mine["metadata"]["carried_from"], "aaaa0001");
    assert_eq!(mine["metadata"]["original_satisfied_by"], "skill");
    assert_eq!(
        mine["metadata"]["original_satisfied_at"],
        state["fresh"]["sessions"]["aaaa0001"]["satisfied_at"]
    );
    assert_eq!(mine["metadata"]["carry_over_window"], 300);
    assert_eq!(state["two"]["sessions"][KEY]["metadata"]["carried_from"], "aaaa0002", "the most recent wins");
    for name in ["old", "once", "branch", "guard", "expired", "live"] {
        assert_eq!(state[name]["sessions"][KEY], Value::Null, "{name}");
    }
    assert!(!start(&world, SESSION, "clear").context().contains("Carried over"), "once");
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();

    // What the same client had before is left behind, whether its end was told or not.
    let mut client = StandIn::new(&world);
    client.hook(&of("c1ea0001-x", world.recorded("SessionStart-startup")));
    world.req_ok(&["satisfy", "old", "--session", "c1ea0001"]);
    let answer =
        client.hook(&of("c1ea0002-x", world.payload("SessionStart-startup", json!({"source": "clear"}))));
    assert!(answer.context().contains("old"), "{}", answer.context());
    let entry = world.state("main")["requirements"]["old"]["sessions"]["c1ea0002"].clone();
    assert_eq!(entry["metadata"]["carried_from"], "c1ea0001");
}

#[test]
fn case_22_a_pause_lets_one_session_pass_and_nothing_more() {
    let world = World::with("requirements:\n  commit_plan: {enabled: true, trigger_tools: [Edit, Bash]}\n");
    world.hook(&world.bash("PreToolUse", "ls")).refusal();
    world.hook(&world.bash("PreToolUse", "req pause")).silent();
    for name in [SESSION, KEY] {
        world.req_ok(&["pause", "--session", name]);
        world.hook(&world.edit()).silent();
        world.hook(&world.recorded("Stop-first")).silent();
        world.hook(&of(OTHER, world.edit())).refusal();
        assert!(world.hook(&world.recorded("SessionStart-resume")).context().contains("paused"));
        assert!(world.hook(&world.recorded("UserPromptSubmit-plain")).context().contains("paused"));
        world.hook(&world.recorded("SessionEnd-other")).silent();
        world.hook(&world.edit()).refusal();
    }
    world.configure("strict_preflight: true\nrequirements: {}\n");
    world.req_ok(&["pause", "--session", SESSION]);
    assert!(world.hook(&world.edit()).refusal().contains("strict_preflight"));
}

#[test]
fn case_23_nobody_waits_for_a_lock_and_nobody_pretends_to_have_written() {
    let world = plan();
    world.hook(&world.recorded("SessionStart-startup"));
    world.satisfy("commit_plan");
    let held = [".git/requirements/feature-auth.lock", ".git/requirements/sessions/cad0ac4d.lock"]
        .map(|name| Held::new(&world, &world.repo.join(name)));
    let registry = Held::new(&world, &world.home.join(".claude/sessions.lock"));
    for payload in [world.edit(), of(OTHER, world.edit()), world.recorded("Stop-first")] {
        let started = Instant::now();
        assert_eq!(world.hook(&payload).code, Some(0));
        assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    }
    drop((held, registry));

    // A file in the place of the folder stops even those whom no permission stops.
    std::fs::remove_dir_all(world.repo.join(".git/requirements")).unwrap();
    std::fs::write(world.repo.join(".git/requirements"), "").unwrap();
    for name in [
        "SessionStart-startup",
        "UserPromptSubmit-plain",
        "PreToolUse-Edit",
        "PostToolUse-Skill",
        "Stop-first",
        "SessionEnd-other",
    ] {
        let answer = world.hook(&world.recorded(name));
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{name}");
    }
    let output = world.req(&["satisfy", "commit_plan", "--session", SESSION]);
    assert_ne!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty() && !output.stderr.is_empty());
}

#[test]
fn case_24_the_log_never_reaches_stdout_and_begins_with_the_first_step() {
    let world = World::with(&format!("{ONE}logging: {{level: debug, destinations: [file, stdout]}}\n"));
    world.hook(&world.edit()).refusal();
    world.hook(&world.recorded("PreToolUse-Read")).silent();
    let edit: Vec<Value> = world.log().into_iter().filter(|line| line["tool"] == "Edit").collect();
    assert_eq!(edit[0]["level"], "debug");
    world.configure(&format!("{ONE}logging: {{level: debug, destinations: [stdout]}}\n"));
    let before = world.log().len();
    world.hook(&world.edit()).refusal();
    assert_eq!(world.log().len(), before, "no file is wanted");
}

#[test]
fn case_25_branches_of_one_file_name_stay_apart_and_only_deleted_ones_are_pruned() {
    let world = World::with(ONE);
    world.write(".git/requirements/learning_history.json", "{\"version\": \"1.0\", \"updates\": []}");
    for branch in ["feature/auth", "feature-auth"] {
        world.git(&["checkout", "-qb", branch]);
        world.hook(&world.edit()).refusal();
        world.satisfy("commit_plan");
    }
    let files = || {
        let entries = std::fs::read_dir(world.repo.join(".git/requirements")).unwrap().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "json")).count()
    };
    assert_eq!(files(), 3);
    let head = std::fs::read(world.repo.join(".git/HEAD")).unwrap();
    world.git(&["checkout", "-q", "--orphan", "unborn"]);
    world.req_ok(&["prune"]);
    assert_eq!(files(), 3, "an unborn branch deletes no other");
    std::fs::write(world.repo.join(".git/HEAD"), head).unwrap();
    world.git(&["checkout", "-qf", "main"]);
    std::fs::rename(world.repo.join(".git/refs"), world.repo.join(".git/refs-away")).unwrap();
    assert_ne!(world.req(&["prune"]).status.code(), Some(0), "git cannot tell");
    assert_eq!(files(), 3);
    std::fs::rename(world.repo.join(".git/refs-away"), world.repo.join(".git/refs")).unwrap();
    world.git(&["branch", "-qD", "feature-auth"]);
    assert!(world.req_ok(&["prune"]).contains("feature-auth"));
    assert!(world.repo.join(".git/requirements/learning_history.json").exists());
    let kept = world.json(&world.repo.join(".git/requirements/feature-auth.json"));
    assert_eq!((files(), &kept["branch"]), (2, &json!("feature/auth")));
}

#[test]
fn r01_a_writer_never_shows_an_empty_file_and_leaves_no_temporary_one() {
    let all: String = (0..20).map(|at| format!("  r{at}: {{enabled: true}}\n")).collect();
    let world = World::with(&format!("requirements:\n{all}"));
    world.satisfy("r0");
    let file = world.repo.join(".git/requirements/main.json");
    let children = (0..20).map(|at| {
        let mut command = world.command(tests::executables().join("req"));
        command
            .args(["satisfy", &format!("r{at}"), "--session", OTHER])
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    });
    for mut child in children.collect::<Vec<_>>() {
        while child.try_wait().unwrap().is_none() {
            assert!(std::fs::metadata(&file).unwrap().len() > 0);
        }
    }
    assert_eq!(world.state("main")["requirements"]["r0"]["sessions"][KEY]["satisfied"], true);
    let names = std::fs::read_dir(file.parent().unwrap()).unwrap().flatten().map(|entry| entry.file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["main.json", "main.lock"]);
}

#[test]
fn r02_parallel_hooks_keep_each_others_satisfactions() {
    let all: String =
        (0..20).map(|at| format!("  r{at}: {{enabled: true, satisfied_by_skill: s{at}}}\n")).collect();
    let world = World::with(&format!("requirements:\n{all}"));
    world.hook(&world.recorded("SessionStart-startup"));
    let children: Vec<Child> = (0..20).map(|at| feed(&world, &skill(&world, &format!("s{at}")))).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert_eq!(keys(&world.state("main")["requirements"]).len(), 20);
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
fn r04_the_long_and_the_short_id_are_one_session() {
    let world = plan();
    world.req_ok(&["satisfy", "commit_plan", "--session", KEY]);
    world.hook(&world.edit()).silent();
    world.hook(&of(KEY, world.edit())).silent();
    world.hook(&of(&SESSION.replace('-', ""), world.edit())).silent();
    world.req_ok(&["clear", "commit_plan", "--session", SESSION]);
    world.hook(&of(KEY, world.edit())).refusal();
}

#[test]
fn r05_an_entry_under_the_old_id_makes_no_second_session() {
    let world = plan();
    let entry = json!({"pid": 1, "ppid": std::process::id(), "project_dir": world.repo, "branch": "main", "started_at": now(), "last_active": now()});
    let registry = json!({"version": "1.0", "sessions": {SESSION: entry}});
    std::fs::write(world.home.join(".claude/sessions.json"), registry.to_string()).unwrap();
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(keys(&world.registry()["sessions"]), [KEY]);
    assert!(world.req_ok(&["satisfy", "commit_plan"]).contains(KEY));
}

#[test]
fn r06_every_executable_knows_a_session_by_its_short_id_and_none_without_one() {
    let world = World::with(ONE);
    let events = [
        "SessionStart-startup",
        "UserPromptSubmit-plain",
        "PreToolUse-Edit",
        "PostToolUse-Skill",
        "PreCompact-auto",
        "SubagentStart-Explore",
        "TeammateIdle-default",
        "Stop-first",
        "SessionEnd-other",
    ];
    for name in events {
        for id in ["", "----", "-"] {
            world.hook(&of(id, world.recorded(name)));
        }
    }
    let list = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let (metrics, sessions) =
        (world.repo.join(".git/requirements/sessions"), world.home.join(".stanchion/sessions"));
    assert_eq!((list(&metrics), list(&sessions)), (Vec::new(), Vec::new()), "no id, no session");
    world.satisfy("commit_plan");
    for name in events {
        world.hook(&world.recorded(name));
    }
    assert!(list(&metrics).iter().all(|file| file.split('.').next() == Some(KEY)), "{:?}", list(&metrics));
    assert_eq!(list(&sessions), [SESSION]);
    assert_eq!(keys(&world.state("main")["requirements"]["commit_plan"]["sessions"]), [KEY]);
}

#[test]
fn r07_a_session_that_only_asked_may_stop() {
    let world =
        World::with("requirements:\n  checks: {enabled: true, stop_only: true}\n  plan: {enabled: true}\n");
    world.hook(&world.recorded("SessionStart-startup"));
    for name in [
        "UserPromptSubmit-plain",
        "PreToolUse-Read",
        "PostToolUse-Read",
        "PreToolUse-Bash",
        "PostToolUse-Bash",
    ] {
        world.hook(&world.recorded(name));
    }
    world.hook(&world.recorded("Stop-first")).silent();
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
fn r09_a_gate_that_could_never_hold_is_told() {
    for never in ["stop_only: true, scope: single_use", "stop_only: true, trigger_tools: []"] {
        let world = World::with(&format!("requirements:\n  checks: {{enabled: true, {never}}}\n"));
        let status = world.req_ok(&["status"]);
        assert!(status.contains("is never verified"), "{never}: {status}");
        assert!(start(&world, SESSION, "startup").context().contains("is never verified"), "{never}");
        assert_eq!(world.req(&["verify", "--ci"]).status.code(), Some(1), "{never}");
    }
}

#[test]
fn r10_every_kind_of_answer_has_the_shape_that_the_host_reads() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, message: M, trigger_tools: [Edit]}\n  warns: {enabled: true, mode: warn, message: W, trigger_tools: [Write]}\n  \
         checks: {enabled: true, stop_only: true, message: C, trigger_tools: [Write]}\nhooks: {agent_teams: {validate_task_completion: true}, subagent_start: {agents: '*'}}\n",
    );
    let shape = |payload: &Value| {
        let answer = world.hook(payload);
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
        answer.json.expect("an answer")
    };
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let context = |event: &str, payload: &Value| {
        let answer = shape(payload);
        let said = text(&answer["hookSpecificOutput"]["additionalContext"]);
        assert!(!said.is_empty());
        assert_eq!(
            answer,
            json!({"hookSpecificOutput": {"hookEventName": event, "additionalContext": said}})
        );
    };
    let denied = shape(&world.edit());
    let reason = text(&denied["hookSpecificOutput"]["permissionDecisionReason"]);
    assert_eq!(
        denied,
        json!({"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": reason}})
    );
    let mut dangerous = world.recorded("PermissionRequest-AskUserQuestion");
    dangerous["tool_name"] = "Bash".into();
    dangerous["tool_input"] = json!({"command": "rm -rf /"});
    let denied = shape(&dangerous);
    let message = text(&denied["hookSpecificOutput"]["decision"]["message"]);
    assert_eq!(
        denied,
        json!({"hookSpecificOutput": {"hookEventName": "PermissionRequest", "decision": {"behavior": "deny", "message": message}}})
    );
    let warned = shape(&world.recorded("PreToolUse-Write"));
    assert_eq!(keys(&warned), ["hookSpecificOutput", "systemMessage"]);
    assert_eq!(keys(&warned["hookSpecificOutput"]), ["additionalContext", "hookEventName"]);
    let blocked = shape(&world.recorded("Stop-first"));
    let reason = text(&blocked["reason"]);
    assert_eq!(blocked["decision"], "block");
    assert!(reason.contains("checks"));
    assert!(
        keys(&blocked).iter().all(|key| ["decision", "reason", "systemMessage"].contains(key)),
        "{blocked}"
    );
    let blocked = shape(&world.payload("TaskCompleted-default", json!({"task_subject": ""})));
    assert_eq!(blocked, json!({"decision": "block", "reason": blocked["reason"]}));
    context("SessionStart", &world.recorded("SessionStart-startup"));
    context("UserPromptSubmit", &world.payload("UserPromptSubmit-plain", json!({"prompt": "fix it"})));
    context("SubagentStart", &world.recorded("SubagentStart-Explore"));
    let plan = json!({"tool_name": "EnterPlanMode", "tool_input": {}});
    context("PostToolUse", &world.payload("PostToolUse-TodoWrite", plan));
    for _ in 0..2 {
        world.hook(&failed_edit(&world)).silent();
    }
    context("PostToolUseFailure", &failed_edit(&world));
}

fn failed_edit(world: &World) -> Value {
    let edit = world.edit();
    world.payload(
        "PostToolUseFailure-Read",
        json!({"tool_name": "Edit", "tool_input": edit["tool_input"], "error": "String to replace not found in file."}),
    )
}

#[test]
fn r11_metrics_are_finished_where_there_are_some_and_made_nowhere() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionEnd-other")).silent();
    assert_eq!(world.metrics(), Value::Null);
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&world.edit()).refusal();
    assert_eq!(world.metrics()["ended_at"], Value::Null);
    world.hook(&world.recorded("SessionEnd-other")).silent();
    let metrics = world.metrics();
    assert!(metrics["ended_at"].is_i64() && metrics["duration_seconds"].is_i64());
    assert_eq!(metrics["tools"]["Edit"]["count"], 1, "what came since the last turn counts");
}

#[test]
fn r12_a_failure_that_was_passed_over_is_seen_in_three_places() {
    let world = World::with("requirements:\n  checks: {enabled: true, stop_only: true}\n");
    std::fs::write(world.repo.join(".git/requirements"), "in the way").unwrap();
    world.hook(&world.edit()).silent();
    let said =
        |line: &Value| line["message"].as_str().is_some_and(|text| text.starts_with("requirement gates: "));
    assert!(world.log().iter().any(said), "{:?}", world.log());
    let failures = std::fs::read_to_string(world.home.join(".stanchion/failures.jsonl")).unwrap();
    assert!(failures.lines().any(|line| said(&serde_json::from_str(line).unwrap())), "{failures}");
    std::fs::remove_file(world.repo.join(".git/requirements")).unwrap();
    let told = start(&world, SESSION, "startup").json.unwrap()["systemMessage"].clone();
    assert!(told.as_str().unwrap().contains("requirement gates: "), "{told}");
}

#[test]
fn r13_the_configured_level_counts_in_every_executable() {
    let world = World::with(&format!("{ONE}logging: {{level: debug}}\n"));
    for name in [
        "SessionStart-startup",
        "UserPromptSubmit-plain",
        "PreToolUse-Edit",
        "PostToolUse-Skill",
        "SubagentStart-Explore",
        "Stop-first",
        "SessionEnd-other",
    ] {
        let before = world.log().len();
        world.hook(&world.recorded(name));
        let event = name.split('-').next().unwrap();
        let log = world.log();
        assert!(
            log[before..].iter().any(|line| line["hook"] == event && line["level"] == "debug"),
            "{name}: {:?}",
            &log[before..]
        );
    }
}

#[test]
fn r14_a_gate_lets_its_own_plan_be_written_and_shows_no_raw_placeholder() {
    let world = World::with(
        "requirements:\n  plan: {enabled: true, auto_resolve_skill: 'acme:arch-review', message: 'Run /{auto_resolve_skill} in {session_id}, not {this}.'}\n",
    );
    let answer = world.hook(&world.edit());
    assert!(
        answer.refusal().contains(&format!("Run /arch-review in {KEY}, not {{this}}.")),
        "{}",
        answer.refusal()
    );
    world.hook(&write_of(&world, "docs/plans/deep/x.md")).silent();
    world.hook(&write_of(&world, ".claude/plans/x.md")).silent();
}

#[test]
fn r15_stdout_is_one_document_or_nothing_for_everything_that_can_come() {
    let world = World::with(&format!("{ONE}hooks: {{stop: {{verify_scopes: [session, branch]}}}}\n"));
    let mut inputs: Vec<Vec<u8>> =
        recorded_names().iter().map(|name| world.recorded(name).to_string().into_bytes()).collect();
    assert!(inputs.len() > 100);
    inputs.extend(
        ["", "text", "{", "[1]", "\"x\"", "{}{}", "{\"session_id\": {}}"]
            .map(|text| text.as_bytes().to_vec()),
    );
    for hook in json_hooks() {
        for input in &inputs {
            // `run` itself wants one document or nothing.
            let answer = world.run(hook, input);
            assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{hook}");
            assert!(answer.stdout.lines().count() <= 1, "{hook}: {}", answer.stdout);
        }
    }
    let started = Instant::now();
    world.hook(&world.recorded("SessionEnd-other")).silent();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!(last(&world.events(SESSION), "SessionEnd")["reason"], "other");
    assert!(printed(&world.req(&["status", "--json"])).is_object());
}
