//! The environment of this process: clients that are started from here inherit it.

use platform::env_vars;

use crate::report::{Category, CheckReport};

/// Examines the environment of this process.
pub fn examine(report: &mut CheckReport) {
    let mut section = report.section(Category::Environment);
    if env_vars::is_on(env_vars::CLAUDE_SKIP_REQUIREMENTS) {
        section.warn(
            "skip-requirements",
            "environment",
            "CLAUDE_SKIP_REQUIREMENTS is set: a client started from this shell has no gates",
            "unset it",
        );
    }
    let path = env_vars::get_os(env_vars::PATH).unwrap_or_default();
    match std::env::split_paths(&path).find(|folder| folder.join("req").is_file()) {
        Some(folder) => section.pass("path", "req", format!("found on PATH, in {}", folder.display())),
        None => section.note(
            "path",
            "req",
            "not on PATH: refusals show its full path",
            "run `cargo setup --link` to link it into ~/.local/bin",
        ),
    }
}
