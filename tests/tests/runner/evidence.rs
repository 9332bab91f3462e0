//! Evidence: the files that a requirement asks for.

use std::path::Path;
use std::time::{Duration, SystemTime};

use tests::World;
use tests::world::{SESSION, last, of};

use crate::support::{OTHER, one};

fn age(file: &Path, seconds: u64) {
    let then = SystemTime::now() - Duration::from_secs(seconds);
    std::fs::File::options().write(true).open(file).unwrap().set_modified(then).unwrap();
}

#[test]
fn evidence_is_looked_for_in_every_folder_that_is_named() {
    let world = World::with("version: '1.0'\n");
    // A folder outside the project is the user's to name.
    world.configure_globally(&one("plan", "evidence: {dirs: [notes, '~/plans'], require_markers: [A, B]}"));
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
