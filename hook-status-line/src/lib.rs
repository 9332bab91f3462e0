//! The status line: what is open here, and how full, dear and clever the session is.
//!
//! It reads and never writes. Whatever goes wrong, it prints what is left and exits 0. With
//! `--chain <command>` the user's own status line comes first, as it was before the installation.

#![allow(clippy::print_stdout, reason = "a status line is what is printed")]

mod line;
mod status;

use std::process::{Command, ExitCode};
use std::time::Duration;

use hooks_common::child;
use hooks_common::event::read_payload;
use hooks_common::paths::Paths;

/// How long the user's own status line may take; the host gives up after 5 s.
const CHAIN_LIMIT: Duration = Duration::from_secs(3);

/// Prints the lines.
pub fn command_main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let bytes = read_payload(&mut std::io::stdin()).unwrap_or_default();
    let mut arguments = std::env::args_os().skip(1);
    if let (Some(_), Some(command)) = (arguments.by_ref().find(|word| word == "--chain"), arguments.next()) {
        let mut shell = Command::new("sh");
        let output = child::output_of(shell.arg("-c").arg(command), bytes.clone(), CHAIN_LIMIT);
        let text = output.map(|(_, text)| String::from_utf8_lossy(&text).trim_end().to_owned());
        if let Some(text) = text.ok().filter(|text| !text.is_empty()) {
            println!("{text}");
        }
    }
    let line = std::panic::catch_unwind(|| {
        let status = status::Status::parse(&bytes);
        line::compose(&status, &Paths::from_env())
    });
    println!("{}", line.unwrap_or_default());
    ExitCode::SUCCESS
}
