//! The ids of a session, and what belongs to one session alone.

use std::path::Path;

use serde_json::{Value, json};
use tests::world::{KEY, ONE, SESSION, now, of};
use tests::{StandIn, World};

use crate::support::{OTHER, OTHER_KEY, keys, plan, start};

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
