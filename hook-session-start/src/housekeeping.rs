//! Clean-up at the start of a session, after the answer. It runs here because many users never open a HUD.

use std::io;

use hooks_common::runtime::Hook;
use sessions::liveness::ProcessTable;
use sessions::{compaction, retention};

/// Compacts the session's log if it is long.
pub fn compact(hook: &mut Hook) -> io::Result<()> {
    let Some(dir) = hook.session_dir() else { return Ok(()) };
    if compaction::compact(&dir, hook.entered)?.is_some() {
        // All projections remember a position in the log.
        projections::bring_up_to_date(hook);
    }
    Ok(())
}

/// Removes a few sessions that ended long ago, at most once per hour.
pub fn remove_old_sessions(hook: &mut Hook) -> io::Result<()> {
    let paths = &hook.paths;
    let swept = retention::sweep_a_few(
        paths,
        &mut ProcessTable::default(),
        &projections::session_files(),
        || config::cascade::retention_days(paths.global_config()),
        hook.entered,
    )?;
    for failed in swept.iter().flat_map(|swept| &swept.failed) {
        hook.log.error(format!("session {} cannot be removed: {}", failed.session, failed.reason));
    }
    Ok(())
}
