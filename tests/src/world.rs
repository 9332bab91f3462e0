//! The world: a temporary home, a repository in it, and ways to run hooks and commands there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

/// The session most tests speak for, and its short form.
pub const SESSION: &str = "cad0ac4d-3933-45ad-9a1c-14aec05bb940";
/// See [`SESSION`].
pub const KEY: &str = "cad0ac4d";

/// A temporary home with one repository on branch `main`.
#[derive(Debug)]
pub struct World {
    dir: tempfile::TempDir,
    /// `HOME`.
    pub home: PathBuf,
    /// The repository.
    pub repo: PathBuf,
    /// More environment for everything that runs here.
    pub env: Vec<(String, String)>,
}

/// What a hook answered.
#[derive(Debug)]
pub struct Answer {
    /// The exit code.
    pub code: Option<i32>,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
    /// The document, when there was one.
    pub json: Option<Value>,
}

impl Answer {
    /// What a hook printed; panics when that is more than one JSON document, or none.
    #[track_caller]
    pub fn of(output: Output) -> Self {
        let stdout = String::from_utf8(output.stdout).expect("UTF-8");
        let json = (!stdout.is_empty()).then(|| serde_json::from_str(&stdout).expect("one JSON document"));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Self { code: output.status.code(), stdout, stderr, json }
    }

    /// The reason of a refused tool; panics when the tool was not refused.
    #[track_caller]
    pub fn refusal(&self) -> &str {
        let output = &self.json.as_ref().expect("an answer")["hookSpecificOutput"];
        assert_eq!(output["permissionDecision"], "deny", "{self:?}");
        output["permissionDecisionReason"].as_str().expect("a reason")
    }

    /// The reason of a turn that was sent back; panics when it was not.
    #[track_caller]
    pub fn block(&self) -> &str {
        let json = self.json.as_ref().expect("an answer");
        assert_eq!(json["decision"], "block", "{self:?}");
        json["reason"].as_str().expect("a reason")
    }

    /// The injected context.
    #[track_caller]
    pub fn context(&self) -> &str {
        let json = self.json.as_ref().expect("an answer");
        json["hookSpecificOutput"]["additionalContext"].as_str().unwrap_or_default()
    }

    /// Panics unless the hook stayed silent.
    #[track_caller]
    pub fn silent(&self) {
        assert_eq!((self.code, self.stdout.as_str(), self.stderr.as_str()), (Some(0), "", ""));
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// A fresh world whose repository has one commit and no configuration.
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("stanchion-test.").tempdir().expect("a temporary folder");
        let root = dir.path().canonicalize().expect("a real path");
        let world = Self { home: root.join("home"), repo: root.join("repo"), dir, env: Vec::new() };
        std::fs::create_dir_all(world.home.join(".claude")).expect("a home");
        std::fs::create_dir_all(world.repo.join("src/deep")).expect("a repository");
        world.write("src/a.txt", "alpha\nbeta\n");
        world.git(&["init", "-q", "-b", "main"]);
        world.git(&["add", "-A"]);
        world.git(&["commit", "-qm", "init"]);
        world
    }

    /// A fresh world with a project configuration.
    pub fn with(config: &str) -> Self {
        let world = Self::new();
        world.configure(config);
        world
    }

    /// The folder that everything lies in.
    pub fn root(&self) -> PathBuf {
        self.dir.path().canonicalize().expect("a real path")
    }

    /// Writes the project configuration.
    pub fn configure(&self, config: &str) {
        self.write(".claude/requirements.yaml", config);
        // Younger than this, a source's identity is not trusted, and the policy is not stored.
        std::thread::sleep(std::time::Duration::from_millis(25));
    }

    /// Writes the global configuration.
    pub fn configure_globally(&self, config: &str) {
        std::fs::write(self.home.join(".claude/requirements.yaml"), config).expect("a file");
        std::thread::sleep(std::time::Duration::from_millis(25));
    }

