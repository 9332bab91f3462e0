//! One module a command.

pub mod allow_once;
pub mod branches;
pub mod checkpoint;
mod checkpoint_commit;
mod checkpoint_file;
pub mod clear;
pub mod commits;
pub mod config;
pub mod doctor;
pub mod done;
pub mod errors;
pub mod gc;
pub mod generated;
pub mod handoff;
pub mod init;
pub mod install;
pub mod justfile;
pub mod learning;
pub mod logging;
pub mod messages;
pub mod paths;
pub mod patterns;
pub mod pause;
pub mod replay;
pub mod satisfy;
pub mod session;
pub mod sessions;
pub mod shell_init;
pub mod status;
pub mod switch;
pub mod sync;
pub mod tests;
pub mod timeline;
pub mod upgrade;
pub mod watch;
pub mod why;
mod why_last;
pub mod wip;

use std::io::Write;

use platform::text::printable_json;
use serde::Serialize;

use crate::error::CliResult;

/// A number with its noun: `1 file`, `2 files`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Prints a value for programs.
pub fn json(out: &mut impl Write, value: &impl Serialize) -> CliResult {
    let document = serde_json::to_string_pretty(value).map_err(std::io::Error::from)?;
    writeln!(out, "{}", printable_json(&document))?;
    Ok(())
}
