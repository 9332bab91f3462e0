//! PostToolUse: what a tool that ran has satisfied, and what it has spent.

use config::Rule;
use hooks_common::event::Event;
use hooks_common::requirements::{Scope, transaction};
use hooks_common::runtime::Hook;
use hooks_common::store::lock;
use serde_json::Map;

use crate::satisfy::{self, Target, is_same_skill};
use crate::view::{Gates, triggered};

/// Satisfies the requirements that a completed skill stands for.
///
/// # Errors
/// When the gates cannot be read or the state not be changed.
pub fn satisfy_by_skill(hook: &mut Hook) -> Result<(), String> {
    if hook.event != Event::PostToolUse || hook.payload.tool_name != "Skill" {
        return Ok(());
    }
    let skill = hook.payload.tool_input.skill.clone();
    let Some(gates) = Gates::of_hook(hook) else { return Ok(()) };
    let rules = gates.policy.rules().map_err(|error| error.to_string())?;
    let stands_for = |rule: &&Rule| {
        rule.requirement
            .satisfied_by_skill
            .as_deref()
            .is_some_and(|configured| is_same_skill(configured, &skill))
    };
    let satisfied: Vec<&Rule> = rules.iter().filter(stands_for).collect();
    if satisfied.is_empty() {
        return Ok(());
    }
    let target = Target {
        dir: &gates.dir,
        branch: &gates.branch,
        project: hook.project().root(),
        session: gates.session.as_ref(),
        now: gates.now,
        wait: lock::CHANGE,
    };
    let metadata = Map::from_iter([("skill".to_owned(), skill.clone().into())]);
    satisfy::satisfy(target, &satisfied, "skill", &metadata, None).map_err(|error| error.to_string())?;
    let names = satisfied.iter().map(|rule| rule.name.clone()).collect();
    if let Some(record) = &mut hook.gates {
        record.outcome = "pass".to_owned();
        record.satisfied = names;
        record.satisfied_by = format!("skill:{skill}");
    }
    Ok(())
}

/// Spends the single-use approvals that the tool needed. A tool that failed spends nothing.
///
/// # Errors
/// When the gates cannot be read or the state not be changed.
pub fn spend(hook: &mut Hook) -> Result<(), String> {
    if hook.event != Event::PostToolUse {
        return Ok(());
    }
    let recorded = hook.gates.take();
    let Some(gates) = Gates::of_hook(hook) else {
        hook.gates = recorded;
        return Ok(());
    };
    hook.gates = recorded;
    let of_tool = gates.policy.gates(&hook.payload.tool_name).map_err(|error| error.to_string())?;
    let single: Vec<_> = of_tool.into_iter().filter(|gate| gate.scope == Scope::SingleUse).collect();
    let needed = triggered(single, &hook.payload.tool_input.command)?;
    let Some(session) = &gates.session else { return Ok(()) };
    // Without an entry there is nothing to spend, and nothing to write.
    let held: Vec<_> = needed
        .iter()
        .filter(|gate| {
            gates.state.view(&gate.name, Some(session)).is_triggered()
                || gates.state.view(&gate.name, Some(session)).satisfaction().is_some()
        })
        .collect();
    if held.is_empty() {
        return Ok(());
    }
    let spent =
        transaction(&gates.dir, &gates.branch, hook.project().root(), gates.now, lock::CHANGE, |changes| {
            let spent = held.iter().filter(|gate| changes.clear_single_use(&gate.name, session));
            spent.map(|gate| gate.name.clone()).collect::<Vec<_>>()
        });
    let spent = spent.map_err(|error| error.to_string())?;
    hook.gates.get_or_insert_default().cleared = spent;
    Ok(())
}
