//! Series of commands in a project with a session: the warnings at once, and the files written at the turn.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use crate::record::CommandOutcome;
use chrono::TimeDelta;
use config::Policy;
use hooks_common::event::Payload;
use hooks_common::paths::{Paths, in_project};
use hooks_common::project::Project;
use hooks_common::session_id::SessionId;
use hooks_common::session_log::{LoggedEvent, SessionDir};
use platform::store::lock;
use platform::time::Moment;
use serde_json::{Value, json};

use super::{FailedTool, is_failure, of};
use crate::errors::book::{FailureBook, FailureEntry};
use crate::feedback::examine;
use crate::projection;
use crate::testing::Bench;

const ONE: &str = "5ca1ab1e-0000-4000-8000-000000000000";
const OTHER: &str = "0badcafe-2222-4333-8444-555566667777";
const ALL: &str = "  tests: {}\n  loops: {}\n  errors: {}";

/// A session of a bench with a controlled clock.
struct Session<'b> {
    bench: &'b Bench,
    id: SessionId,
    now: Moment,
}

impl<'b> Session<'b> {
    fn new(bench: &'b Bench, id: &str) -> Self {
        Self { bench, id: SessionId::new(id).unwrap(), now: Moment::now() }
    }

    fn later(&mut self, seconds: i64) {
        self.now.wall += TimeDelta::seconds(seconds);
        self.now.mono_ns += seconds.unsigned_abs() * 1_000_000_000;
    }

    fn paths(&self) -> Paths {
        Paths::below(&self.bench.home())
    }

    fn dir(&self) -> SessionDir {
        SessionDir::new(&self.paths(), &self.id)
    }

    fn project(&self) -> Project {
        Project::of_event(&self.paths(), None, &self.bench.root())
    }

    /// Runs an event of a tool one second after the last one; returns the findings.
    fn event(&mut self, event: &str, mut payload: Value) -> Vec<String> {
        self.later(1);
        payload["session_id"] = json!(self.id.full());
        payload["cwd"] = json!(self.bench.root());
        let payload = Payload::parse(payload.to_string().as_bytes()).unwrap();
        let (project, has_failed) = (self.project(), event == "PostToolUseFailure");
        let policy = Policy::compiled_now(&project.sources(&self.paths()));
        self.dir().open(&self.id, &payload, &(self.bench.root(), "cwd"), None, self.now).unwrap();
        let tests = policy.guard::<config::types::guards::Tests>().unwrap();
        let custom = tests.map(|tests| tests.settings.runners).unwrap_or_default();
        let outcome = of(&payload, has_failed, &custom);
        let found = match outcome.as_ref().filter(|outcome| is_failure(has_failed, outcome)) {
            Some(outcome) => {
                let failure = FailedTool::of(&payload, outcome, &self.dir(), self.now).unwrap();
                examine(&policy, &failure, || self.bench.root()).unwrap()
            }
            None => Vec::new(),
        };
        let mut line = LoggedEvent::of(&payload, &self.id, event, self.now);
        line.records.put(&outcome.unwrap_or_default());
        self.dir().append(&line, lock::HOT).unwrap();
        found.into_iter().map(|(raised, _)| raised.objection.what).collect()
    }

    fn fails(&mut self, command: &str, said: &str) -> Vec<String> {
        let error = format!("Exit code 1\n{said}");
        self.event(
            "PostToolUseFailure",
            json!({"tool_name": "Bash", "tool_input": {"command": command}, "error": error}),
        )
    }

    fn passes(&mut self, command: &str, said: &str) -> Vec<String> {
        let response = json!({"stdout": said, "stderr": ""});
        let input = json!({"command": command});
        self.event(
            "PostToolUse",
            json!({"tool_name": "Bash", "tool_input": input, "tool_response": response}),
        )
    }

    fn edits(&mut self, file: &str) {
        let input = json!({"file_path": self.bench.root().join(file), "old_string": "a", "new_string": "b"});
        self.event("PostToolUse", json!({"tool_name": "Edit", "tool_input": input}));
    }

    fn turn(&self) {
        projection::update(&self.project(), &self.paths(), &self.dir(), &self.id).unwrap();
    }

