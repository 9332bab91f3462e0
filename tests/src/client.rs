//! The real Claude Code client, run in print mode against [`crate::mock_api`].

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::World;
use crate::mock_api::MockApi;

/// Where the documented npm command puts the client, below the workspace.
pub const CLIENT_FOLDER: &str = "target/claude-client";

/// The client: `CLAUDE_BIN`, else the folder that the documented npm command fills, else `claude` on PATH.
/// `None` when there is none and none is demanded by `STANCHION_REQUIRE_CLIENT`.
///
/// # Panics
/// When a client is demanded and there is none.
pub fn find() -> Option<PathBuf> {
    let named = std::env::var_os("CLAUDE_BIN").map(PathBuf::from);
    let installed = setup::workspace().join(CLIENT_FOLDER).join("node_modules/.bin/claude");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|dir| dir.join("claude"));
    let found = named.into_iter().chain([installed]).chain(on_path).find(|path| path.is_file());
    if found.is_none() {
        let hint = "npm install --prefix target/claude-client @anthropic-ai/claude-code";
        assert!(std::env::var_os("STANCHION_REQUIRE_CLIENT").is_none(), "no Claude Code client; {hint}");
        eprintln!("SKIPPED: no Claude Code client was found, so nothing ran under the real one; {hint}");
    }
    found
}

/// What a run of the client left.
#[derive(Debug)]
pub struct Run {
    /// The stream of events it printed.
    pub events: Vec<Value>,
    /// Its exit code.
    pub code: Option<i32>,
    /// What it said on stderr.
    pub stderr: String,
    /// The process.
    pub pid: u32,
}

impl Run {
    /// The hook runs that the client reports as anything but a success.
    pub fn failed_hooks(&self) -> Vec<&Value> {
        self.hooks().into_iter().filter(|event| event["outcome"] != "success").collect()
    }

    /// All hook runs that the client reports.
    pub fn hooks(&self) -> Vec<&Value> {
        self.events.iter().filter(|event| event["subtype"] == "hook_response").collect()
    }
}

/// A client that runs. It is killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Running {
    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it without a word.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not end within two minutes.
    pub fn finish(mut self) -> Run {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("the client's status") {
                break status;
            }
            let printed = || std::fs::read_to_string(&self.out).unwrap_or_default();
            assert!(started.elapsed() < Duration::from_secs(120), "the client did not end: {}", printed());
            std::thread::sleep(Duration::from_millis(20));
        };
        let text = std::fs::read_to_string(&self.out).expect("its output");
        let events = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let stderr = std::fs::read_to_string(&self.err).unwrap_or_default();
        Run { events, code: status.code(), stderr, pid: self.pid() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs one prompt in `folder` without any permission prompt.
///
/// # Panics
/// When the client cannot be started or does not end within two minutes.
pub fn run(client: &Path, world: &World, api: &MockApi, folder: &Path, prompt: &str) -> Run {
    start(client, world, api, folder, &["-p", prompt]).finish()
}

/// Starts the client in `folder` without any permission prompt.
///
/// # Panics
/// When it cannot be started.
pub fn start(client: &Path, world: &World, api: &MockApi, folder: &Path, arguments: &[&str]) -> Running {
    start_in("bypassPermissions", client, world, api, folder, arguments)
}

/// Starts the client in `folder` in a permission mode.
///
/// # Panics
/// When it cannot be started.
pub fn start_in(
    mode: &str,
    client: &Path,
    world: &World,
    api: &MockApi,
    folder: &Path,
    arguments: &[&str],
) -> Running {
    let tmp =
        tempfile::Builder::new().prefix("client-run.").tempdir_in(world.root()).expect("a folder").keep();
    let trusted = json!({"hasTrustDialogAccepted": true, "hasCompletedProjectOnboarding": true});
    let mut state = json!({"hasCompletedOnboarding": true, "theme": "dark", "numStartups": 9,
        "bypassPermissionsModeAccepted": true, "customApiKeyResponses": {"approved": ["dummy-key"], "rejected": []}});
    state["projects"][folder.to_string_lossy().as_ref()] = trusted;
    std::fs::write(world.home.join(".claude.json"), state.to_string()).expect("a file");
    let permissions = match mode {
        "bypassPermissions" => vec!["--dangerously-skip-permissions"],
        mode => vec!["--permission-mode", mode],
    };
    let mut command = world.command(client);
    command
        .current_dir(folder)
        .args(arguments)
        .args(["--output-format", "stream-json", "--verbose", "--include-hook-events"])
        .args(&permissions)
        .env("ANTHROPIC_BASE_URL", format!("http://127.0.0.1:{}", api.port))
        .env("ANTHROPIC_API_KEY", "dummy-key")
        .env("CLAUDE_CODE_TMPDIR", &tmp)
        // Nothing but loopback is reachable for it.
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env("SHELL", "/bin/bash")
        .env("LANG", "C.UTF-8")
        .env("USER", "dev")
        .env("IS_SANDBOX", "1");
    for switch in [
        "DISABLE_TELEMETRY",
        "DISABLE_ERROR_REPORTING",
        "DISABLE_AUTOUPDATER",
        "DISABLE_BUG_COMMAND",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
    ] {
        command.env(switch, "1");
    }
    let (out, err) = (tmp.join("stdout"), tmp.join("stderr"));
    command.stdin(Stdio::null());
    command
        .stdout(std::fs::File::create(&out).expect("a file"))
        .stderr(std::fs::File::create(&err).expect("a file"));
    let child = command.spawn().expect("the client starts");
    Running { child, out, err }
}
