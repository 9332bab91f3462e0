//! The hook for all events without an executable of their own. It records them, and answers if a rule applies.

use gates::permission::Danger;
use guards::destructive;
use hooks_common::event::Event;
use hooks_common::runtime::{self, Hook};
use std::process::ExitCode;

/// The events that are served. The first is used if a payload names none. The last three are never installed: one is
/// sent for each streamed line, and two would replace git's own work.
pub const EVENTS: [Event; 24] = [
    Event::Notification,
    Event::PermissionRequest,
    Event::PermissionDenied,
    Event::SubagentStart,
    Event::SubagentStop,
    Event::TeammateIdle,
    Event::TaskCreated,
    Event::TaskCompleted,
    Event::PostToolBatch,
    Event::StopFailure,
    Event::CwdChanged,
    Event::FileChanged,
    Event::ConfigChange,
    Event::InstructionsLoaded,
    Event::DirectoryAdded,
    Event::Elicitation,
    Event::ElicitationResult,
    Event::Setup,
    Event::PreModelSwitch,
    Event::PostModelSwitch,
    Event::Unknown,
    Event::MessageDisplay,
    Event::WorktreeCreate,
    Event::WorktreeRemove,
];

/// The entry point. Claude Code runs it on the events above.
pub fn run() -> ExitCode {
    runtime::run(&EVENTS, work)
}

/// The stages, in their order.
pub fn work(hook: &mut Hook) {
    match hook.event {
        Event::SubagentStart => {
            hook.stage("briefing a subagent", gates::subagent::brief);
        }
        Event::SubagentStop => {
            hook.stage("satisfying by a subagent", gates::satisfy::by_agent);
        }
        Event::PermissionRequest => {
            hook.stage("denying what destroys", |hook| {
                gates::permission::deny_dangerous(hook, |hook, policy| {
                    destructive::permission::objection(hook, policy)
                        .map(|found| found.map(|found| Danger { reason: found.what, way_out: found.way_out }))
                })
            });
        }
        Event::TeammateIdle | Event::TaskCompleted => {
            hook.stage("following a team", gates::teams::follow);
        }
        _ => {}
    }
    hook.respond();
    hook.record();
}
