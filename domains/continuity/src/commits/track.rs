//! The stage after a command line.

use chrono::DateTime;
use hooks_common::event::Event;
use hooks_common::runtime::Hook;

use super::attribution::Attribution;
use super::failure::{self, Output};
use super::ledger::CommitLedger;
use super::record::{failed, record};
use super::state::State;
use super::tree::Tree;
use super::verb;
use crate::error::ContinuityError;
use crate::journal::number_of;

/// Records what a command line committed, or that its commit failed. Where HEAD is as it was seen last, and nothing
/// failed, nothing is written and no process is started.
///
/// # Errors
/// When git fails, or a file cannot be read or written.
pub fn track(hook: &mut Hook) -> Result<(), ContinuityError> {
    let Some(session_dir) = hook.session_dir().filter(|_| hook.project().is_configured()) else {
        return Ok(());
    };
    let Some(ledger) = CommitLedger::of(hook.project()) else { return Ok(()) };
    let state = State::read(&ledger.state()).map_err(|error| failed(&ledger, &error))?;
    let may_have_failed = verb::is_mentioned(&hook.payload.tool_input.command) && !hook.payload.is_interrupt;
    let command = &hook.payload.tool_input.command;
    if !may_have_failed && state.as_ref().is_some_and(|state| ledger.is_quiet(state, command)) {
        return Ok(());
    }
    let trees = ledger.trees(command);
    let has_moved = !trees.iter().all(|tree| state.as_ref().is_some_and(|state| state.is_current(tree)));
    if trees.is_empty() || !(has_moved || may_have_failed) {
        return Ok(());
    }
    let Some(policy) = hook.policy() else { return Ok(()) };
    let settings = policy.continuity()?.commits;
    if !settings.enabled {
        return Ok(());
    }
    let session = number_of(&session_dir);
    let script = shell::parse(&hook.payload.tool_input.command);
    let now = hook.entered.epoch();
    let attribution = Attribution::of_tool(session, &script, now, hook.payload.duration_ms);
    if has_moved {
        let created = session_dir.meta().and_then(|meta| DateTime::parse_from_rfc3339(&meta.created_at).ok());
        let session_start = created.map(|created| created.timestamp());
        match record(&ledger, &trees, &settings, &attribution, session_start, hook.entered)? {
            Some(appended) if appended.during_tool == 0 => {}
            _ => return Ok(()),
        }
    }
    let repositories: Vec<_> = trees.iter().map(Tree::repository).collect();
    if !may_have_failed || !verb::commits(&script, &hook.payload.folder(), hook.paths.home(), &repositories) {
        return Ok(());
    }
    let home = hook.paths.home();
    let said = trees.iter().find_map(|tree| Some((tree, Output::read(tree.repository(), home)?)));
    let (tree, output) = said.map_or((&trees[0], None), |(tree, output)| (tree, Some(output)));
    let has_failed = hook.event == Event::PostToolUseFailure
        || output.as_ref().is_some_and(|output| output.tells_failure(now - attribution.since()));
    if !has_failed {
        return Ok(());
    }
    failure::note(hook, &ledger, tree, output.as_ref(), &settings, session)
}
