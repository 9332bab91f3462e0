//! Who stays and who goes, after how many days.
#![allow(clippy::disallowed_methods, reason = "a test writes its own files")]

use hooks_common::session_log::FILES;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;

use hooks_common::owner::LoggedOwner;
use hooks_common::session_log::SessionDir;
use platform::process::{Liveness, Site};
use platform::time::Moment;
use sessions::liveness::Oracle;
use sessions::retention::{Swept, sweep, sweep_a_few};

use crate::support::home::{Home, age, append, put, put_log, put_meta};
use crate::support::log::{Line, Table, at, client, guess, moment};

const DEAD: u32 = 5;
const LIVE: u32 = 7;
const UNKNOWN: u32 = 9;

fn table() -> Table {
    Table([(LIVE, Liveness::Live), (UNKNOWN, Liveness::Unknown)].into())
}

/// A session of a client, nothing of which happened for so many days.
fn session(home: &Home, name: &str, owner: Option<&LoggedOwner>, has_ended: bool, days: u64) -> SessionDir {
    let dir = home.session(name);
    put_meta(&dir, "/repo", owner);
    let by = |line: Line| match owner {
        Some(owner) => line.by(owner),
        None => line,
    };
    let mut lines = vec![by(at(1, "SessionStart")), by(at(2, "UserPromptSubmit"))];
    if has_ended {
        lines.push(by(at(3, "SessionEnd")));
    }
    put_log(&dir, &lines);
    put(&dir, "lock", "");
    age(&dir, days);
    dir
}

/// Long after anything in these logs.
fn now() -> Moment {
    Moment::now()
}

fn swept(home: &Home, dry_run: bool) -> Swept {
    sweep(&home.paths, &mut table(), &FILES, 14, dry_run, now()).unwrap().unwrap()
}

