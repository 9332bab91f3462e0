//! The log against real repositories.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use std::path::Path;
use std::process::Command;

use config::types::Commits;
use git::Repository;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use platform::store::lock;
use platform::time::Moment;

use super::attribution::Attribution;
use super::record::{AppendedCommits, record};
use super::{CatchUpDepth, Commit, CommitLedger, catch_up, latest, of_session, verb};

struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        world.git(&["init", "-q", "-b", "main"]);
        world.commit("init");
        world
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(&self.0).env("HOME", self.0.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"]);
        let output = git.args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Whether git does it, where it may fail.
    fn tries(&self, arguments: &[&str]) -> bool {
        let mut git = Command::new("git");
        git.current_dir(&self.0).env("HOME", self.0.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=dev", "-c", "user.email=dev@example.invalid", "-c", "core.editor=true"]);
        git.args(arguments).output().unwrap().status.success()
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.root().join(name), text).unwrap();
        self.git(&["add", name]);
        self.commit(text);
    }

    /// A rebase that stops at its second commit, for a conflict.
    fn rebasing() -> Self {
        let world = Self::new();
        world.file("a", "base");
        world.git(&["checkout", "-q", "-b", "topic"]);
        world.file("b", "clean");
        world.file("a", "ours");
        world.git(&["checkout", "-q", "main"]);
        world.file("a", "theirs");
        world.git(&["checkout", "-q", "topic"]);
        world.record();
        assert!(!world.tries(&["rebase", "-q", "main"]), "a conflict");
        world
    }

    fn commit(&self, message: &str) {
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
    }

    fn root(&self) -> std::path::PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn project(&self) -> Project {
        Project::of_event(&Paths::below(Path::new("/nowhere")), None, &self.root())
    }

    /// What a hook does after a tool of session 7 that began just now.
    fn record(&self) -> Option<AppendedCommits> {
        let ledger = CommitLedger::of(&self.project()).unwrap();
        let now = Moment::now();
        let tool = Attribution::of_tool(Some(7), &shell::parse("git commit"), now.epoch(), 1_000);
        record(&ledger, &ledger.trees(""), &Commits::default(), &tool, None, now).unwrap()
    }

    fn catch_up(&self, depth: CatchUpDepth) -> usize {
        let (project, settings) = (self.project(), Commits::default());
        catch_up(&project, &settings, depth, lock::CHANGE, Moment::now()).unwrap().unwrap()
    }

    fn messages(&self) -> Vec<String> {
        latest(&self.root(), 100).into_iter().map(|commit| commit.message).collect()
    }
}

#[test]
fn a_session_has_its_own_commits() {
    let world = World::new();
    assert_eq!(world.record(), Some(AppendedCommits::default()), "the first look");
    assert_eq!(world.record(), None, "nothing moved");
    world.commit("one");
    assert_eq!(world.record(), Some(AppendedCommits { commits: 1, during_tool: 1 }));
    assert_eq!(of_session(&world.root(), 7).len(), 1);
    assert!(of_session(&world.root(), 8).is_empty());
    assert_eq!(latest(&world.root(), 0), [] as [Commit; 0]);
}

#[test]
fn a_first_look_counts_from_the_sessions_start() {
    for (start, expected) in [(60, 0), (-60, 2)] {
        let world = World::new();
        world.commit("one");
        let (ledger, now) = (CommitLedger::of(&world.project()).unwrap(), Moment::now());
        let start = Some(now.epoch() + start);
        let trees = ledger.trees("");
        record(&ledger, &trees, &Commits::default(), &Attribution::NOBODY, start, now).unwrap();
        assert_eq!(world.messages().len(), expected);
    }
}

