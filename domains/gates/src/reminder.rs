//! UserPromptSubmit: what is open, told when the prompt asks for work that will meet it.

use hooks_common::decision::Outcome;
use hooks_common::runtime::Hook;

use crate::context::Gates;
use crate::error::GatesError;
use crate::judge::EvalContext;
use crate::metrics;
use crate::record::GateRecord;

/// Whole words that announce an edit.
const EDIT_WORDS: [&str; 13] = [
    "edit",
    "write",
    "modify",
    "change",
    "update",
    "fix",
    "add",
    "remove",
    "delete",
    "refactor",
    "implement",
    "create",
    "build",
];
/// Text that announces a commit or what follows one.
const COMMIT_TEXTS: [&str; 7] = ["commit", "push", "deploy", "release", "merge", "pr ", "pull request"];

/// Tells the model which requirements are open, unless it was told the same before in this session, and the
/// user that the gates are paused.
///
/// # Errors
/// When the gates cannot be read.
pub fn remind(hook: &mut Hook) -> Result<(), GatesError> {
    let recorded = hook.records.take::<GateRecord>();
    let gates = Gates::of_hook(hook);
    if let Some(recorded) = recorded.filter(|recorded| !recorded.satisfied.is_empty()) {
        *hook.records.get_mut() = recorded;
    }
    if hook.records.get::<GateRecord>().is_some_and(|record| record.outcome == Outcome::Paused) {
        hook.answer.add_context("Requirement gates are paused for this session; `req resume` ends that.");
        return Ok(());
    }
    let Some(gates) = gates else { return Ok(()) };
    let settings = gates.policy.settings()?;
    if !settings.prompt_submit.reminder || !announces_work(&hook.payload.prompt) {
        return Ok(());
    }
    let names = names(hook, &gates)?;
    let Some(session) = &hook.session else { return Ok(()) };
    if names.is_empty() || metrics::remembered(&gates.dir, session.key(), "reminded") == names {
        return Ok(());
    }
    let count = names.len();
    let noun = if count == 1 { "requirement is" } else { "requirements are" };
    hook.answer.add_context(format!("{count} {noun} open in this project: {}.", names.join(", ")));
    hook.records.get_mut::<GateRecord>().reminded = names;
    Ok(())
}

/// The requirements that are open for the session.
///
/// # Errors
/// When the gates cannot be read.
pub fn open(hook: &Hook) -> Result<Vec<String>, GatesError> {
    Gates::of_later_stage(hook).map_or_else(|| Ok(Vec::new()), |gates| names(hook, &gates))
}

fn names(hook: &Hook, gates: &Gates) -> Result<Vec<String>, GatesError> {
    let situation = EvalContext::of_project(&hook.paths, hook.project());
    let open = gates.open(&situation)?;
    Ok(open.into_iter().map(|rule| rule.name).collect())
}

fn announces_work(prompt: &str) -> bool {
    let lower = prompt.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    words.any(|word| EDIT_WORDS.contains(&word)) || COMMIT_TEXTS.iter().any(|text| lower.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_announced_by_whole_words() {
        for prompt in ["Fix the test", "please UPDATE it", "then commit", "open a pr now"] {
            assert!(announces_work(prompt), "{prompt}");
        }
        for prompt in ["what does this address mean?", "explain the prefix", ""] {
            assert!(!announces_work(prompt), "{prompt}");
        }
    }
}
