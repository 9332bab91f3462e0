//! The hook for PreCompact and PostCompact. It records the event, saves the hand-off, and updates the projections.

use hooks_common::event::Event;
use hooks_common::runtime::{self, Hook};
use std::process::ExitCode;

/// The entry point. Claude Code runs it on PreCompact and PostCompact.
pub fn run() -> ExitCode {
    runtime::run(&[Event::PreCompact, Event::PostCompact], work)
}

/// The stages, in their order.
pub fn work(hook: &mut Hook) {
    hook.respond();
    hook.record();
    if hook.event == Event::PreCompact {
        hook.stage("hand-off", continuity::save::before_compaction);
    }
    projections::bring_up_to_date(hook);
}
