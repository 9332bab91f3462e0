//! Guard `destructive`: commands that destroy what cannot be brought back.
//!
//! What a line alone tells is looked at first ([`line`], [`services`], [`history`]); only when nothing is sure and a
//! command may throw away work or shared history is git asked what would be lost. What git can bring back passes:
//! `rm -rf src` of a clean folder is no loss.

mod at_stake;
mod discards;
mod given;
mod history;
pub mod line;
mod removals;
mod saved;
mod services;
#[cfg(test)]
mod tests;
mod unseen;
mod work_tree;

use config::types::GuardName;
use config::types::guards::{CommandRule, Destructive};
use hooks_common::text::bounded;
use shell::Command;

use self::line::Ground;
use self::saved::Saved;
use self::work_tree::WorkTree;
use crate::objection::{Certainty, Objection};
use crate::sight::Sight;

/// The longest message of a rule that is shown.
const LONGEST_MESSAGE: usize = 500;
/// About how many calls of git the repository is asked.
const MOST_CALLS: usize = 16;

/// Whether the guard has anything to look at: a cheap look, before its settings are read.
pub fn concerns(sight: &Sight<'_>) -> bool {
    let script = sight.script();
    script.doubt.is_some()
        || script.commands.iter().any(is_candidate)
        || line::may_be_bomb(sight.tool_use.command)
        || sight.policy.has_guard_rules(GuardName::Destructive)
}

fn is_candidate(command: &Command) -> bool {
    if let Some(call) = command.git() {
        return discards::is_candidate(call.subcommand()) || history::is_candidate(call.subcommand());
    }
    removals::is_candidate(command)
        || line::is_candidate(command)
        || command.program().is_some_and(|name| services::is_candidate(name) || history::is_program(name))
}

/// What the guard finds.
///
/// # Errors
/// When it cannot look.
pub fn examine(settings: &Destructive, sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    let mut found = by_line(sight);
    found.extend(by_rules(sight)?);
    if found.iter().any(|one| one.certainty == Certainty::Sure) {
        return Ok(found);
    }
    match by_git(settings, sight) {
        Ok(more) => found.extend(more),
        // What was found counts more than what could not be looked at.
        Err(error) if found.is_empty() => return Err(error),
        Err(_) => {}
    }
    if found.is_empty() {
        found.extend(unseen::find(sight));
    }
    Ok(found)
}

/// What the line alone tells.
fn by_line(sight: &Sight<'_>) -> Vec<Objection> {
    let ground = Ground::new(sight.paths, sight.project, &sight.tool_use);
    let has_sql_guard = sight.policy.has_guard(GuardName::Sql);
    let mut found: Vec<Objection> = Vec::new();
    let commands = &sight.script().commands;
    for command in commands {
        let hopeless =
            line::hopeless(command, ground).or_else(|| if has_sql_guard { None } else { line::sql(command) });
        let hopeless = hopeless.map(|what| Objection::sure(what, line::way_out(command)));
        let one = hopeless
            .or_else(|| line::with_unset_variable(command, sight.tool_use.command))
            .or_else(|| services::find(command))
            .or_else(|| history::by_program(command))
            .or_else(|| command.git().and_then(|call| history::by_line(&call)));
        found.extend(one.filter(|one| !found.contains(one)));
    }
    if let Some(what) = line::fork_bomb(sight.tool_use.command) {
        found.push(Objection::sure(what, "give it an end"));
    }
    found
}

/// What git tells.
fn by_git(settings: &Destructive, sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    let mut found: Vec<Objection> = Vec::new();
    let mut saved = Saved::default();
    let mut calls = 0;
    for command in &sight.script().commands {
        let Some(call) = command.git() else {
            if settings.uncommitted && removals::is_candidate(command) {
                found.extend(removals::find(command, &saved, sight)?);
            }
            continue;
        };
        saved.note(&call);
        let (discards, rewrites) = (
            settings.uncommitted && discards::is_candidate(call.subcommand()),
            history::is_candidate(call.subcommand()),
        );
        if !discards && !rewrites {
            continue;
        }
        let Some(tree) = WorkTree::of_call(&call, sight) else { continue };
        calls += 1;
        if calls > MOST_CALLS {
            return Err(format!("the line calls git more than {MOST_CALLS} times"));
        }
        let mut one = None;
        if rewrites {
            one = history::by_repository(&call, &tree, sight)?;
        }
        if discards && one.as_ref().is_none_or(|one| one.certainty < Certainty::Sure) {
            one = discards::find(&call, &tree, &saved, sight.home())?.or(one);
        }
        found.extend(one.filter(|one| !found.contains(one)));
    }
    Ok(found)
}

/// What the user's own rules say of the commands; where the line cannot be followed, of the whole of it.
fn by_rules(sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    if !sight.policy.has_guard_rules(GuardName::Destructive) {
        return Ok(Vec::new());
    }
    let script = sight.script();
    let mut texts: Vec<String> = script.commands.iter().flat_map(Command::texts).collect();
    if script.doubt.is_some() {
        texts.push(sight.tool_use.command.to_owned());
    }
    let texts: Vec<(String, String)> = texts
        .into_iter()
        .map(|text| (text.to_ascii_lowercase(), text))
        .map(|(lower, text)| (text, lower))
        .collect();
    let all = texts.iter().map(|(_, lower)| lower.as_str()).collect::<Vec<_>>().join("\n");
    let rules = sight
        .policy
        .guard_rules::<Destructive, CommandRule>(Some(&all))
        .map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    for rule in rules {
        let mut is_met = false;
        for (text, lower) in &texts {
            is_met |= rule.pattern.is_command(text, lower)?;
        }
        if is_met {
            let message = rule.rule.message.trim().trim_end_matches('.');
            let what = match message {
                "" => format!(
                    "a rule of this project is against it: {}",
                    hooks_common::text::fact(&rule.rule.pattern)
                ),
                message => bounded(message, LONGEST_MESSAGE),
            };
            found.push(Objection::sure(what, ""));
        }
    }
    Ok(found)
}
