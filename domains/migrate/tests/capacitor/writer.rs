//! Each row of the older system's transition table, and what else its hook writes.

use std::collections::BTreeSet;

use hooks_common::session_state::SessionState::{self, Compacting, Idle, Ready, Waiting, Working};
use migrate::capacitor::Stores;

use crate::support::hook_table::{Event, HookTable};
use crate::{STARTED, at};

const CLIENT: u32 = 100;

fn event(name: &str) -> Event {
    Event {
        name: name.to_owned(),
        session: "s1".to_owned(),
        pid: CLIENT,
        proc_started: Some(STARTED),
        cwd: Some("/repo".to_owned()),
        at: at(0),
        ..Event::default()
    }
}

/// The table with a session in a state that it has had for 10 s.
fn table_in(state: Option<SessionState>) -> HookTable {
    let mut table = HookTable::default();
    let way: &[&str] = match state {
        None => &[],
        Some(Ready) => &["SessionStart"],
        Some(Working) => &["UserPromptSubmit"],
        Some(Waiting) => &["PermissionRequest"],
        Some(Compacting) => &["PreCompact"],
        Some(Idle) => unreachable!("no event makes a session idle"),
    };
    for name in way {
        table.apply(&Event { at: at(-10), ..event(name) }, &|_, _| true);
    }
    table
}

fn after(before: Option<SessionState>, event: &Event) -> Option<SessionState> {
    let mut table = table_in(before);
    table.apply(event, &|_, _| true);
    table.state("s1")
}

const BEFORE: [Option<SessionState>; 5] = [None, Some(Ready), Some(Working), Some(Waiting), Some(Compacting)];

#[test]
fn a_start_leaves_active_sessions_as_they_are() {
    for source in ["startup", "resume", "clear", "compact"] {
        let start = Event { source: Some(source.to_owned()), ..event("SessionStart") };
        for before in [None, Some(Ready)] {
            assert_eq!(after(before, &start), Some(Ready));
        }
        for before in [Working, Waiting, Compacting] {
            assert_eq!(after(Some(before), &start), Some(before), "{source}");
        }
    }
}

#[test]
fn the_rows_that_hold_in_every_state() {
    for (name, state) in [
        ("UserPromptSubmit", Working),
        ("PreToolUse", Working),
        ("PostToolUse", Working),
        ("PermissionRequest", Waiting),
        ("PreCompact", Compacting),
        ("Stop", Ready),
    ] {
        for before in BEFORE {
            assert_eq!(after(before, &event(name)), Some(state), "{name} after {before:?}");
        }
    }
}

#[test]
fn only_an_idle_prompt_is_heard_of_notifications() {
    for before in BEFORE {
        let notify = |kind: &str| Event { notification_type: Some(kind.to_owned()), ..event("Notification") };
        assert_eq!(after(before, &notify("idle_prompt")), Some(Ready));
        for kind in ["permission_prompt", "auth_success", "elicitation_dialog"] {
            assert_eq!(after(before, &notify(kind)), before, "{kind}");
        }
    }
}

#[test]
fn a_stop_that_a_hook_prolonged_is_skipped() {
    for before in BEFORE {
        assert_eq!(after(before, &Event { stop_hook_active: true, ..event("Stop") }), before);
    }
}

#[test]
fn other_events_change_nothing_but_the_heartbeat() {
    for name in ["SubagentStart", "SubagentStop", "PostToolUseFailure", "Setup", "PostCompact"] {
        for before in BEFORE {
            let mut table = table_in(before);
            let (stores, heartbeats) = (table.stores.clone(), table.heartbeats);
            table.apply(&event(name), &|_, _| true);
            assert_eq!(table.stores, stores, "{name}");
            assert_eq!(table.heartbeats, heartbeats + 1);
        }
    }
}

#[test]
fn a_heartbeat_moves_time_and_folder_alone() {
    let mut table = table_in(Some(Working));
    table.apply(&Event { cwd: Some("/repo/sub/".to_owned()), ..event("PreToolUse") }, &|_, _| true);
    let record = &table.stores.records["s1"];
    assert_eq!((record.updated_at, record.state_changed_at), (at(0), at(-10)));
    assert_eq!(record.cwd, "/repo/sub", "every applied event moves the session");
    assert_eq!(table.stores.locks[0].path, "/repo", "its lock stays where it was made");
}

#[test]
fn an_end_leaves_a_tombstone_and_nothing_else() {
    let mut table = table_in(Some(Working));
    let edit = Event { tool: Some("Edit".into()), file: Some("a.rs".into()), ..event("PostToolUse") };
    table.apply(&edit, &|_, _| true);
    table.apply(&event("SessionEnd"), &|_, _| true);
    let expected = Stores { ended: BTreeSet::from(["s1".to_owned()]), ..Stores::default() };
    assert_eq!(table.stores, expected);

    let heartbeats = table.heartbeats;
    for name in ["UserPromptSubmit", "PostToolUse", "PermissionRequest", "Unknown"] {
        table.apply(&event(name), &|_, _| true);
    }
    assert_eq!((&table.stores, table.heartbeats), (&expected, heartbeats), "late events are not even alive");
    table.apply(&event("SessionStart"), &|_, _| true);
    assert_eq!((table.state("s1"), table.stores.ended.len()), (Some(Ready), 0));
}

