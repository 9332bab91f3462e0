//! Compaction of long logs.
#![allow(clippy::disallowed_methods, reason = "tests read and write their own files")]

use std::fs;

use hooks_common::session_log::SessionDir;
use platform::time::Moment;
use sessions::catalog::SessionHistory;
use sessions::compaction::{compact, compact_beyond};

use crate::support::home::{Home, append, put_log};
use crate::support::log::{EPOCH, Line, at, client};

/// A moment so many hours after the first one.
fn hours(hours: i64) -> Moment {
    let wall = chrono::DateTime::from_timestamp(EPOCH + hours * 3_600, 0).unwrap();
    Moment { wall, mono_ns: 7 }
}

fn tools(seconds: std::ops::Range<u32>) -> Vec<Line> {
    let tool = |second: u32| at(second, "PreToolUse").tool("Bash", &format!("t{}", second % 50), "1");
    seconds.map(tool).collect()
}

fn read(dir: &SessionDir) -> SessionHistory {
    let mut log = SessionHistory::default();
    log.refresh(dir).unwrap();
    log
}

fn lines(dir: &SessionDir) -> Vec<String> {
    fs::read_to_string(dir.events()).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_compacted_log_says_the_same_and_goes_on() {
    let home = Home::new();
    let dir = home.session("s");
    put_log(&dir, &[vec![at(1, "SessionStart").by(&client(7))], tools(2..1_000)].concat());
    let mut reader = read(&dir);
    let (before, machine) = (lines(&dir), reader.machine().clone());
    assert_eq!(compact(&dir, hours(30)).unwrap(), None, "it is short");
    let done = compact_beyond(0, &dir, hours(30)).unwrap().unwrap();
    assert!(done.after < done.before / 2);
    let after = lines(&dir);
    assert_eq!(after.len(), 201);
    assert_eq!(after[1..], before[before.len() - 200..]);
    assert_eq!(read(&dir).machine(), &machine);
    append(&dir, at(1_000, "Stop").text());
    reader.refresh(&dir).unwrap();
    assert_eq!(reader.machine(), read(&dir).machine());
    assert_eq!(reader.machine().state, sessions::SessionState::Ready);
    assert_eq!(compact_beyond(0, &dir, hours(30)).unwrap(), None, "little is left to gain");
}

#[test]
fn what_is_young_stays() {
    let home = Home::new();
    let dir = home.session("s");
    put_log(&dir, &tools(1..1_000));
    assert_eq!(compact_beyond(0, &dir, hours(24)).unwrap(), None);
    let old = tools(1..400);
    let young: Vec<_> = (100_000..100_300).map(|second| tools(second..second + 1).remove(0)).collect();
    put_log(&dir, &[old, young].concat());
    compact_beyond(0, &dir, hours(30)).unwrap().unwrap();
    assert_eq!(lines(&dir).len(), 301);
}

#[test]
fn a_compacted_log_is_compacted_again_on_the_same_day() {
    let home = Home::new();
    let dir = home.session("s");
    put_log(&dir, &tools(1..1_000));
    compact_beyond(0, &dir, hours(30)).unwrap().unwrap();
    for line in tools(1_000..2_000) {
        append(&dir, line.text());
    }
    let machine = read(&dir).machine().clone();
    compact_beyond(0, &dir, hours(31)).unwrap().unwrap();
    assert_eq!(lines(&dir).len(), 201);
    assert_eq!(read(&dir).machine(), &machine);
}

#[test]
fn an_event_that_comes_twice_across_the_cut_counts_once() {
    let home = Home::new();
    let dir = home.session("s");
    let log = tools(1..1_000);
    put_log(&dir, &log);
    compact_beyond(0, &dir, hours(30)).unwrap().unwrap();
    let machine = read(&dir).machine().clone();
    append(&dir, log[3].text());
    assert_eq!(read(&dir).machine(), &machine);
}
