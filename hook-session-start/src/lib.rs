//! The hook for SessionStart. It enters the session, and reports failures and requirements. After the answer it
//! updates the projections and cleans up.

mod housekeeping;

use hooks_common::event::Event;
use hooks_common::runtime::{self, Hook};
use std::error::Error;
use std::process::ExitCode;

/// The entry point. Claude Code runs it on SessionStart.
pub fn run() -> ExitCode {
    runtime::run(&[Event::SessionStart], work)
}

/// The stages, in their order.
pub fn work(hook: &mut Hook) {
    let owner = hook.enter_session();
    hook.stage("telling failures", gates::briefing::tell_failures);
    hook.stage("session number", continuity::session::begin);
    hook.stage("recovery", |hook| continuity::session::recover(hook, owner.as_ref()));
    hook.stage("briefing", |hook| gates::briefing::brief(hook, owner.as_ref()));
    hook.stage("work in progress", gates::tracking::begin);
    // This stage is the last one before the answer, because it fills the remaining space.
    hook.stage("hand-off", continuity::session::restore);
    hook.respond();
    hook.record();
    hook.stage("vitals", |hook| -> Result<(), Box<dyn Error>> {
        let open = gates::reminder::open(hook)?;
        Ok(continuity::vitals::note_open(hook, &open)?)
    });
    hook.stage("commits", continuity::session::catch_up_commits);
    hook.stage("session files", continuity::session::settle);
    projections::bring_up_to_date(hook);
    hook.stage("compacting the log", housekeeping::compact);
    hook.stage("removing old sessions", housekeeping::remove_old_sessions);
}
