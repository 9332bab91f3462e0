//! The registry, the session directories and metrics.

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, ONE, SESSION, last, printed};

fn write_registry(world: &World, sessions: &Value) {
    let text = json!({"version": "1.0", "sessions": sessions, "extra": {"kept": true}}).to_string();
    std::fs::write(world.home.join(".claude/sessions.json"), text).unwrap();
}

#[test]
fn a_start_leaves_the_living_and_the_end_leaves_state() {
    let world = World::with(ONE);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let entry = |ppid: i64| json!({"pid": 1, "ppid": ppid, "project_dir": "/p", "branch": "b", "started_at": now, "last_active": now, "note": "mine"});
    let mut sleeper = world.command("sleep").arg("60").spawn().unwrap();
    let live = i64::from(sleeper.id());
    write_registry(
        &world,
        &json!({"deadbeef": entry(999_999_999), "00000000": entry(0), "negative": entry(-1), "livelive": entry(live)}),
    );
    world.hook(&world.recorded("SessionStart-startup"));
    let registry = world.registry();
    assert_eq!(registry["sessions"].as_object().unwrap().keys().collect::<Vec<_>>(), [KEY, "livelive"]);
    assert_eq!(
        (&registry["extra"]["kept"], &registry["sessions"]["livelive"]["note"]),
        (&json!(true), &json!("mine"))
    );
    let mine = &registry["sessions"][KEY];
    assert_eq!((&mine["project_dir"], &mine["branch"]), (&json!(world.repo), &json!("main")));
    assert_eq!(mine["ppid"], std::process::id(), "the client, or what stands for it, is this test");

    world.satisfy("commit_plan");
    world.hook(&world.recorded("UserPromptSubmit-plain"));
    world.hook(&world.recorded("SessionEnd-other")).silent();
    assert_eq!(world.registry()["sessions"].as_object().unwrap().keys().collect::<Vec<_>>(), ["livelive"]);
    assert_eq!(world.state("main")["requirements"]["commit_plan"]["sessions"][KEY]["satisfied"], true);
    let metrics = world.json(&world.repo.join(format!(".git/requirements/sessions/{KEY}.json")));
    assert!(metrics["ended_at"].is_i64() && metrics["duration_seconds"].is_i64());
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn an_end_without_metrics_makes_none() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionEnd-other")).silent();
    assert!(!world.repo.join(format!(".git/requirements/sessions/{KEY}.json")).exists());
    assert!(!world.home.join(".stanchion/sessions").join(SESSION).join("meta.json").exists());
}

#[test]
fn a_missing_or_corrupt_registry_is_made_again_from_the_sessions() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    for content in [None, Some("{"), Some("[]"), Some("")] {
        let path = world.home.join(".claude/sessions.json");
        match content {
            None => std::fs::remove_file(&path).unwrap(),
            Some(text) => std::fs::write(&path, text).unwrap(),
        }
        let sessions = printed(&world.req(&["sessions", "--json"]));
        assert_eq!(sessions["sessions"][0]["id"], KEY, "{content:?}");
        assert_eq!(world.registry()["sessions"][KEY]["ppid"], std::process::id());
    }
    let kept = std::fs::read_dir(world.home.join(".claude")).unwrap().flatten();
    assert!(kept.filter(|entry| entry.file_name().to_string_lossy().contains(".corrupt-")).count() >= 2);
}

#[test]
fn a_session_that_was_never_started_is_entered_by_its_first_event() {
    let world = World::with(ONE);
    world.hook(&world.edit()).refusal();
    assert!(world.registry()["sessions"][KEY].is_object());
    let meta = world.json(&world.home.join(".stanchion/sessions").join(SESSION).join("meta.json"));
    assert_eq!(
        (&meta["session_id"], &meta["generation"], &meta["v"]),
        (&json!(SESSION), &json!(1), &json!(1))
    );
    assert_eq!(meta["owner"]["pid"], std::process::id());
}

#[test]
fn events_explain_and_replay_decisions() {
    let world = World::with(ONE);
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&world.edit()).refusal();
    world.satisfy("commit_plan");
    world.hook(&world.edit()).silent();
    world.req_ok(&["clear", "commit_plan", "--session", SESSION]);
    world.hook(&world.recorded("Stop-first")).block();
    let events = world.events(SESSION);
    let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["SessionStart", "PreToolUse", "_satisfy", "PreToolUse", "_clear", "Stop"]);
    assert_eq!(
        (&events[1]["gates"]["outcome"], &events[1]["gates"]["asked"]),
        (&json!("deny"), &json!([["commit_plan", "open"]]))
    );
    assert_eq!(events[2]["gates"]["satisfied"], json!(["commit_plan"]));
    assert_eq!(
        (&events[3]["gates"]["outcome"], &events[3]["gates"]["triggered"]),
        (&json!("pass"), &json!(["commit_plan"]))
    );
    assert_eq!(last(&events, "Stop")["gates"]["outcome"], "block");
    assert!(
        events.iter().all(|event| event["mono_ns"].as_u64() > Some(0)) && events[0]["boot_id"].is_string()
    );
    assert!(events.windows(2).all(|pair| pair[0]["mono_ns"].as_u64() < pair[1]["mono_ns"].as_u64()));
    assert_eq!(events[1]["gates"]["policy"], events[3]["gates"]["policy"]);
}

#[test]
fn metrics_are_a_projection_that_can_be_deleted() {
    let world = World::with(ONE);
    for _ in 0..3 {
        world.hook(&world.edit()).refusal();
    }
    world.hook(&world.recorded("Stop-first"));
    let path = world.repo.join(format!(".git/requirements/sessions/{KEY}.json"));
    let before = world.json(&path);
    assert_eq!(before["tools"]["Edit"]["count"], 3);
    std::fs::remove_file(&path).unwrap();
    world.req_ok(&["sync"]);
    assert_eq!(world.json(&path), before);
    world.req_ok(&["sync"]);
    assert_eq!(world.json(&path)["tools"]["Edit"]["count"], 3, "nothing is counted twice");
}

#[test]
fn req_finds_its_session() {
    let mut world = World::with(ONE);
    let none = world.req(&["satisfy", "commit_plan"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&none.stderr).contains("--session"));
    world.hook(&world.recorded("SessionStart-startup"));
    assert!(world.req_ok(&["satisfy", "commit_plan"]).contains(KEY), "by its ancestor");
    world.env.push(("CLAUDE_CODE_SESSION_ID".into(), "feedface-0000-4000-8000-000000000000".into()));
    assert!(world.req_ok(&["satisfy", "commit_plan"]).contains("feedface"), "by the environment");
    assert!(world.req_ok(&["satisfy", "commit_plan", "-s", "0ddba11"]).contains("0ddba11"), "by name");
}

#[test]
fn failures_are_told_once() {
    let world = World::with(ONE);
    world.run("hook-stop", b"{").silent();
    let told = |world: &World| {
        let answer = world.hook(&world.recorded("SessionStart-startup"));
        let message = answer.json.map(|json| json["systemMessage"].as_str().unwrap_or_default().to_owned());
        message.unwrap_or_default().contains("passed over one failure")
    };
    assert!(told(&world));
    assert!(!told(&world));
    let doctor = world.stanchion(&["doctor"]);
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("hooks recorded 1 failure;"));
}
