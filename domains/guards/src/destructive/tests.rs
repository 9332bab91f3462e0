//! Lines in repositories in many states.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use std::path::Path;

use crate::objection::{Raised, Weight};
use crate::testing::Bench;

#[path = "../../tests/rows/destructive.rs"]
mod rows;

fn bench(guards: &str) -> Bench {
    let bench = Bench::new(guards);
    rows::fixture(&bench.root(), |arguments| {
        bench.git(arguments);
    });
    bench
}

/// The finding over a line, and the way out.
fn said(bench: &Bench, line: &str) -> String {
    let raised = bench.line(line);
    raised.iter().map(|one| format!("{}; {}\n", one.objection.what, one.objection.way_out)).collect()
}

#[test]
fn rows_hold() {
    bench("  destructive: {}").check(rows::ROWS);
}

#[test]
fn bypasses_and_look_alikes_are_as_many() {
    let passing = rows::ROWS.iter().filter(|(_, verdict)| *verdict == "pass").count();
    let others = rows::ROWS.len() - passing;
    assert!(passing.abs_diff(others) <= rows::ROWS.len() / 10, "{passing} pass, {others} do not");
}

#[test]
fn what_would_be_lost_is_named_and_so_is_the_way_to_keep_it() {
    let bench = bench("  destructive: {}");
    assert_eq!(
        said(&bench, "git checkout ."),
        "`git checkout` would throw away uncommitted changes in `src/dirty.rs`; put them away first: git stash push -- src/dirty.rs\n"
    );
    assert_eq!(
        said(&bench, "rm -rf scratch"),
        "`rm` would lose `scratch/a.txt` and `scratch/b.txt`, which no commit has; put them away first: git stash push -u -- scratch/a.txt scratch/b.txt; what is not needed can be removed by its name\n"
    );
    assert!(said(&bench, "cd docs && git -C .. checkout .").contains("git stash push -- src/dirty.rs"));
    assert!(said(&bench, "rm src/dirty.rs").contains("git stash push -- src/dirty.rs"));
    assert!(said(&bench, "git commit --amend").contains("of `main`, which `origin/main` has already;"));
    assert!(said(&bench, "redis-cli FLUSHDB").starts_with("`redis-cli FLUSHDB` deletes every key;"));
    assert!(said(&bench, "kubectl delete --all pods").starts_with("`kubectl delete --all` deletes"));
    assert!(!said(&bench, "rm -rf */").contains("log1.txt"), "which is no folder");
    assert!(
        said(&bench, "rm -rf .git").ends_with("; commit and push what matters, and let a person remove it\n")
    );
    assert!(said(&bench, "git stash drop 0").contains("would drop `stash@{0}: WIP on main"));
    bench.check(&[
        ("git stash push -- src/dirty.rs && git checkout .", "pass"),
        ("git stash push -- docs && git checkout .", "deny"),
        ("git stash push -u -- scratch && rm -rf scratch", "pass"),
        ("git stash push -- scratch && rm -rf scratch", "deny"),
        ("git -C docs stash -u; rm -rf scratch", "deny"),
    ]);
    bench.git(&["stash", "push", "-q", "-u", "--", "scratch/a.txt", "scratch/b.txt"]);
    assert_eq!(bench.verdict("rm -rf scratch"), "pass");
}

#[test]
fn the_way_out_leaves_guards_where_they_are() {
    let bench = bench("  destructive: {}");
    bench.git(&["rm", "-q", "--cached", ".claude/requirements.yaml"]);
    bench.git(&["commit", "-q", "-m", "not tracked"]);
    let clean = said(&bench, "git clean -fd");
    assert!(clean.contains("would remove `.claude/`") && clean.contains("-e .claude;"), "{clean}");
    assert!(clean.contains("git stash push -u -- . ':!.claude'"), "{clean}");
    assert!(said(&bench, "cd src && git clean -fd ..").contains(":!.claude"));
    bench.check(&[
        ("git stash -u", "deny"),
        ("git stash --all", "deny"),
        ("git stash push -u -- .claude", "deny"),
        ("git stash -u && git clean -fd", "deny"),
        ("git add -A; git stash push -u -- . ':!.claude' && git clean -fd", "deny"),
        ("git clean -fd .claude/requirements.yaml", "deny"),
        ("git stash", "pass"),
        ("git stash push -u -- scratch", "pass"),
        ("git stash push -u -- . ':!.claude'", "pass"),
        ("git stash push -u -- . ':!.claude' && git clean -fd -e .claude", "pass"),
        ("git clean -fd build", "pass"),
    ]);
    bench.write("scratch/it's here", "text\n");
    bench.write("scratch/a*", "text\n");
    let removal = said(&bench, "rm -rf scratch");
    assert!(
        removal.contains(r"-- 'scratch/it'\''s here'") || removal.contains(r" 'scratch/it'\''s here'"),
        "{removal}"
    );
    assert!(removal.contains("':(top,literal)scratch/a*'"), "{removal}");
    for name in ["c", "d", "e"] {
        bench.write(&format!("scratch/{name}"), "text\n");
    }
    assert!(said(&bench, "rm -rf scratch").contains("git stash push -u -- . ':!.claude'"));
    bench.write(".git/info/exclude", ".claude/\n");
    assert!(said(&bench, "git clean -fdx").contains("would remove `.claude/`"));
    bench.check(&[("git stash -a", "deny"), ("git stash -u", "pass"), ("git clean -fdX build", "pass")]);
    // A stash of some files, with no other stash.
    bench.git(&["stash", "clear"]);
    bench.check(&[
        ("git stash && git stash drop", "deny"),
        ("git stash push -- src; git stash clear", "deny"),
        ("git stash push -- docs; git stash drop", "pass"),
        ("git stash drop", "pass"),
    ]);
}

