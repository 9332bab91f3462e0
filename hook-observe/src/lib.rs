//! The events that are recorded, and answered where a rule applies: subagents, permission requests, teams.

use hooks_common::event::Event;
use hooks_common::runtime::Hook;

/// The events that are served; the first is assumed when a payload names none.
pub const EVENTS: [Event; 5] = [
    Event::SubagentStart,
    Event::SubagentStop,
    Event::PermissionRequest,
    Event::TeammateIdle,
    Event::TaskCompleted,
];

/// The events' order of work.
pub fn work(hook: &mut Hook) {
    match hook.event {
        Event::SubagentStart => hook.stage("briefing a subagent", gates::subagent::brief),
        Event::SubagentStop => hook.stage("satisfying by a subagent", gates::satisfy::by_agent),
        Event::PermissionRequest => hook.stage("denying what destroys", gates::permission::deny_dangerous),
        _ => hook.stage("following a team", gates::teams::follow),
    };
    hook.respond();
    hook.record();
}
