//! A project for tests of guards: its own home folder, a real git repository on `main`, and a
//! configuration.
#![allow(clippy::disallowed_methods, reason = "tests write their own files")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use config::Policy;
use hooks_common::decision::{ALLOWANCE, GuardVerdict};
use hooks_common::event::Payload;
use hooks_common::paths::Paths;
use hooks_common::project::Project;
use platform::budget;
use platform::time::Moment;
use serde_json::{Value, json};

use crate::examined::ExaminedUse;
use crate::objection::Raised;
use crate::pre_tool;

/// A command, or another tested input, and the expected verdict: `deny`, `ask`, `warn`, `observe`,
/// `pass`.
pub type Row = (&'static str, &'static str);

pub struct Bench {
    home: tempfile::TempDir,
}

impl Bench {
    /// Creates a project with this `guards:`, indented by two spaces.
    pub fn new(guards: &str) -> Self {
        let bench = Self { home: tempfile::tempdir().unwrap() };
        let root = bench.root();
        std::fs::create_dir_all(root.join(".claude")).unwrap();
        std::fs::write(root.join(".claude/requirements.yaml"), format!("guards:\n{guards}\n")).unwrap();
        bench.git(&["init", "-q", "-b", "main"]);
        std::fs::write(root.join(".gitignore"), "target/\nnode_modules/\n").unwrap();
        bench.write("README.md", "text\n");
        bench.git(&["add", "-A"]);
        bench.git(&["commit", "-q", "-m", "first"]);
        bench
    }

    /// The project's root.
    pub fn root(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap().join("project")
    }

    pub fn home(&self) -> PathBuf {
        self.home.path().canonicalize().unwrap()
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.current_dir(self.root()).env("HOME", self.home()).env("GIT_CONFIG_NOSYSTEM", "1");
        git.args(["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"]).args(arguments);
        let output = git.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.root().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The findings over a payload; `session_id` and `cwd` are added.
    pub fn raised(&self, mut payload: Value) -> Vec<Raised> {
        payload["session_id"] = json!("5ca1ab1e-0000-4000-8000-000000000000");
        if payload["cwd"].is_null() {
            payload["cwd"] = json!(self.root());
        }
        let payload = Payload::parse(payload.to_string().as_bytes()).unwrap();
        let paths = Paths::below(&self.home());
        let project = Project::of_event(&paths, payload.edited_file(), &payload.folder());
        let policy = Policy::compiled_now(&project.sources(&paths));
        let findings = policy.findings().unwrap();
        assert!(findings.is_empty(), "{findings:?}");
        let _counting = budget::begin(ALLOWANCE);
        let examined = ExaminedUse::new(&paths, &project, &policy, &payload, Moment::now());
        let (raised, failures) = pre_tool::raise(&examined);
        assert!(failures.is_empty(), "{failures:?}");
        raised
    }

    /// The findings over a command line.
    pub fn line(&self, command: &str) -> Vec<Raised> {
        self.raised(json!({"tool_name": "Bash", "tool_input": {"command": command}}))
    }

    /// The worst verdict over a command line, or `pass`.
    pub fn verdict(&self, command: &str) -> &'static str {
        worst(&self.line(command))
    }

    /// Fails with all rows that do not match.
    pub fn check(&self, rows: &[Row]) {
        let wrong: Vec<String> = rows
            .iter()
            .filter_map(|(command, expected)| {
                let raised = self.line(command);
                let found = worst(&raised);
                (found != *expected).then(|| format!("{command}\n   is {found}, not {expected}: {raised:?}"))
            })
            .collect();
        assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
    }
}

/// The worst verdict in one word.
pub fn worst(raised: &[Raised]) -> &'static str {
    raised.iter().map(|one| one.weight).max().map_or("pass", |worst| GuardVerdict::from(worst).name())
}

/// A payload of Write.
pub fn write(path: &Path, content: &str) -> Value {
    json!({"tool_name": "Write", "tool_input": {"file_path": path, "content": content}})
}

/// A payload of Edit.
pub fn edit(path: &Path, old: &str, new: &str) -> Value {
    json!({"tool_name": "Edit", "tool_input": {"file_path": path, "old_string": old, "new_string": new}})
}

/// The processor time of this thread for `work`, so that other processes do not make a test fail.
pub fn processor_time(work: impl FnOnce()) -> Duration {
    let used = || {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    };
    let (before, started) = (used(), Instant::now());
    work();
    match (before, used()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => started.elapsed(),
    }
}

/// The findings that a hook recorded.
pub fn recorded(hook: &hooks_common::runtime::Hook) -> &[crate::GuardRecord] {
    hook.records.get::<crate::GuardRecords>().map_or(&[], |records| &records.0)
}