#[test]
fn nothing_at_stake_is_nothing_to_say() {
    let bench = bench("  destructive: {}");
    bench.git(&["add", "-A"]);
    assert_eq!(bench.verdict("rm -rf scratch src"), "pass", "the index has it");
    assert_eq!(bench.verdict("git reset --hard"), "deny", "which goes here");
    bench.git(&["stash", "clear"]);
    bench.git(&["commit", "-q", "-m", "all of it"]);
    bench.check(&[
        ("rm -rf scratch src", "pass"),
        ("git reset --hard", "pass"),
        ("git checkout -f merged", "pass"),
        ("git clean -fdx", "pass"),
        ("git stash clear", "pass"),
        ("git stash drop", "pass"),
        ("git update-ref -d refs/stash", "pass"),
        // The commit is not pushed, so it may be amended and moved.
        ("git commit --amend --no-edit", "pass"),
        ("git rebase -i HEAD~1", "pass"),
        ("git reset --soft HEAD~1", "pass"),
        ("git reset --soft HEAD~2", "ask"),
        ("git reset --hard origin/main", "deny"),
        ("git status && git reset --hard origin/main", "deny"),
        ("git branch -d merged; git reset --hard origin/main", "deny"),
        ("git branch keep && git reset --hard origin/main", "pass"),
        ("git checkout -b f && git commit --amend --no-edit", "pass"),
        ("git commit -m x && git commit --amend --no-edit", "pass"),
        ("git tag keep && git reset --hard origin/main", "pass"),
        ("git switch -c wip && git reset --hard origin/main", "pass"),
        ("git checkout merged && git reset --hard origin/main", "pass"),
        ("git switch merged; git fetch origin; git reset --hard origin/main", "pass"),
        ("git reset --hard origin/HEAD", "deny"),
    ]);
    bench.git(&["branch", "kept"]);
    assert_eq!(bench.verdict("git reset --hard origin/main"), "pass", "another branch has it");
}

#[test]
fn a_branch_of_ones_own_may_be_rewritten() {
    let bench = bench("  destructive: {}");
    bench.git(&["stash", "-q", "-u"]);
    bench.git(&["checkout", "-q", "-b", "topic"]);
    bench.git(&["update-ref", "refs/remotes/origin/topic", "HEAD"]);
    bench.check(&[
        ("git commit --amend --no-edit", "pass"),
        ("git rebase -i HEAD~1", "pass"),
        ("git reset HEAD~1", "pass"),
        ("git reset --hard HEAD~1", "pass"),
        ("git rebase HEAD~1 main", "deny"),
        ("git push --force", "deny"),
    ]);
    bench.git(&["reset", "-q", "--hard", "HEAD~1"]);
    bench.git(&["commit", "-q", "--allow-empty", "-m", "other"]);
    bench.git(&["checkout", "-q", "main"]);
    bench.check(&[
        ("git rebase topic", "deny"),
        ("git rebase unmerged", "pass"),
        ("git merge topic", "pass"),
        ("git branch -M main topic", "ask"),
    ]);
}

#[test]
fn a_branch_that_guard_push_protects_is_shared() {
    let bench = bench("  push:\n    branches: [release/*]\n  destructive: {}");
    bench.git(&["stash", "-q", "-u"]);
    bench.git(&["checkout", "-q", "-b", "release/1"]);
    assert_eq!(bench.verdict("git commit --amend --no-edit"), "deny");
}

