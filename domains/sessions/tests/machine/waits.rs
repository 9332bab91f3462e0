//! What a person is waited for, beside tools that go on and subagents.

use sessions::SessionState::{Ready, Waiting, Working};
use sessions::machine::{StateRule, WaitKind};

use crate::support::log::{Line, Table, after, at, client, fold, text, verdict};

fn pre(second: u32, id: &str, input: &str) -> Line {
    at(second, "PreToolUse").tool("Bash", id, input)
}

fn post(second: u32, id: &str, input: &str) -> Line {
    at(second, "PostToolUse").tool("Bash", id, input)
}

fn asked(second: u32, input: &str) -> Line {
    at(second, "PermissionRequest").tool("Bash", "", input)
}

#[test]
fn only_its_own_tool_ends_a_wait() {
    let lines = [at(1, "UserPromptSubmit"), pre(2, "a", "1"), pre(3, "b", "2"), asked(4, "2")];
    let then = |more: &[Line]| after(&[&lines[..], more].concat()).state;
    assert_eq!(then(&[]), Waiting);
    assert_eq!(then(&[post(5, "a", "1")]), Waiting);
    assert_eq!(then(&[pre(5, "c", "3")]), Waiting);
    assert_eq!(then(&[post(5, "a", "1"), post(6, "b", "2")]), Working);
    assert_eq!(then(&[at(5, "Stop").with("stop_hook_active", true)]), Ready, "it was denied");
    assert_eq!(then(&[at(5, "UserPromptSubmit").with("event_id", "p")]), Working);
    let denied = at(5, "PermissionDenied").tool("Bash", "b", "2");
    assert_eq!(then(&[denied]), Working);
}

#[test]
fn of_the_same_tool_with_the_same_input_each_end_ends_one_wait() {
    for first in ["a", "b"] {
        let second = if first == "a" { "b" } else { "a" };
        let both = [at(1, "UserPromptSubmit"), pre(2, "a", "1"), pre(2, "b", "1"), asked(3, "1")];
        let then = |more: &[Line]| after(&[&both[..], more].concat());
        // One after the other: the second is asked about when the first is over.
        let over = then(&[post(4, first, "1")]);
        assert_eq!((over.state, over.waits.len()), (Working, 0), "{first}");
        assert_eq!(then(&[post(4, first, "1"), asked(5, "1")]).state, Waiting);
        assert_eq!(then(&[post(4, first, "1"), asked(5, "1"), post(6, second, "1")]).state, Working);
        // Both at once.
        assert_eq!(then(&[asked(4, "1"), post(5, first, "1")]).state, Waiting);
        assert_eq!(then(&[asked(4, "1"), post(5, first, "1"), post(6, second, "1")]).state, Working);
    }
}

#[test]
fn a_question_is_waited_for_once() {
    let question = |second, event| at(second, event).tool("AskUserQuestion", "q", "1");
    let lines = [
        at(1, "UserPromptSubmit"),
        question(2, "PreToolUse"),
        at(3, "PermissionRequest").tool("AskUserQuestion", "", "1"),
    ];
    let machine = after(&lines);
    assert_eq!((machine.waits.len(), machine.waits[0].kind), (1, WaitKind::Question));
    let answered = [&lines[..], &[question(4, "PostToolUse")]].concat();
    assert_eq!(after(&answered).state, Working);
}

#[test]
fn a_form_is_waited_for_until_it_is_answered() {
    let asked = [at(1, "UserPromptSubmit"), pre(2, "a", "1"), at(3, "Elicitation")];
    let then = |more: &[Line]| after(&[&asked[..], more].concat()).state;
    assert_eq!(then(&[post(4, "b", "2")]), Waiting);
    assert_eq!(then(&[at(4, "ElicitationResult")]), Working);
    assert_eq!(then(&[at(4, "Stop"), at(5, "ElicitationResult")]), Ready, "the turn is over");
    let told = at(1, "Notification").with("notification_type", "elicitation_dialog");
    assert_eq!(after(&[told, at(2, "ElicitationResult")]).state, Working);
}

#[test]
fn an_unnamed_wait_ends_with_any_sign_of_work() {
    let told = at(2, "Notification").with("notification_type", "permission_prompt");
    let lines = [at(1, "UserPromptSubmit"), told];
    let then = |more: Line| after(&[&lines[..], &[more]].concat()).state;
    assert_eq!(then(at(3, "CwdChanged")), Waiting);
    for sign in [post(3, "a", "1"), pre(3, "a", "1"), at(3, "PermissionDenied"), at(3, "PostToolBatch")] {
        assert_eq!(then(sign), Working);
    }
}

