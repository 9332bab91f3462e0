//! Failures of stages that let the event pass. Hooks append them here, the next SessionStart reports them once, and
//! the doctor shows them later.

use std::io;

use serde::{Deserialize, Serialize};

use crate::paths::Paths;
use platform::store::{self, append, lock};
use platform::time::Moment;

/// The most bytes that are collected before a report.
const MOST: u64 = 256 * 1024;

/// One failure.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NotedFailure {
    /// The time, RFC 3339.
    pub at: String,
    /// The executable's event.
    pub hook: String,
    /// The failed part and its error.
    pub message: String,
}

/// Notes a failure. An error while noting is ignored.
pub fn note(paths: &Paths, hook: &str, message: &str) {
    let file = paths.failures();
    // A failure that recurs at each event would otherwise fill the disk.
    if std::fs::metadata(&file).is_ok_and(|meta| meta.len() > MOST) {
        return;
    }
    let failure =
        NotedFailure { at: Moment::now().rfc3339(), hook: hook.to_owned(), message: message.to_owned() };
    let Ok(line) = serde_json::to_vec(&failure) else { return };
    let _ = store::create_private_dir(paths.stanchion_dir());
    let _ = append::append_line(&file, &file.with_extension("lock"), &line, lock::HOT);
}

/// Whether what sessions leave can be kept at all.
///
/// # Errors
/// When the folder cannot be made or written to. Then nothing that hooks note is seen by anybody.
pub fn check_folder(paths: &Paths) -> io::Result<()> {
    store::create_private_dir(&paths.sessions_dir())?;
    // Every event touches it, so it is there anyway.
    store::open_append(&paths.heartbeat()).map(drop)
}

/// The failures that were not reported, which from now on count as reported: of several SessionStarts at once, one
/// gets them.
pub fn take(paths: &Paths) -> Vec<NotedFailure> {
    let file = paths.failures();
    // Only one rename succeeds, so that one of several parallel SessionStarts reports them.
    if !file.exists() || std::fs::rename(&file, paths.reported_failures()).is_err() {
        return Vec::new();
    }
    reported(paths)
}

/// The failures of the last report.
pub fn reported(paths: &Paths) -> Vec<NotedFailure> {
    read(&paths.reported_failures())
}

/// The failures that are not reported yet.
pub fn pending(paths: &Paths) -> Vec<NotedFailure> {
    read(&paths.failures())
}

fn read(file: &std::path::Path) -> Vec<NotedFailure> {
    let bytes = store::read(file).ok().flatten().unwrap_or_default();
    append::read_lines(&bytes).0
}
