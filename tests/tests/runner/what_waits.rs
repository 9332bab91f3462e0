//! Pipes where files are expected: a hostile repository, or a tool that went wrong. Nothing waits for their other end.

use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tests::World;
use tests::world::{KEY, ONE, SESSION, executable};

use crate::support::run;

/// Below the timeout of our entries, 10 s: git itself waits for a pipe in its own files, once for five seconds.
const LIMIT: Duration = Duration::from_secs(8);
/// How many worlds are tried at once: those that wait for git wait together.
const AT_ONCE: usize = 12;

/// Everything that hooks and commands open by its name.
fn opened(world: &World) -> Vec<PathBuf> {
    let (repo, home, session) = (&world.repo, &world.home, world.session_dir(SESSION));
    let of_repo = [
        "src/.git",
        ".git/HEAD",
        ".git/packed-refs",
        ".git/logs/HEAD",
        ".git/index",
        ".git/info/exclude",
        ".git/commondir",
        ".git/refs/heads/main",
        ".git/stanchion/policy.json",
        ".git/requirements/main.json",
        ".git/requirements/main.lock",
        ".git/requirements/metrics.lock",
        ".claude/requirements.yaml",
        ".claude/requirements.local.yaml",
        ".claude/settings.json",
        ".claude/messages/commit_plan.yaml",
        ".claude/pending-alerts.json",
        ".claude/governance-events.jsonl",
        ".claude/haios-events.jsonl",
        ".claude/hooks/.context-tracking-state.json",
    ];
    let of_home = [
        ".claude/requirements.yaml",
        ".claude/sessions.json",
        ".claude/sessions.json.lock",
        ".claude/requirements.log",
        ".claude/settings.json",
        ".stanchion/hud-hook-heartbeat",
        ".stanchion/failures.jsonl",
        ".stanchion/failures.lock",
        ".stanchion/key",
        ".stanchion/ended-seals",
        ".stanchion/swept",
        ".stanchion/projects.json",
        ".stanchion/shell-cwd.json",
        ".stanchion/derived-state.json",
    ];
    let of_session = [
        "meta.json",
        "events.jsonl",
        "lock",
        "continuity.json",
        "continuity.lock",
        "pressure.json",
        "refusals",
        "context.json",
        "handoff.json",
        "outcomes.json",
    ];
    let of_state =
        [format!("sessions/{KEY}.json"), format!("sessions/{KEY}.paused"), format!("sessions/{KEY}.lock")];
    let mut all: Vec<PathBuf> = of_repo.iter().map(|name| repo.join(name)).collect();
    all.extend(of_home.iter().map(|name| home.join(name)));
    all.extend(of_session.iter().map(|name| session.join(name)));
    all.extend(of_state.iter().map(|name| repo.join(".git/requirements").join(name)));
    all
}

/// Whether a program ends within the limit.
fn ends(world: &World, program: &str, arguments: &[&str], stdin: &str) -> bool {
    let mut command = world.command("timeout");
    command.args(["--signal=KILL", &LIMIT.as_secs().to_string()]).arg(tests::executables().join(program));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let started = Instant::now();
    child.wait().unwrap();
    started.elapsed() < LIMIT
}

/// What is held up by a pipe in the place of one of the files.
fn held_up_by(at: usize) -> Vec<String> {
    let guards = "push: {}, destructive: {}, settings: {}, tests: {}, errors: {}";
    let world = World::with(&format!("{ONE}guards: {{{guards}}}\n"));
    world.hook(&world.recorded("SessionStart-startup"));
    world.hook(&world.edit());
    let path = opened(&world).swap_remove(at);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(&path);
    assert!(world.command("mkfifo").arg(&path).status().unwrap().success());
    let payloads = [
        world.edit(),
        run(&world, "git push origin main; rm -r src"),
        world.bash("PostToolUse", "cargo test"),
        world.recorded("UserPromptSubmit-plain"),
        world.recorded("PreCompact-auto"),
        world.recorded("Stop-first"),
        world.recorded("SessionStart-resume"),
        world.recorded("SessionEnd-other"),
    ];
    let mut held_up = Vec::new();
    // What git itself opens keeps git waiting, which costs each event its patience with git.
    let is_of_git =
        path.starts_with(world.repo.join(".git")) && !path.to_string_lossy().contains("/requirements");
    for payload in payloads.into_iter().take(if is_of_git { 3 } else { usize::MAX }) {
        let event = payload["hook_event_name"].as_str().unwrap().to_owned();
        if !ends(&world, executable(&event), &[], &payload.to_string()) {
            held_up.push(format!("{event}: {}", path.display()));
        }
    }
    for arguments in [
        &["status"][..],
        &["why", "Edit", "src/a.txt"],
        &["why", "--last", "--session", SESSION],
        &["satisfy", "commit_plan", "--session", SESSION],
        &["sessions", "--all"],
        &["timeline", SESSION],
    ] {
        if is_of_git {
            continue;
        }
        if !ends(&world, "req", arguments, "") {
            held_up.push(format!("req {}: {}", arguments.join(" "), path.display()));
        }
    }
    held_up
}

#[test]
fn a_pipe_in_the_place_of_any_file_holds_up_neither_hooks_nor_commands() {
    let count = opened(&World::new()).len();
    let next = AtomicUsize::new(0);
    let held_up = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(at) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < count) {
                    held_up.lock().unwrap().extend(held_up_by(at));
                }
            });
        }
    });
    let held_up = held_up.into_inner().unwrap();
    assert!(held_up.is_empty(), "{}", held_up.join("\n"));
}
