//! PreCompact and PostCompact: record it, save what must not be lost, bring the projections up to date.

use hooks_common::event::Event;
use hooks_common::runtime::{self, Hook};
use std::process::ExitCode;

/// Run by Claude Code on PreCompact and PostCompact.
pub fn run() -> ExitCode {
    runtime::run(&[Event::PreCompact, Event::PostCompact], work)
}

/// The events' order of work.
pub fn work(hook: &mut Hook) {
    hook.respond();
    hook.record();
    if hook.event == Event::PreCompact {
        hook.stage("hand-off", continuity::save::before_compaction);
    }
    projections::bring_up_to_date(hook);
}
