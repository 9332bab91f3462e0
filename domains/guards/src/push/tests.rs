#[path = "../../tests/rows/push.rs"]
mod rows;

use std::process::Command;

use serde_json::json;

use crate::testing::{Bench, worst};

fn bench() -> Bench {
    let bench = Bench::new(rows::SETTINGS);
    rows::fixture(|arguments| {
        bench.git(arguments);
    });
    bench
}

#[test]
fn rows_hold() {
    bench().check(rows::ROWS);
}

/// The references that git reports for a dry run of a real push.
fn tried(bench: &Bench, arguments: &str) -> Option<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(bench.root()).env("HOME", bench.home()).env("GIT_CONFIG_NOSYSTEM", "1");
    let output = git.args(arguments.split(' ')).args(["--dry-run", "--porcelain"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let of_line = |line: &str| Some(line.split('\t').nth(1)?.rsplit_once(':')?.1.to_owned());
    output.status.success().then(|| text.lines().filter_map(of_line).collect())
}

#[test]
fn git_itself_agrees() {
    let bench = Bench::new("  push: {}");
    let remote = bench.home().join("remote.git");
    bench.git(&["clone", "-q", "--bare", ".", remote.to_str().unwrap()]);
    bench.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    bench.git(&["push", "-q", "origin", "main:trunk", "main:feature"]);
    bench.git(&["--git-dir", remote.to_str().unwrap(), "symbolic-ref", "HEAD", "refs/heads/trunk"]);
    bench.git(&["fetch", "-q", "origin"]);
    bench.git(&["remote", "set-head", "origin", "trunk"]);
    bench.git(&["branch", "-q", "feature", "origin/feature"]);
    bench.git(&["branch", "-q", "work", "origin/main"]);
    bench.git(&["branch", "-q", "same", "--no-track", "origin/main"]);
    // git does not report references that are up to date.
    for branch in ["feature", "work", "same", "main"] {
        bench.git(&["checkout", "-q", branch]);
        bench.git(&["commit", "-q", "--allow-empty", "-m", branch]);
    }
    bench.git(&["tag", "v1"]);
    let protected = ["main", "master", "trunk"].map(|name| format!("refs/heads/{name}"));
    let mut refused = 0;
    let mut passed = 0;
    for default in ["simple", "current", "upstream", "matching", "nothing"] {
        bench.git(&["config", "push.default", default]);
        for branch in ["main", "feature", "work", "same", "--detach"] {
            bench.git(&["checkout", "-q", branch]);
            for arguments in [
                "push",
                "push origin",
                "push origin HEAD",
                "push origin main",
                "push origin work feature",
                "push origin same",
                "push origin heads/work",
                "push origin +:",
                "push origin --tags",
                "push origin work:heads/trunk",
                "push origin @:refs/heads/new",
                "push --all origin",
                "push origin refs/heads/f*",
                "push origin refs/heads/* ^refs/heads/main",
                "push --prune origin refs/heads/w*:refs/heads/*",
                "push origin :feature",
                "push origin :heads/main",
            ] {
                // An explicit destination does not depend on the configuration.
                if default != "simple" && arguments.contains(':') {
                    continue;
                }
                let Some(written) = tried(&bench, arguments) else { continue };
                let line = format!("git {}", arguments.replace('*', "\\*").replace("^", "\\^"));
                let is_protected = written.iter().any(|reference| protected.contains(reference));
                let expected = if is_protected { "deny" } else { "pass" };
                assert_eq!(bench.verdict(&line), expected, "{default}, {branch}: {line} writes {written:?}");
                *if is_protected { &mut refused } else { &mut passed } += 1;
            }
        }
    }
    assert!(refused > 50 && passed > 50, "{refused} and {passed}");
}

#[test]
fn the_repository_that_is_pushed_counts() {
    let bench = bench();
    bench.git(&["worktree", "add", "-q", "-b", "apart", "../apart"]);
    bench.git(&["init", "-q", "-b", "inner", "nested"]);
    for (line, expected) in [
        ("git -C ../apart push", "pass"),
        ("cd ../apart && git push -u origin HEAD", "pass"),
        ("git checkout feature; git -C ../apart switch main; git -C ../apart push; git push", "deny"),
        ("git -C nested push", "pass"),
        ("git -C ../apart push origin $(git branch --show-current)", "deny"),
        ("git push origin $(git -C ../apart branch --show-current)", "ask"),
        ("git -C nested push origin HEAD", "pass"),
        ("(cd nested && git push); git push", "deny"),
        ("GIT_DIR=.git/worktrees/apart git push", "pass"),
        ("export GIT_DIR=$PWD/../project/.git; cd ../apart && git push", "ask"),
        ("export GIT_DIR=../project/.git; cd ../apart && git push", "deny"),
        ("git --git-dir=../project/.git -C ../apart push", "deny"),
        ("cd ~/apart && git push", "pass"),
        ("cd ~/project/../apart/../project && git push", "deny"),
        ("git worktree add ../new -b new && cd ../new && git push -u origin HEAD", "pass"),
        (
            "git worktree add new side && git -C new push && git -C new switch feature && git -C new push",
            "pass",
        ),
        ("git worktree add -B fix new && cd new/src && git push", "pass"),
        ("git worktree add ../feature && git -C ../feature push", "pass"),
        ("git worktree add ../new -b new && git push", "deny"),
        ("git worktree add -f ../new main && cd ../new && git push", "deny"),
        ("git worktree add ../new -b new && cd ../new && git branch -m master && git push", "deny"),
        ("git worktree add ../new -b \"fix/$ID\" && cd ../new && git push -u origin HEAD", "pass"),
        ("git worktree add ../new \"$B\" && cd ../new && git push", "ask"),
        ("git worktree add \"$W\" -b new && cd \"$W\" && git push", "ask"),
        ("gh pr checkout 12 && git push", "ask"),
        ("gh pr list && git push", "deny"),
        ("cd /nowhere && git push", "ask"),
        ("cd /nowhere && git push origin main", "deny"),
    ] {
        assert_eq!(bench.verdict(line), expected, "{line}");
    }
    let raised = bench.raised(json!({
        "tool_name": "Bash", "tool_input": {"command": "git push"}, "cwd": bench.home().join("apart"),
    }));
    assert_eq!(worst(&raised), "pass", "the event's own folder is on a branch of its own: {raised:?}");
}

#[test]
fn branches_are_found_wherever_git_keeps_them() {
    let bench = bench();
    bench.git(&["checkout", "-q", "feature"]);
    assert_eq!(bench.verdict("git push"), "pass");
    assert_eq!(bench.verdict("git checkout main; git push"), "deny");
    assert_eq!(bench.verdict("git checkout -; git push"), "deny", "its journal tells where HEAD was");
    bench.git(&["pack-refs", "--all"]);
    assert_eq!(bench.verdict("git checkout main; git push"), "deny", "packed");
    assert_eq!(bench.verdict("git checkout mai; git push"), "pass");
    assert_eq!(bench.verdict("git push --all"), "deny", "packed");
    bench.git(&["branch", "-q", "-D", "disguise", "main"]);
    assert_eq!(bench.verdict("git push --all"), "pass", "there is nothing that must not be pushed");
    bench.git(&["checkout", "-q", "--detach"]);
    assert_eq!(bench.verdict("git push; git push origin HEAD"), "pass", "git refuses this itself");
}

#[test]
fn the_users_own_configuration_counts() {
    let bench = bench();
    bench.git(&["checkout", "-q", "work"]);
    assert_eq!(bench.verdict("git push"), "pass");
    assert_eq!(bench.verdict("git q origin main"), "pass", "there is no such command");
    bench.git(&["config", "--global", "push.default", "upstream"]);
    bench.git(&["config", "--global", "alias.q", "push"]);
    assert_eq!(bench.verdict("git push"), "deny");
    assert_eq!(bench.verdict("git q"), "deny");
    assert_eq!(bench.verdict("git config --unset push.default; git push"), "pass");
    assert_eq!(bench.verdict("cd / && git q origin main"), "deny");
}

#[test]
fn a_refusal_says_what_and_why() {
    let bench = bench();
    let said = |line: &str| {
        let raised = bench.line(line);
        let all: Vec<String> = raised
            .into_iter()
            .map(|one| format!("{} | {}", one.objection.what, one.objection.way_out))
            .collect();
        all.join("\n")
    };
    for (line, expected) in [
        (
            "git push fork HEAD:dev",
            "this pushes to `dev` on `fork`, which is where `fork/HEAD` points | push a branch of its own and open a \
             pull request: git push -u fork HEAD:refs/heads/<a-new-name>",
        ),
        (
            "git push origin :prod",
            "this removes `prod` from `origin`, which is protected by `branches` in the configuration | leave that \
             branch to a person, who can remove it where it is hosted",
        ),
        (
            "git push --mirror fork",
            "this makes `fork` a mirror of the repository, its protected branches included | push a branch of its own \
             and open a pull request: git push -u fork HEAD:refs/heads/<a-new-name>",
        ),
        (
            "git push origin $B",
            "this pushes to `origin`, and to which branch is known only when it runs | write the branch out: git push \
             origin HEAD:refs/heads/<branch>",
        ),
        (
            "git push origin release/$V",
            "this pushes to `release/…` on `origin`, a branch that is known only when it runs | write the branch out: \
             git push origin HEAD:refs/heads/<branch>",
        ),
    ] {
        assert_eq!(said(line), expected, "{line}");
    }
    assert!(
        said("git push origin 'refs/heads/m*'").contains("among them `main`, which is protected by name")
    );
    assert!(
        said("git push https://dev:hunter2hunter2@example.invalid/x.git main")
            .contains("`main` on `https://")
    );
    assert!(!said("git push https://dev:hunter2hunter2@example.invalid/x.git main").contains("hunter2"));
    assert_eq!(bench.line("git push origin main; git push origin main").len(), 1, "the same is said once");
    assert_eq!(bench.line("git push origin main master").len(), 2);
}

#[test]
fn a_long_line_hides_nothing() {
    let bench = bench();
    let padding = "x".repeat(1024 * 1024);
    assert_eq!(bench.verdict(&format!("git push origin main # {padding}")), "deny");
    assert_eq!(bench.verdict(&format!("true # {padding}\ngit push origin main")), "ask");
    assert_eq!(
        bench.verdict(&format!("git push origin feature # {padding}")),
        "ask",
        "what is behind is not read"
    );
    assert_eq!(bench.verdict(&"git push origin feature; ".repeat(1_000)), "ask");
    assert_eq!(bench.verdict(&"git push origin feature; ".repeat(100)), "pass");
    bench.git(&["config", "alias.twice", "!git twice; git twice"]);
    assert_eq!(bench.verdict("git twice; git push origin main"), "ask", "nobody follows that to its end");
    assert_eq!(bench.verdict("git push origin main; git twice"), "deny", "what was found stays");
}
