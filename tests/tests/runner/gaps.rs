//! What an earlier implementation of these gates got wrong, each as a test that it would fail. The first line of
//! each says what it did.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::world::{KEY, ONE, SESSION, of};
use tests::{StandIn, World};

const OTHER: &str = "0badcafe-1111-4222-8333-444455556666";
const OTHER_KEY: &str = "0badcafe";

fn skill(world: &World, name: &str) -> Value {
    let mut payload = world.recorded("PostToolUse-Skill");
    payload["tool_input"]["skill"] = name.into();
    payload
}

fn prompt(world: &World, text: &str) -> Value {
    world.payload("UserPromptSubmit-plain", json!({"prompt": text}))
}

fn commit_all(world: &World) {
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "all"]);
}

#[test]
fn gap_01_a_folder_below_the_root_is_gated() {
    // `cwd` was taken for the project, so from a subfolder every edit passed.
    let world = World::with(ONE);
    world.hook(&world.payload("PreToolUse-Edit", json!({"cwd": world.repo.join("src/deep")}))).refusal();
}

#[test]
fn gap_02_a_detached_head_is_gated() {
    // Without a branch the gates were off.
    let world = World::with(ONE);
    world.git(&["checkout", "-q", "--detach"]);
    world.hook(&world.edit()).refusal();
    world.satisfy("commit_plan");
    world.hook(&world.edit()).silent();
    let commit = world.git(&["rev-parse", "HEAD"]);
    assert_eq!(
        world.state(&format!("detached-{}", &commit[..8]))["branch"],
        format!("detached-{}", &commit[..8])
    );
}

#[test]
fn gap_03_a_malformed_requirement_costs_itself_alone() {
    // One value of a wrong type switched every gate off.
    for bad in [
        "bad: true",
        "bad: {enabled: true, type: limit, thresholds: 5}",
        "bad: [1]",
        "bad: ~",
        "7: {enabled: 5}",
    ] {
        let world = World::with(&format!("requirements:\n  {bad}\n  good: {{enabled: true}}\n"));
        assert!(world.hook(&world.edit()).refusal().contains("good"), "{bad}");
    }
}

#[test]
fn gap_04_notebooks_and_foreign_tools_are_gated_like_any_other() {
    // Six tools were looked at; triggers for others were dead.
    let world = World::with(
        "requirements:\n  c: {enabled: true, trigger_tools: [NotebookEdit, mcp__scratch__echo]}\n",
    );
    let mut notebook = world.edit();
    notebook["tool_name"] = "NotebookEdit".into();
    notebook["tool_input"] = json!({"notebook_path": world.repo.join("n.ipynb"), "new_source": "1"});
    world.hook(&notebook).refusal();
    world.hook(&world.recorded("PreToolUse-mcp-echo-2.1.329")).refusal();
}

#[test]
fn gap_05_a_value_below_its_limit_does_not_block_the_end_of_a_turn() {
    // What was triggered had to be satisfied, and a value never is.
    let world = World::with(
        "requirements:\n  size: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {block: 100}}\n",
    );
    world.git(&["checkout", "-qb", "feature/x"]);
    world.hook(&world.edit()).silent();
    assert_eq!(world.state("feature-x")["requirements"]["size"]["sessions"][KEY]["triggered"], true);
    world.hook(&world.recorded("Stop-first")).silent();
}

#[test]
fn gap_06_branches_that_share_a_file_name_share_no_state() {
    // `feature/auth` and `feature-auth` were one file, and so one satisfaction.
    let world = World::with(ONE);
    world.git(&["checkout", "-qb", "feature/auth"]);
    world.satisfy("commit_plan");
    world.git(&["checkout", "-qb", "feature-auth"]);
    world.hook(&world.edit()).refusal();
    world.satisfy("commit_plan");
    world.req_ok(&["clear", "commit_plan"]);
    world.git(&["checkout", "-q", "feature/auth"]);
    world.hook(&world.edit()).silent();
}

