use hooks_common::session_log::LoggedTask;

use super::*;

fn journal(events: &[LoggedEvent]) -> Journal {
    let mut journal = Journal::default();
    let root = Root::new(Path::new("/project"));
    for event in events {
        journal.take_in(event, &root, &ContextSettings::default());
    }
    journal
}

fn event(minute: i64, tool: &str, file: &str) -> LoggedEvent {
    let at = DateTime::from_timestamp(1_800_000_000 + minute * 60, 0).unwrap();
    LoggedEvent {
        event: "PostToolUse".into(),
        recorded_at: platform::time::rfc3339(at),
        tool_name: tool.into(),
        file_path: file.into(),
        ..LoggedEvent::default()
    }
}

#[test]
fn reading_goes_on_while_the_session_does() {
    let steady: Vec<_> = (0..13).map(|at| event(at * 10, "Read", &format!("/project/{at}.rs"))).collect();
    assert_eq!(journal(&steady).reads.files.len(), 13);
    let mut paused = steady;
    paused.push(event(120 + 31, "Read", "/project/late.rs"));
    let reads = journal(&paused).reads;
    assert_eq!((reads.files, reads.is_warned), (vec!["late.rs".to_owned()], false));
}

#[test]
fn only_files_of_the_project_are_listed_once_and_boundedly() {
    let files = [
        "/project/a",
        "/project/./a",
        "/project/../b",
        "/elsewhere/c",
        "/project",
        "/project/-rf",
        "/project/a\nb",
    ];
    let read: Vec<_> = files.iter().map(|file| event(0, "Read", file)).collect();
    assert_eq!(journal(&read).reads.files, ["a"]);
    let many: Vec<_> = (0..2_100).map(|at| event(0, "Read", &format!("/project/{at}"))).collect();
    let reads = journal(&many).reads.files;
    assert_eq!((reads.len(), reads[0].as_str()), (2_000, "100"));
    let mut of_agent = event(0, "Read", "/project/a");
    of_agent.agent_id = "x".into();
    assert!(journal(&[of_agent]).reads.files.is_empty(), "a subagent has a context of its own");
}

#[test]
fn tasks_follow_lists_and_single_changes() {
    let told = |tasks: &[(&str, &str, &str)], is_whole_list: bool| {
        let task = |(id, subject, status): &(&str, &str, &str)| LoggedTask {
            id: (*id).into(),
            subject: (*subject).into(),
            status: (*status).into(),
        };
        let detail = Detail { tasks: tasks.iter().map(task).collect(), is_whole_list, ..Detail::default() };
        LoggedEvent { detail: Some(Box::new(detail)), ..event(0, "TaskUpdate", "") }
    };
    let journal = journal(&[
        told(&[("", "old", "pending")], true),
        told(&[("", "a", "completed"), ("", "b", "pending")], true),
        told(&[("1", "First", "")], false),
        told(&[("2", "Second", "")], false),
        told(&[("1", "", "in_progress")], false),
        told(&[("2", "", "deleted")], false),
        told(&[("7", "", "pending")], false),
        LoggedEvent { agent_id: "a1".into(), ..told(&[("", "of an agent", "pending")], true) },
    ]);
    let open: Vec<_> = journal.open_tasks().map(|task| (&*task.subject, &*task.status)).collect();
    assert_eq!(open, [("b", "pending"), ("First", "in_progress"), ("task 7", "pending")]);
}

#[test]
fn an_agent_is_one_run_whoever_tells_it_first() {
    let of_agent = |name: &str, id: &str, agent_type: &str| LoggedEvent {
        event: name.into(),
        agent_id: id.into(),
        agent_type: agent_type.into(),
        ..event(0, "", "")
    };
    let told = |id: &str| {
        let agent = hooks_common::session_log::LoggedAgent {
            name: "Explore".into(),
            prompt: "look".into(),
            id: id.into(),
            ..Default::default()
        };
        let detail = Detail { agent: Some(agent), ..Detail::default() };
        LoggedEvent { detail: Some(Box::new(detail)), ..event(0, "Agent", "") }
    };
    let journal = journal(&[
        of_agent("SubagentStart", "a1", "Explore"),
        of_agent("SubagentStop", "a1", "Explore"),
        told("a1"),
        told("a2"),
        of_agent("SubagentStart", "a2", "Explore"),
        of_agent("SubagentStop", "a3", ""),
        of_agent("SubagentStart", "a4", "Plan"),
    ]);
    let runs: Vec<_> =
        journal.agents.iter().map(|run| (&*run.id, &*run.name, &*run.outcome, &*run.prompt)).collect();
    assert_eq!(
        runs,
        [
            ("a1", "Explore", "completed", "look"),
            ("a2", "Explore", "running", "look"),
            ("a4", "Plan", "running", "")
        ]
    );
    assert_eq!(journal.agents_started, 3);
}

#[test]
fn a_command_that_succeeds_later_has_not_failed() {
    let run = |name: &str, command: &str| LoggedEvent {
        event: name.into(),
        command: command.into(),
        ..event(0, "Bash", "")
    };
    let journal = journal(&[
        run("PostToolUseFailure", "make test"),
        run("PostToolUseFailure", "make lint"),
        run("PostToolUse", "make test"),
    ]);
    assert_eq!(journal.failures, ["make lint"]);
}
