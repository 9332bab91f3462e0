//! The recipes for `just`: arguments stay as they were typed, and the cycle runs through them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Output, Stdio};

use tests::World;

use super::checkpoints::{failed, fill, read, started};

/// Whether `just` is here. Where it is demanded by `STANCHION_REQUIRE_CLIENT`, it must be.
fn just_is_here() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|folder| folder.join("just").is_file());
    if !found {
        assert!(std::env::var_os("STANCHION_REQUIRE_CLIENT").is_none(), "just is not here");
        eprintln!("SKIPPED: just is not here, so no recipe ran; npm install -g rust-just");
    }
    found
}

/// Runs `just` with `req` being what lies in a folder.
fn just(world: &World, bin: &Path, arguments: &[&str]) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = world.command("just");
    command.env("PATH", format!("{}:{path}", bin.display())).args(arguments);
    command.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn recipes_pass_their_arguments_untouched() {
    if !just_is_here() {
        return;
    }
    let world = started();
    world.write("justfile", &world.req_ok(&["justfile"]));
    // In the place of `req`: says which arguments it got, one a line.
    let bin = world.root().join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("req"), "#!/bin/sh\nprintf '<%s>' \"$@\"\n").unwrap();
    std::fs::set_permissions(bin.join("req"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let told = |arguments: &[&str]| {
        let output = just(&world, &bin, arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let odd = "it's \"odd\" $HOME `x` $(x) {{y}} \\ *  -";
    assert_eq!(told(&["session-start", "12"]), "<session><start><12>");
    assert_eq!(told(&["session-end", odd]), format!("<session><end><{odd}>"));
    assert_eq!(
        told(&["commit-session", "12", odd]),
        format!("<checkpoint><commit><--session><12><--title={odd}>")
    );
    assert_eq!(
        told(&["commit-session", "12", "several", "words"]),
        "<checkpoint><commit><--session><12><--title=several words>"
    );
    assert_eq!(
        told(&["scaffold", "checkpoint", "12", odd]),
        format!("<checkpoint><new><--session><12><--><{odd}>")
    );
    assert_eq!(told(&["checkpoint-verify", odd]), format!("<checkpoint><verify><--><{odd}>"));
    assert_eq!(told(&["checkpoint-latest"]), "<checkpoint><list><--latest>");
    assert_eq!(just(&world, &bin, &["scaffold", "plan", "12", "x"]).status.code(), Some(2));
}

#[test]
fn recipes_lead_through_the_cycle() {
    if !just_is_here() {
        return;
    }
    let world = started();
    world.write("justfile", &world.req_ok(&["justfile"]));
    world.git(&["add", "justfile"]);
    world.git(&["commit", "-qm", "recipes"]);
    let run = |arguments: &[&str]| {
        let output = just(&world, tests::executables(), arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let title = "it's \"odd\" $HOME";
    run(&["scaffold", "checkpoint", "12", title]);
    let latest = run(&["checkpoint-latest"]);
    let path = world.repo.join(latest.trim_end());
    fill(&path);
    run(&["checkpoint-verify", latest.trim_end()]);
    run(&["commit-session", "12", title]);
    assert_eq!(world.git(&["log", "--format=%s", "-1"]), format!("Session 12: {title}\n"));
    let log = world.repo.join(".claude/haios-events.jsonl");
    let more: String = (0..30)
        .map(|n| format!("{{\"ts\": \"2020-01-{:02}\", \"type\": \"cycle_transition\"}}\n", n % 30 + 1))
        .collect();
    std::fs::write(&log, format!("{more}{}", read(&log))).unwrap();
    assert_eq!(run(&["events"]).lines().count(), 20);
    assert_eq!(run(&["cycle-events"]).lines().count(), 10);
    assert_eq!(run(&["events-since", "2021"]).lines().count(), 3);
    assert_eq!(run(&["events-since", "2020-01-30"]).lines().count(), 4);
}

#[test]
fn a_justfile_is_compared_with_the_recipes() {
    let world = started();
    assert!(failed(&world.req(&["justfile", "--check"])).1.contains("no justfile"));
    assert!(world.req_ok(&["justfile", "--help"]).contains("`> justfile` replaces an existing one"));
    let text = world.req_ok(&["justfile"]);
    world.write("justfile", &format!("mine:\n    true\n\n{}\n# more\n", text.replace('\n', "\r\n")));
    assert_eq!(world.req_ok(&["justfile", "--check"]), "");
    world.write(
        "justfile",
        &text.replace("tail -n 20", "tail -n 30").replace("# Print the last 20", "# Mine"),
    );
    let (_, error) = failed(&world.req(&["justfile", "--check"]));
    assert!(error.contains("lacks or changes: events"), "{error}");
}
