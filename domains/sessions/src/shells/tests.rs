//! The store, in a folder of its own, with processes that really run.
#![allow(clippy::disallowed_methods, reason = "tests read and write their own files")]

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command};

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::*;

/// A store in a new folder.
fn store() -> (TempDir, Shells) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("new");
    (dir, Shells { file: root.join("shell-cwd.json"), history: root.join("shell-history.jsonl") })
}

/// A process that stands for a shell, until it is dropped.
struct Process(Child);

impl Process {
    fn new() -> Self {
        Self(Command::new("sleep").arg("60").spawn().unwrap())
    }

    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn prompt(pid: u32, cwd: &str) -> Prompt {
    Prompt { cwd: cwd.to_owned(), pid, tty: "/dev/pts/7".to_owned(), terminal: Terminal::default() }
}

/// Two o'clock, and so many milliseconds.
fn clock(milliseconds: i64) -> Moment {
    let wall = DateTime::from_timestamp_millis(1_795_226_400_000 + milliseconds).unwrap();
    Moment { wall, mono_ns: 0 }
}

fn document(shells: &Shells) -> Value {
    serde_json::from_slice(&std::fs::read(&shells.file).unwrap()).unwrap()
}

fn history(shells: &Shells) -> Vec<Value> {
    let text = std::fs::read_to_string(&shells.history).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn put(shells: &Shells, text: &str) {
    store::create_private_dir(shells.file.parent().unwrap()).unwrap();
    store::replace(&shells.file, text.as_bytes(), Durability::Rebuildable, 0o600).unwrap();
}

fn names(shells: &Shells) -> Vec<String> {
    document(shells)["shells"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn a_shell_is_entered_and_followed() {
    let (_dir, shells) = store();
    let shell = Process::new();
    let report = |cwd: &str, at: i64| shells.report(&prompt(shell.id(), cwd), clock(at)).unwrap();
    assert_eq!(report("/home/dev//", 0), ReportOutcome::Moved);
    let pid = shell.id().to_string();
    let entry = document(&shells)["shells"][&pid].clone();
    assert_eq!(
        (&entry["cwd"], &entry["tty"], &entry["updated_at"]),
        (&json!("/home/dev"), &json!("/dev/pts/7"), &json!("2026-11-21T02:00:00.000Z"))
    );
    assert!(
        entry["start_raw"].is_string() && entry["proc_started"].is_i64() && entry["parent_app"].is_string()
    );
    assert_eq!(entry.get("tmux_session"), None);
    let line = std::fs::read_to_string(&shells.history).unwrap();
    let app = entry["parent_app"].as_str().unwrap();
    assert_eq!(
        line,
        format!(
            "{{\"cwd\":\"/home/dev\",\"parent_app\":\"{app}\",\"pid\":{pid},\"timestamp\":\"2026-11-21T02:00:00.000000000+00:00\",\"tty\":\"/dev/pts/7\"}}\n"
        )
    );
    let mode = std::fs::metadata(&shells.file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    assert_eq!(report("/home/dev", 4_999), ReportOutcome::Fresh);
    assert_eq!(report("/home/dev", 5_000), ReportOutcome::Stayed);
    assert_eq!(document(&shells)["shells"][&pid]["updated_at"], "2026-11-21T02:00:05.000Z");
    assert_eq!(history(&shells).len(), 1);
    assert_eq!(report("/", 5_001), ReportOutcome::Moved);
    assert_eq!(history(&shells)[1]["cwd"], "/");
}

#[test]
fn a_late_report_does_not_undo_a_younger_one() {
    let (_dir, shells) = store();
    let shell = Process::new();
    let report = |cwd: &str, at: i64| shells.report(&prompt(shell.id(), cwd), clock(at)).unwrap();
    report("/b", 10);
    assert_eq!(report("/a", 0), ReportOutcome::Overtaken);
    assert_eq!(report("/a", 11), ReportOutcome::Moved);
    assert_eq!(report("/a", -3_600_000), ReportOutcome::Stayed, "the clock was set back");
}

#[test]
fn whoever_is_gone_leaves_and_whoever_stays_keeps_every_field() {
    let (_dir, shells) = store();
    let (me, other, reused) = (Process::new(), Process::new(), Process::new());
    let gone = {
        let process = Process::new();
        process.id()
    };
    let start = process::look_up(other.id()).unwrap().unwrap().start_raw.to_string();
    let kept = json!({"cwd": "/o", "updated_at": "yesterday", "parent_app": "wezterm", "start_raw": start, "note": [1]});
    let entries = json!({
        other.id().to_string(): kept,
        reused.id().to_string(): {"cwd": "/r", "updated_at": "x", "start_raw": "17"},
        gone.to_string(): {"cwd": "/g", "updated_at": "x"},
        me.id().to_string(): {"cwd": "/m", "updated_at": "x", "parent_app": "kitty", "mine": {"a": null}},
        "0": {"cwd": "/"}, "-1": {"cwd": "/"}, "4294967295": {"cwd": "/"}, "none": {"cwd": "/"},
        "1": "not an entry",
    });
    put(&shells, &json!({"version": 1, "shells": entries, "writer": "another"}).to_string());
    assert_eq!(shells.report(&prompt(me.id(), "/m2"), clock(0)).unwrap(), ReportOutcome::Moved);
    let after = document(&shells);
    let mut expected = [me.id().to_string(), other.id().to_string()];
    let mut found = names(&shells);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    assert_eq!((&after["writer"], &after["shells"][other.id().to_string()]), (&json!("another"), &kept));
    let mine = &after["shells"][me.id().to_string()];
    assert_eq!((&mine["mine"], &mine["parent_app"]), (&json!({"a": null}), &json!("kitty")));
    assert_eq!(shells.report(&prompt(gone, "/"), clock(0)).unwrap(), ReportOutcome::Gone);
}

#[test]
fn a_number_that_was_reused_begins_afresh() {
    let (_dir, shells) = store();
    let shell = Process::new();
    let started = process::started_at(&process::look_up(shell.id()).unwrap().unwrap()).unwrap();
    for (start, is_same) in [
        (json!({"start_raw": "17"}), false),
        (json!({"proc_started": started - 60}), false),
        (json!({"proc_started": started - 2}), true),
        (json!({}), true),
    ] {
        let mut entry = json!({"cwd": "/same", "updated_at": "2026-11-21T02:00:00.000Z", "theirs": 1});
        entry.as_object_mut().unwrap().extend(start.as_object().unwrap().clone());
        put(&shells, &json!({"version": 1, "shells": {shell.id().to_string(): entry}}).to_string());
        let is_live = shells.all()[0].is_live;
        let reported = shells.report(&prompt(shell.id(), "/same"), clock(6_000)).unwrap();
        assert_eq!((is_live, reported == ReportOutcome::Stayed), (is_same, is_same), "{start}");
        let kept = document(&shells)["shells"][shell.id().to_string()]["theirs"].is_i64();
        assert_eq!(kept, is_same, "{start}");
    }
}

#[test]
fn what_is_no_store_is_begun_afresh_and_a_corrupt_one_is_kept_aside() {
    let shell = Process::new();
    for (text, is_kept) in [
        ("", false),
        (" \n", false),
        (r#"{"version":2,"shells":{"5":{"cwd":"/"}}}"#, false),
        ("{}", false),
        (r#"{"version":1,"shells":{"5":"#, true),
        (r#"{"version":1,"shells":[]}"#, true),
        ("[]", true),
        ("\u{0}\u{0}", true),
    ] {
        let (_dir, shells) = store();
        put(&shells, text);
        assert!(shells.all().is_empty(), "{text}");
        assert_eq!(shells.report(&prompt(shell.id(), "/"), clock(0)).unwrap(), ReportOutcome::Moved);
        assert_eq!(names(&shells), [shell.id().to_string()], "{text}");
        let files = std::fs::read_dir(shells.file.parent().unwrap()).unwrap().flatten();
        let copies: Vec<_> =
            files.filter(|file| file.file_name().to_string_lossy().contains(".corrupt-")).collect();
        assert_eq!(copies.len(), usize::from(is_kept), "{text}");
        assert!(copies.iter().all(|copy| std::fs::read(copy.path()).unwrap() == text.as_bytes()));
    }
}

#[test]
fn a_held_lock_costs_one_report() {
    let (_dir, shells) = store();
    let shell = Process::new();
    shells.report(&prompt(shell.id(), "/a"), clock(0)).unwrap();
    let held = lock::exclusive(&shells.file.with_extension("lock"), lock::HOT).unwrap();
    assert_eq!(shells.report(&prompt(shell.id(), "/b"), clock(1)).unwrap(), ReportOutcome::Busy);
    drop(held);
    assert_eq!(shells.report(&prompt(shell.id(), "/b"), clock(2)).unwrap(), ReportOutcome::Moved);
    assert_eq!(history(&shells).len(), 2);
}

#[test]
fn a_store_that_cannot_be_written_says_so() {
    let (dir, mut shells) = store();
    let file = dir.path().join("file");
    store::replace(&file, b"", Durability::Rebuildable, 0o600).unwrap();
    shells.file = file.join("shell-cwd.json");
    let error = shells.report(&prompt(std::process::id(), "/"), clock(0)).unwrap_err();
    assert!(error.to_string().contains(&*file.to_string_lossy()), "{error}");
}

#[test]
fn a_reader_takes_the_live_shell_of_the_latest_prompt() {
    let (_dir, shells) = store();
    let here: Vec<_> = (0..3).map(|_| Process::new()).collect();
    for (at, shell) in here.iter().enumerate() {
        shells
            .report(&prompt(shell.id(), &format!("/{at}")), clock(i64::try_from(at).unwrap() * 1_000))
            .unwrap();
    }
    let ended = here[2].id();
    let mut here = here;
    drop(here.pop());
    let seen = shells.all();
    assert_eq!(seen.iter().filter(|seen| seen.is_live).count(), 2);
    assert!(seen.iter().any(|seen| seen.pid == ended && !seen.is_live), "a reader changes nothing");
    let latest = |at: i64| most_recent(&seen, clock(at).wall).map(|seen| seen.shell.cwd.as_str());
    assert_eq!(latest(2_000), Some("/1"));
    assert_eq!(latest(601_000), Some("/1"), "ten minutes are not too long");
    assert_eq!(latest(601_001), None);
    let shown = serde_json::to_value(&seen[0]).unwrap();
    assert!(shown["pid"].is_u64() && shown["cwd"].is_string() && shown["is_live"].is_boolean());
}

#[test]
fn twenty_at_once_are_all_kept() {
    let (_dir, shells) = store();
    let here: Vec<_> = (0..20).map(|_| Process::new()).collect();
    std::thread::scope(|scope| {
        for shell in &here {
            let shells = &shells;
            scope.spawn(move || {
                // What finds the lock held tells it again at its next prompt.
                while shells.report(&prompt(shell.id(), "/x"), clock(0)).unwrap() == ReportOutcome::Busy {}
            });
        }
    });
    assert_eq!((names(&shells).len(), history(&shells).len()), (20, 20));
}

proptest! {
    #[test]
    fn a_stripped_path_ends_in_no_slash_and_means_the_same(path in "(/[a-z ./é']{0,6}){0,4}") {
        let stripped = without_trailing_slashes(&path);
        prop_assert!(stripped == "/" || !stripped.ends_with('/'));
        prop_assert_eq!(stripped.is_empty(), path.is_empty());
        prop_assert!(path.strip_prefix(stripped).unwrap().chars().all(|c| c == '/'));
        prop_assert_eq!(without_trailing_slashes(stripped), stripped);
    }

    #[test]
    fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        FileContent::of(&bytes).document();
    }

    #[test]
    fn any_text_survives(cwd in "/\\PC*", tty in "\\PC*", key in "[a-z_]{1,9}", value in "\\PC*") {
        let text = json!({"version": 1, "shells": {"77": {"cwd": cwd, "tty": tty, "updated_at": ""}}, key: value});
        let document = FileContent::of(text.to_string().as_bytes()).document();
        let again = FileContent::of(&document.bytes().unwrap()).document();
        prop_assert_eq!(&again.shells, &document.shells);
        prop_assert_eq!(again.other, document.other);
        let shell: Shell = serde_json::from_value(document.shells[&77].clone()).unwrap();
        prop_assert_eq!((shell.cwd, shell.tty), (cwd, tty));
    }
}

/// Where three shells go, and how many milliseconds after the step before.
fn walks() -> impl Strategy<Value = Vec<(usize, u8, i64)>> {
    proptest::collection::vec((0..3_usize, 0..3_u8, 0..8_000_i64), 1..30)
}

#[test]
fn the_history_tells_each_change_once() {
    let here: Vec<_> = (0..3).map(|_| Process::new()).collect();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(40));
    let outcome = runner.run(&walks(), |steps| {
        let (_dir, shells) = store();
        let (mut expected, mut at, mut cwds) = (Vec::new(), 0, [const { None }; 3]);
        for (who, place, pause) in steps {
            at += pause;
            let cwd = format!("/{place}");
            shells.report(&prompt(here[who].id(), &cwd), clock(at)).unwrap();
            if cwds[who].as_ref() != Some(&cwd) {
                expected.push((here[who].id(), cwd.clone()));
                cwds[who] = Some(cwd);
            }
        }
        let told: Vec<_> = history(&shells)
            .iter()
            .map(|line| {
                (
                    u32::try_from(line["pid"].as_u64().unwrap()).unwrap(),
                    line["cwd"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        prop_assert_eq!(told, expected);
        for seen in shells.all() {
            let who = here.iter().position(|shell| shell.id() == seen.pid).unwrap();
            prop_assert_eq!(Some(seen.shell.cwd), cwds[who].clone());
        }
        Ok(())
    });
    outcome.unwrap();
}