#[test]
fn other_work_trees_and_repositories_count() {
    let bench = bench("  destructive: {}");
    let other = bench.root().join("vendor/other");
    std::fs::create_dir_all(&other).unwrap();
    let git = |arguments: &[&str]| {
        let in_other = [&["-C", other.to_str().unwrap()], arguments].concat();
        bench.git(&in_other);
    };
    git(&["init", "-q", "-b", "main"]);
    std::fs::write(other.join("a.rs"), "text\n").unwrap();
    assert_eq!(bench.verdict("rm -rf vendor/other"), "deny", "not committed");
    assert_eq!(bench.verdict("git -C vendor/other clean -f"), "deny");
    assert_eq!(bench.verdict("git -C vendor/other clean -f a.rs"), "pass", "one file, by its name");
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "x"]);
    assert_eq!(bench.verdict("rm -rf vendor/other"), "ask", "not pushed");
    assert_eq!(bench.verdict("rm -rf vendor/other/.git"), "ask", "not pushed");
    git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    assert_eq!(bench.verdict("rm -rf vendor/other"), "pass");

    bench.git(&["worktree", "add", "-q", "../linked", "merged"]);
    let linked = bench.home().join("linked");
    assert_eq!(bench.verdict("git worktree remove --force ../linked"), "pass");
    std::fs::write(linked.join("new.rs"), "text\n").unwrap();
    assert_eq!(bench.verdict("git worktree remove --force ../linked"), "deny");
    assert_eq!(bench.verdict("git worktree remove ../linked"), "pass", "git looks itself");
}

#[test]
fn links_are_taken_for_what_they_are() {
    let bench = bench("  destructive: {}");
    for (target, link) in [("scratch", "link"), ("/", "root"), ("../src", "docs/up")] {
        std::os::unix::fs::symlink(target, bench.root().join(link)).unwrap();
    }
    bench.check(&[
        ("rm -rf link", "pass"),
        ("rm -rf root", "pass"),
        ("rm -rf root/*", "deny"),
        ("rm docs/up/dirty.rs", "deny"),
        ("rm docs/up/clean.rs", "pass"),
    ]);
}

#[test]
fn an_environment_file_is_made_by_no_tool() {
    let bench = bench("  destructive: {}");
    bench.git(&["stash", "-q", "-u"]);
    bench.write(".git/info/exclude", ".env*\n");
    bench.write(".env.example", "A=\n");
    assert_eq!(bench.verdict("git clean -fdx"), "pass");
    bench.write(".env", "A=1\n");
    assert_eq!(bench.verdict("git clean -fdx"), "deny");
    assert_eq!(bench.verdict("git clean -fdX"), "deny");
    assert!(said(&bench, "git clean -fdx").contains("leave what holds secrets where it is: -e .env; "));
    assert_eq!(bench.verdict("git clean -fdx -e .env"), "pass");
    assert_eq!(bench.verdict("git clean -fd"), "pass");
}

#[test]
fn a_folder_of_nothing_is_no_work() {
    let bench = bench("  destructive: {}");
    bench.git(&["stash", "-q", "-u"]);
    std::fs::create_dir_all(bench.root().join("empty/inside/deep")).unwrap();
    assert_eq!(bench.verdict("git clean -fd"), "pass");
    bench.write("empty/inside/note.txt", "work\n");
    assert_eq!(bench.verdict("git clean -fd"), "deny");
}

#[test]
fn the_way_out_holds_for_what_is_at_stake() {
    let bench = bench("  destructive: {}");
    let changed = said(&bench, "rm src/dirty.rs");
    assert!(changed.contains("git stash push") && !changed.contains("by its name"), "{changed}");
    let new = said(&bench, "rm -rf scratch");
    assert!(new.contains("by its name"), "{new}");
    let part = said(&bench, "terraform destroy -target aws_instance.a");
    assert!(
        part.contains("what its `-target` names") && !part.contains("destroys all that the conf"),
        "{part}"
    );
}

#[test]
fn uncommitted_work_can_be_left_out() {
    let bench = bench("  destructive:\n    uncommitted: false");
    bench.check(&[
        ("rm -rf scratch", "pass"),
        ("git reset --hard", "pass"),
        ("git stash clear", "pass"),
        ("rm -rf ~", "deny"),
        ("git commit --amend --no-edit", "deny"),
    ]);
}

