//! What sessions keep about the branch they work on, where `hooks.wip_tracking` is on.

use chrono::DateTime;
use config::types::WipTracking;
use hooks_common::runtime::Hook;
use platform::store::lock;
use platform::text::fact;

use crate::context::Gates;
use crate::error::GatesError;
use crate::wip::{Wip, WipStatus, table};
use hooks_common::req::Req;

/// The most branches that a briefing names.
const MOST_SHOWN: usize = 10;

/// SessionStart: notes the branch unless it is left out, marks merged ones as done, tells what is being worked on.
///
/// # Errors
/// When the gates or the list cannot be read, or the list not be changed.
pub fn begin(hook: &mut Hook) -> Result<(), GatesError> {
    let Some((gates, settings)) = settings(hook)? else { return Ok(()) };
    let (project, now) = (hook.project().root().to_owned(), hook.entered);
    let Some(session) = &gates.session else { return Ok(()) };
    let wip = Wip::new(&hook.paths, lock::CHANGE);
    if keeps(&settings, &gates) {
        wip.touch(&project, gates.branch.name(), session, now)?;
    }
    let entries = wip.entries()?;
    if let (true, Some(repository)) = (settings.auto_detect_merged, hook.project().repository()) {
        let open = entries.iter().filter(|entry| entry.project() == project && !entry.is_done());
        let branches: Vec<&str> = open.map(|entry| entry.branch()).collect();
        let merged = git::merged(repository, &branches);
        wip.mark_done(&project, &merged, now)?;
    }
    if settings.inject_on_start {
        let entries = wip.entries()?;
        hook.answer.add_context(table(&entries, MOST_SHOWN, now.epoch()).unwrap_or_default());
    }
    Ok(())
}

/// Stop: the question how far the work is, asked once a session; noted as asked.
///
/// # Errors
/// As [`begin`].
pub fn question(hook: &Hook) -> Result<Option<String>, GatesError> {
    let Some((gates, settings)) = settings(hook)? else { return Ok(None) };
    let is_asked = settings.prompt_on_stop && keeps(&settings, &gates);
    let Some(session) = gates.session.as_ref().filter(|_| is_asked) else { return Ok(None) };
    let (project, branch) = (hook.project().root().to_owned(), gates.branch.name());
    let wip = Wip::new(&hook.paths, lock::CHANGE);
    let entry = wip.entry(&project, branch)?;
    if !entry.is_some_and(|entry| entry.should_prompt(session)) {
        return Ok(None);
    }
    // Only a question that was noted is asked: one that is asked at every turn would hold the session.
    wip.prompted(&project, branch, session, hook.entered)?;
    let states = WipStatus::ALL.map(WipStatus::name).join("|");
    let command = Req::find(&hook.paths).call(&format!("wip set <{states}>"));
    Ok(Some(format!(
        "How far is the work on {}? This is asked once a session.\nNext: {command}",
        fact(branch)
    )))
}

/// SessionEnd: adds the session's time to its branch.
///
/// # Errors
/// As [`begin`].
pub fn end(hook: &mut Hook) -> Result<(), GatesError> {
    let Some((gates, settings)) = settings(hook)? else { return Ok(()) };
    if !keeps(&settings, &gates) {
        return Ok(());
    }
    let Some(meta) = hook.session_dir().and_then(|dir| dir.meta()) else { return Ok(()) };
    let Ok(began) = DateTime::parse_from_rfc3339(&meta.created_at) else { return Ok(()) };
    let seconds = hook.entered.epoch() - began.timestamp();
    let wip = Wip::new(&hook.paths, lock::HOT);
    wip.add_time(hook.project().root(), gates.branch.name(), seconds, hook.entered).map_err(GatesError::from)
}

/// The gates and what is configured, where branches are tracked.
fn settings(hook: &Hook) -> Result<Option<(Gates, WipTracking)>, GatesError> {
    let Some(gates) = Gates::of_later_stage(hook) else { return Ok(None) };
    let settings = gates.policy.settings()?.wip_tracking;
    Ok(settings.enabled.then_some((gates, settings)))
}

/// Whether the branch is one that is kept.
fn keeps(settings: &WipTracking, gates: &Gates) -> bool {
    settings.exclude_branches.iter().all(|branch| branch != gates.branch.name())
}