#[test]
fn gap_07_prune_removes_state_alone_and_nothing_on_an_unborn_branch() {
    // Every JSON file without a branch of its name was deleted, on an unborn branch all of them.
    let world = World::with(ONE);
    let history = "{\"version\": \"1.0\", \"updates\": []}";
    world.write(".git/requirements/learning_history.json", history);
    world.satisfy("commit_plan");
    world.req_ok(&["prune"]);
    assert!(!world.req_ok(&["list"]).contains("learning_history"));
    assert_eq!(
        std::fs::read_to_string(world.repo.join(".git/requirements/learning_history.json")).unwrap(),
        history
    );
    let unborn = world.root().join("unborn");
    world.git_in(&world.root(), &["init", "-q", "-b", "main", "unborn"]);
    std::fs::create_dir_all(unborn.join(".claude")).unwrap();
    std::fs::write(unborn.join(".claude/requirements.yaml"), ONE).unwrap();
    assert!(world.req_in(&unborn, &["satisfy", "commit_plan", "--session", SESSION]).status.success());
    assert_eq!(world.req_in(&unborn, &["prune"]).status.code(), Some(1));
    assert!(unborn.join(".git/requirements/main.json").exists());
}

#[test]
fn gap_08_a_copy_of_the_branch_does_not_shrink_it() {
    // A sibling at the same commit was taken for the parent, and the limit was gone.
    let world = World::with(
        "requirements:\n  size: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {block: 10}, cache_ttl: 0}\n",
    );
    commit_all(&world);
    world.git(&["checkout", "-qb", "feature/x"]);
    world.write("src/new.txt", &"line\n".repeat(20));
    commit_all(&world);
    world.git(&["branch", "feature/backup"]);
    assert!(world.hook(&world.edit()).refusal().contains("20"));
}

#[test]
fn gap_09_parallel_prompts_are_all_counted() {
    // Eight prompts at once counted as three.
    use std::io::Write;
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    let children: Vec<_> = (0..8)
        .map(|_| {
            let mut child = world.spawn("hook-prompt-submit");
            let payload = prompt(&world, "hello").to_string();
            child.stdin.take().unwrap().write_all(payload.as_bytes()).unwrap();
            child
        })
        .collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    world.hook(&world.recorded("Stop-first")).silent();
    assert_eq!(world.metrics()["tools"]["UserPrompt"]["count"], 8);
}

#[test]
fn gap_10_a_lock_that_somebody_holds_is_not_waited_for() {
    // With the registry's lock held every edit hung until the host gave up.
    let world = World::with(ONE);
    world.satisfy("commit_plan");
    let lock = world.home.join(".claude/sessions.lock");
    let mut holder = world.command("flock").arg(&lock).args(["sleep", "30"]).spawn().unwrap();
    while world.command("flock").arg("-n").arg(&lock).arg("true").status().unwrap().success() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let started = Instant::now();
    world.hook(&world.edit()).silent();
    assert!(started.elapsed() < Duration::from_millis(500), "{:?}", started.elapsed());
    let _ = world.command("pkill").args(["-P", &holder.id().to_string()]).status();
    holder.wait().unwrap();
}

#[test]
fn gap_11_however_much_there_is_to_say_it_is_one_document() {
    // Strict mode, a pause and reminders printed a document each. Every run here wants exactly one.
    let world = World::with(
        "strict_preflight: true\nrequirements:\n  bad: 5\n  odd: {enabled: true, stop_only: true, trigger_tools: []}\n",
    );
    world.run("hook-stop", b"{");
    world.req_ok(&["pause", "--session", SESSION]);
    let answer = world.hook(&world.recorded("SessionStart-startup"));
    let told = answer.json.as_ref().unwrap()["systemMessage"].as_str().unwrap();
    assert!(told.contains("passed over") && told.contains("requirements.bad"), "{told}");
    assert!(answer.context().contains("paused"));
    assert!(world.hook(&prompt(&world, "fix and commit it")).context().contains("paused"));
    assert_eq!(world.hook(&world.edit()).stdout.lines().count(), 1);
}

