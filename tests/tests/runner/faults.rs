//! Each system call of a hook fails once, in turn: a gate never opens without a word. `cargo faults` runs it alone.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use tests::World;
use tests::world::executable;

/// Without these no process begins, or nobody hears it: what becomes of the tool is the host's to say.
const BEYOND_US: [&str; 10] = [
    "execve",
    "brk",
    "mmap",
    "munmap",
    "mprotect",
    "arch_prctl",
    "set_tid_address",
    "exit_group",
    "rt_sigprocmask",
    "wait4",
];

/// A world, the event that must be refused in it, and a name.
struct Case {
    name: &'static str,
    world: World,
    payload: Value,
}

fn cases() -> Vec<Case> {
    let gate = World::with(tests::world::ONE);
    let edit = gate.edit();
    let guard = World::with("guards:\n  push: {}\n");
    let push = guard.bash("PreToolUse", "git push origin main");
    let protected = World::with("protect_cli: true\nrequirements: {}\n");
    let line = protected.bash("PreToolUse", "req satisfy commit_plan");
    let lost = World::with("guards:\n  destructive: {}\n");
    lost.write("src/a.txt", "changed\n");
    let checkout = lost.bash("PreToolUse", "git checkout .");
    let turn = World::with("requirements:\n  verified: {enabled: true, stop_only: true}\n");
    let stop = turn.recorded("Stop-first");
    turn.hook(&turn.edit()).silent();
    vec![
        Case { name: "gate", world: gate, payload: edit },
        Case { name: "push", world: guard, payload: push },
        Case { name: "protect_cli", world: protected, payload: line },
        Case { name: "destructive", world: lost, payload: checkout },
        Case { name: "stop", world: turn, payload: stop },
    ]
}

/// Runs the hook of a case under strace.
fn traced(case: &Case, options: &[&str]) -> (String, String) {
    let bin = tests::executables().join(executable(case.payload["hook_event_name"].as_str().unwrap()));
    let plain = case.world.command(&bin);
    let out = case.world.root().join("trace");
    let mut command = Command::new("strace");
    command.args(["-qq", "-o"]).arg(&out).args(options).arg(&bin);
    command.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(&case.world.repo);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("strace");
    let _ = child.stdin.take().unwrap().write_all(case.payload.to_string().as_bytes());
    let answer = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    (answer, std::fs::read_to_string(out).unwrap_or_default())
}

fn stops(answer: &str) -> bool {
    serde_json::from_str::<Value>(answer).is_ok_and(|json| {
        json["decision"] == "block"
            || matches!(json["hookSpecificOutput"]["permissionDecision"].as_str(), Some("deny" | "ask"))
    })
}

/// What a person will read of it.
fn told(case: &Case) -> usize {
    let failures =
        std::fs::read_to_string(case.world.home.join(".stanchion/failures.jsonl")).unwrap_or_default();
    let log = std::fs::read_to_string(case.world.home.join(".claude/requirements.log")).unwrap_or_default();
    failures.lines().count() + log.lines().count()
}

#[test]
fn no_failing_system_call_opens_a_gate_without_a_word() {
    fail_each_call(&["EIO"]);
}

#[test]
#[ignore = "takes minutes: `cargo faults`"]
fn nor_does_one_that_fails_for_another_reason() {
    fail_each_call(&["EACCES", "ENOMEM", "ENOSPC", "EINTR"]);
}

fn fail_each_call(errors: &[&str]) {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for case in cases() {
        // The first event of a session does more, and compiles the policy.
        for _ in 0..2 {
            let answer = case.world.run(
                executable(case.payload["hook_event_name"].as_str().unwrap()),
                case.payload.to_string().as_bytes(),
            );
            assert!(stops(&answer.stdout), "{}: {answer:?}", case.name);
        }
        let (answer, trace) = traced(&case, &[]);
        assert!(stops(&answer), "{}: {answer}", case.name);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for line in trace.lines() {
            let name: String = line.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !name.is_empty() && !BEYOND_US.contains(&&*name) {
                *counts.entry(name).or_default() += 1;
            }
        }
        for (name, count) in counts {
            for when in 1..=count {
                for error in errors {
                    let before = told(&case);
                    let inject = format!("inject={name}:error={error}:when={when}");
                    let (answer, trace) = traced(&case, &["-e", &inject]);
                    tried += 1;
                    // What the answer itself is written with, and what the payload is read with.
                    let line = trace.lines().find(|line| line.contains("(INJECTED)")).unwrap_or_default();
                    let is_channel = line.starts_with("write(1,")
                        || line.starts_with("read(0,")
                        || line.starts_with("poll(");
                    if !stops(&answer) && told(&case) == before && !is_channel {
                        wrong.push(format!("{}: {error} at {line}", case.name));
                    }
                }
            }
        }
    }
    eprintln!("{tried} faults");
    assert!(tried > 100 * errors.len(), "only {tried} faults");
    assert!(
        wrong.is_empty(),
        "{} of {tried} faults open a gate without a word:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