#[test]
fn an_end_without_any_folder_still_ends() {
    let mut table = HookTable::default();
    table.apply(&Event { cwd: None, ..event("UserPromptSubmit") }, &|_, _| true);
    assert_eq!(table.stores, Stores::default(), "no folder, no record");
    table.apply(&Event { cwd: None, ..event("SessionEnd") }, &|_, _| true);
    assert!(table.stores.ended.contains("s1"));
}

#[test]
fn an_end_spares_a_session_that_another_process_uses() {
    let mut table = table_in(Some(Working));
    let second = Event { pid: 200, ..event("UserPromptSubmit") };
    table.apply(&second, &|_, _| true);
    let mut forgotten = table.clone();

    table.apply(&event("SessionEnd"), &|_, _| true);
    assert_eq!((table.state("s1"), table.stores.ended.len()), (Some(Working), 0));
    assert_eq!(table.lock_names(), BTreeSet::from(["s1-200.lock"]));

    forgotten.apply(&event("SessionEnd"), &|pid, _| pid != 200);
    assert_eq!(forgotten.state("s1"), None, "a dead one does not count");
}

#[test]
fn a_folder_is_looked_for_in_four_places() {
    let mut table = HookTable { pwd: Some("/pwd".into()), ..HookTable::default() };
    let none = Event { cwd: None, ..event("UserPromptSubmit") };
    let cwd = |table: &HookTable| table.stores.records["s1"].cwd.clone();
    table.apply(&none, &|_, _| true);
    assert_eq!(cwd(&table), "/pwd");
    table.pwd = Some("/elsewhere".into());
    table.apply(&none, &|_, _| true);
    assert_eq!(cwd(&table), "/pwd", "the stored one comes before PWD");
    table.project_dir = Some("/project/".into());
    table.apply(&none, &|_, _| true);
    assert_eq!(cwd(&table), "/project");
    table.apply(&Event { cwd: Some("/".into()), ..event("Stop") }, &|_, _| true);
    assert_eq!(cwd(&table), "/");
}

#[test]
fn two_events_make_locks_even_when_they_are_skipped() {
    for (name, locks) in [("SessionStart", 1), ("UserPromptSubmit", 1), ("PreToolUse", 0), ("Stop", 0)] {
        let mut table = table_in(Some(Compacting));
        table.apply(&event(name), &|_, _| true);
        assert_eq!(table.stores.locks.len(), locks, "{name}");
    }
    let mut table = table_in(Some(Ready));
    let later = Event { at: at(5), cwd: Some("/moved".into()), ..event("UserPromptSubmit") };
    table.apply(&later, &|_, _| true);
    assert_eq!(table.stores.locks[0].path, "/repo", "the same live process keeps its lock");
    table.apply(&later, &|_, _| false);
    assert_eq!(table.stores.locks[0].path, "/moved", "a number that was reused does not");
    table.reap(&|_, _| false);
    assert!(table.stores.locks.is_empty());
}

#[test]
fn activity_is_kept_for_four_tools_newest_first() {
    let mut table = HookTable { projects: vec!["/repo/auth".into()], ..HookTable::default() };
    let mut touch = |tool: &str, file: &str| {
        let touch = Event { tool: Some(tool.into()), file: Some(file.into()), ..event("PostToolUse") };
        table.apply(&touch, &|_, _| true);
    };
    for tool in ["Edit", "Write", "Read", "NotebookEdit", "MultiEdit", "Bash"] {
        touch(tool, &format!("{tool}.rs"));
    }
    touch("Edit", "/repo/auth/a.rs");
    let found: Vec<_> = table.stores.activity["s1"]
        .entries
        .iter()
        .map(|entry| (entry.file_path.as_str(), entry.project_path.as_str()))
        .collect();
    let of_repo = ["NotebookEdit", "Read", "Write", "Edit"].map(|tool| format!("/repo/{tool}.rs"));
    assert_eq!(found[0], ("/repo/auth/a.rs", "/repo/auth"));
    assert_eq!(found[1..], of_repo.each_ref().map(|file| (file.as_str(), "/repo")));
    for n in 0..200 {
        let name = format!("{n}.rs");
        let touch = Event { tool: Some("Edit".into()), file: Some(name), ..event("PostToolUse") };
        table.apply(&touch, &|_, _| true);
    }
    assert_eq!(table.stores.activity["s1"].entries.len(), 100);
}
