//! The status line.

use std::time::{Duration, Instant};

use tests::World;
use tests::world::{ONE, SESSION};

use crate::support::OTHER;

#[test]
fn the_status_line_shows_what_is_open_and_how_full_the_session_is() {
    let mut world = World::with(
        "requirements:\n  a: {enabled: true}\n  b: {enabled: true}\nworkflow: {phases: [{name: think, gate: a}, {name: work, gate: b}], ship_phase: ship it}\n",
    );
    let usage = world.recorded("StatusLine-with-usage").to_string();
    let line = |world: &World| world.status_line(&usage, &[]);
    let red = |text: &str| format!("\u{1b}[31m{text}\u{1b}[0m");
    let yellow = |text: &str| format!("\u{1b}[33m{text}\u{1b}[0m");
    let rest = "ctx 42% · $0.78 · Opus 4.8 (1M context)\n";
    assert_eq!(line(&world), format!("think · {} · {rest}", red("2 open: a, b")));
    world.req_ok(&["satisfy", "a", "--session", OTHER]);
    assert_eq!(line(&world), format!("think · {} · {rest}", red("2 open: a, b")), "another session's");
    world.satisfy("a");
    assert_eq!(line(&world), format!("work · {} · {rest}", red("1 open: b")));
    world.satisfy("b");
    assert_eq!(line(&world), format!("ship it · {rest}"));
    assert_eq!(
        world.status_line(&world.recorded("StatusLine-startup").to_string(), &[]),
        "ship it · Opus 4.8 (1M context)\n"
    );
    world.req_ok(&["pause", "--session", SESSION]);
    assert_eq!(line(&world), format!("{} · ship it · {rest}", yellow("⏸ paused")));
    world.req_ok(&["resume", "--session", SESSION]);

    world.configure("requirements: {a1: {enabled: true}, a2: {enabled: true}, a3: {enabled: true}, a4: {enabled: true}}\n");
    assert!(line(&world).contains("4 open: a1, a2, a3, …"));
    let mut deep = world.recorded("StatusLine-with-usage");
    deep["workspace"]["current_dir"] = world.repo.join("src/deep").to_string_lossy().into();
    for (full, shown) in [(84.6, "ctx 85%".to_owned()), (90.0, yellow("ctx 90%")), (97.0, red("ctx 97%"))] {
        deep["context_window"]["used_percentage"] = full.into();
        let line = world.status_line(&deep.to_string(), &[]);
        assert!(line.contains(&format!(" · {shown} · ")) && line.contains("4 open"), "{line}");
    }
    world.env.push(("NO_COLOR".into(), "1".into()));
    assert!(!world.status_line(&deep.to_string(), &[]).contains('\u{1b}'));
    world.env.clear();
    world.configure("enabled: false\nrequirements: {a1: {enabled: true}}\n");
    assert_eq!(line(&world), format!("{} · {rest}", yellow("gates off")));
}

#[test]
fn the_status_line_prints_what_is_left_whatever_comes() {
    let world = World::with(ONE);
    for stdin in [
        "",
        "{",
        "[]",
        "null",
        "{\"model\": 5, \"cost\": \"x\", \"cwd\": [1], \"session_id\": {}}",
        "{\"cwd\": \"/nowhere\"}",
    ] {
        assert_eq!(world.status_line(stdin, &[]), "\n", "{stdin}");
    }
    let mut odd = world.recorded("StatusLine-startup");
    odd["model"]["display_name"] = "a\u{1b}[2Jb\n".into();
    assert!(!world.status_line(&odd.to_string(), &[]).contains("\u{1b}[2J"));
    std::fs::write(world.repo.join(".git/requirements"), "in the way").unwrap();
    assert!(
        world.status_line(&world.recorded("StatusLine-startup").to_string(), &[]).contains("commit_plan")
    );
}

#[test]
fn a_status_line_that_nobody_reads_ends_well() {
    let world = World::new();
    let path = tests::executables().join("hook-status-line");
    for sink in ["/dev/full", "/dev/null"] {
        let mut shell = world.command("sh");
        shell.args(["-c", &format!("echo '{{}}' | '{}' >{sink}", path.display())]);
        let output = shell.output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{sink}");
    }
}

#[test]
fn the_status_line_of_the_user_comes_first() {
    let world = World::with("requirements: {}\n");
    let payload = world.recorded("StatusLine-startup").to_string();
    let chained = |command: &str| world.status_line(&payload, &["--chain", command]);
    assert_eq!(chained("echo mine; echo two"), "mine\ntwo\nOpus 4.8 (1M context)\n");
    assert_eq!(
        chained("grep -o 'Opus 4.8' | head -1"),
        "Opus 4.8\nOpus 4.8 (1M context)\n",
        "it reads the same"
    );
    assert_eq!(chained("printf '\\033[1mbold\\033[0m'"), "\u{1b}[1mbold\u{1b}[0m\nOpus 4.8 (1M context)\n");
    for broken in ["exit 3", "/no/such/program", "kill -9 $$"] {
        assert_eq!(chained(broken), "Opus 4.8 (1M context)\n", "{broken}");
    }
    let started = Instant::now();
    assert_eq!(chained("sleep 20"), "Opus 4.8 (1M context)\n");
    assert!(started.elapsed() < Duration::from_secs(5));
}
