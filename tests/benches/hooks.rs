//! What a hook costs, against a process that does nothing.
//!
//! `cargo figures` prints times and figures; `--check` compares the figures that do not depend on the clock
//! (system calls, instructions, page faults, bytes written) with the committed ones and fails when one grew; `--update`
//! commits new ones; `--layout` writes down which functions hooks run, for the linker (`setup/layout.ld`); `--runs N`
//! sets how often each case is timed.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "a benchmark for people"
)]

#[path = "parts/growth.rs"]
mod growth;
#[path = "parts/guarded.rs"]
mod guarded;
#[path = "parts/layout.rs"]
mod layout;
#[path = "parts/times.rs"]
mod times;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::{Value, json};
use tests::World;
use tests::world::SESSION;

/// Instructions may differ by this part between machines of one kind (memcpy is chosen by the processor).
const TOLERANCE: f64 = 0.05;
/// Bytes may differ by as much: process ids and timestamps have digits.
const DIGITS: u64 = 24;

/// And a buffer that grows at another length costs a system call or two.
const CALLS: u64 = 2;

/// And page faults: the stack and the heap begin where the kernel wants them, and how much a fault maps depends on how
/// the executable came into memory. Without the layout there are twice as many.
const FAULTS: u64 = 12;

/// Cases that look for the client among their ancestors cost more the deeper they are started.
const SEARCHING: [&str; 2] = ["SessionStart", "exception: first event"];
/// By how much.
const SEARCH: f64 = 1.6;

/// One case: an executable, what it reads, and the state it starts from.
struct Case {
    name: &'static str,
    executable: &'static str,
    payload: Value,
    /// The budget, as a multiple of an empty process.
    budget: f64,
    /// How many files the budget lets it replace, at 1.5 ms each.
    replaced: u32,
    /// Whether it must neither start a process, sync nor replace a file.
    is_steady: bool,
    /// A budget in milliseconds for what needs git, in the place of the multiple.
    with_git: Option<f64>,
    prepare: fn(&World),
}

