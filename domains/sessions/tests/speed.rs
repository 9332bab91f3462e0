//! How long it takes to know all sessions: `cargo test --release -p sessions --test speed -- --ignored --nocapture`.
#![allow(clippy::print_stdout, reason = "the figures are what it is for")]

use std::time::Instant;

use platform::process::Liveness;
use sessions::catalog::SessionCatalog;
use sessions::derived::derive;
use sessions::projects::Boundaries;

use crate::support::home::{Home, append, put_log, put_meta};
use crate::support::log::{Line, Table, at, client, millis};

mod support;

const SESSIONS: u32 = 200;
const BYTES: usize = 1 << 20;

/// A turn as hooks log it, with all that explains a decision.
fn turn(second: u32) -> Vec<Line> {
    let gates = serde_json::json!({
        "outcome": "pass", "policy": "5f2c9a1e77b0d3c4", "branch": "feature/sessions",
        "asked": [["commit_plan", "satisfied"], ["pre_pr_review", "observed"]],
    });
    let tool = |second: u32, event: &str, name: &str| {
        let line =
            at(second, event).tool(name, &format!("toolu_01ABCDEFGHJKMNPQRSTVWX{second:06}"), "5c21f0aa");
        line.with("pid", second + 1_000).with("ppid", 7).with("permission_mode", "acceptEdits")
    };
    let command = "cargo test --workspace --locked -- --nocapture 2>&1 | tail -40";
    let edit = |second, event| {
        let file = format!("/repo/sessions/src/file{}.rs", second % 40);
        tool(second, event, "Edit")
            .with("file_path", file)
            .with("file_op", "edit")
            .with("gates", gates.clone())
    };
    vec![
        at(second, "UserPromptSubmit").by(&client(7)),
        tool(second + 1, "PreToolUse", "Bash").with("command", command).with("gates", gates.clone()),
        tool(second + 2, "PostToolUse", "Bash").with("command", command),
        edit(second + 3, "PreToolUse"),
        edit(second + 4, "PostToolUse"),
        at(second + 5, "Stop").with("gates", gates.clone()),
    ]
}

#[test]
#[ignore = "measures, in release mode"]
fn two_hundred_sessions_of_one_megabyte() {
    let home = Home::new();
    let mut lines = vec![at(1, "SessionStart").by(&client(7))];
    let mut bytes = 0;
    while bytes < BYTES {
        let turn = turn(10 * u32::try_from(lines.len()).unwrap());
        bytes += turn.iter().map(|line| line.text().len()).sum::<usize>();
        lines.extend(turn);
    }
    for session in 0..SESSIONS {
        let dir = home.session(&format!("s{session}"));
        put_meta(&dir, "/repo", Some(&client(7)));
        put_log(&dir, &lines);
    }
    let now = || platform::time::Moment::now().wall.timestamp_millis();
    let derived = |book: &SessionCatalog| {
        let mut table = Table([(7, Liveness::Live)].into());
        let mut boundaries = Boundaries::new(home.paths.home(), Vec::new());
        derive(book, &mut table, &mut boundaries, &[], millis(1_000_000)).sessions.len()
    };
    println!("{SESSIONS} sessions, {} events and {bytes} bytes each", lines.len());
    for _ in 0..5 {
        let (mut book, begun) = (SessionCatalog::default(), Instant::now());
        book.refresh(&home.paths, now());
        let read = begun.elapsed();
        assert_eq!(derived(&book), SESSIONS as usize);
        println!("cold: read {read:?}, with derive {:?}", begun.elapsed());

        append(&home.session("s7"), at(9_000_000, "Stop").text());
        let begun = Instant::now();
        book.refresh(&home.paths, now());
        let read = begun.elapsed();
        derived(&book);
        println!("one line more: all looked at {read:?}, with derive {:?}", begun.elapsed());

        append(&home.session("s8"), at(9_000_000, "Stop").text());
        let begun = Instant::now();
        book.refresh_one(&home.paths, "s8", now());
        println!("one line more: one looked at {:?}", begun.elapsed());
    }
}