    fn runs(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(in_project::test_runs(&self.bench.root())).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn errors(&self) -> Value {
        let path = in_project::error_fingerprints(&self.bench.root());
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }
}

fn outcome(event: &str, fields: &Value) -> Option<CommandOutcome> {
    let payload = Payload::parse(fields.to_string().as_bytes()).unwrap();
    of(&payload, event == "PostToolUseFailure", &config::types::Names::default())
}

fn pytest(at: u32) -> String {
    format!(
        "tests/test_a.py:{at}: AssertionError\nE   assert {at} == 2\n==== 1 failed, {at} passed in 0.{at}s ====\n/home/dev/p{at}/x.py:{at}"
    )
}

#[test]
fn the_third_of_the_same_failure_is_a_loop_until_a_success() {
    let bench = Bench::new(ALL);
    let mut session = Session::new(&bench, ONE);
    for _ in 0..2 {
        assert!(session.fails("pytest", &pytest(11)).is_empty());
        assert!(session.fails("pytest -x", &pytest(23_456)).is_empty());
        let told = session.fails("cd . && python -m pytest", &pytest(7));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains("`pytest` has failed in the same way 3 times within 20 minutes"),
            "{told:?}"
        );
        assert!(told[0].contains("`E assert N == N`"), "{told:?}");
        assert!(
            session.fails("pytest", &pytest(8)).is_empty() && session.fails("pytest", &pytest(9)).is_empty()
        );
        assert!(session.fails("pytest", &pytest(10))[0].contains("6 times"), "told again at the doubling");
        assert!(session.passes("pytest", "== 12 passed in 1s ==").is_empty());
    }
    session.turn();
    let passed: Vec<_> = session.runs().iter().map(|run| run["passed"].clone()).collect();
    assert_eq!(passed[..4], [json!(false), json!(false), json!(false), json!(false)]);
    assert_eq!((passed.len(), &passed[6]), (14, &json!(true)));
}

#[test]
fn what_differs_is_no_loop() {
    let bench = Bench::new(ALL);
    let mut session = Session::new(&bench, ONE);
    for at in 0..4 {
        let said = format!("E   NameError: {}", "x".repeat(at + 3));
        assert!(session.fails("pytest", &said).is_empty(), "another failure each time");
        assert!(session.fails(&format!("cmp a {}", "b".repeat(at + 1)), "").is_empty(), "nothing was said");
        assert!(session.fails(&format!("./tool{}.sh", ["a", "b", "c", "d"][at]), "error: same").is_empty());
    }
    for _ in 0..3 {
        session.later(11 * 60);
        assert!(session.fails("make all", "make: *** [all] Error 1").is_empty(), "too far apart");
    }
    for at in 0..4 {
        let input = json!({"file_path": format!("/nowhere/{at}")});
        let payload = json!({"tool_name": "Read", "tool_input": input, "error": "File does not exist."});
        assert!(session.event("PostToolUseFailure", payload).is_empty(), "another file each time");
        let payload = json!({"tool_name": "Bash", "agent_id": format!("a{at}"), "tool_input": {"command": "go vet"}, "error": "Exit code 1\nx"});
        assert!(session.event("PostToolUseFailure", payload).is_empty(), "another agent each time");
    }
}

#[test]
fn a_success_of_the_family_resets_however_it_is_called() {
    let bench = Bench::new("  loops: {times: 2, minutes: 5}");
    let mut session = Session::new(&bench, ONE);
    assert!(session.fails("cargo build", "error[E0308]: x").is_empty());
    assert!(session.passes("cargo fmt && cd x && cargo build --release | tail", "").is_empty());
    assert!(session.fails("cargo build", "error[E0308]: x").is_empty(), "the build went through between");
    assert!(session.passes("cargo check", "").is_empty());
    assert_eq!(session.fails("cargo build -q", "error[E0308]: x").len(), 1, "the check is none");
    let read = json!({"tool_name": "Read", "tool_input": {"file_path": "/nowhere/1"}, "error": "File does not exist."});
    assert!(session.event("PostToolUseFailure", read.clone()).is_empty());
    assert_eq!(session.event("PostToolUseFailure", read).len(), 1, "the very same call");
}

