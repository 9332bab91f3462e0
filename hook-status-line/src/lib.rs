//! The status line: what is open here, and how full the session is, what it cost, which model it runs.
//!
//! It writes one thing, and only when that changes: how full the context is, which the host reports nowhere else.
//! Whatever goes wrong, it prints what is left and exits 0. With
//! `--chain <command>` the user's own status line comes first, as it was before the installation.

mod line;
mod status;

use std::io::Write;
use std::process::{Command, ExitCode};
use std::time::Duration;

use hooks_common::event::read_payload;
use hooks_common::paths::Paths;
use hooks_common::session_id::SessionId;
use hooks_common::session_log::SessionDir;
use platform::child;
use platform::time::Moment;

/// How long the user's own status line may take; the host gives up after 5 s.
const CHAIN_LIMIT: Duration = Duration::from_secs(3);

/// A line to stdout. A closed stdout is ignored.
fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn note_context(status: &status::Status, paths: &Paths) {
    let (Some(session), Some(percent)) = (SessionId::new(&status.session_id), status.context) else { return };
    // A figure that cannot be kept arrives again soon.
    let _ = SessionDir::new(paths, &session).note_context(percent, status.context_window, Moment::now());
}

/// Prints the lines.
pub fn run() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let bytes = read_payload(&mut std::io::stdin()).unwrap_or_default();
    let mut arguments = std::env::args_os().skip(1);
    if let (Some(_), Some(command)) = (arguments.by_ref().find(|word| word == "--chain"), arguments.next()) {
        let mut shell = Command::new("sh");
        let output = child::output_of(shell.arg("-c").arg(command), bytes.clone(), CHAIN_LIMIT);
        let text = output.map(|(_, text)| String::from_utf8_lossy(&text).trim_end().to_owned());
        if let Some(text) = text.ok().filter(|text| !text.is_empty()) {
            print(&text);
        }
    }
    let line = std::panic::catch_unwind(|| {
        let status = status::Status::parse(&bytes);
        (line::compose(&status, &Paths::from_env()), status)
    });
    let (line, status) = line.unwrap_or_default();
    print(&line);
    let _ = std::panic::catch_unwind(|| note_context(&status, &Paths::from_env()));
    ExitCode::SUCCESS
}