#[test]
fn rules_of_the_users_own_are_searched_in_what_runs() {
    let bench = bench(
        "  destructive:\n    rules:\n      - pattern: just\\s+nuke\n        message: This empties staging. Ask the release team.",
    );
    bench.check(&[
        ("just nuke", "deny"),
        ("cd x && JUST=1 just   nuke --yes", "deny"),
        ("bash -c 'just nuke'", "deny"),
        ("$RUN 'just nuke'", "ask"),
        ("$RUN 'just build'", "pass"),
        ("echo just nuke", "pass"),
        ("git commit -m 'just nuke it'", "pass"),
        ("just build", "pass"),
    ]);
    assert!(said(&bench, "just nuke").starts_with("This empties staging. Ask the release team;"));
}

#[test]
fn what_two_guards_know_is_said_once() {
    let bench = bench("  sql: {}\n  destructive: {}");
    let is_destructive =
        |line: &str| bench.line(line).iter().any(|one| one.guard == config::types::GuardName::Destructive);
    assert!(!is_destructive("psql -c 'DROP TABLE users'"));
    assert!(is_destructive("psql -c 'DROP TABLE users' && rm -rf /"));
}

#[test]
fn outside_a_repository_only_roots_count() {
    let bench = bench("  destructive: {}");
    let away = bench.home().join("away");
    std::fs::create_dir_all(away.join("work")).unwrap();
    std::fs::write(away.join("work/a"), "text").unwrap();
    let is = |line: &str| bench.verdict(&format!("cd {} && {line}", away.display()));
    assert_eq!(is("rm -rf work"), "pass");
    assert_eq!(is("git reset --hard"), "pass");
    assert_eq!(is("cd .. && rm -rf ."), "deny");
}

#[test]
fn a_broken_repository_is_asked_about() {
    for (guard, weights, failures) in [
        ("  destructive: {}", vec![Weight::Ask], 0),
        ("  destructive: {on_error: deny}", vec![Weight::Ask], 1),
        ("  destructive: {mode: warn}", vec![Weight::Warn], 1),
    ] {
        let (raised, found) = raised_where_broken(guard);
        assert_eq!(raised.iter().map(|one| one.weight).collect::<Vec<_>>(), weights, "{guard}");
        let what = "this could not be examined: `git does not report what the command would destroy`";
        assert_eq!(raised[0].objection.what, what);
        let told = ["guard destructive failed: git does not report what the command would destroy"];
        assert_eq!(found, told[..failures], "{guard}");
    }
}

/// What guards find of a reset in a repository whose index is damaged, and which of them failed.
fn raised_where_broken(guards: &str) -> (Vec<Raised>, Vec<String>) {
    let bench = bench(guards);
    std::fs::write(bench.root().join(".git/index"), "no index").unwrap();
    let paths = hooks_common::paths::Paths::below(&bench.home());
    let payload = serde_json::json!({
        "session_id": "5ca1ab1e-0000-4000-8000-000000000000", "cwd": bench.root(),
        "tool_name": "Bash", "tool_input": {"command": "git reset --hard"},
    });
    let payload = hooks_common::event::Payload::parse(payload.to_string().as_bytes()).unwrap();
    let project = hooks_common::project::Project::of_event(&paths, None, &bench.root());
    let policy = config::Policy::compiled_now(&project.sources(&paths));
    let now = platform::time::Moment::now();
    let examined = crate::ExaminedUse::new(&paths, &project, &policy, &payload, now);
    let (raised, failures) = crate::pre_tool::raise(&examined);
    (raised, failures.iter().map(ToString::to_string).collect())
}

#[test]
fn ordinary_commands_are_not_looked_at() {
    let bench = bench("  destructive: {}");
    let concerns = |line: &str| {
        let paths = hooks_common::paths::Paths::below(&bench.home());
        let payload = serde_json::json!({
            "session_id": "5ca1ab1e", "cwd": bench.root(), "tool_name": "Bash", "tool_input": {"command": line},
        });
        let payload = hooks_common::event::Payload::parse(payload.to_string().as_bytes()).unwrap();
        let project = hooks_common::project::Project::of_event(&paths, None, Path::new(&bench.root()));
        let policy = config::Policy::compiled_now(&project.sources(&paths));
        let now = platform::time::Moment::now();
        super::concerns(&crate::ExaminedUse::new(&paths, &project, &policy, &payload, now))
    };
    for line in [
        "ls -la",
        "cargo test 2>&1 | tail",
        "make > /dev/null 2>&1",
        "git status",
        "git diff > a.txt",
        "echo 'rm -rf /'",
    ] {
        assert!(!concerns(line), "{line}");
    }
    assert!(concerns("r\"\"m x") && concerns("sudo git -C x reset --hard"));
}
