//! A decision that would take too long is not passed: it is refused or asked about, in time, with the reason.

use std::io::Write;
use std::process::Command;
use std::time::{Duration, Instant};

use tests::World;
use tests::world::{Answer, EVERY_GUARD};

const PROTECTED_CONTENT: &str =
    "  protected_content: {rules: [{files: '**/*.md', content: keep, message: It stays}]}\n";
/// Far more than the budget of a decision, and less than the timeout of a hook's entry: another process may want the
/// processor meanwhile.
const SOON: Duration = Duration::from_secs(9);

/// A world with a folder `d` of many committed files.
fn world(configuration: &str, files: usize) -> World {
    let world = World::with(configuration);
    for number in 0..files {
        world.write(&format!("d/f{number:05}"), "x\n");
    }
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "many files"]);
    world
}

/// What becomes of a command, as the host reads it. The hook must answer in time.
#[track_caller]
fn decision(world: &World, line: &str) -> (String, String) {
    // The first test of all builds them.
    tests::executables();
    let began = Instant::now();
    let answer = world.hook(&world.bash("PreToolUse", line));
    let shown: String = line.chars().take(40).collect();
    assert!(began.elapsed() < SOON, "{shown} took {:?}", began.elapsed());
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""), "{shown}");
    let Some(json) = answer.json else { return ("pass".to_owned(), String::new()) };
    let output = &json["hookSpecificOutput"];
    let text = |key: &str| output[key].as_str().unwrap_or_default().to_owned();
    (text("permissionDecision"), text("permissionDecisionReason"))
}

#[test]
fn a_line_that_takes_too_long_to_check_does_not_pass() {
    let world = world(&format!("{EVERY_GUARD}{PROTECTED_CONTENT}"), 1_000);
    let push = "git push origin main";
    let many = |part: &str, times: usize| vec![part; times].join("; ");
    for line in [
        many("rm -i d/*{,}{,}{,}{,}{,}{,}", 14),
        many("touch d/*{,}{,}{,}{,}{,}{,}", 14),
        format!("rm {}", "d/* ".repeat(3_000)),
        many("sed -i s/a/b/ d/*", 200),
        many("mv d/* e/", 200),
        many("find d -name 'f*' -delete", 2_000),
        "ssh h '".repeat(9_000),
        many("docker run x", 3_000),
        format!("{}psql", "kubectl exec p -- ".repeat(3_000)),
    ] {
        let (decision, reason) = decision(&world, &format!("{push}; {line}"));
        let shown: String = line.chars().take(30).collect();
        assert!(matches!(&*decision, "deny" | "ask"), "{shown}: {decision} {reason}");
        let is_told = reason.contains("pushes to `main`") || reason.contains("Not all of this was looked at");
        assert!(is_told, "{shown}: {reason}");
    }
}

#[test]
fn the_gate_of_a_line_that_takes_too_long_is_open() {
    let world =
        world("protect_cli: true\nrequirements:\n  plan: {enabled: true, bash_writes: true}\n", 1_000);
    let line = vec!["touch d/*{,}{,}{,}{,}{,}{,}"; 14].join("; ");
    let (decided, reason) = decision(&world, &line);
    assert_eq!(decided, "deny", "{reason}");
    assert!(reason.contains("Not all of it was looked at: "), "{reason}");
    world.configure("requirements:\n  plan: {enabled: true, bash_writes: true}\n");
    assert_eq!(decision(&world, &line).0, "deny");
}

