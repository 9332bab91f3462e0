//! One row for each line of the table of events.

use serde_json::json;
use sessions::SessionState::{self, Compacting, Idle, Ready, Waiting, Working};
use sessions::machine::StateRule;

use crate::support::log::{Line, after, at, client, fold, millis, text};

/// The shortest way into a state.
fn way_to(state: SessionState) -> Vec<Line> {
    let me = client(7);
    let start = at(1, "SessionStart").with("source", "startup").by(&me);
    let prompt = at(2, "UserPromptSubmit").by(&me);
    let then = |event: Line| vec![start.clone(), prompt.clone(), event];
    match state {
        Idle => Vec::new(),
        Ready => vec![start],
        Working => vec![start, prompt],
        Waiting => then(at(3, "PermissionRequest").tool("Bash", "", "1")),
        Compacting => then(at(3, "PreCompact").with("trigger", "auto")),
    }
}

#[track_caller]
fn row(before: SessionState, event: &Line, expected: SessionState, rule: StateRule) {
    let mut lines = way_to(before);
    assert_eq!(after(&lines).state, before);
    lines.push(event.clone());
    let (machine, rules) = fold(&text(&lines));
    assert_eq!((machine.state, *rules.last().unwrap()), (expected, rule), "{before} {event:?}");
    if before != expected {
        assert_eq!(machine.state_changed_at, millis(100));
        assert_eq!(machine.why, rule);
    }
}

const ALL: [SessionState; 5] = [Idle, Ready, Working, Waiting, Compacting];

#[test]
fn rows_that_hold_in_every_state() {
    let bash = || at(100, "PreToolUse").tool("Bash", "t1", "9");
    let note = |kind: &str| at(100, "Notification").with("notification_type", kind);
    for before in ALL {
        for source in ["startup", "resume", "clear", "fork", ""] {
            row(before, &at(100, "SessionStart").with("source", source), Ready, StateRule::Started);
        }
        row(before, &at(100, "UserPromptSubmit"), Working, StateRule::Prompt);
        row(before, &at(100, "Stop"), Ready, StateRule::TurnEnded);
        row(before, &at(100, "Stop").with("stop_hook_active", true), Ready, StateRule::TurnEnded);
        row(before, &at(100, "StopFailure").with("error_type", "rate_limit"), Ready, StateRule::TurnFailed);
        row(before, &note("idle_prompt"), Ready, StateRule::IdlePrompt);
        row(before, &at(100, "PermissionRequest").tool("Bash", "", "9"), Waiting, StateRule::PermissionAsked);
        row(before, &at(100, "Elicitation"), Waiting, StateRule::FormAsked);
        row(before, &note("elicitation_dialog"), Waiting, StateRule::WaitNotified);
        row(before, &at(100, "PreCompact").with("trigger", "auto"), Compacting, StateRule::CompactionStarted);
        for tool in ["AskUserQuestion", "ExitPlanMode"] {
            row(before, &at(100, "PreToolUse").tool(tool, "t1", "9"), Waiting, StateRule::QuestionAsked);
        }
        row(before, &at(100, "SessionEnd").with("reason", "other"), Idle, StateRule::Ended);
        if before != Waiting {
            row(before, &bash(), Working, StateRule::ToolStarted);
            row(before, &note("permission_prompt"), Waiting, StateRule::WaitNotified);
        }
    }
    row(Waiting, &bash(), Waiting, StateRule::WaitGoesOn);
    row(Waiting, &note("permission_prompt"), Waiting, StateRule::WaitNotified);
}