#[test]
fn what_nobody_saw_is_caught_up_with_as_nobodys() {
    let world = World::new();
    assert_eq!(world.catch_up(CatchUpDepth::SinceSeen), 0, "where nobody looked before nothing was missed");
    world.commit("one");
    world.git(&["commit", "-q", "--allow-empty", "--amend", "-m", "two"]);
    assert_eq!(world.catch_up(CatchUpDepth::SinceSeen), 2);
    assert_eq!(world.messages(), ["one", "two"]);
    let commits = latest(&world.root(), 100);
    assert_eq!(commits[1].amends.as_ref(), Some(&commits[0].hash), "the journal knows");
    assert!(commits.iter().all(|commit| commit.session.is_none()));
    assert_eq!(
        (world.catch_up(CatchUpDepth::SinceSeen), world.catch_up(CatchUpDepth::Always)),
        (0, 1),
        "what was there before"
    );
    // Without the log the state says that everything was seen; who asks for all gets all.
    std::fs::remove_file(world.root().join(".claude/state/commit-log.jsonl")).unwrap();
    assert_eq!((world.catch_up(CatchUpDepth::SinceSeen), world.catch_up(CatchUpDepth::Always)), (0, 2));
    assert_eq!(world.messages(), ["init", "two"]);
}

#[test]
fn a_head_that_git_has_forgotten_is_no_baseline() {
    let world = World::new();
    world.catch_up(CatchUpDepth::SinceSeen);
    world.commit("one");
    let state = world.root().join(".claude/hooks/.commit-tracker-state.json");
    std::fs::write(&state, format!("{{\"lastHead\":\"{}\"}}", "d".repeat(40))).unwrap();
    assert_eq!(world.catch_up(CatchUpDepth::SinceSeen), 2, "nobody knows where: the last fifty");
    assert_eq!(world.messages(), ["init", "one"]);
}

#[test]
fn who_waits_for_another_writer_does_not_wait_for_ever() {
    let world = World::new();
    let held = CommitLedger::of(&world.project()).unwrap().lock(lock::HOT).unwrap();
    assert_eq!(world.record(), None);
    let caught =
        catch_up(&world.project(), &Commits::default(), CatchUpDepth::Always, lock::HOT, Moment::now());
    assert!(matches!(caught, Ok(None)), "{caught:?}");
    drop(held);
    assert_eq!(world.catch_up(CatchUpDepth::Always), 1);
}

#[test]
fn a_commit_that_was_pruned_costs_itself_alone() {
    let world = World::new();
    world.record();
    world.commit("kept");
    world.commit("gone");
    let gone = world.git(&["rev-parse", "HEAD"]);
    world.git(&["reset", "-q", "--hard", "HEAD~1"]);
    std::fs::remove_file(world.root().join(".git/objects").join(&gone[..2]).join(&gone[2..])).unwrap();
    assert_eq!(world.record(), Some(AppendedCommits { commits: 1, during_tool: 1 }));
    assert_eq!(world.messages(), ["kept"]);
}

#[test]
fn a_rebase_that_was_given_up_leaves_nothing() {
    let world = World::rebasing();
    world.git(&["rebase", "--abort"]);
    assert_eq!(world.record(), Some(AppendedCommits::default()));
    // A tool of somebody's that names its steps as it likes: what it commits counts, where it moves does not.
    let act = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(world.root()).env("HOME", world.root()).env("GIT_REFLOG_ACTION", "theirs");
        git.args(["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"]).args(arguments);
        assert!(git.output().unwrap().status.success());
    };
    act(&["commit", "-q", "--allow-empty", "-m", "by a tool"]);
    act(&["reset", "-q", "--hard", "main"]);
    world.record();
    assert_eq!(world.messages(), ["by a tool"]);
}

#[test]
fn a_merge_changed_what_differs_from_its_first_parent() {
    let world = World::new();
    let file = |name: &str| {
        std::fs::write(world.root().join(name), name).unwrap();
        world.git(&["add", name]);
        world.commit(name);
    };
    for branch in ["topic", "other"] {
        world.git(&["checkout", "-q", "-b", branch, "main"]);
        file(branch);
    }
    world.git(&["checkout", "-q", "main"]);
    file("m");
    world.record();
    world.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    file("n");
    world.git(&["merge", "-q", "-m", "octopus", "topic", "other"]);
    world.git(&["checkout", "-q", "-b", "third", "HEAD~2"]);
    file("x");
    world.git(&["checkout", "-q", "main"]);
    world.git(&["merge", "-q", "--no-ff", "-m", "both", "third", "other"]);
    world.record();
    let told: Vec<_> = latest(&world.root(), 100)
        .into_iter()
        .map(|commit| (commit.message, commit.files_changed, commit.files_list.join(" ")))
        .collect();
    let line = |message: &str, path: &str| (message.to_owned(), 1, path.to_owned());
    assert_eq!(
        told,
        [line("merge", "topic"), line("n", "n"), line("octopus", "other"), line("x", "x"), line("both", "x")]
    );
}

