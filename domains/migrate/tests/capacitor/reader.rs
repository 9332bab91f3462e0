//! Each step of the older system's resolution, at its limits.

use std::cell::RefCell;

use chrono::TimeDelta;
use hooks_common::session_state::SessionState::{self, Compacting, Idle, Ready, Waiting, Working};
use migrate::capacitor::{
    CapacitorVerdict, FileActivity, SessionActivity, SessionLock, SessionRecord, Stores, StoresReader, Via,
    resolve,
};

use crate::{STARTED, at};

fn record(id: &str, state: SessionState, cwd: &str, updated: i64, changed: i64) -> SessionRecord {
    let mut record = SessionRecord::new(id, state, cwd, at(-updated));
    record.state_changed_at = at(-changed);
    record
}

fn lock(session: &str, pid: u32, path: &str, created: u64) -> SessionLock {
    SessionLock {
        name: format!("{session}-{pid}.lock"),
        pid,
        path: path.to_owned(),
        session_id: Some(session.to_owned()),
        proc_started: Some(STARTED),
        created: Some(created),
        made_ms: Some(created),
    }
}

fn stores(
    records: impl IntoIterator<Item = SessionRecord>,
    locks: impl IntoIterator<Item = SessionLock>,
) -> Stores {
    let records = records.into_iter().map(|record| (record.session_id.clone(), record)).collect();
    Stores { records, locks: locks.into_iter().collect(), ..Stores::default() }
}

fn show(stores: &Stores, path: &str) -> CapacitorVerdict {
    resolve(stores, path, at(0), &|_, _| true)
}

#[test]
fn a_live_lock_stops_time() {
    for state in [Working, Waiting, Compacting, Ready, Idle] {
        let stores = stores([record("s1", state, "/repo", 90_000, 90_000)], [lock("s1", 1, "/repo", 5)]);
        let verdict = show(&stores, "/repo/");
        assert_eq!((verdict.state, verdict.is_locked, verdict.via), (state, true, Via::Lock));
        assert_eq!((verdict.session_id.as_deref(), verdict.cwd.as_deref()), (Some("s1"), Some("/repo")));
        assert_eq!(verdict.lock.as_deref(), Some("s1-1.lock"));
    }
}

#[test]
fn a_lock_counts_for_its_path_alone_and_only_while_its_process_lives() {
    let stores = stores([], [lock("s1", 1, "/repo/sub", 5)]);
    for (path, locked) in
        [("/repo", false), ("/repo/sub", true), ("/repo/sub/deep", false), ("/repo/su", false)]
    {
        assert_eq!(show(&stores, path).is_locked, locked, "{path}");
    }
    let asked = RefCell::new(Vec::new());
    let dead = |pid: u32, started: Option<u64>| {
        asked.borrow_mut().push((pid, started));
        false
    };
    assert_eq!(resolve(&stores, "/repo/sub", at(0), &dead).state, Idle);
    assert_eq!(asked.into_inner(), [(1, Some(STARTED))]);
}

#[test]
fn a_lock_without_a_record_is_ready() {
    let verdict = show(&stores([], [lock("s1", 1, "/repo", 5)]), "/repo");
    assert_eq!((verdict.state, verdict.session_id.as_deref()), (Ready, Some("s1")));
}

#[test]
fn a_lock_that_does_not_know_its_process_is_void_after_a_day() {
    let made = u64::try_from(at(0).timestamp()).unwrap();
    let mut old = lock("s1", 1, "/repo", made);
    old.proc_started = None;
    old.made_ms = Some(made * 1000);
    let stores = stores([], [old]);
    let reader = |seconds| StoresReader::new(&stores, at(seconds), &|_, _| true).resolve("/repo").is_locked;
    assert!(reader(86_400) && !reader(86_401));
}

