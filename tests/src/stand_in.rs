//! A process that stands for a running Claude Code: the hooks and commands that it starts belong to it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus, Output, Stdio};

use serde_json::Value;

use crate::world::{Answer, World, executable};

/// What it does: each line is a command, which reads `in` and leaves `out` and `err`.
const SCRIPT: &str =
    r#"while read -r line; do eval "$line" <"$DIR/in" >"$DIR/out" 2>"$DIR/err"; echo $?; done"#;

/// See the module. It ends when it is dropped.
#[derive(Debug)]
pub struct StandIn {
    folder: PathBuf,
    shell: Child,
    lines: Option<ChildStdin>,
    codes: BufReader<ChildStdout>,
}

impl StandIn {
    /// Starts one in the repository of `world`.
    pub fn new(world: &World) -> Self {
        let folder =
            tempfile::Builder::new().prefix("client.").tempdir_in(world.root()).expect("a folder").keep();
        let program = folder.join("claude");
        std::os::unix::fs::symlink("/bin/sh", &program).expect("a link");
        let mut command = world.command(program);
        command.args(["-c", SCRIPT]).env("DIR", &folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = command.spawn().expect("a shell");
        let lines = shell.stdin.take();
        let codes = BufReader::new(shell.stdout.take().expect("a pipe"));
        Self { folder, shell, lines, codes }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.shell.id()
    }

    /// Runs a line of shell that reads `stdin`.
    pub fn run(&mut self, line: &str, stdin: &[u8]) -> Output {
        std::fs::write(self.folder.join("in"), stdin).expect("a file");
        writeln!(self.lines.as_ref().expect("a pipe"), "{line}").expect("the shell listens");
        let mut code = String::new();
        self.codes.read_line(&mut code).expect("the shell answers");
        let read = |name: &str| std::fs::read(self.folder.join(name)).expect("a file");
        let status = ExitStatus::from_raw(code.trim().parse::<i32>().expect("a code") << 8);
        Output { status, stdout: read("out"), stderr: read("err") }
    }

    /// Runs the executable of a payload's event.
    #[track_caller]
    pub fn hook(&mut self, payload: &Value) -> Answer {
        let event = payload["hook_event_name"].as_str().expect("an event");
        let path = crate::executables().join(executable(event));
        Answer::of(self.run(&format!("'{}'", path.display()), payload.to_string().as_bytes()))
    }

    /// The same through a shell that stands between, as where hooks are wired in shell form.
    #[track_caller]
    pub fn hook_through_shell(&mut self, payload: &Value) -> Answer {
        let event = payload["hook_event_name"].as_str().expect("an event");
        let path = crate::executables().join(executable(event));
        let line = format!("/bin/sh -c '\"{}\"; true'", path.display());
        Answer::of(self.run(&line, payload.to_string().as_bytes()))
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }

    /// Runs `req` with these words.
    pub fn req(&mut self, words: &str) -> Output {
        let path = crate::executables().join("req");
        self.run(&format!("'{}' {words}", path.display()), b"")
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.lines = None;
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