#[test]
fn a_hidden_failure_of_tests_counts_as_one() {
    let bench = Bench::new("  loops: {}");
    let mut session = Session::new(&bench, ONE);
    let said = "FAILED tests/a.py::b - assert 1\n== 1 failed in 0.1s ==";
    assert!(session.passes("pytest | tail -3", said).is_empty());
    assert!(session.passes("pytest || true", said).is_empty());
    assert_eq!(session.passes("pytest | tail -3", said).len(), 1);
}

#[test]
fn a_run_is_judged_by_its_code_else_by_what_it_printed() {
    let bash = |command: &str, said: &str| {
        outcome(
            "PostToolUse",
            &json!({"tool_name": "Bash", "tool_input": {"command": command}, "tool_response": {"stdout": said}}),
        )
    };
    let failed = |command: &str, error: &str| {
        let input = json!({"command": command});
        outcome("PostToolUseFailure", &json!({"tool_name": "Bash", "tool_input": input, "error": error}))
            .unwrap()
    };
    let passed = |found: Option<CommandOutcome>| found.unwrap().passed;
    assert_eq!(passed(bash("cargo test", "")), Some(true));
    assert_eq!(passed(bash("cargo test | tail", "test result: FAILED. 1 passed; 1 failed")), Some(false));
    assert_eq!(passed(bash("cargo test | tail", "test result: ok. 1 passed; 0 failed")), Some(true));
    assert_eq!(passed(bash("cargo test | grep warning", "warning: x")), None);
    assert_eq!(passed(bash("cargo test; echo \"exit $?\"", "exit 101")), Some(false));
    assert_eq!(bash("cargo build", ""), None, "nothing is kept of an ordinary success");
    assert_eq!(bash("echo cargo test", "cargo test"), None);
    let background = json!({"stdout": "", "backgroundTaskId": "b1"});
    let started =
        json!({"tool_name": "Bash", "tool_input": {"command": "cargo test"}, "tool_response": background});
    assert_eq!(passed(outcome("PostToolUse", &started)), None);
    let found = failed("cargo test", "Exit code 101\nerror[E0308]: mismatched types\n --> src/a.rs:3:5");
    assert_eq!((found.passed, found.exit_code, &*found.runner), (Some(false), Some(101), "cargo test"));
    assert_eq!((&*found.said, found.fingerprint.len()), ("error[EN]: mismatched types", 12));
    let found = failed(
        "cargo test && git push",
        "Exit code 1\ntest result: ok. 3 passed; 0 failed\nfatal: no remote",
    );
    assert_eq!((found.passed, &*found.fingerprint), (Some(true), ""), "the push failed, not the tests");
    assert_eq!(found.exit_code, None, "the code is the push's");
    let found = failed("cargo fmt --check && cargo test", "Exit code 1\nDiff in a.rs");
    assert_eq!(found.passed, None, "they may not have run");
    let found = failed("git push origin main", "Exit code 128\nfatal: 'origin' does not appear");
    assert_eq!((&*found.family, &*found.runner, found.exit_code), ("git push", "", Some(128)));
    let read = json!({"tool_name": "Read", "error": "File does not exist."});
    assert_eq!(outcome("PostToolUseFailure", &read).unwrap().family, "Read");
    assert_eq!(outcome("PostToolUse", &json!({"tool_name": "Read"})), None);
}