fn names(home: &Home) -> BTreeSet<String> {
    let entries = fs::read_dir(home.paths.sessions_dir()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn only_what_is_over_and_old_goes() {
    let home = Home::new();
    let folder = home.paths.sessions_dir();
    session(&home, "ended-6", Some(&client(DEAD)), true, 6);
    session(&home, "ended-13", Some(&client(DEAD)), true, 13);
    session(&home, "ended-40", Some(&client(DEAD)), true, 40);
    session(&home, "dead-40", Some(&client(DEAD)), false, 40);
    session(&home, "nobody-29", None, false, 29);
    session(&home, "nobody-31", None, false, 31);
    session(&home, "unknown-29", Some(&client(UNKNOWN)), false, 29);
    session(&home, "unknown-31", Some(&client(UNKNOWN)), false, 31);
    session(&home, "live-60", Some(&client(LIVE)), false, 60);
    session(&home, "guessed-live-29", Some(&guess(LIVE)), false, 29);
    session(&home, "guessed-live-31", Some(&guess(LIVE)), false, 31);
    let by_log = session(&home, "live-by-its-log-60", Some(&client(LIVE)), false, 60);
    fs::remove_file(by_log.path().join("meta.json")).unwrap();
    age(&by_log, 60);
    for (name, meta) in [("newer", r#"{"v":2,"session_id":"x"}"#), ("unlike", r#"{"v":2,"a":[]}"#)] {
        let dir = session(&home, name, Some(&client(DEAD)), true, 60);
        put(&dir, "meta.json", meta);
        age(&dir, 60);
    }
    let foreign = session(&home, "foreign", Some(&client(DEAD)), true, 60);
    put(&foreign, "notes.txt", "mine");
    age(&foreign, 60);
    let left_behind = session(&home, "left-behind", Some(&client(DEAD)), true, 60);
    for name in ["meta.json.ab12.tmp", "events.jsonl.x.tmp", "meta.json.corrupt-20260101T000000.000Z"] {
        put(&left_behind, name, "");
    }
    age(&left_behind, 60);
    age(&session(&home, "old-7.lock", Some(&client(DEAD)), true, 60), 60);
    age(&session(&home, "legacy", Some(&client(DEAD)), true, 60), 60);
    fs::create_dir(home.join("elsewhere")).unwrap();
    fs::write(home.join("elsewhere/events.jsonl"), "").unwrap();
    std::os::unix::fs::symlink(home.join("elsewhere"), folder.join("link")).unwrap();
    fs::create_dir_all(folder.join(".trash-1-2/sub")).unwrap();
    std::os::unix::fs::symlink(home.join("elsewhere"), folder.join(".trash-1-2/sub/link")).unwrap();
    std::os::unix::fs::symlink(home.join("elsewhere"), folder.join(".trash-link")).unwrap();

    let gone = ["dead-40", "ended-40", "guessed-live-31", "left-behind", "nobody-31", "unknown-31"];
    let before = names(&home);
    let told: BTreeSet<_> = swept(&home, true).removed.into_iter().collect();
    assert_eq!(told, gone.map(str::to_owned).into());
    let found = swept(&home, false);
    assert_eq!(found.removed.into_iter().collect::<BTreeSet<_>>(), told);
    assert_eq!(found.failed, []);
    let kept = &before - &told;
    let kept = &kept - &BTreeSet::from([".trash-1-2".to_owned()]);
    assert_eq!(names(&home), kept);
    assert!(home.join("elsewhere/events.jsonl").exists());
    assert_eq!(swept(&home, false).removed, Vec::<String>::new());
}

#[test]
fn a_session_is_as_young_as_what_happened_in_it() {
    let home = Home::new();
    let dir = session(&home, "copied", Some(&client(DEAD)), true, 40);
    let ago = (now().wall.timestamp() - crate::support::log::EPOCH) - 6 * 86_400;
    append(&dir, at(9, "SessionStart").with("recorded_at", moment(ago)).text());
    age(&dir, 40);
    assert_eq!(swept(&home, false).removed, Vec::<String>::new());
}

/// Judges as the table does, and lets something happen in a session at that moment.
struct Meanwhile<'a>(&'a dyn Fn());

impl Oracle for Meanwhile<'_> {
    fn liveness(&mut self, client: &LoggedOwner, site: &Site, now: i64) -> Liveness {
        (self.0)();
        table().liveness(client, site, now)
    }
}

#[test]
fn who_begins_while_it_is_judged_stays() {
    let home = Home::new();
    let dir = session(&home, "s", Some(&client(DEAD)), true, 40);
    let start = at(60, "SessionStart").with("source", "resume").text();
    let done = Cell::new(false);
    let meanwhile = || {
        if !done.replace(true) {
            append(&dir, &start);
        }
    };
    let found = sweep(&home.paths, &mut Meanwhile(&meanwhile), &FILES, 14, false, now()).unwrap().unwrap();
    assert_eq!((found.removed.len(), found.failed.len()), (0, 0));
    assert!(fs::read_to_string(dir.events()).unwrap().ends_with(&start));
}

#[test]
fn who_holds_the_lock_is_not_swept_away() {
    let home = Home::new();
    let dir = session(&home, "s", Some(&client(DEAD)), true, 40);
    let lock = dir.lock(std::time::Duration::ZERO).unwrap();
    let found = swept(&home, false);
    assert_eq!((found.removed.len(), found.failed.len()), (0, 1));
    drop(lock);
    age(&dir, 40);
    assert_eq!(swept(&home, false).removed, ["s"]);
}

#[test]
fn one_sweep_at_a_time_and_a_few_an_hour() {
    let home = Home::new();
    for count in 0..20 {
        session(&home, &format!("s{count}"), Some(&client(DEAD)), true, 40);
    }
    let few =
        |days: &dyn Fn() -> u32, now| sweep_a_few(&home.paths, &mut table(), &FILES, days, now).unwrap();
    // A clock that was looked at for the first time, or has leapt, makes nothing old.
    let then = Moment { wall: now().wall - chrono::TimeDelta::hours(2), ..now() };
    assert_eq!(few(&|| unreachable!("not asked"), then), None);
    let seen = now().epoch() - 3 * 3_600;
    fs::write(home.paths.clock(), format!("{{\"seen\":{seen},\"leapt\":null}}")).unwrap();
    // The mark is new: the first look is an hour later.
    fs::write(home.paths.gc_lock(), "").unwrap();
    assert_eq!(few(&|| unreachable!("not asked"), now()), None);
    let later = Moment { wall: now().wall + chrono::TimeDelta::hours(1), ..now() };
    assert_eq!(few(&|| 14, later).unwrap().removed.len(), 16);
    assert_eq!(few(&|| 14, later), None);
    assert_eq!(swept(&home, false).removed.len(), 4);
}
