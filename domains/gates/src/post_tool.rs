//! PostToolUse: what a tool that ran has spent, and what is told after it.

use config::tools::is_edit;
use config::types::Scope;
use hooks_common::event::Event;
use hooks_common::requirements::transaction;
use hooks_common::runtime::Hook;
use hooks_common::session_log::LoggedEvent;
use platform::store::lock;

use crate::context::Gates;
use crate::error::GatesError;
use crate::record::GateRecord;
use crate::trigger::Triggers;
use hooks_common::tool_use::ToolUse;

/// How much of the session's log is looked at for failures, in bytes.
const RECENT: u64 = 128 * 1024;

/// Spends the single-use approvals that the tool needed. A tool that failed spends nothing.
///
/// # Errors
/// When the gates cannot be read or the state not be changed.
pub fn spend(hook: &mut Hook) -> Result<(), GatesError> {
    if hook.event != Event::PostToolUse {
        return Ok(());
    }
    let Some(gates) = Gates::of_later_stage(hook) else { return Ok(()) };
    let Some(session) = &gates.session else { return Ok(()) };
    let tool_use = ToolUse::of(&hook.payload);
    let root = hook.project().root();
    let mut triggers = Triggers::new(&tool_use, root, &hook.paths);
    let of_tool = triggers.gates(&gates.policy)?;
    // Without an entry there is nothing to spend, and nothing to write. Without a single-use gate the branch's state is
    // not even read.
    let held = of_tool.into_iter().filter(|gate| gate.scope == Scope::SingleUse).filter(|gate| {
        let view = gates.state.view(&gate.name, Some(session));
        view.is_triggered() || view.satisfaction().is_some()
    });
    let held: Vec<_> = held.collect();
    if held.is_empty() {
        return Ok(());
    }
    let mut needed = Vec::new();
    let mut failed = None;
    for gate in held {
        match triggers.ask(&gate) {
            Ok(true) => needed.push(gate),
            Ok(false) => {}
            Err(error) => failed = Some(error),
        }
    }
    if !needed.is_empty() {
        let spent = transaction(&gates.dir, &gates.branch, root, gates.now, lock::CHANGE, |changes| {
            let spent = needed.iter().filter(|gate| changes.clear_single_use(&gate.name, session));
            spent.map(|gate| gate.name.clone()).collect::<Vec<_>>()
        });
        hook.records.get_mut::<GateRecord>().cleared = spent?;
    }
    failed.map_or(Ok(()), Err)
}

/// Advises after edits that failed again and again, once each time that so many more have.
///
/// # Errors
/// When the gates or the session's log cannot be read.
pub fn advise_after_failures(hook: &mut Hook) -> Result<(), GatesError> {
    let is_failed_edit = hook.event == Event::PostToolUseFailure && is_edit(&hook.payload.tool_name);
    if !is_failed_edit || hook.payload.is_interrupt {
        return Ok(());
    }
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let settings = gates.policy.settings()?.tool_failure;
    let after = usize::try_from(settings.after.max(1)).unwrap_or(usize::MAX);
    if !settings.advice {
        return Ok(());
    }
    let Some(dir) = hook.session_dir() else { return Ok(()) };
    let events = dir.read_tail(RECENT)?;
    let failures = 1 + failures_in_a_row(&events);
    if failures.is_multiple_of(after) {
        hook.answer.add_context(format!(
            "{failures} edits in a row have failed. Read the file again before the next one: its text may differ from what is remembered, in white space or by another edit. A smaller edit, or one that quotes more of its surroundings, is found more easily."
        ));
    }
    Ok(())
}

/// Edits that failed since the last one that went through.
fn failures_in_a_row(events: &[LoggedEvent]) -> usize {
    let edits = events.iter().rev().filter(|event| is_edit(&event.tool_name) && !event.is_interrupt);
    let outcomes = edits.filter(|event| event.event.starts_with("PostToolUse"));
    outcomes.take_while(|event| event.event == "PostToolUseFailure").count()
}
