//! Order: the moment at which a hook was entered decides, not the place in the log; and what came too late.

use sessions::SessionState::{Compacting, Idle, Ready, Waiting, Working};
use sessions::machine::StateRule;

use crate::support::log::{Line, after, at, client, fold, text};

fn edit(second: u32, event: &str, id: &str) -> Line {
    let line = at(second, event).tool("Edit", id, id);
    line.with("file_path", format!("/repo/{id}.rs")).with("file_op", "edit")
}

#[test]
fn a_tool_that_was_entered_before_the_stop_is_over_wherever_it_stands() {
    let lines =
        [at(1, "UserPromptSubmit"), edit(2, "PreToolUse", "t1"), at(4, "Stop"), edit(3, "PostToolUse", "t1")];
    assert_eq!(after(&lines).state, Ready);
    let asked = [
        at(1, "UserPromptSubmit"),
        edit(2, "PreToolUse", "t1"),
        edit(4, "PostToolUse", "t1"),
        at(3, "PermissionRequest").tool("Edit", "", "t1"),
    ];
    assert_eq!(after(&asked).state, Working);
}

#[test]
fn a_permission_request_that_was_entered_after_its_tool_is_late() {
    let lines = [
        at(1, "UserPromptSubmit"),
        edit(2, "PreToolUse", "t1"),
        edit(3, "PostToolUse", "t1"),
        at(4, "PermissionRequest").tool("Edit", "", "t1"),
    ];
    let (machine, rules) = fold(&text(&lines));
    assert_eq!((machine.state, rules[3]), (Working, StateRule::LatePermission));
}

#[test]
fn a_tool_that_ends_after_its_turn_is_activity_and_no_work() {
    let lines =
        [at(1, "UserPromptSubmit"), edit(2, "PreToolUse", "t1"), at(3, "Stop"), edit(4, "PostToolUse", "t1")];
    let (machine, rules) = fold(&text(&lines));
    assert_eq!((machine.state, rules[3], machine.activity.len()), (Ready, StateRule::LateTool, 1));
    let goes_on = [&lines[..], &[edit(5, "PreToolUse", "t2"), edit(6, "PostToolUse", "t2")]].concat();
    assert_eq!(after(&goes_on).state, Working, "another system sent the turn back");
}

#[test]
fn nothing_counts_after_the_end() {
    let me = client(7);
    let start = at(1, "SessionStart").by(&me);
    let end = at(2, "SessionEnd").with("reason", "prompt_input_exit").by(&me);
    let before = after(&[start.clone(), end.clone()]);
    let late = [
        at(3, "UserPromptSubmit").by(&me),
        edit(4, "PreToolUse", "t1").by(&me),
        edit(5, "PostToolUse", "t1").by(&me),
        at(6, "PermissionRequest").tool("Edit", "", "t1").by(&me),
        at(7, "StopFailure").by(&me),
        at(8, "SessionStart").with("source", "compact").by(&me),
        at(9, "SubagentStart").with("agent_id", "a").by(&me),
        at(10, "SomethingNew").by(&me),
        at(11, "SessionStart").with("agent_id", "a").by(&me),
        at(12, "SessionEnd").with("agent_id", "a").by(&me),
    ];
    let (machine, rules) = fold(&text(&[&[start, end][..], &late[..]].concat()));
    assert_eq!(machine, before);
    assert!(rules[2..].iter().all(|rule| *rule == StateRule::LateAfterEnd), "{rules:?}");
}

