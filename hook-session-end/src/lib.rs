//! The hook for SessionEnd. The host may kill it at any time, so the most important stages come first.

use hooks_common::event::Event;
use hooks_common::owner::Owner;
use hooks_common::registry::{Registry, RegistryError};
use hooks_common::runtime::{self, Hook};
use platform::store::lock;
use std::process::ExitCode;

/// The entry point. Claude Code runs it on SessionEnd.
pub fn run() -> ExitCode {
    runtime::run(&[Event::SessionEnd], work)
}

/// The stages, in their order. If another client has the session too, the session continues there. Then only the
/// leaving client's metrics and log line are written.
pub fn work(hook: &mut Hook) {
    let remaining = remaining_client(hook);
    hook.stage("leaving the registry", |hook| leave_registry(hook, remaining.as_ref()));
    if remaining.is_none() {
        hook.stage("ending pauses", guards::overrides::end_pauses_of);
        hook.stage("removing a pause's mark", gates::session_end::end_pause);
        hook.stage("clearing session state", gates::session_end::clear_state);
        hook.stage("work in progress", gates::tracking::end);
    }
    hook.respond();
    hook.record();
    if remaining.is_none() {
        hook.stage("end of the session", continuity::session::end);
    }
    projections::finish(hook);
}

/// Another client of the session, which resumed it while it was open here.
fn remaining_client(hook: &Hook) -> Option<Owner> {
    let meta = hook.session_dir()?.meta()?;
    let leaving = hook.owner()?;
    meta.others_than(leaving).next().cloned()
}

fn leave_registry(hook: &mut Hook, remaining: Option<&Owner>) -> Result<(), RegistryError> {
    let Some(session) = &hook.session else { return Ok(()) };
    let registry = Registry::new(&hook.paths);
    match remaining {
        Some(remaining) => registry.hand_over(session.key(), remaining, lock::CHANGE),
        None => registry.remove(session.key(), lock::CHANGE).map(drop),
    }
}