    /// Writes a file of the repository.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.repo.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// Reads a JSON file, null when it is not there.
    pub fn json(&self, path: &Path) -> Value {
        match std::fs::read(path) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            }
            Err(_) => Value::Null,
        }
    }

    /// The requirement state of a branch's file.
    pub fn state(&self, stem: &str) -> Value {
        self.json(&self.repo.join(format!(".git/requirements/{stem}.json")))
    }

    /// Changes the state of a branch's file as another tool would.
    pub fn edit_state(&self, stem: &str, change: impl FnOnce(&mut Value)) {
        let mut state = self.state(stem);
        change(&mut state);
        self.write(&format!(".git/requirements/{stem}.json"), &state.to_string());
    }

    /// Lets the time of everything pass that a branch's file says is satisfied for a while.
    #[track_caller]
    pub fn expire(&self, stem: &str) {
        fn pass(value: &mut Value) -> usize {
            match value {
                Value::Object(object) => {
                    let mut passed = object.values_mut().map(pass).sum();
                    if let Some(at) = object.get_mut("expires_at").filter(|at| at.is_number()) {
                        *at = json!(now() - 1);
                        passed += 1;
                    }
                    passed
                }
                Value::Array(values) => values.iter_mut().map(pass).sum(),
                _ => 0,
            }
        }
        let mut passed = 0;
        self.edit_state(stem, |state| passed = pass(state));
        assert_ne!(passed, 0, "nothing expires in {stem}");
    }

    /// The metrics of [`SESSION`] as they are on disk.
    pub fn metrics(&self) -> Value {
        self.json(&self.repo.join(format!(".git/requirements/sessions/{KEY}.json")))
    }

    /// The registry.
    pub fn registry(&self) -> Value {
        self.json(&self.home.join(".claude/sessions.json"))
    }

    /// The events of a session's log.
    pub fn events(&self, session: &str) -> Vec<Value> {
        let path = self.home.join(".stanchion/sessions").join(session).join("events.jsonl");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| serde_json::from_str(line).expect("a whole line")).collect()
    }

    /// A session's directory.
    pub fn session_dir(&self, session: &str) -> PathBuf {
        self.home.join(".stanchion/sessions").join(session)
    }

    /// Changes a session's log, as time and other processes would have.
    pub fn edit_events(&self, session: &str, change: impl FnOnce(&mut Vec<Value>)) {
        let mut events = self.events(session);
        change(&mut events);
        let text: String = events.iter().map(|event| format!("{event}\n")).collect();
        std::fs::write(self.session_dir(session).join("events.jsonl"), text).expect("a file");
    }

    /// Lets a session's past lie `seconds` further back.
    pub fn age(&self, session: &str, seconds: i64) {
        self.edit_events(session, |events| {
            for event in events {
                let at = event["recorded_at"].as_str().expect("a time");
                let at = chrono::DateTime::parse_from_rfc3339(at).expect("RFC 3339");
                let at = (at - chrono::TimeDelta::seconds(seconds)).to_utc();
                event["recorded_at"] = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into();
            }
        });
    }

    /// Takes every word about a session's clients away: nobody can be asked whether they live.
    pub fn forget_clients(&self, session: &str) {
        self.edit_events(session, |events| {
            for event in events {
                event.as_object_mut().expect("an object").remove("owner");
            }
        });
        let path = self.session_dir(session).join("meta.json");
        let mut meta = self.json(&path);
        meta["owner"] = Value::Null;
        std::fs::write(path, meta.to_string()).expect("a file");
    }

    /// A session as `req sessions` shows it, null when it does not.
    #[track_caller]
    pub fn session(&self, id: &str) -> Value {
        let all = printed(&self.req(&["sessions", "--all", "--json"]));
        let found = all["sessions"].as_array().expect("a list").iter().find(|row| row["session_id"] == id);
        found.cloned().unwrap_or_default()
    }

    /// The state of a session, with its subagents.
    #[track_caller]
    pub fn state_of(&self, id: &str) -> String {
        self.session(id)["display_state"].as_str().unwrap_or("unlisted").to_owned()
    }

    /// A session's events with what they meant, as `req timeline` tells them.
    #[track_caller]
    pub fn timeline(&self, id: &str) -> Vec<Value> {
        let entries = printed(&self.req(&["timeline", id, "--all", "--json"]));
        entries.as_array().expect("a list").clone()
    }

    /// The lines of the log.
    pub fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.home.join(".claude/requirements.log")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect()
    }

    /// A command with this world's environment and nothing of the developer's.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command.current_dir(&self.repo).env_clear().env("HOME", &self.home).env("PATH", path);
        for name in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{name}_NAME"), "dev")
                .env(format!("GIT_{name}_EMAIL"), "dev@example.invalid");
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs git in the repository.
    #[track_caller]
    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.repo, arguments)
    }

    /// Runs git in a folder.
    #[track_caller]
    pub fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = self.command("git").current_dir(folder).args(arguments).output().expect("git");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs `req` in the repository.
    pub fn req(&self, arguments: &[&str]) -> Output {
        self.req_in(&self.repo, arguments)
    }

    /// Runs `req` in a folder.
    pub fn req_in(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = self.command(crate::executables().join("req"));
        command.current_dir(folder).args(arguments).stdin(Stdio::null()).output().expect("req runs")
    }

    /// Runs `req`, which must succeed, and returns what it printed.
    #[track_caller]
    pub fn req_ok(&self, arguments: &[&str]) -> String {
        let output = self.req(arguments);
        assert!(output.status.success(), "req {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs `req` as somebody types it, with a terminal of its own.
    pub fn typed(&self, arguments: &str) -> Output {
        let line = format!("{} {arguments}", crate::executables().join("req").display());
        let mut command = self.command("script");
        command.args(["-qec", &line, "/dev/null"]).stdin(Stdio::null()).output().expect("script runs")
    }

    /// Satisfies a requirement for [`SESSION`].
    #[track_caller]
    pub fn satisfy(&self, name: &str) {
        self.req_ok(&["satisfy", name, "--session", SESSION]);
    }

    /// Runs `stanchion`.
    pub fn stanchion(&self, arguments: &[&str]) -> Output {
        let bin = crate::executables();
        let mut command = self.command(bin.join("stanchion"));
        command.args(arguments).stdin(Stdio::null()).output().expect("stanchion runs")
    }

    /// A recorded payload, moved into this world: its repository, its home, [`SESSION`].
    #[track_caller]
    pub fn recorded(&self, name: &str) -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("payloads").join(format!("{name}.json"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = text
            .replace("/repo", &self.repo.to_string_lossy())
            .replace("/home/dev", &self.home.to_string_lossy());
        let mut payload: Value = serde_json::from_str(&text).expect("a recorded payload");
        payload["session_id"] = SESSION.into();
        // They were recorded where nobody is asked. A test of that sets it.
        if payload["permission_mode"] == "bypassPermissions" {
            payload["permission_mode"] = "default".into();
        }
        payload
    }

    /// A recorded payload with fields replaced.
    #[track_caller]
    pub fn payload(&self, name: &str, fields: Value) -> Value {
        let mut payload = self.recorded(name);
        for (key, value) in fields.as_object().expect("an object") {
            payload[key] = value.clone();
        }
        payload
    }

    /// The recorded Edit, of [`SESSION`].
    pub fn edit(&self) -> Value {
        self.recorded("PreToolUse-Edit")
    }

    /// The recorded Bash call with another command.
    pub fn bash(&self, event: &str, command: &str) -> Value {
        let mut payload = self.recorded(&format!("{event}-Bash"));
        payload["tool_input"]["command"] = command.into();
        payload
    }

    /// Runs the executable of a payload's event.
    #[track_caller]
    pub fn hook(&self, payload: &Value) -> Answer {
        let event = payload["hook_event_name"].as_str().expect("an event");
        self.run(executable(event), payload.to_string().as_bytes())
    }

    /// Runs a hook executable on any bytes.
    #[track_caller]
    pub fn run(&self, name: &str, stdin: &[u8]) -> Answer {
        let mut child = self.spawn(name);
        // A hook that answers before it has read everything is in its right.
        let _ = child.stdin.take().expect("a pipe").write_all(stdin);
        Answer::of(child.wait_with_output().expect("the hook ends"))
    }

    /// What the status line prints.
    #[track_caller]
    pub fn status_line(&self, stdin: &str, arguments: &[&str]) -> String {
        let mut command = self.command(crate::executables().join("hook-status-line"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the status line starts");
        let _ = child.stdin.take().expect("a pipe").write_all(stdin.as_bytes());
        let output = child.wait_with_output().expect("the status line ends");
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Starts a hook executable with pipes.
    pub fn spawn(&self, name: &str) -> Child {
        let mut command = self.command(crate::executables().join(name));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the hook starts")
    }
}

/// A payload of another session.
pub fn of(session: &str, mut payload: Value) -> Value {
    payload["session_id"] = session.into();
    payload
}

/// The executable that serves an event.
pub fn executable(event: &str) -> &'static str {
    match event {
        "SessionStart" => "hook-session-start",
        "SessionEnd" => "hook-session-end",
        "UserPromptSubmit" | "UserPromptExpansion" => "hook-prompt-submit",
        "PreToolUse" => "hook-pre-tool",
        "PostToolUse" | "PostToolUseFailure" => "hook-post-tool",
        "Stop" => "hook-stop",
        "PreCompact" | "PostCompact" => "hook-pre-compact",
        _ => "hook-observe",
    }
}

/// The last event of a list with this name.
pub fn last<'a>(events: &'a [Value], name: &str) -> &'a Value {
    static NOTHING: Value = Value::Null;
    events.iter().rfind(|event| event["event"] == name).unwrap_or(&NOTHING)
}

/// A configuration with one session requirement, `commit_plan`.
pub const ONE: &str = "version: '1.0'\nenabled: true\ninherit: false\nrequirements:\n  commit_plan: {enabled: true, scope: session, message: Need plan}\n";

/// A section that switches on the guards that need no rules of their own, and one rule of `patterns`.
pub const EVERY_GUARD: &str = "guards:
  push: {}
  destructive: {}
  settings: {}
  sql: {}
  secrets: {}
  paths: {}
  loops: {}
  errors: {}
  tests: {}
  patterns: {rules: [{pattern: alpha, message: x}]}
  references: {}
";

/// The JSON that a command printed.
#[track_caller]
pub fn printed(output: &Output) -> Value {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}

/// An empty object, for payloads without changes.
pub fn nothing() -> Value {
    json!({})
}

/// The executables that answer with JSON: the hooks but for the status line.
pub fn json_hooks() -> impl Iterator<Item = &'static str> {
    setup::EXECUTABLES.into_iter().filter(|name| name.starts_with("hook-") && *name != "hook-status-line")
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    i64::try_from(since.as_secs()).expect("a time")
}

/// The recorded payloads, by name.
pub fn recorded_names() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("payloads");
    let files = std::fs::read_dir(folder).expect("payloads").flatten().map(|entry| entry.path());
    let mut names: Vec<_> =
        files.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