#[test]
fn gap_12_logging_to_stdout_breaks_no_answer() {
    // Log lines went before the decision, which was no JSON then, and the tool ran.
    let world = World::with(&format!("{ONE}logging: {{level: debug, destinations: [stdout]}}\n"));
    let answer = world.hook(&world.edit());
    answer.refusal();
    assert!(answer.stdout.starts_with("{\"hookSpecificOutput\""), "{}", answer.stdout);
}

#[test]
fn gap_13_a_skill_satisfies_the_branch_whose_edit_was_denied() {
    // The skill counted for `CLAUDE_PROJECT_DIR`, the edit for its folder: in a work tree it stayed denied for ever.
    let mut world = World::with("requirements:\n  plan: {enabled: true, satisfied_by_skill: plan}\n");
    commit_all(&world);
    let tree = world.root().join("tree");
    world.git(&["worktree", "add", "-q", "-b", "side", &tree.to_string_lossy()]);
    world.env.push(("CLAUDE_PROJECT_DIR".into(), world.repo.to_string_lossy().into()));
    let mut edit = world.payload("PreToolUse-Edit", json!({"cwd": tree}));
    edit["tool_input"]["file_path"] = tree.join("src/a.txt").to_string_lossy().into();
    world.hook(&edit).refusal();
    let mut used = skill(&world, "plan");
    used["cwd"] = tree.to_string_lossy().into();
    world.hook(&used).silent();
    world.hook(&edit).silent();
    assert_eq!(world.state("main"), Value::Null);
}

#[test]
fn gap_14_what_is_configured_to_be_said_is_said() {
    // Message files, evidence, checklists and texts of values were read and thrown away.
    let world = World::with(
        "requirements:\n  filed: {enabled: true, checklist: [look twice], trigger_tools: [Edit]}\n  proven: {enabled: true, evidence: {}, trigger_tools: [Write]}\n  \
         size: {enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {block: 1}, trigger_tools: [NotebookEdit], blocking_message: 'Big: {total} > {block_threshold} since {base_branch} {oops {'}\n",
    );
    commit_all(&world);
    world.git(&["checkout", "-qb", "feature/x"]);
    world.write("src/new.txt", "1\n2\n3\n");
    world.write(".claude/messages/filed.yaml", "blocking_message: From the file of {req_name}.\n");
    let filed = world.hook(&world.edit()).refusal().to_owned();
    assert!(filed.contains("From the file of filed.") && filed.contains("look twice"), "{filed}");
    world.satisfy("proven");
    let proven = world.hook(&world.recorded("PreToolUse-Write")).refusal().to_owned();
    assert!(proven.contains("Evidence is missing"), "{proven}");
    let mut notebook = world.edit();
    notebook["tool_name"] = "NotebookEdit".into();
    // A lone brace used to open this gate.
    let size = world.hook(&notebook).refusal().to_owned();
    assert!(size.contains("Big: 4 > 1 since main {oops {"), "{size}");
}

#[test]
fn gap_15_a_pause_is_for_the_session_however_its_id_is_written() {
    // The mark was named by the text given: a long id paused nobody, and `../` led anywhere.
    let world = World::with(ONE);
    world.req_ok(&["pause", "--session", SESSION]);
    world.hook(&world.edit()).silent();
    let outside = world.root().join("outside.paused");
    let up = "../".repeat(12);
    world.req(&["pause", "--session", &format!("{up}{}", outside.with_extension("").display())]);
    assert!(!outside.exists());
    for id in ["/etc/x", "..", "a/../b"] {
        world.hook(&of(id, world.edit())).refusal();
    }
    let marks = std::fs::read_dir(world.repo.join(".git/requirements/sessions")).unwrap().flatten();
    assert!(marks.into_iter().all(|entry| !entry.file_name().to_string_lossy().contains("..")));
}

