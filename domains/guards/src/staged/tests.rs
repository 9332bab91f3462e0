//! Commits in a real repository.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use config::Policy;
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use platform::time::Moment;
use serde_json::json;

use super::*;
use crate::testing::Bench;

fn with<T>(bench: &Bench, command: &str, look: impl FnOnce(&ExaminedUse<'_>) -> T) -> T {
    let payload = json!({"tool_name": "Bash", "cwd": bench.root(), "tool_input": {"command": command}});
    let payload = Payload::parse(payload.to_string().as_bytes()).unwrap();
    let paths = Paths::below(&bench.home());
    let project = Project::of_event(&paths, None, &payload.folder());
    let policy = Policy::compiled_now(&project.sources(&paths));
    look(&ExaminedUse::new(&paths, &project, &policy, &payload, Moment::now()))
}

/// What a line commits: `path:line:text`, separated by spaces.
fn taken(bench: &Bench, command: &str) -> String {
    let files =
        with(
            bench,
            command,
            |examined| if commits(examined) { added(examined).unwrap().to_vec() } else { Vec::new() },
        );
    let mut all = Vec::new();
    for file in files {
        assert!(file.top.is_absolute() && file.path.is_relative());
        all.extend(file.lines.iter().map(|(at, line)| format!("{}:{at}:{line}", file.path.display())));
    }
    all.join(" ")
}

fn bench() -> Bench {
    let bench = Bench::new("  sql: {}");
    bench.write("sub/tracked", "one\ntwo\n");
    bench.git(&["add", "-A"]);
    bench.git(&["commit", "-q", "-m", "second"]);
    bench
}

#[test]
fn a_commit_is_told_from_a_mention() {
    let bench = Bench::new("  sql: {}");
    for line in [
        "git commit -m x",
        "cd sub && git commit -am x",
        "git -C sub --no-pager commit",
        "git com'mit' -m x",
        "bash -c 'git commit -m x'",
        "git $OPTIONS commit",
        "GIT_AUTHOR_NAME=x git commit --amend --no-edit",
        "git commit -m --dry-run",
    ] {
        assert!(with(&bench, line, commits), "{line}");
    }
    for line in [
        "git commit --dry-run",
        "git commit --short",
        "git commit --help",
        "git log --grep 'git commit'",
        "echo git commit",
        "git commit-tree HEAD",
        "git show commit",
        "git \"log\" -1",
    ] {
        assert!(!with(&bench, line, commits), "{line}");
    }
}

#[test]
fn a_commit_takes_what_is_staged() {
    let bench = bench();
    bench.write("sub/tracked", "one\ninserted\ntwo\n");
    bench.write("new file", "+++ b/x\n");
    bench.git(&["add", "-A"]);
    bench.write("sub/tracked", "one\ninserted\ntwo\nlater\n");
    bench.write("other", "untracked\n");
    let staged = "new file:1:+++ b/x sub/tracked:2:inserted";
    assert_eq!(taken(&bench, "git commit -m x"), staged);
    assert_eq!(taken(&bench, "cd sub && git commit"), staged);
    assert_eq!(taken(&bench, "git -C sub commit -m 'git add other'"), staged);
    assert_eq!(taken(&bench, "git add -n other && git commit"), staged);
    assert_eq!(taken(&bench, "git commit && git add other"), staged, "what comes later stays behind");
    assert_eq!(taken(&bench, "git --git-dir=.git commit -m x"), staged);
}

#[test]
fn a_commit_takes_more_with_all_paths_and_add() {
    let bench = bench();
    bench.write("staged", "s\n");
    bench.git(&["add", "staged"]);
    bench.write("sub/tracked", "one\ntwo\nthree\n");
    bench.write("README.md", "text\nmore\n");
    bench.write("sub/new", "n\n");
    bench.write("target/ignored", "i\n");
    let (s, r, t, n) = ("staged:1:s", "README.md:2:more", "sub/tracked:3:three", "sub/new:1:n");
    for (line, expected) in [
        ("git commit -am x", format!("{r} {s} {t}")),
        ("git commit --all -m x", format!("{r} {s} {t}")),
        ("git commit -m x sub", t.to_owned()),
        ("git commit -m x -- README.md", r.to_owned()),
        ("git commit -i -m x README.md", format!("{r} {s}")),
        ("cd sub && git commit -m x tracked", t.to_owned()),
        ("git add README.md && git commit -m x", format!("{r} {s}")),
        ("git add sub; git commit -m x", format!("{s} {n} {t}")),
        ("git add sub/*ew; git commit -m x", format!("{s} {n}")),
        ("git add . && git commit -m x", format!("{r} {s} {n} {t}")),
        ("ls | xargs git add && git commit -m x", format!("{r} {s} {n} {t}")),
        ("find . -name '*.md' -exec git add {} + && git commit -m x", format!("{r} {s} {n} {t}")),
        ("git update-index README.md && git commit -m x", format!("{r} {s}")),
        ("git update-index --add sub/new && git commit -m x", format!("{s} {n}")),
        ("git update-index --refresh && git commit -m x", s.to_owned()),
        ("cd sub && git add . && git commit -m x", format!("{s} {n} {t}")),
        ("git add -A && git commit -m x", format!("{r} {s} {n} {t}")),
        ("cd sub && git add -u && git commit -m x", format!("{r} {s} {t}")),
        ("git add \"$FILE\" && git commit -m x", format!("{r} {s} {n} {t}")),
        ("git add sub/new && git commit -m x sub/new", n.to_owned()),
        ("git add -f target/ignored && git commit -m x", format!("{s} target/ignored:1:i")),
        ("git stage README.md && git commit -m x", format!("{r} {s}")),
    ] {
        assert_eq!(taken(&bench, line), expected, "{line}");
    }
}

#[test]
fn what_is_staged_anew_is_not_what_was_staged() {
    let bench = bench();
    bench.write("gone", "secret\n");
    bench.write("sub/tracked", "one\ntwo\nsecret\n");
    bench.git(&["add", "-A"]);
    std::fs::remove_file(bench.root().join("gone")).unwrap();
    bench.write("sub/tracked", "one\ntwo\n");
    assert_eq!(taken(&bench, "git commit -m x"), "gone:1:secret sub/tracked:3:secret");
    assert_eq!(taken(&bench, "git add -A && git commit -m x"), "");
    assert_eq!(taken(&bench, "git commit -am x"), "");
}

#[test]
fn the_first_commit_has_nothing_before_it() {
    let bench = bench();
    bench.git(&["update-ref", "-d", "HEAD"]);
    assert_eq!(taken(&bench, "git commit -m x sub"), "sub/tracked:1:one sub/tracked:2:two");
    assert!(taken(&bench, "git commit -m x").contains("README.md:1:text"));
    bench.write("new", "n\n");
    assert!(taken(&bench, "git add . && git commit -m x").contains("new:1:n"));
}

#[test]
fn the_users_configuration_changes_nothing() {
    let bench = bench();
    for (key, value) in [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("color.ui", "always"),
        ("diff.external", "false"),
        ("diff.relative", "true"),
        ("diff.context", "5"),
        ("diff.renames", "copies"),
        ("diff.orderFile", "not-there"),
        ("diff.algorithm", "patience"),
        ("diff.interHunkContext", "9"),
        ("diff.indentHeuristic", "true"),
        ("diff.submodule", "diff"),
    ] {
        bench.git(&["config", key, value]);
    }
    bench.git(&["mv", "sub/tracked", "sub/gr\u{f6}\u{df}e \"x\""]);
    assert_eq!(taken(&bench, "cd sub && git commit"), "sub/größe \"x\":1:one sub/größe \"x\":2:two");
}

#[test]
fn what_is_no_text_or_too_much_is_left_out() {
    let bench = bench();
    bench.write("binary", "a\0b\n");
    bench.write("large", &"0123456789\n".repeat(LARGEST / 11 + 1));
    std::os::unix::fs::symlink("README.md", bench.root().join("link")).unwrap();
    std::fs::create_dir_all(bench.root().join("nested")).unwrap();
    bench.git(&["-C", "nested", "init", "-q"]);
    bench.write("nested/inside", "x\n");
    bench.write("small", "s\n");
    assert_eq!(taken(&bench, "git add binary large link small nested/ && git commit -m x"), "small:1:s");
    bench.git(&["add", "binary", "large", "small"]);
    assert_eq!(taken(&bench, "git commit -m x"), "small:1:s");
}

#[test]
fn a_commit_elsewhere_takes_from_there() {
    let bench = bench();
    let other = bench.home().join("other");
    std::fs::create_dir_all(&other).unwrap();
    bench.git(&["init", "-q", other.to_str().unwrap()]);
    std::fs::write(other.join("there"), "t\n").unwrap();
    bench.write("here", "h\n");
    assert_eq!(taken(&bench, "git add here && cd ~/other && git add . && git commit -m x"), "there:1:t");
    assert_eq!(taken(&bench, "git -C ../other add there && git -C ../other commit -m x"), "there:1:t");
    assert_eq!(taken(&bench, "cd / && git commit -m x"), "", "there is no repository");
}

#[test]
fn git_is_asked_once_an_event() {
    let bench = bench();
    bench.write("sub/tracked", "one\nthree\n");
    with(&bench, "git commit -am x", |examined| {
        let first = added(examined).unwrap();
        bench.write("sub/tracked", "one\nfour\n");
        assert!(std::ptr::eq(first, added(examined).unwrap()) && first.len() == 1);
    });
}
