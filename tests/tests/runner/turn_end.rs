//! The end of a turn: what Stop verifies.

use tests::World;

use crate::support::plan;

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