fn main() -> ExitCode {
    tests::measure_release();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let value =
        arguments.iter().position(|argument| argument == "--runs").and_then(|at| arguments.get(at + 1));
    let runs: usize = value.and_then(|runs| runs.parse().ok()).unwrap_or(300);
    let world = world();
    let cases = cases(&world);
    let ruled = guarded::world();
    let guarded = guarded::cases(&ruled);
    if has("--layout") {
        return layout::write(&[(&world, &cases), (&ruled, &guarded)]);
    }
    let mut failed = false;
    let mut figures = figures(&world, &cases, &mut failed);
    figures.extend(self::figures(&ruled, &guarded, &mut failed));
    if has("--update") {
        let text = serde_json::to_string_pretty(&figures).expect("figures") + "\n";
        std::fs::write(committed_path(), text).expect("the figures are written");
        println!("\nWrote {}.", committed_path().display());
    } else if has("--check") {
        failed |= !check(&figures);
    }
    let (large, steady) = (self::world(), |case: &Case| case.is_steady);
    growth::grow(&large);
    let steady: Vec<Case> = self::cases(&world).into_iter().filter(steady).collect();
    if has("--check") {
        failed |= !growth::check(&world, &large, &steady);
    } else {
        failed |= !times::time(&world, &cases, runs);
        failed |= !times::time(&ruled, &guarded, runs);
        failed |= !growth::time(&world, &large, &steady, runs.min(150));
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn committed_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/figures.json")
}

/// Ten requirements, all satisfied and triggered, half of them with command patterns.
fn world() -> World {
    let rules = (0..10).fold("requirements:\n".to_owned(), |text, at| {
        text + &format!("  rule{at}: {{enabled: true, message: 'Do what rule {at} asks for.', trigger_tools: [Edit, {{tool: Bash, command_pattern: 'git\\s+(push|commit{at})'}}]}}\n")
    });
    let once = "  once: {enabled: true, scope: single_use, trigger_tools: [WebFetch]}\n  open: {enabled: true, trigger_tools: [Write]}\n  fresh: {enabled: true, stop_only: true, trigger_tools: [Read]}\n";
    let mut world = World::with(&format!("{rules}{once}"));
    // A refusal looks for `req` on PATH: the same one everywhere, so that figures compare.
    world.env.push(("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()));
    world.hook(&world.recorded("SessionStart-startup"));
    let names: Vec<String> = (0..10).map(|at| format!("rule{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    world.req_ok(&[&["satisfy"], names.as_slice(), &["--session", SESSION]].concat());
    world.hook(&world.edit()).silent();
    world.hook(&world.bash("PreToolUse", "git push")).silent();
    // The first end of a turn saves the hand-off; the next ones do not for ten minutes.
    world.hook(&world.recorded("Stop-first"));
    // The context's figure is written when it changes; after that the line only reads.
    world.status_line(&world.recorded("StatusLine-with-usage").to_string(), &[]);
    world
}

fn keep(_: &World) {}

fn edit_config(world: &World) {
    let path = world.repo.join(".claude/requirements.yaml");
    let text = std::fs::read_to_string(&path).expect("the configuration");
    std::fs::write(&path, text).expect("the configuration");
    std::thread::sleep(std::time::Duration::from_millis(25));
}

fn forget_session(world: &World) {
    // An entry of this very second would need no change.
    let _ = std::fs::remove_file(world.home.join(".claude/sessions.json"));
    let _ = std::fs::remove_dir_all(world.home.join(".stanchion/sessions").join(SESSION));
}

fn forget_trigger(world: &World) {
    let path = world.repo.join(".git/requirements/main.json");
    let mut state = world.json(&path);
    state["requirements"].as_object_mut().expect("requirements").remove("fresh");
    std::fs::write(&path, state.to_string()).expect("the state");
}

fn approve_once(world: &World) {
    let path = world.repo.join(".git/requirements/main.json");
    let mut state = world.json(&path);
    let entry = json!({"satisfied": true, "satisfied_at": 1, "satisfied_by": "cli", "expires_at": null});
    state["requirements"]["once"] = json!({"scope": "single_use", "sessions": {"cad0ac4d": entry}});
    std::fs::write(&path, state.to_string()).expect("the state");
}

fn commit(world: &World) {
    world.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
}

fn cases(world: &World) -> Vec<Case> {
    let steady = |name, executable, payload| Case {
        name,
        executable,
        payload,
        budget: 1.5,
        replaced: 0,
        is_steady: true,
        with_git: None,
        prepare: keep,
    };
    let read = || {
        let mut payload = world.edit();
        payload["tool_name"] = "Read".into();
        payload
    };
    let mut permission = world.bash("PreToolUse", "cargo publish --dry-run");
    permission["hook_event_name"] = "PermissionRequest".into();
    let mut fetch = world.recorded("PostToolUse-WebSearch");
    fetch["tool_name"] = "WebFetch".into();
    vec![
        steady("PreToolUse Edit, satisfied", "hook-pre-tool", world.edit()),
        steady(
            "PreToolUse Bash, no match",
            "hook-pre-tool",
            world.bash("PreToolUse", "cargo test --workspace"),
        ),
        Case {
            budget: 1.6,
            ..steady(
                "PreToolUse Bash, all match",
                "hook-pre-tool",
                world.bash("PreToolUse", "cd x && git push origin topic"),
            )
        },
        steady("PreToolUse Glob, not asked", "hook-pre-tool", world.recorded("PreToolUse-Glob")),
        steady("PostToolUse Edit", "hook-post-tool", world.recorded("PostToolUse-Edit")),
        steady("PostToolUse Bash", "hook-post-tool", world.recorded("PostToolUse-Bash")),
        steady("PostToolUse Read", "hook-post-tool", world.recorded("PostToolUse-Read")),
        steady("Notification", "hook-observe", world.recorded("Notification-idle-prompt")),
        steady("SubagentStop", "hook-observe", world.recorded("SubagentStop-Explore")),
        steady("PermissionRequest", "hook-observe", permission),
        Case {
            is_steady: false,
            ..steady("status line", "hook-status-line", world.recorded("StatusLine-with-usage"))
        },
        Case {
            budget: 2.0,
            is_steady: false,
            ..steady("PreToolUse Write, refused", "hook-pre-tool", world.recorded("PreToolUse-Write"))
        },
        Case {
            budget: 3.0,
            replaced: 1,
            is_steady: false,
            ..steady("Stop", "hook-stop", world.recorded("Stop-first"))
        },
        Case {
            budget: 3.0,
            replaced: 1,
            is_steady: false,
            ..steady("UserPromptSubmit", "hook-prompt-submit", world.recorded("UserPromptSubmit-plain"))
        },
        Case {
            budget: 8.0,
            replaced: 2,
            is_steady: false,
            ..steady("SessionStart", "hook-session-start", world.recorded("SessionStart-startup"))
        },
        Case {
            budget: 8.0,
            replaced: 1,
            is_steady: false,
            prepare: edit_config,
            ..steady("exception: stale policy", "hook-pre-tool", world.edit())
        },
        Case {
            budget: 8.0,
            replaced: 2,
            is_steady: false,
            prepare: forget_session,
            ..steady("exception: first event", "hook-pre-tool", world.edit())
        },
        Case {
            budget: 3.0,
            replaced: 1,
            is_steady: false,
            prepare: forget_trigger,
            ..steady("exception: first trigger", "hook-pre-tool", read())
        },
        Case {
            budget: 3.0,
            replaced: 1,
            is_steady: false,
            prepare: approve_once,
            ..steady("exception: approval spent", "hook-post-tool", fetch)
        },
        Case {
            with_git: Some(25.0),
            is_steady: false,
            prepare: commit,
            ..steady("exception: new commit", "hook-post-tool", world.bash("PostToolUse", "git commit -qm x"))
        },
        Case {
            with_git: Some(60.0),
            is_steady: false,
            ..steady("PreCompact", "hook-pre-compact", world.recorded("PreCompact-auto"))
        },
    ]
}

fn command(world: &World, program: &Path, payload: &Path) -> Command {
    let mut command = world.command(program);
    command
        .stdin(std::fs::File::open(payload).expect("the payload"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn payload_file(world: &World, case: &Case) -> PathBuf {
    let path = world.root().join("payload.json");
    std::fs::write(&path, case.payload.to_string()).expect("the payload");
    path
}

// ---- figures that do not depend on the clock ----

fn figures(world: &World, cases: &[Case], failed: &mut bool) -> BTreeMap<String, BTreeMap<String, u64>> {
    let has = |tool: &str| {
        Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let (strace, valgrind) = (has("strace"), has("valgrind"));
    if !strace || !valgrind {
        println!("(strace: {strace}, valgrind: {valgrind}; what is missing is not counted)");
    }
    let mut figures = BTreeMap::new();
    let empty = times::empty_process(world);
    println!(
        "{:28} {:>8} {:>13} {:>6} {:>8} {:>6} {:>8} {:>9}",
        "case", "syscalls", "instructions", "faults", "written", "fsync", "replaced", "processes"
    );
    for case in cases {
        let payload = payload_file(world, case);
        let mut row = BTreeMap::new();
        let mut counts = Counts::default();
        if strace {
            (case.prepare)(world);
            counts = count(world, case, &payload);
            row.insert("syscalls".to_owned(), counts.syscalls);
            row.insert("bytes_written".to_owned(), counts.written);
        }
        if valgrind {
            (case.prepare)(world);
            if let Some(instructions) = instructions(world, case, &payload) {
                row.insert("instructions".to_owned(), instructions);
            }
        }
        if let Some(faults) = faults(world, case, &payload, &empty).filter(|_| case.is_steady) {
            row.insert("page_faults".to_owned(), faults);
        }
        let (instructions, faults) = (row.get("instructions"), row.get("page_faults"));
        println!(
            "{:28} {:>8} {:>13} {:>6} {:>8} {:>6} {:>8} {:>9}",
            case.name,
            counts.syscalls,
            instructions.copied().unwrap_or_default(),
            faults.copied().unwrap_or_default(),
            counts.written,
            counts.syncs,
            counts.renames,
            counts.processes
        );
        if counts.processes > 0 && case.with_git.is_none()
            || case.is_steady && (counts.syncs > 0 || counts.renames > 0 || counts.appends != 1)
        {
            println!(
                "  OVER: a hook starts no process; in its steady state it syncs and replaces nothing and appends once ({} appends)",
                counts.appends
            );
            *failed = true;
        }
        // What git does is git's.
        if case.with_git.is_none() {
            figures.insert(case.name.to_owned(), row);
        }
    }
    figures
}

#[derive(Default)]
struct Counts {
    syscalls: u64,
    written: u64,
    appends: u64,
    syncs: u64,
    renames: u64,
    processes: u64,
}

/// Now and then, when its log passes a multiple of 4 KiB, a session is looked after: a figure must not depend on when.
/// A line that is no event is nothing to any reader.
fn settle_log(world: &World) {
    use std::io::Write;
    const STEP: usize = 4 * 1024;
    let log = world.session_dir(SESSION).join("events.jsonl");
    let Ok(meta) = std::fs::metadata(&log) else { return };
    let left = STEP - usize::try_from(meta.len()).expect("a small log") % STEP;
    if left > STEP / 4 {
        return;
    }
    let mut log = std::fs::OpenOptions::new().append(true).open(log).expect("the log");
    writeln!(log, "{{\"padding\":\"{}\"}}", "x".repeat(left)).expect("the log is written");
}

fn count(world: &World, case: &Case, payload: &Path) -> Counts {
    settle_log(world);
    let trace = world.root().join("trace");
    let mut strace = world.command("strace");
    strace.args(["-f", "-qq", "-o"]).arg(&trace).arg(tests::executables().join(case.executable));
    strace
        .stdin(std::fs::File::open(payload).expect("the payload"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert!(strace.status().expect("strace runs").success());
    let mut counts = Counts::default();
    for line in std::fs::read_to_string(&trace).expect("a trace").lines() {
        let call = line.split_once(' ').map_or("", |(_, call)| call.trim_start());
        let name = call.split('(').next().unwrap_or_default();
        counts.syscalls += u64::from(call.contains('('));
        match name {
            "write" | "pwrite64" | "writev" => {
                let written =
                    call.rsplit("= ").next().and_then(|count| count.trim().parse().ok()).unwrap_or(0);
                // The answer goes to the host, not to a disk.
                if !call.starts_with("write(1,") {
                    counts.written += written;
                    counts.appends += 1;
                }
            }
            "fsync" | "fdatasync" => counts.syncs += 1,
            "rename" | "renameat" | "renameat2" => counts.renames += 1,
            "clone" | "clone3" | "fork" | "vfork" => counts.processes += 1,
            _ => {}
        }
    }
    counts
}

fn instructions(world: &World, case: &Case, payload: &Path) -> Option<u64> {
    settle_log(world);
    let mut valgrind = world.command("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(tests::executables().join(case.executable));
    let output = valgrind.stdin(std::fs::File::open(payload).ok()?).stdout(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = text.lines().find_map(|line| line.split("Collected :").nth(1))?;
    collected.trim().parse().ok()
}

/// How many more pages a hook touches for the first time than a process that does nothing: the least of a few runs.
/// Nothing where the kernel does not tell (`cminflt`, proc_pid_stat(5)).
fn faults(world: &World, case: &Case, payload: &Path, empty: &Path) -> Option<u64> {
    let of_children = || {
        let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
        // After the name, which may hold anything, comes field 3.
        stat.rsplit_once(')')?.1.split_whitespace().nth(11 - 3)?.parse::<u64>().ok()
    };
    let least = |program: &Path| {
        let runs = (0..8).map(|_| {
            let before = of_children()?;
            times::clock(command(world, program, payload));
            of_children().map(|after| after - before)
        });
        runs.min().flatten()
    };
    let base = least(empty)?;
    least(&tests::executables().join(case.executable)).map(|faults| faults.saturating_sub(base))
}

fn check(figures: &BTreeMap<String, BTreeMap<String, u64>>) -> bool {
    let text = std::fs::read_to_string(committed_path()).unwrap_or_else(|_| "{}".to_owned());
    let committed: BTreeMap<String, BTreeMap<String, u64>> =
        serde_json::from_str(&text).expect("committed figures");
    let mut holds = true;
    for (case, row) in figures {
        for (name, found) in row {
            let Some(limit) = committed.get(case).and_then(|row| row.get(name)) else {
                println!("{case}: {name} was never committed (--update)");
                holds = false;
                continue;
            };
            let searches = SEARCHING.contains(&case.as_str()) && name != "bytes_written";
            let most = match name.as_str() {
                _ if searches => (*limit as f64 * SEARCH) as u64,
                "instructions" => (*limit as f64 * (1.0 + TOLERANCE)) as u64,
                "bytes_written" => limit + DIGITS,
                "page_faults" => limit + FAULTS,
                _ => limit + CALLS,
            };
            if *found > most {
                println!("{case}: {name} grew from {limit} to {found}");
                holds = false;
            }
        }
    }
    println!(
        "{}",
        if holds {
            "No figure grew."
        } else {
            "Figures grew: make it cheaper, or say why and commit new ones with --update."
        }
    );
    holds
}