#[test]
fn a_new_start_opens_another_life_and_stragglers_of_the_old_one_stay_out() {
    let (old, new) = (client(7), client(8));
    let lines = [
        at(1, "SessionStart").by(&old),
        at(2, "UserPromptSubmit").by(&old),
        edit(2, "PostToolUse", "t0"),
        at(3, "SubagentStart").with("agent_id", "a"),
        at(4, "PermissionRequest").tool("Bash", "", "1").with("agent_id", "a"),
        at(5, "SessionEnd").by(&old),
        at(9, "SessionStart").with("source", "resume").by(&new),
        at(6, "UserPromptSubmit").by(&old),
        edit(7, "PostToolUse", "t1"),
        at(8, "SessionEnd").by(&old).with("event_id", "again"),
    ];
    let (machine, rules) = fold(&text(&lines));
    assert_eq!((machine.state, machine.generation, machine.ended.as_ref()), (Ready, 2, None));
    assert!(machine.agents.is_empty() && machine.waits.is_empty() && machine.activity.is_empty());
    assert_eq!(
        rules[6..],
        [StateRule::LateAfterEnd, StateRule::LateAfterEnd, StateRule::EndedAgain, StateRule::NewLife]
    );
    assert_eq!(after(&[at(1, "SessionStart").by(&old), at(2, "SessionStart").by(&old)]).generation, 1);
    let taken_up = after(&[at(1, "SessionStart").by(&old), at(2, "SessionStart").by(&new)]);
    assert_eq!((taken_up.generation, taken_up.clients.len()), (2, 2));
}

#[test]
fn a_session_may_begin_with_any_event() {
    for (event, state) in
        [("PreToolUse", Working), ("Stop", Ready), ("PreCompact", Compacting), ("PermissionRequest", Waiting)]
    {
        let machine = after(&[at(5, event)]);
        assert_eq!((machine.state, machine.generation, machine.events), (state, 1, 1));
    }
    let alone = after(&[at(5, "SessionEnd").with("reason", "other").by(&client(7))]);
    assert_eq!((alone.state, alone.generation), (Idle, 1));
    assert!(alone.ended.is_some() && alone.clients.is_empty(), "the client never had it");
}

#[test]
fn the_hosts_compaction_is_over_with_its_start() {
    for (trigger, before, expected) in
        [("manual", "Stop", Ready), ("auto", "PreToolUse", Working), ("", "PreToolUse", Working)]
    {
        let lines = [
            at(1, "UserPromptSubmit").by(&client(7)),
            at(2, before).tool("Bash", "t1", "1"),
            at(3, "PreCompact").with("trigger", trigger),
            at(4, "SubagentStop").with("agent_id", "a0a2").with("agent_type", ""),
            at(5, "SessionStart").with("source", "compact").by(&client(7)),
            at(6, "PostCompact").with("trigger", trigger),
        ];
        let states: Vec<_> = (3..=6).map(|count| after(&lines[..count]).state).collect();
        assert_eq!(states, [Compacting, Compacting, expected, expected], "{trigger}");
        let machine = after(&lines);
        assert_eq!((machine.generation, machine.turn_open), (1, expected == Working));
        assert!(machine.agents.is_empty());
        let without_start = [&lines[..4], &lines[5..]].concat();
        assert_eq!(after(&without_start).state, expected, "{trigger}");
    }
}

#[test]
fn a_double_counts_once_and_a_torn_line_costs_itself() {
    let line = edit(2, "PostToolUse", "t1").text();
    let (half, _) = line.split_at(line.len() / 2);
    let log = [at(1, "UserPromptSubmit").text(), half.to_owned() + "\n", line.clone(), line].concat();
    let mut boots = sessions::record::Boots::default();
    let stretch = sessions::record::read(log.as_bytes(), &mut boots);
    assert_eq!((stretch.events.len(), stretch.skipped.len()), (2, 1));
    assert_eq!(fold(&log).0.events, 2);
}

#[test]
fn a_time_that_cannot_be_read_changes_no_time() {
    let lines = [at(5, "UserPromptSubmit"), at(6, "Stop").with("recorded_at", "yesterday")];
    let machine = after(&lines);
    assert_eq!((machine.state, machine.updated_at), (Ready, machine.state_changed_at));
    assert_eq!(machine.updated_at, crate::support::log::millis(5));
}

#[test]
fn boots_follow_each_other_whatever_their_clocks_say() {
    let first = at(900, "UserPromptSubmit").by(&client(7));
    let second = at(1, "SessionStart").by(&client(8)).with("boot_id", "boot-2");
    let machine = after(&[first, second, at(2, "PreToolUse").tool("Bash", "t1", "1")]);
    assert_eq!((machine.state, machine.generation), (Working, 2));
    assert_eq!(machine.clients.last().unwrap().boot_id.as_deref(), Some("boot-2"));
}