#[test]
fn gap_16_what_was_not_saved_is_not_called_satisfied() {
    // A failed save was logged, and success printed.
    let world = World::with(ONE);
    std::fs::write(world.repo.join(".git/requirements"), "in the way").unwrap();
    let output = world.req(&["satisfy", "commit_plan", "--session", SESSION]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing was satisfied"));
}

#[test]
fn gap_17_a_session_at_work_gives_nothing_away() {
    // A new session took over what a live one beside it had satisfied.
    let world = World::with(ONE);
    let (mut one, mut two) = (StandIn::new(&world), StandIn::new(&world));
    one.hook(&world.recorded("SessionStart-startup"));
    world.satisfy("commit_plan");
    for source in ["startup", "clear"] {
        let answer = two.hook(&of(OTHER, world.payload("SessionStart-startup", json!({"source": source}))));
        assert!(!answer.context().contains("Carried over"), "{source}");
    }
    two.hook(&of(OTHER, world.edit())).refusal();
}

#[test]
fn gap_18_the_end_of_a_session_clears_its_own_entries_alone() {
    // `clear_session_state` deleted whole requirements, other sessions and the branch included.
    let world = World::with(&format!("{ONE}hooks: {{session_end: {{clear_session_state: true}}}}\n"));
    world.satisfy("commit_plan");
    world.req_ok(&["satisfy", "commit_plan", "--session", OTHER]);
    world.hook(&world.recorded("SessionEnd-other")).silent();
    world.hook(&world.edit()).refusal();
    world.hook(&of(OTHER, world.edit())).silent();
}

#[test]
fn gap_19_req_finds_its_session_from_any_shell_below_the_client() {
    // Only a direct child of the client found it, which the Bash tool never is.
    let world = World::with(ONE);
    let (mut mine, mut other) = (StandIn::new(&world), StandIn::new(&world));
    mine.hook(&world.recorded("SessionStart-startup"));
    other.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    let req = tests::executables().join("req");
    let output =
        mine.run(&format!("bash -c \"sh -c 'nice {} satisfy commit_plan; true'; true\"", req.display()), b"");
    assert!(String::from_utf8_lossy(&output.stdout).contains(KEY), "{output:?}");
    let output = other.req("satisfy commit_plan");
    assert!(String::from_utf8_lossy(&output.stdout).contains(OTHER_KEY), "{output:?}");
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
fn gap_21_an_unknown_name_is_an_error() {
    // `req satisfy` recorded any word and exited 0.
    let world = World::with(ONE);
    let output = world.req(&["satisfy", "commit_plam", "--session", SESSION]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(1), &b""[..]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `commit_plan`?"));
    assert_eq!(world.state("main"), Value::Null);
}

#[test]
fn gap_22_a_fresh_branch_is_not_done_and_its_status_is_asked_for_once() {
    // A branch without commits counted as merged, and Stop asked at every turn until it was done.
    let world = World::with("requirements: {}\nhooks: {wip_tracking: {enabled: true}}\n");
    commit_all(&world);
    world.git(&["checkout", "-qb", "feature/x"]);
    let status = || {
        let all = world.json(&world.home.join(".claude/wip_projects.json"));
        all["entries"][format!("{}::feature/x", world.repo.display())]["status"].clone()
    };
    world.hook(&world.recorded("SessionStart-startup"));
    assert_eq!(status(), "wip");
    assert!(world.hook(&world.recorded("Stop-first")).block().contains("req wip set"));
    world.hook(&world.recorded("Stop-first")).silent();
    world.req_ok(&["wip", "set", "paused"]);
    assert_eq!(status(), "paused");
    world.req_ok(&["wip", "set", "wip"]);
    world.write("src/new.txt", "1\n");
    commit_all(&world);
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "--no-ff", "-m", "merge", "feature/x"]);
    world.git(&["checkout", "-qb", "feature/y"]);
    world.hook(&of(OTHER, world.recorded("SessionStart-startup")));
    assert_eq!(status(), "done", "merged, with commits of its own");
}

#[test]
fn gap_23_three_failed_edits_in_a_row_are_advised_upon() {
    // A missing attribute kept the count at one, so that advice never came.
    let world = World::with(ONE);
    let edit = world.edit();
    let failed = world.payload(
        "PostToolUseFailure-Read",
        json!({"tool_name": "Edit", "tool_input": edit["tool_input"], "error": "String to replace not found in file."}),
    );
    let mut interrupted = failed.clone();
    interrupted["is_interrupt"] = true.into();
    world.hook(&failed).silent();
    world.hook(&interrupted).silent();
    world.hook(&world.recorded("PostToolUseFailure-Bash")).silent();
    world.hook(&failed).silent();
    assert!(world.hook(&failed).context().starts_with("3 edits in a row have failed."));
    world.hook(&failed).silent();
    world.hook(&world.recorded("PostToolUse-Edit")).silent();
    for _ in 0..2 {
        world.hook(&failed).silent();
    }
    assert!(world.hook(&failed).context().starts_with("3 edits"), "one that went through begins anew");
    world.configure(&format!("{ONE}hooks: {{tool_failure: {{advice: false}}}}\n"));
    for _ in 0..3 {
        world.hook(&failed).silent();
    }
}

#[test]
fn gap_24_strict_preflight_reaches_the_project_that_has_no_configuration() {
    // It was evaluated only where a configuration was found: never where it was meant for.
    let mut world = World::new();
    world.configure_globally("strict_preflight: true\n");
    let text = world.hook(&world.edit()).refusal().to_owned();
    assert!(text.contains("strict_preflight") && text.contains("req init"), "{text}");
    assert!(text.contains(".claude/requirements.yaml:1)"), "{text}");
    let escape = |file: &str| {
        let mut payload = world.recorded("PreToolUse-Write");
        payload["tool_input"]["file_path"] = world.repo.join(file).to_string_lossy().into();
        payload
    };
    world.hook(&escape(".claude/requirements.local.yaml")).silent();
    world.hook(&escape(".claude/../.claude/.rf-optout")).silent();
    world.hook(&escape(".claude/requirements.local.yaml.txt")).refusal();
    for command in ["ls", "req init", "req init --preset minimal --yes"] {
        world.hook(&world.bash("PreToolUse", command)).silent();
    }
    world.hook(&world.recorded("PreToolUse-Read")).silent();

    world.env.push(("RF_STRICT_OFF".into(), "TRUE".into()));
    world.hook(&world.edit()).silent();
    world.env.clear();
    world.hook(&world.edit()).refusal();
    world.write(".claude/.rf-optout", "");
    world.hook(&world.edit()).silent();
    std::fs::remove_file(world.repo.join(".claude/.rf-optout")).unwrap();
    world.configure("requirements:\n  plan: {enabled: true, trigger_tools: [Bash]}\n");
    world.hook(&world.edit()).silent();
}

#[test]
fn gap_25_every_preset_passes_the_check_of_configurations() {
    // A documented preset failed the validation of the very tool that wrote it.
    for preset in ["relaxed", "strict", "advanced", "minimal", "inherit"] {
        let world = World::new();
        world.req_ok(&["init", "--preset", preset, "--yes"]);
        let output = world.req(&["verify", "--ci"]);
        assert_eq!(output.status.code(), Some(0), "{}: {}", preset, String::from_utf8_lossy(&output.stdout));
    }
    let world = World::with("requirements:\n  bad: {enabled: true, scope: weekly}\n");
    assert_eq!(world.req(&["verify"]).status.code(), Some(1), "the check does look");
}

#[test]
fn gap_26_a_skill_counts_by_its_short_name() {
    // Only the exact text of the configuration counted, which the host and people shorten.
    for (configured, used) in
        [("acme:plan", "plan"), ("acme:plan", "/acme:plan"), ("plan", "acme:plan"), ("/plan", "plan")]
    {
        let world = World::with(&format!(
            "requirements:\n  p: {{enabled: true, satisfied_by_skill: '{configured}'}}\n"
        ));
        world.hook(&skill(&world, "replan")).silent();
        world.hook(&world.edit()).refusal();
        world.hook(&skill(&world, used)).silent();
        world.hook(&world.edit()).silent();
    }
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
