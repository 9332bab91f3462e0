//! SessionEnd: the host may kill it at any moment, so what matters most comes first.

use hooks_common::registry::Registry;
use hooks_common::runtime::Hook;
use hooks_common::store::lock;

/// The event's order of work.
pub fn work(hook: &mut Hook) {
    hook.stage("leaving the registry", leave_registry);
    hook.stage("ending a pause", gates::session_end::end_pause);
    hook.stage("clearing session state", gates::session_end::clear_state);
    hook.stage("work in progress", gates::tracking::end);
    hook.respond();
    hook.record();
    hook.stage("metrics", finish_metrics);
}

fn leave_registry(hook: &mut Hook) -> Result<(), hooks_common::registry::RegistryError> {
    let Some(session) = &hook.session else { return Ok(()) };
    Registry::new(&hook.paths).remove(session.key(), lock::CHANGE).map(drop)
}

/// Finishes metrics that exist; a session without any gets none.
fn finish_metrics(hook: &mut Hook) -> Result<(), String> {
    let Some(session) = &hook.session else { return Ok(()) };
    if hook.project().state().metrics(session.key()).exists() {
        gates::metrics::project(hook)
    } else {
        Ok(())
    }
}
