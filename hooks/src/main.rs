//! All hooks in one executable. It is installed under the name of each hook, and runs the hook whose name it is
//! started with.
//!
//! The hooks share nearly all linked code, so the linker optimises it only once. ARCHITECTURE.md contains the
//! figures.

#![no_main]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

platform::begin!(run);

type Work = fn() -> ExitCode;

/// The name and the entry point of each hook. A new hook needs a row here.
const TABLE: [(&str, Work); 9] = [
    ("hook-session-start", hook_session_start::run),
    ("hook-session-end", hook_session_end::run),
    ("hook-prompt-submit", hook_prompt_submit::run),
    ("hook-pre-tool", hook_pre_tool::run),
    ("hook-post-tool", hook_post_tool::run),
    ("hook-stop", hook_stop::run),
    ("hook-pre-compact", hook_pre_compact::run),
    ("hook-observe", hook_observe::run),
    ("hook-status-line", hook_status_line::run),
];

fn run() -> ExitCode {
    let work = |name: OsString| {
        // The kernel adds this text if the file was replaced after the start.
        let name = Path::new(&name).file_name()?.to_str()?.trim_end_matches(" (deleted)");
        TABLE.iter().find(|(known, _)| *known == name).map(|(_, work)| *work)
    };
    // The name in the arguments may be arbitrary (`exec -a`). The file has the installed name.
    let started = std::env::args_os().next().and_then(work);
    let file = || std::env::current_exe().ok().map(PathBuf::into_os_string).and_then(work);
    match started.or_else(file) {
        Some(work) => work(),
        None => {
            explain();
            ExitCode::SUCCESS
        }
    }
}

#[allow(clippy::print_stderr, reason = "a person started it by hand, or under a name that it does not know")]
fn explain() {
    let names: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
    let name = std::env::args_os().next().unwrap_or_default();
    eprintln!(
        "{} is no name of a hook. Claude Code starts this executable as one of {}.\nNext: stanchion doctor",
        name.display(),
        names.join(", ")
    );
}
