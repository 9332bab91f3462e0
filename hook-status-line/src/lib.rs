//! The status line: open requirements, context use, cost and model.
//!
//! It writes one file, when the context use changes: the host reports this figure nowhere else. After an error it
//! prints the remaining parts and exits with 0. With `--chain <command>` the output of the user's own status line
//! comes first, as before the installation.

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

/// The time limit for the user's own status line. The host stops waiting after 5 s.
const CHAIN_LIMIT: Duration = Duration::from_secs(3);

/// Prints a line to stdout. A closed stdout is ignored.
fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn note_context(status: &status::Status, paths: &Paths) {
    let (Some(session), Some(percent)) = (SessionId::new(&status.session_id), status.context) else { return };
    // An error is ignored, because the next figure arrives soon.
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