#[test]
fn rows_that_change_no_state() {
    let agent = |event| at(100, event).with("agent_id", "a1").with("agent_type", "Explore");
    for before in ALL {
        for event in ["CwdChanged", "TaskCreated", "Setup", "InstructionsLoaded", "SomethingNew"] {
            let rule = if event == "CwdChanged" { StateRule::FolderChanged } else { StateRule::Recorded };
            row(before, &at(100, event), before, rule);
        }
        for kind in ["auth_success", "elicitation_response", "something_new"] {
            row(
                before,
                &at(100, "Notification").with("notification_type", kind),
                before,
                StateRule::Recorded,
            );
        }
        row(before, &at(100, "_satisfy"), before, StateRule::Recorded);
        row(before, &agent("SubagentStart"), before, StateRule::AgentStarted);
        row(before, &agent("SubagentStop"), before, StateRule::AgentEnded);
        row(before, &agent("SubagentStop").with("agent_type", ""), before, StateRule::AgentEnded);
        row(before, &agent("PreToolUse").tool("Bash", "t1", "9"), before, StateRule::AgentEvent);
        row(before, &agent("PostToolUse").tool("Bash", "t1", "9"), before, StateRule::LateTool);
        row(before, &agent("PermissionRequest").tool("Bash", "", "9"), before, StateRule::AgentWaits);
    }
    for before in [Idle, Ready] {
        for event in ["PostToolUse", "PostToolUseFailure"] {
            row(before, &at(100, event).tool("Bash", "t1", "9"), before, StateRule::LateTool);
        }
        row(before, &at(100, "PostToolBatch"), before, StateRule::LateTool);
        row(before, &at(100, "PostCompact"), before, StateRule::Recorded);
        row(before, &at(100, "ElicitationResult"), before, StateRule::FormAnswered);
    }
}

#[test]
fn rows_of_tools_that_end() {
    for event in ["PostToolUse", "PostToolUseFailure"] {
        let end = at(100, event).tool("Bash", "t1", "9");
        row(Working, &end, Working, StateRule::ToolFinished);
        row(Waiting, &end, Waiting, StateRule::WaitGoesOn);
        row(Compacting, &end, Compacting, StateRule::ToolFinished);
    }
    for before in [Working, Waiting, Compacting] {
        let interrupted = at(100, "PostToolUseFailure").tool("Bash", "t1", "9").with("is_interrupt", true);
        row(before, &interrupted, Ready, StateRule::Interrupted);
    }
    row(Waiting, &at(100, "PostToolBatch"), Working, StateRule::BatchFinished);
    row(Waiting, &at(100, "PermissionDenied").tool("Bash", "t1", "1"), Working, StateRule::PermissionDenied);
    row(Waiting, &at(100, "PermissionDenied").tool("Bash", "t1", "9"), Waiting, StateRule::WaitGoesOn);
}

#[test]
fn rows_of_compaction() {
    let start = at(100, "SessionStart").with("source", "compact");
    for (before, ready) in [(Ready, Ready), (Working, Working), (Waiting, Waiting)] {
        row(before, &start, ready, StateRule::Recorded);
        row(before, &at(100, "PostCompact"), ready, StateRule::Recorded);
    }
    row(Compacting, &start, Working, StateRule::CompactionEnded);
    row(Compacting, &at(100, "PostCompact"), Working, StateRule::CompactionEnded);
    row(Idle, &start, Ready, StateRule::Started);
}

#[test]
fn what_our_gates_refused_did_not_happen() {
    for outcome in ["deny", "block"] {
        let refused = |line: Line| line.with("gates", json!({"outcome": outcome}));
        for before in [Ready, Working, Waiting, Compacting] {
            row(before, &refused(at(100, "Stop")), Working, StateRule::TurnSentBack);
        }
        let tool = at(100, "PreToolUse").tool("Bash", "t1", "9");
        row(Working, &refused(tool.clone()), Working, StateRule::ToolRefused);
        let (machine, rules) = fold(&text(&[
            at(1, "UserPromptSubmit"),
            refused(tool),
            at(101, "Stop"),
            at(102, "PostToolUse").tool("Bash", "t1", "9"),
        ]));
        assert_eq!((machine.state, rules[3]), (Ready, StateRule::LateTool));
    }
    let passed = at(100, "Stop").with("gates", json!({"outcome": "pass"}));
    row(Working, &passed, Ready, StateRule::TurnEnded);
}

#[test]
fn details_go_with_their_turn() {
    let failed = [
        at(1, "UserPromptSubmit"),
        at(2, "StopFailure").with("error_type", "rate_limit"),
        at(3, "CwdChanged").with("cwd", "/repo/sub").with("permission_mode", "plan"),
    ];
    let machine = after(&failed);
    assert_eq!(machine.error.as_deref(), Some("rate_limit"));
    assert_eq!(
        (&*machine.cwd, &*machine.start_cwd, &*machine.permission_mode),
        ("/repo/sub", "/repo", "plan")
    );
    let again = [&failed[..], &[at(4, "UserPromptSubmit")]].concat();
    assert_eq!(after(&again).error, None);
}
