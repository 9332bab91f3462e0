//! The demonstration: the wired executables run in a scratch repository. An edit is refused, the refusal is explained,
//! the requirement is satisfied, the edit passes, and the turn ends.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::SetupError;

/// The session of the demonstration.
const SESSION: &str = "5ca1ab1e-0000-4000-8000-000000000001";

/// Runs the demonstration and prints each step to `out`. Nothing outside a temporary folder is changed.
///
/// # Errors
/// When a step does not do what it should; the error says which.
pub fn play(bin: &Path, out: &mut impl Write) -> Result<(), SetupError> {
    let scratch = tempfile::tempdir().map_err(SetupError::of_file(&std::env::temp_dir()))?;
    let demo = DemoRepository { bin, root: scratch.path().join("repo"), home: scratch.path().join("home") };
    demo.prepare()?;
    let mut say = |text: &str| {
        let _ = writeln!(out, "{text}");
    };
    say("\nA demonstration in a scratch repository, with the hooks wired there:\n");

    demo.run("stanchion", &["install", "--bin-dir", &bin.to_string_lossy(), "."])?;
    demo.run("req", &["init", "--yes"])?;
    say(
        "1. stanchion install; req init\n     wires nine executables and requires a plan before the first edit",
    );

    let briefing = demo.hook("SessionStart", &json!({"source": "startup"}))?;
    let context = briefing["hookSpecificOutput"]["additionalContext"].as_str().unwrap_or_default();
    expect(context.contains("commit_plan is open"), "SessionStart should say that commit_plan is open")?;
    say("2. SessionStart\n     The model reads: commit_plan is open");

    let edit = json!({"tool_name": "Edit", "tool_use_id": "t1",
        "tool_input": {"file_path": demo.root.join("src/a.txt"), "old_string": "a", "new_string": "b"}});
    let refusal = demo.hook("PreToolUse", &edit)?;
    let output = &refusal["hookSpecificOutput"];
    expect(output["permissionDecision"] == "deny", "the first edit should be refused")?;
    say("3. The model tries an edit. It is refused before it runs, and reads:\n");
    for line in output["permissionDecisionReason"].as_str().unwrap_or_default().lines() {
        say(&format!("     | {line}"));
    }

    say("\n4. You ask for the reason:\n");
    let why = demo.run("req", &["why", "Edit", "src/a.txt", "--session", SESSION])?;
    for line in why.lines() {
        say(&format!("     | {line}"));
    }

    let done = demo.run("req", &["satisfy", "commit_plan", "--session", SESSION])?;
    say(&format!("\n5. req satisfy commit_plan --session 5ca1ab1e\n     {}", done.trim()));

    let passed = demo.hook("PreToolUse", &edit)?;
    expect(passed.is_null(), "the second edit should pass without output")?;
    say("6. The model tries again. The hook prints nothing: the edit runs.");

    let stop = demo.hook("Stop", &json!({"stop_hook_active": false}))?;
    expect(stop.is_null(), "the turn should end")?;
    say("7. Stop\n     No triggered requirement is open: the turn ends.");
    say("\nWire a repository of yours: cargo setup /path/to/repo");
    Ok(())
}

fn expect(holds: bool, what: &str) -> Result<(), SetupError> {
    if holds { Ok(()) } else { Err(SetupError::Demo(what.to_owned())) }
}

struct DemoRepository<'a> {
    bin: &'a Path,
    root: std::path::PathBuf,
    home: std::path::PathBuf,
}

impl DemoRepository<'_> {
    fn prepare(&self) -> Result<(), SetupError> {
        for folder in [self.root.join("src"), self.home.clone()] {
            std::fs::create_dir_all(&folder).map_err(SetupError::of_file(&folder))?;
        }
        self.call(Command::new("git").args(["init", "-q", "-b", "main"]), None).map(drop)
    }

    /// Runs one of our commands and returns its output.
    fn run(&self, name: &str, arguments: &[&str]) -> Result<String, SetupError> {
        self.call(Command::new(self.bin.join(name)).args(arguments), None)
    }

    /// Runs the executable that the settings name for an event, as Claude Code would.
    fn hook(&self, event: &str, fields: &Value) -> Result<Value, SetupError> {
        let settings = std::fs::read(self.root.join(".claude/settings.json"));
        let settings: Value =
            settings.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let entry = &settings["hooks"][event][0]["hooks"][0];
        let command = entry["command"].as_str();
        let command = command.ok_or_else(|| SetupError::Demo(format!("no hook is wired for {event}")))?;
        let mut payload = json!({"session_id": SESSION, "cwd": self.root, "hook_event_name": event,
            "transcript_path": self.home.join("transcript.jsonl"), "permission_mode": "default"});
        if let (Some(payload), Some(fields)) = (payload.as_object_mut(), fields.as_object()) {
            payload.extend(fields.clone());
        }
        let output = self.call(&mut Command::new(command), Some(&payload.to_string()))?;
        if output.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&output)
            .map_err(|error| SetupError::Demo(format!("the answer to {event} is not valid JSON: {error}")))
    }

    fn call(&self, command: &mut Command, stdin: Option<&str>) -> Result<String, SetupError> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.current_dir(&self.root).env("HOME", &self.home).env("CLAUDE_PROJECT_DIR", &self.root);
        for variable in [
            "STANCHION_HOME",
            "CLAUDE_CONFIG_DIR",
            "CLAUDE_CODE_SESSION_ID",
            "GIT_DIR",
            "GIT_WORK_TREE",
            "CLAUDE_SKIP_REQUIREMENTS",
        ] {
            command.env_remove(variable);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(SetupError::of_program(&*name))?;
        if let Some(mut pipe) = child.stdin.take() {
            let _ = pipe.write_all(stdin.unwrap_or_default().as_bytes());
        }
        let output = child.wait_with_output().map_err(SetupError::of_program(&*name))?;
        if !output.status.success() {
            return Err(SetupError::Demo(format!(
                "{name} failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            )));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}
