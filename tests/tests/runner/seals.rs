//! What opens a gate bears a seal where `protect_cli` is set: state that any command can write opens nothing.

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, ONE, SESSION};

fn protected() -> World {
    let world = World::with(&format!("protect_cli: true\n{ONE}"));
    world.hook(&world.recorded("SessionStart-startup"));
    world
}

/// As the reference writes it.
fn forged(now: i64) -> Value {
    json!({
        "version": "1.0", "branch": "main", "project": "/x", "created_at": now, "updated_at": now,
        "requirements": {"commit_plan": {"scope": "session", "sessions": {KEY: {
            "satisfied": true, "satisfied_at": now, "satisfied_by": "manual", "expires_at": null,
        }}}},
    })
}

fn state_file(world: &World) -> std::path::PathBuf {
    world.repo.join(".git/requirements/main.json")
}

fn write_state(world: &World, state: &Value) {
    std::fs::create_dir_all(state_file(world).parent().unwrap()).unwrap();
    std::fs::write(state_file(world), state.to_string()).unwrap();
}

#[test]
fn a_state_that_another_program_wrote_counts_unless_it_is_protected() {
    let world = World::with(ONE);
    write_state(&world, &forged(tests::world::now()));
    world.hook(&world.edit()).silent();
    world.configure(&format!("protect_cli: true\n{ONE}"));
    world.hook(&world.edit()).refusal();
    assert!(
        world.req_ok(&["status"]).contains("open       commit_plan")
            || world.req_ok(&["status"]).contains("open")
    );
    let why = world.req_ok(&["why", "Edit", "src/a.txt", "--session", SESSION]);
    assert!(why.contains("commit_plan"), "{why}");
}

#[test]
fn what_a_person_satisfies_counts() {
    let world = protected();
    world.hook(&world.edit()).refusal();
    world.typed(&format!("satisfy commit_plan --session {SESSION}"));
    assert!(world.state("main")["requirements"]["commit_plan"]["sessions"][KEY]["seal"].is_string());
    world.hook(&world.edit()).silent();
    // Without `protect_cli` it was sealed as well.
    world.configure(ONE);
    world.hook(&world.edit()).silent();
}

/// The seal covers for what, for whom, where and how long.
#[test]
fn a_satisfaction_that_was_changed_or_copied_counts_no_longer() {
    let world = protected();
    world.typed(&format!("satisfy commit_plan --session {SESSION} --ttl 3600"));
    world.hook(&world.edit()).silent();
    let good = world.state("main");
    let entry = "/requirements/commit_plan/sessions/cad0ac4d";
    for (at, value) in [
        ("expires_at", json!(null)),
        ("expires_at", json!(tests::world::now() + 86_400)),
        ("satisfied_at", json!(1)),
        ("seal", json!("")),
        ("seal", json!("0")),
    ] {
        let mut changed = good.clone();
        changed.pointer_mut(entry).unwrap()[at] = value;
        write_state(&world, &changed);
        world.hook(&world.edit()).refusal();
    }
    // For another session, another requirement, another branch.
    let sealed = good.pointer(entry).unwrap().clone();
    let mut other = good.clone();
    other["requirements"]["commit_plan"]["sessions"]["0badcafe"] = sealed;
    write_state(&world, &other);
    world.hook(&tests::world::of("0badcafe-0000-4000-8000-000000000000", world.edit())).refusal();
    world.hook(&world.edit()).silent();
    world.git(&["checkout", "-q", "-b", "side"]);
    let mut copy = good.clone();
    copy["branch"] = "side".into();
    std::fs::write(world.repo.join(".git/requirements/side.json"), copy.to_string()).unwrap();
    world.hook(&world.edit()).refusal();
    world.git(&["checkout", "-q", "main"]);
    // A copy of what was taken back.
    write_state(&world, &good);
    world.hook(&world.edit()).silent();
    world.typed(&format!("clear commit_plan --session {SESSION}"));
    world.hook(&world.edit()).refusal();
    write_state(&world, &good);
    world.hook(&world.edit()).refusal();
}

#[test]
fn a_satisfaction_by_skill_is_sealed() {
    let world = World::with(
        "protect_cli: true\nrequirements:\n  plan: {enabled: true, satisfied_by_skill: planning}\n",
    );
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&world.edit()).refusal();
    let mut skill = world.recorded("PostToolUse-Skill");
    skill["tool_input"]["skill"] = "planning".into();
    world.hook(&skill);
    world.hook(&world.edit()).silent();
}

#[test]
fn a_pause_that_any_command_can_write_counts_only_without_protection() {
    let world = protected();
    let mark = world.repo.join(format!(".git/requirements/sessions/{KEY}.paused"));
    std::fs::create_dir_all(mark.parent().unwrap()).unwrap();
    for text in ["", "{}", r#"{"by": "person", "paused_at": "2026-12-01T00:00:00Z", "seal": "x"}"#] {
        std::fs::write(&mark, text).unwrap();
        world.hook(&world.edit()).refusal();
    }
    world.configure(ONE);
    world.hook(&world.edit()).silent();
    world.configure(&format!("protect_cli: true\n{ONE}"));
    world.typed(&format!("pause --reason x --session {SESSION}"));
    world.hook(&world.edit()).silent();
}
