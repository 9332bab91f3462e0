//! Logs that something happened to.
#![allow(clippy::disallowed_methods, reason = "tests read and write their own files")]

use std::fs::{self, OpenOptions};

use hooks_common::session_log::SessionDir;
use sessions::SessionState::{Ready, Working};
use sessions::catalog::SessionHistory;

use crate::support::home::{Home, append, put, put_log};
use crate::support::log::{Line, at, text};

fn read(dir: &SessionDir) -> SessionHistory {
    let mut log = SessionHistory::default();
    log.refresh(dir).unwrap();
    log
}

/// Reads what is new, which must leave the log as if it were read at once.
#[track_caller]
fn refresh(log: &mut SessionHistory, dir: &SessionDir) {
    log.refresh(dir).unwrap();
    let fresh = read(dir);
    assert_eq!(log.machine(), fresh.machine());
    assert_eq!(log.input, fresh.input);
    assert!(!log.refresh(dir).unwrap(), "nothing is new");
}

fn tools(seconds: std::ops::Range<u32>) -> Vec<Line> {
    seconds.map(|second| at(second, "PreToolUse").tool("Bash", &format!("t{second}"), "1")).collect()
}

#[test]
fn what_cannot_be_read_costs_itself_alone() {
    let home = Home::new();
    let dir = home.session("s");
    let (prompt, stop) = (at(1, "UserPromptSubmit").text(), at(9, "Stop").text());
    let torn = prompt.split_at(prompt.len() / 2).0;
    let zeros = "\0".repeat(4096);
    for (bad, skipped) in [
        (format!("{torn}\n"), 1),
        (format!("{zeros}\n"), 1),
        (format!("{torn}{zeros}\n{zeros}\n"), 2),
        ("\n\n  \r\n".to_owned(), 0),
        ("{}\n[]\n7\nnull\n\"Stop\"\n{\"event\":7}\n".to_owned(), 6),
        ("{\"event\":\"SomethingNew\",\"v\":9,\"owner\":{\"new\":[1]}}\n".to_owned(), 1),
    ] {
        put(&dir, "events.jsonl", [&prompt, &bad, &stop].map(String::as_str).concat());
        let log = read(&dir);
        assert_eq!((log.machine().state, log.input.skipped), (Ready, skipped), "{bad:?}");
        assert_eq!(log.input.lines, 2);
    }
    put(&dir, "events.jsonl", b"\xff\xfe{\"event\":\"Stop\"}\n");
    assert_eq!((read(&dir).input.lines, read(&dir).input.skipped), (0, 1));
    let windows = text(&[at(1, "UserPromptSubmit")]).replace('\n', "\r\n");
    put(&dir, "events.jsonl", windows);
    assert_eq!(read(&dir).machine().state, Working);
}

#[test]
fn a_line_that_still_grows_is_left_for_later() {
    let home = Home::new();
    let dir = home.session("s");
    let mut log = SessionHistory::default();
    assert!(!log.refresh(&dir).unwrap(), "no log at all");
    for byte in [at(1, "UserPromptSubmit").text(), at(2, "Stop").text()].concat().into_bytes() {
        append(&dir, [byte]);
        refresh(&mut log, &dir);
        assert_eq!(log.input.skipped, 0);
    }
    assert_eq!((log.machine().state, log.input.lines), (Ready, 2));
    append(&dir, "{\"event\":\"Pre");
    refresh(&mut log, &dir);
    append(&dir, ["\n", &at(3, "UserPromptSubmit").text()].concat());
    refresh(&mut log, &dir);
    assert_eq!((log.machine().state, log.input.skipped), (Working, 1));
}

#[test]
fn a_log_of_one_byte_holds_nothing() {
    let home = Home::new();
    for byte in ["{", "\n", "\0"] {
        let dir = home.session("s");
        put(&dir, "events.jsonl", byte);
        let log = read(&dir);
        assert_eq!((log.machine().events, log.input.lines, log.input.size), (0, 0, 1));
    }
}

#[test]
fn a_log_that_became_another_is_read_anew() {
    let home = Home::new();
    let dir = home.session("s");
    let mut log = SessionHistory::default();
    put_log(&dir, &[vec![at(1, "UserPromptSubmit")], tools(2..50)].concat());
    refresh(&mut log, &dir);

    OpenOptions::new().write(true).open(dir.events()).unwrap().set_len(2_000).unwrap();
    refresh(&mut log, &dir);
    assert!(log.machine().events < 10);

    put_log(&dir, &[vec![at(1, "Stop")], tools(2..90)].concat());
    refresh(&mut log, &dir);
    assert_eq!(log.machine().events, 89, "rewritten in its place, and longer than before");

    let other = home.join("other");
    fs::rename(dir.events(), &other).unwrap();
    put_log(&dir, &[at(1, "UserPromptSubmit"), at(2, "Stop")]);
    refresh(&mut log, &dir);
    assert_eq!((log.machine().state, log.machine().events), (Ready, 2));

    fs::remove_file(dir.events()).unwrap();
    assert!(log.refresh(&dir).unwrap() && log.machine().events == 0);
    assert!(!log.refresh(&dir).unwrap());
}

#[test]
fn a_long_log_goes_on_where_it_was_left() {
    let home = Home::new();
    let dir = home.session("s");
    let mut log = SessionHistory::default();
    put_log(&dir, &[vec![at(1, "UserPromptSubmit")], tools(2..25_000)].concat());
    assert!(fs::metadata(dir.events()).unwrap().len() > 5_000_000);
    refresh(&mut log, &dir);
    for second in 25_000..25_010 {
        append(&dir, at(second, "PreToolUse").text());
        refresh(&mut log, &dir);
    }
    // Out of order: near the end, and long ago.
    append(&dir, at(25_005, "CwdChanged").with("cwd", "/repo/sub").text());
    refresh(&mut log, &dir);
    append(&dir, at(1, "SessionStart").text());
    refresh(&mut log, &dir);
    append(&dir, at(25_011, "Stop").text());
    refresh(&mut log, &dir);
    assert_eq!((log.machine().state, log.input.lines), (Ready, 25_012));
}