#[test]
fn the_newest_lock_wins_and_the_larger_path_a_tie() {
    let records = [record("a", Working, "/repo", 1, 1), record("b", Ready, "/repo/", 2, 2)];
    let newest = stores(records.clone(), [lock("a", 1, "/repo", 5), lock("b", 2, "/repo/", 6)]);
    let verdict = show(&newest, "/repo");
    assert_eq!(verdict.lock.as_deref(), Some("b-2.lock"));
    assert_eq!(
        verdict.session_id.as_deref(),
        Some("a"),
        "the record is chosen by path and age, not by the lock"
    );

    let tie = stores(records, [lock("b", 2, "/repo/", 5), lock("a", 1, "/repo", 5)]);
    assert_eq!(show(&tie, "/repo").cwd.as_deref(), Some("/repo/"));

    let mut timeless = lock("z", 9, "/repo", 0);
    timeless.created = None;
    assert_eq!(
        show(&stores([], [timeless, lock("a", 1, "/repo", 1)]), "/repo").lock.as_deref(),
        Some("a-1.lock")
    );
}

#[test]
fn seconds_lose_against_milliseconds_as_they_do_there() {
    let newer_in_seconds = lock("a", 1, "/repo", 1_769_538_131);
    let older_in_milliseconds = lock("b", 2, "/repo", 1_700_000_000_000);
    let verdict = show(&stores([], [newer_in_seconds, older_in_milliseconds]), "/repo");
    assert_eq!(verdict.session_id.as_deref(), Some("b"));
}

#[test]
fn a_lock_s_record_is_ranked_by_path_then_age_then_id() {
    let shown = |records: &[SessionRecord]| {
        show(&stores(records.iter().cloned(), [lock("x", 1, "/repo", 5)]), "/repo").session_id.unwrap()
    };
    let parent = record("parent", Working, "/", 0, 0);
    let child = record("child", Working, "/repo/sub", 1, 1);
    let exact = record("exact", Working, "/repo", 9_000, 9_000);
    assert_eq!(shown(&[parent.clone(), child.clone(), exact]), "exact", "however old it is");
    assert_eq!(shown(&[parent.clone(), child]), "child");
    assert_eq!(shown(&[parent, record("sibling", Working, "/repository", 0, 0)]), "parent");

    let mut by_project = record("dir", Working, "/else", 2, 2);
    by_project.project_dir = Some("/repo".to_owned());
    assert_eq!(shown(&[by_project, record("sub", Working, "/repo/sub", 0, 0)]), "dir");

    let fresh = record("fresh", Ready, "/repo", 300, 300);
    let stale = record("stale", Working, "/repo", 301, 301);
    assert_eq!(shown(&[stale, fresh]), "fresh");
    assert_eq!(shown(&[record("a", Ready, "/repo", 20, 20), record("b", Ready, "/repo", 10, 10)]), "b");
    assert_eq!(shown(&[record("b", Ready, "/repo", 10, 10), record("a", Ready, "/repo", 10, 10)]), "b");
}

#[test]
fn a_record_without_a_lock_is_believed_for_300_seconds_at_its_own_path() {
    let verdict = |age, path: &str| show(&stores([record("s1", Ready, "/repo", age, age)], []), path);
    let shown = verdict(300, "/repo");
    assert_eq!((shown.state, shown.is_locked, shown.via), (Ready, false, Via::Record));
    assert_eq!(verdict(301, "/repo").via, Via::Nothing);
    assert_eq!(verdict(-60, "/repo").state, Ready, "a clock that was set back ages nobody");
    for path in ["/", "/repo/sub", "/rep"] {
        assert_eq!(verdict(1, path).state, Idle, "{path}");
    }
    let both = stores([record("a", Ready, "/repo", 5, 5), record("b", Waiting, "/repo", 4, 4)], []);
    assert_eq!(show(&both, "/repo").session_id.as_deref(), Some("b"), "the newer one");
}