#[test]
fn what_a_stopped_rebase_wrote_waits_for_its_end() {
    let world = World::rebasing();
    let held_back = Some(AppendedCommits { commits: 0, during_tool: 1 });
    assert_eq!((world.record(), world.record()), (held_back, None), "nothing moves while it stands");
    assert_eq!((world.catch_up(CatchUpDepth::SinceSeen), world.messages().len()), (0, 0));
    assert!(world.tries(&["rebase", "--abort"]));
    assert_eq!((world.record(), world.record()), (Some(AppendedCommits::default()), None));
    assert_eq!(world.messages(), [""; 0]);

    let world = World::rebasing();
    world.record();
    world.file("a", "by hand");
    world.record();
    assert_eq!(world.messages(), ["by hand"]);
    world.file("c", "more");
    assert!(world.tries(&["rebase", "--continue"]));
    // The next session finds the end; it was the last one's work.
    world.catch_up(CatchUpDepth::SinceSeen);
    let mut commits = latest(&world.root(), 100);
    commits.sort_by_key(|commit| commit.message.clone());
    let told = |of: fn(&Commit) -> (&str, bool, Option<u64>)| commits.iter().map(of).collect::<Vec<_>>();
    assert_eq!(
        told(|commit| (&commit.message, commit.rewritten, commit.session)),
        [("by hand", false, Some(7)), ("clean", true, Some(7)), ("more", false, None)],
        "the way to what was held back leads over what is logged"
    );
    assert_eq!(world.record(), None);
}

#[test]
fn a_rebase_that_was_left_as_it_is_keeps_what_it_wrote() {
    let world = World::rebasing();
    world.record();
    assert!(world.tries(&["rebase", "--quit"]));
    assert_eq!(world.record().map(|appended| appended.commits), Some(1));
    assert_eq!((world.messages(), world.record()), (vec!["clean".to_owned()], None));
}

#[test]
fn a_rebase_that_goes_on_is_not_caught_up_with() {
    let world = World::rebasing();
    std::fs::remove_file(world.root().join(".claude/hooks/.commit-tracker-state.json")).unwrap();
    world.catch_up(CatchUpDepth::Always);
    assert_eq!(world.messages(), ["init", "base", "theirs"]);
    assert!(world.tries(&["rebase", "--abort"]));
    world.catch_up(CatchUpDepth::SinceSeen);
    let mut messages = world.messages();
    messages.sort();
    assert_eq!(messages, ["base", "clean", "init", "ours", "theirs"]);
}

#[test]
fn what_is_listed_is_in_the_order_of_its_time_and_on_the_branch_that_made_it() {
    let world = World::new();
    let old = |message: &str, at: &str| {
        let date = format!("@{at} +0000");
        world.git(&["commit", "-q", "--allow-empty", "--date", &date, "-m", message]);
    };
    old("second", "1000000200");
    world.git(&["reflog", "expire", "--expire=now", "--all"]);
    old("third", "1000000300");
    world.git(&["checkout", "-q", "-b", "feature"]);
    world.record();
    world.commit("latest");
    world.record();
    old("first", "1000000100");
    assert_eq!(world.catch_up(CatchUpDepth::Always), 4);
    let told: Vec<_> =
        latest(&world.root(), 4).into_iter().map(|commit| (commit.message, commit.branch)).collect();
    let line = |message: &str, branch: &str| (message.to_owned(), branch.to_owned());
    // Five are logged, `init` and `latest` within one second.
    let expected = [line("second", ""), line("third", "main")];
    assert_eq!(told[..2], expected);
    assert!(
        told[2..].contains(&line("latest", "feature")) && told[2..].contains(&line("init", "")),
        "{told:?}"
    );
}

