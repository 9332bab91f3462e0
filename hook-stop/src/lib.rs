//! Stop: verify what the turn triggered, then bring the projections up to date.

use hooks_common::runtime::Hook;
use hooks_common::session_log::SessionDir;

/// The event's order of work.
pub fn work(hook: &mut Hook) {
    hook.stage("verifying requirements", gates::stop::verify);
    hook.stage("asking how far the work is", gates::tracking::ask);
    hook.stage("asking for a checkpoint", continuity::turn::hold);
    hook.respond();
    hook.record();
    hook.stage("metrics", gates::metrics::project);
    hook.stage("session files", continuity::turn::end);
    hook.stage("outcomes", guards::projection::project);
    hook.stage("compacting the log", compact_full_log);
}

/// A full log keeps no more heartbeats: at the end of the turn there is time to make it short.
fn compact_full_log(hook: &mut Hook) -> Result<(), String> {
    let Some(dir) = hook.session_dir().filter(SessionDir::is_full) else { return Ok(()) };
    let done = sessions::compaction::compact(&dir, hook.entered).map_err(|error| error.to_string())?;
    // All of these remember a place in the log.
    if done.is_none() {
        return Ok(());
    }
    gates::metrics::project(hook)?;
    guards::projection::project(hook)?;
    continuity::session::catch_up(hook)
}
