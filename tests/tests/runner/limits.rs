//! Limits: numbers that a requirement compares, and how long a value and an approval last.

use serde_json::{Value, json};
use tests::World;
use tests::world::{KEY, SESSION, now, of, printed};

use crate::support::{OTHER, commit_all, one};

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
    assert!(world.req_ok(&["status"]).contains("`command` is allowed in the global file only"));
}

#[test]
fn case_13_a_value_denies_from_its_limit_on_and_an_approval_lasts_its_time() {
    let limit = |more: &str| {
        format!(
            "requirements:\n  size: {{enabled: true, type: limit, calculator: branch_size_calculator, thresholds: {{warn: 5, block: 10}}, cache_ttl: 0, approval_ttl: 600{more}}}\n"
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
    world.expire("feature-auth");
    world.hook(&world.edit()).refusal();
    world.configure(&limit(", base: no-such-branch"));
    world.hook(&world.edit()).silent();
    assert!(world.log().iter().any(|line| line["message"].as_str().unwrap().contains("no-such-branch")));
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