#[test]
fn who_asks_for_all_loses_no_line() {
    let world = World::new();
    let path = world.root().join(".claude/state/commit-log.jsonl");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let old = (0..600).map(|at| format!("{{\"hash\":\"{at:040x}\"}}\n")).collect::<String>();
    std::fs::write(&path, &old).unwrap();
    assert_eq!(world.catch_up(CatchUpDepth::Always), 1);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&old) && text.lines().count() == 601);
    world.commit("one");
    assert_eq!((world.catch_up(CatchUpDepth::SinceSeen), latest(&world.root(), 1_000).len()), (1, 300));
}

#[test]
fn the_first_commit_of_all_is_seen_in_the_second_of_the_start() {
    for has_journal in ["true", "false"] {
        let world = World(tempfile::tempdir().unwrap());
        world.git(&["init", "-q", "-b", "main"]);
        world.git(&["config", "core.logAllRefUpdates", has_journal]);
        assert_eq!(world.catch_up(CatchUpDepth::SinceSeen), 0);
        let state = world.root().join(".claude/hooks/.commit-tracker-state.json");
        let noted = std::fs::read_to_string(&state).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert_eq!(
            (world.catch_up(CatchUpDepth::SinceSeen), std::fs::read_to_string(&state).unwrap()),
            (0, noted)
        );
        world.commit("one");
        world.commit("two");
        assert_eq!(world.record().unwrap().during_tool, world.messages().len());
        assert_eq!(world.messages(), if has_journal == "true" { vec!["one", "two"] } else { vec!["two"] });
        assert_eq!(world.record(), None);
    }
    // What others committed before anybody looked is caught up with.
    let world = World(tempfile::tempdir().unwrap());
    world.git(&["init", "-q", "-b", "main"]);
    world.catch_up(CatchUpDepth::SinceSeen);
    world.commit("one");
    assert_eq!(world.catch_up(CatchUpDepth::SinceSeen), 1);
}

#[test]
fn a_mention_is_no_commit() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().canonicalize().unwrap();
    let top = home.join("repo");
    let git = |folder: &Path, arguments: &[&str]| {
        let mut git = Command::new("git");
        git.current_dir(folder).env("HOME", &home).env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"]);
        assert!(git.args(arguments).status().unwrap().success(), "{arguments:?}");
    };
    for folder in [&top, &top.join("src/nest")] {
        std::fs::create_dir_all(folder).unwrap();
        git(folder, &["init", "-q", "-b", "main"]);
        git(folder, &["commit", "-q", "--allow-empty", "-m", "x"]);
    }
    git(&top, &["checkout", "-q", "-b", "side"]);
    git(&top, &["commit", "-q", "--allow-empty", "-m", "y"]);
    git(&top, &["checkout", "-q", "main"]);
    let is = |line: &str| {
        let tree = Repository::at(&top).unwrap();
        verb::is_mentioned(line) && verb::commits(&shell::parse(line), &top.join("src"), &home, &[&tree])
    };
    for line in [
        "git commit -m x",
        "git -C . commit",
        "git -c a.b=c commit",
        "cd x && git merge side",
        "true; /usr/bin/git revert HEAD",
        "bash -c 'git cherry-pick abc'",
        "git -C ~/repo commit",
        "cd \"$DIR\" && git commit",
        "git commit -n -m x",
        "git merge -n side",
        "git merge main -m x side",
        "git merge nothing-of-that-name",
        "git cherry-pick -x abc",
        "git commit --squash HEAD",
    ] {
        assert!(is(line), "{line}");
    }
    for line in [
        "echo \"git commit\"",
        "git log --grep 'git commit'",
        "git show commit",
        "git merge --abort",
        "git commit --dry-run",
        "git -C /elsewhere commit",
        "cd ../../other && git commit",
        "cd nest && git commit -m x",
        "git -C nest commit -m x",
        "git cherry-pick -n abc",
        "git revert -en abc",
        "git revert --skip",
        "git merge main; false",
        "git merge -m side main",
        "git merge -F side main",
        "git merge --file side main",
        "git merge -s side main",
        "git merge --strategy side main",
        "git merge -X side main",
        "git merge --strategy-option side main",
        "git merge --into-name side main",
        "git merge --squash side",
        "make",
    ] {
        assert!(!is(line), "{line}");
    }
}