#[test]
fn working_and_waiting_tire_after_30_seconds_and_compacting_does_not() {
    for (state, at_30, at_31) in [
        (Working, Working, Ready),
        (Waiting, Waiting, Ready),
        (Compacting, Compacting, Compacting),
        (Ready, Ready, Ready),
        (Idle, Idle, Idle),
    ] {
        let shown = |age| show(&stores([record("s1", state, "/repo", age, age)], []), "/repo");
        assert_eq!((shown(30).state, shown(31).state), (at_30, at_31), "{state:?}");
        assert_eq!(shown(31).is_faded(), at_30 != at_31);
        assert_eq!(shown(31).recorded, Some(state));
    }
}

#[test]
fn ready_falls_asleep_after_900_seconds_without_a_lock() {
    let shown = |state, updated, changed, locks: &[SessionLock]| {
        let stores = stores([record("s1", state, "/repo", updated, changed)], locks.iter().cloned());
        show(&stores, "/repo").state
    };
    assert_eq!(shown(Ready, 10, 900, &[]), Ready);
    assert_eq!(shown(Ready, 10, 901, &[]), Idle);
    assert_eq!(shown(Working, 31, 901, &[]), Idle, "what tired into ready too");
    assert_eq!(shown(Working, 30, 901, &[]), Working);
    assert_eq!(shown(Ready, 10, 9_000, &[lock("s1", 1, "/repo", 5)]), Ready);
}

#[test]
fn ages_are_whole_seconds() {
    let stores = stores([record("s1", Working, "/repo", 30, 30)], []);
    let shown = |ms| resolve(&stores, "/repo", at(0) + TimeDelta::milliseconds(ms), &|_, _| true).state;
    assert_eq!((shown(999), shown(1_000)), (Working, Ready));
}

#[test]
fn activity_makes_work_where_no_session_was_found() {
    let touch = |project: &str, file: &str, age: i64| {
        let entry = FileActivity {
            project_path: project.to_owned(),
            file_path: file.to_owned(),
            tool: "Read".to_owned(),
            at: Some(at(-age)),
        };
        let session = SessionActivity { cwd: "/mono".to_owned(), entries: vec![entry] };
        Stores { activity: [("s1".to_owned(), session)].into(), ..Stores::default() }
    };
    let verdict = show(&touch("/mono/auth/", "/mono/auth/a.rs", 300), "/mono/auth");
    assert_eq!((verdict.state, verdict.via), (Working, Via::Activity));
    assert_eq!((verdict.session_id, verdict.is_locked), (None, false));
    for (stores, path) in [
        (touch("/mono/auth", "/mono/auth/a.rs", 301), "/mono/auth"),
        (touch("/mono/auth", "/mono/auth/a.rs", -1), "/mono/auth"),
        (touch("/mono/auth", "/mono/a.rs", 0), "/mono/auth"),
        (touch("/mono/auth", "/mono/authority/a.rs", 0), "/mono/auth"),
        (touch("/mono/auth", "/mono/auth/a.rs", 0), "/mono"),
        (touch("", "/mono/auth/a.rs", 0), "/mono/auth"),
    ] {
        assert_eq!(show(&stores, path).via, Via::Nothing);
    }
    let mut timeless = touch("/mono/auth", "/mono/auth/a.rs", 0);
    timeless.activity.get_mut("s1").unwrap().entries[0].at = None;
    assert_eq!(show(&timeless, "/mono/auth").state, Idle);

    let mut known = touch("/mono", "/mono/a.rs", 0);
    known.records.insert("s1".to_owned(), record("s1", Ready, "/mono", 5, 901));
    assert_eq!(
        show(&known, "/mono").state,
        Idle,
        "activity never overrides a record, even one that fell asleep"
    );
}

#[test]
fn nothing_at_all_is_idle() {
    let verdict = show(&Stores::default(), "/repo");
    assert_eq!((verdict.state, verdict.via, verdict.is_locked), (Idle, Via::Nothing, false));
}
