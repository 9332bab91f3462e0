//! Under which of its two names the command line was started.

use std::path::Path;

use hooks_common::executables::COMMAND_LINE;

/// The name that it was started under; the full one where that is neither.
pub fn called_as() -> &'static str {
    let started = std::env::args_os().next().unwrap_or_default();
    let started = Path::new(&started).file_name().unwrap_or_default();
    COMMAND_LINE.into_iter().find(|name| started == *name).unwrap_or(COMMAND_LINE[0])
}