#[test]
fn after_an_interruption_only_the_idle_prompt_tells() {
    let lines = [at(1, "UserPromptSubmit").by(&client(7)), pre(2, "a", "1"), asked(3, "1")];
    let machine = after(&lines);
    assert_eq!(verdict(&machine, &Table::of(&[7]), 3_600).state, Waiting, "nothing fires");
    let idle = at(63, "Notification").with("notification_type", "idle_prompt");
    let machine = after(&[&lines[..], &[idle]].concat());
    assert_eq!((machine.state, machine.turn_open, machine.waits.len()), (Ready, false, 0));
    let late = fold(&text(&[&lines[..], &[at(4, "Stop"), post(5, "a", "1")]].concat()));
    assert_eq!((late.0.state, late.1[4]), (Ready, StateRule::LateTool));
}

#[test]
fn an_interrupted_tool_ends_the_turn_for_those_beside_it() {
    let interrupted = at(4, "PostToolUseFailure").tool("Bash", "a", "1").with("is_interrupt", true);
    let lines =
        [at(1, "UserPromptSubmit"), pre(2, "a", "1"), pre(3, "b", "2"), interrupted, post(5, "b", "2")];
    let (machine, rules) = fold(&text(&lines));
    assert_eq!((machine.state, &rules[3..]), (Ready, &[StateRule::Interrupted, StateRule::LateTool][..]));
}

#[test]
fn what_was_refused_by_hand_is_over_when_the_context_is_compacted() {
    let lines = [
        at(1, "UserPromptSubmit"),
        pre(2, "a", "1"),
        asked(3, "1"),
        at(4, "PreCompact").with("trigger", "auto"),
        at(5, "PostCompact"),
    ];
    let machine = after(&lines);
    assert_eq!((machine.state, machine.waits.len()), (Working, 0));
}

#[test]
fn a_background_agent_works_while_the_session_is_ready() {
    let agent = |second, event: &str| at(second, event).with("agent_id", "a1").with("agent_type", "Explore");
    let lines = [
        at(1, "UserPromptSubmit").by(&client(7)),
        at(2, "PreToolUse").tool("Agent", "t", "1"),
        at(3, "PostToolUse").tool("Agent", "t", "1"),
        agent(4, "SubagentStart"),
        at(5, "Stop").with("background_tasks", 1),
        agent(6, "PreToolUse").tool("Bash", "x", "2"),
    ];
    let table = Table::of(&[7]);
    let shown = |machine: &_, second| {
        let verdict = verdict(machine, &table, second);
        (verdict.state, verdict.display_state, verdict.agents)
    };
    let machine = after(&lines);
    assert_eq!(shown(&machine, 606), (Ready, Working, 1), "for 600 seconds after its last sign");
    assert_eq!(shown(&machine, 607), (Ready, Ready, 0));

    let waits = [&lines[..], &[agent(7, "PermissionRequest").tool("Bash", "", "2")]].concat();
    assert_eq!(shown(&after(&waits), 8), (Ready, Waiting, 1));
    let unknown = Table([(7, platform::process::Liveness::Unknown)].into());
    let shown_to_nobody = |second| verdict(&after(&waits), &unknown, second).display_state;
    assert_eq!((shown_to_nobody(37), shown_to_nobody(38)), (Waiting, Ready));
    let goes_on = [&waits[..], &[agent(8, "PostToolUse").tool("Bash", "x", "2")]].concat();
    assert_eq!(shown(&after(&goes_on), 8), (Ready, Working, 1));

    let over = [&waits[..], &[agent(9, "SubagentStop")]].concat();
    assert_eq!(shown(&after(&over), 9), (Ready, Ready, 0));
    let late = [&over[..], &[agent(10, "PostToolUse").tool("Bash", "y", "3")]].concat();
    assert_eq!(shown(&after(&late), 10), (Ready, Ready, 0), "a late tool brings it not back");
    let stopped = [&waits[..], &[at(9, "Stop")]].concat();
    assert_eq!(shown(&after(&stopped), 9), (Ready, Ready, 0), "no background tasks are left");
}