#[test]
fn recorded_payloads_have_their_outcome() {
    let recorded = |name: &str| {
        let path = format!("{}/../../tests/payloads/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let payload: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        outcome(name.split('-').next().unwrap(), &payload)
    };
    assert_eq!(recorded("PostToolUse-Bash"), None);
    let push = recorded("PostToolUseFailure-Bash").unwrap();
    assert_eq!((&*push.family, push.exit_code), ("git push", Some(128)));
    assert_eq!(push.said, "fatal: 'origin' does not appear to be a git repository");
    let slept = recorded("PostToolUseFailure-Bash-timeout").unwrap();
    assert_eq!((&*slept.family, &*slept.said), ("sleep", "Command timed out after D"));
    assert_eq!(recorded("PostToolUseFailure-WebFetch").unwrap().family, "WebFetch");
}

#[test]
fn the_earlier_fix_is_told_in_a_later_session() {
    let bench = Bench::new("  errors: {}");
    let said = "error[E0308]: mismatched types\n --> src/a.rs:3:5";
    let mut first = Session::new(&bench, ONE);
    first.edits("docs/before.md");
    first.fails("cargo test", said);
    first.edits("src/a.rs");
    first.passes("cargo test --lib", "test result: ok");
    first.edits("docs/after.md");
    first.turn();
    let errors = first.errors();
    assert_eq!(errors["version"], 1);
    let (fingerprint, entry) = errors["errors"].as_object().unwrap().iter().next().unwrap();
    assert_eq!((fingerprint.len(), &entry["count"], &entry["tool"]), (12, &json!(1), &json!("Bash")));
    assert_eq!(
        (&entry["family"], &entry["message"]),
        (&json!("cargo test"), &json!("error[EN]: mismatched types"))
    );
    assert_eq!(entry["fixed_by"]["files"], json!(["src/a.rs"]), "edited between, not before or after");
    assert_eq!(entry["fixed_by"]["command"], "cargo test --lib");
    let mut second = Session::new(&bench, OTHER);
    assert!(second.fails("cargo test", said).is_empty() && second.fails("cargo test", said).is_empty());
    let told = second.fails("cargo test", said);
    assert_eq!(told.len(), 1, "{told:?}");
    let date = second.now.wall.date_naive();
    assert_eq!(
        told[0],
        format!(
            "Stanchion remembers, from {date}: after this failure `cargo test --lib` passed once `src/a.rs` had been changed"
        )
    );
    assert!(second.fails("cargo test", said).is_empty(), "told once");
    second.turn();
    let errors = second.errors();
    let entry = &errors["errors"][fingerprint];
    assert_eq!((&entry["count"], entry["sessions"].as_array().unwrap().len()), (&json!(5), 2));
    assert!(second.runs().is_empty(), "`tests` is off");
}

#[test]
fn a_projection_adds_only_what_is_new() {
    let bench = Bench::new(ALL);
    let mut session = Session::new(&bench, ONE);
    session.turn();
    assert!(!session.dir().file(crate::projection::OUTCOMES).exists(), "there is no log");
    session.passes("ls", "");
    session.turn();
    assert!(!bench.root().join(".claude/state").exists(), "nothing of interest");
    session.fails("cargo test", "error: a");
    session.turn();
    let (runs, errors) = (session.runs(), session.errors());
    assert_eq!(
        (&runs[0]["session"], &runs[0]["exitCode"], &runs[0]["command"]),
        (&json!("5ca1ab1e"), &json!(1), &json!("cargo test"))
    );
    let progress = std::fs::read(session.dir().file(crate::projection::OUTCOMES)).unwrap();
    session.passes("ls", "");
    session.turn();
    assert_eq!(
        std::fs::read(session.dir().file(crate::projection::OUTCOMES)).unwrap(),
        progress,
        "nothing is written for nothing"
    );
    std::fs::remove_file(session.dir().file(crate::projection::OUTCOMES)).unwrap();
    session.turn();
    assert_eq!((session.runs(), session.errors()), (runs, errors), "made anew, nothing counts twice");
    std::fs::write(session.dir().file("continuity.json"), r#"{"v":1,"number":42}"#).unwrap();
    session.passes("cargo test", "");
    session.turn();
    assert_eq!((session.runs().len(), &session.runs()[1]["session"]), (2, &json!(42)));
}

#[test]
fn foreign_and_damaged_files_lose_nothing() {
    let bench = Bench::new("  errors: {most: 3}\n  tests: {}");
    let mut session = Session::new(&bench, ONE);
    let path = ".claude/state/error-fingerprints.json";
    bench.write(path, r#"{"version":1,"mine":{"a":1},"errors":{"x":"theirs","y":{"tool":"Bash","mine":2,"last_seen":"2020"}}}"#);
    session.fails("make", "error: a");
    session.turn();
    let errors = session.errors();
    assert_eq!(
        (&errors["mine"]["a"], &errors["errors"]["x"], &errors["errors"]["y"]["mine"]),
        (&json!(1), &json!("theirs"), &json!(2))
    );
    for at in ["b", "c", "d"] {
        session.fails("make", &format!("error: {at}"));
    }
    session.turn();
    let errors = session.errors();
    assert_eq!(
        (errors["errors"].as_object().unwrap().len(), errors["errors"].get("y")),
        (4, None),
        "three, and what is not ours"
    );
    bench.write(path, "{damaged");
    session.fails("make", "error: e");
    session.turn();
    assert_eq!(session.errors()["errors"].as_object().unwrap().len(), 1);
    let state = bench.root().join(".claude/state");
    let kept = std::fs::read_dir(state)
        .unwrap()
        .flatten()
        .find(|entry| entry.file_name().to_string_lossy().contains("corrupt"));
    assert_eq!(std::fs::read(kept.unwrap().path()).unwrap(), b"{damaged");
    bench.write(path, r#"{"version":2,"errors":{}}"#);
    session.fails("make", "error: f");
    session.turn();
    assert_eq!(session.errors(), json!({"version": 2, "errors": {}}), "a newer version's stays");
}

#[test]
fn a_book_stays_small_enough_to_be_read() {
    let bench = Bench::new("  errors: {most: 100000}");
    let root = bench.root();
    let mut book = FailureBook::read(&root).unwrap();
    for at in 0..3_000 {
        let last_seen = format!("2026-{at:05}");
        let entry = FailureEntry { message: "x".repeat(500), last_seen, ..FailureEntry::default() };
        book.count(&at.to_string(), &json!(1), entry);
    }
    book.write(&root, 100_000).unwrap();
    let book = FailureBook::read(&root).unwrap();
    assert!(book.entry("2999").is_some() && book.entry("0").is_none(), "the oldest go");
}

#[test]
fn another_tool_is_fixed_only_by_its_own_file() {
    let bench = Bench::new("  errors: {}");
    let mut session = Session::new(&bench, ONE);
    let missing = json!({"tool_name": "Read", "tool_input": {"file_path": "/nowhere/a"}, "error": "File does not exist."});
    session.event("PostToolUseFailure", missing);
    let fetch = json!({"tool_name": "WebFetch", "tool_input": {"url": "x"}, "error": "no route"});
    session.event("PostToolUseFailure", fetch);
    session.edits("src/b.rs");
    session.event("PostToolUse", json!({"tool_name": "Read", "tool_input": {"file_path": "/nowhere/b"}}));
    session.event("PostToolUse", json!({"tool_name": "WebFetch", "tool_input": {"url": "y"}}));
    session.turn();
    let fixed = |session: &Session<'_>| session.errors().to_string().matches("fixed_by").count();
    assert_eq!(fixed(&session), 0);
    session.event("PostToolUse", json!({"tool_name": "Read", "tool_input": {"file_path": "/nowhere/a"}}));
    session.turn();
    assert_eq!(fixed(&session), 1);
}

#[test]
fn a_long_log_of_runs_is_cut_and_stays_cut() {
    let bench = Bench::new("  tests: {}");
    let mut session = Session::new(&bench, ONE);
    bench.write(
        ".claude/state/test-runs.jsonl",
        "not ours\n{\"timestamp\":\"2020\",\"command\":\"old\",\"mine\":1}\n",
    );
    for _ in 0..150 {
        session.passes("cargo test", "");
    }
    session.turn();
    let text = std::fs::read_to_string(in_project::test_runs(&bench.root())).unwrap();
    assert!(text.starts_with("not ours\n") && text.lines().count() == 152, "appended to");
    for _ in 0..60 {
        session.passes("cargo test", "");
    }
    session.turn();
    let runs = session.runs();
    assert_eq!(runs.len(), 150);
    assert_eq!(runs[149]["timestamp"], session.now.rfc3339());
    std::fs::remove_file(session.dir().file(crate::projection::OUTCOMES)).unwrap();
    session.turn();
    assert_eq!(session.runs(), runs);
}

#[test]
fn nothing_is_written_where_no_guard_asks() {
    let bench = Bench::new("  loops: {}\n  tests: {enabled: false}");
    let mut session = Session::new(&bench, ONE);
    session.fails("cargo test", "error: a");
    session.turn();
    assert!(
        !bench.root().join(".claude/state").exists()
            && !session.dir().file(crate::projection::OUTCOMES).exists()
    );
}