/// Evidence that a session or a repository makes large: the requirement is not met while it was not looked through.
#[test]
fn evidence_that_takes_too_long_to_search_is_not_there() {
    let requirements: String = (0..20)
        .map(|number| {
            format!("  r{number}: {{enabled: true, evidence: {{dirs: ['/usr', '/etc'], satisfies: true, require_markers: ['no file says this']}}}}\n")
        })
        .collect();
    let world = World::with(&format!("requirements:\n{requirements}"));
    let began = Instant::now();
    world.hook(&world.edit()).refusal();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

/// `why` counts the same budget as the hook.
#[test]
fn why_says_the_same_of_such_a_line() {
    let world = world("guards:\n  settings: {}\n", 1_000);
    let line = vec!["rm -i d/*{,}{,}{,}{,}{,}{,}"; 14].join("; ");
    assert_eq!(decision(&world, &line).0, "ask");
    let said = world.req_ok(&["why", "Bash", &line]);
    assert!(
        said.contains("Not all of this was looked at") || said.contains("not all of this was looked at"),
        "{said}"
    );
}

/// A list that was cut counts as cut.
#[test]
fn what_was_not_looked_at_is_not_passed() {
    let world = world("guards:\n  destructive: {}\n", 1_500);
    assert_eq!(decision(&world, "rm d/*").0, "pass", "git brings all of them back");
    assert_eq!(decision(&world, "rm -rf d").0, "pass");
    world.write("d/f01490", "changed\n");
    for line in ["rm d/*", "rm -rf d", "rm d/f*", "truncate -s 0 d/*", "cd d && rm *", "shred d/f014*"] {
        let (decided, reason) = decision(&world, line);
        assert_eq!(decided, "deny", "{line}: {reason}");
        assert!(reason.contains("d/f01490"), "{line}: {reason}");
    }
    assert_eq!(decision(&world, "rm d/f00*").0, "pass", "the changed file is not among them");
    world.git(&["checkout", "-q", "."]);
    // Beyond what one pattern is followed to.
    for number in 1_500..10_100 {
        world.write(&format!("d/f{number:05}"), "x\n");
    }
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "more"]);
    let (decided, reason) = decision(&world, "rm d/*");
    assert_eq!(decided, "ask", "{reason}");
    assert!(reason.contains("more files than are looked at"), "{reason}");
}

#[test]
fn the_content_of_a_large_folder_that_goes_is_looked_for() {
    let world = world(&format!("{EVERY_GUARD}{PROTECTED_CONTENT}"), 1_500);
    world.write("d/z/last.md", "keep\n");
    world.git(&["add", "-A"]);
    world.git(&["commit", "-qm", "last"]);
    let (decided, reason) = decision(&world, "rm -rf d");
    assert_eq!(decided, "deny", "{reason}");
    assert!(reason.contains("It stays"), "{reason}");
    // A folder in it that cannot be read does not end the look.
    let closed = world.repo.join("d/a-closed");
    std::fs::create_dir(&closed).unwrap();
    assert!(Command::new("chmod").arg("000").arg(&closed).status().unwrap().success());
    let (decided, reason) = decision(&world, "rm -rf d");
    assert_eq!(decided, "deny", "{reason}");
    assert!(Command::new("chmod").arg("755").arg(&closed).status().unwrap().success());
}

#[test]
fn a_commit_of_more_than_is_looked_at_is_asked_about() {
    let world = World::with("guards:\n  secrets: {}\n");
    for number in 0..2_100 {
        world.write(&format!("d/f{number:05}"), "x\n");
    }
    world.git(&["add", "-A"]);
    let (decided, reason) = decision(&world, "git commit -m all");
    assert_eq!(decided, "ask", "{reason}");
    assert!(reason.contains("the commit adds more files or lines than are looked at"), "{reason}");
}

/// A hook that is ended in the middle of its decision, as by an overflow of its stack, has still said what becomes of
/// the tool.
#[test]
fn a_decision_that_ends_in_the_middle_is_a_refusal() {
    let world = World::with("guards:\n  destructive: {}\n");
    world.write("src/a.txt", "changed\n");
    // A git that answers late keeps the hook in its decision.
    let bin = world.root().join("late");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("git"), "#!/bin/sh\nsleep 5\n").unwrap();
    assert!(Command::new("chmod").arg("755").arg(bin.join("git")).status().unwrap().success());
    for signal in ["ALRM", "SEGV", "ABRT"] {
        let mut hook = world.command(tests::executables().join("hook-pre-tool"));
        hook.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        hook.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut hook = hook.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let payload = world.bash("PreToolUse", "git checkout .").to_string();
        hook.stdin.take().unwrap().write_all(payload.as_bytes()).unwrap();
        // It waits for its child once that is there.
        let children = format!("/proc/{0}/task/{0}/children", hook.id());
        let began = Instant::now();
        while std::fs::read_to_string(&children).unwrap_or_default().is_empty() {
            assert!(began.elapsed() < SOON && hook.try_wait().unwrap().is_none(), "{signal}");
            std::thread::yield_now();
        }
        let id = hook.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let answer = Answer::of(hook.wait_with_output().unwrap());
        assert_eq!(answer.code, Some(0), "{signal}");
        let reason = answer.refusal();
        assert!(
            reason.contains("did not come to an end") && reason.contains("\nNext: "),
            "{signal}: {reason}"
        );
    }
}
