//! Guard `destructive`: commands that irreversibly destroy data.
//!
//! The line alone is examined first (`line`, `services`, `history`). Git is asked only if no finding is
//! certain and a command may discard work or rewrite shared history. Changes that git can restore are
//! allowed: `rm -rf src` of a clean folder loses nothing.

mod context;
mod discards;
mod given;
mod history;
mod line;
mod options;
pub mod permission;
mod pieces;
mod removals;
mod roots;
mod rules;
mod saved;
mod services;
#[cfg(test)]
mod tests;
mod unsaved;
mod unseen;
mod unset;
mod work_tree;

use config::types::GuardName;
use config::types::guards::Destructive;
use shell::Command;

use self::context::RunContext;
use self::saved::Saved;
use self::work_tree::WorkTree;
use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::{Certainty, Objection};

/// Roughly how many commands git is asked about: an answer takes a few milliseconds.
const MOST_ASKED: usize = 64;

/// Whether the guard applies: a cheap check before its settings are read.
pub fn concerns(examined: &ExaminedUse<'_>) -> bool {
    let script = examined.script();
    script.doubt.is_some()
        || script.commands.iter().any(is_candidate)
        || line::may_be_bomb(examined.tool_use.command)
        || examined.policy.has_guard_rules(GuardName::Destructive)
}

fn is_candidate(command: &Command) -> bool {
    if let Some(call) = command.git() {
        let name = call.subcommand();
        return discards::is_candidate(name) || history::is_of_line(name) || history::is_of_repository(name);
    }
    removals::is_candidate(command)
        || line::is_candidate(command)
        || command.program().is_some_and(|name| services::is_candidate(name) || history::is_program(name))
}

/// Returns the guard's findings.
///
/// # Errors
/// If git or a rule fails.
pub fn examine(settings: &Destructive, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    // If guard `sql` is on, it reports SQL itself.
    let tells_sql = !examined.policy.has_guard(GuardName::Sql);
    find(settings, examined, tells_sql)
}

fn find(
    settings: &Destructive,
    examined: &ExaminedUse<'_>,
    tells_sql: bool,
) -> Result<Vec<Objection>, GuardsError> {
    let mut found = by_line(examined, tells_sql);
    found.extend(rules::find(examined)?);
    // One certain finding is enough; asking git takes milliseconds.
    if found.iter().any(|one| one.certainty == Certainty::Sure) {
        return Ok(found);
    }
    let asked = by_git(settings, examined, &mut found);
    if found.is_empty() {
        asked?;
        found.extend(unseen::find(examined));
    }
    // With findings, an error of git is dropped: the findings matter more.
    Ok(found)
}

/// The findings that the line alone shows.
fn by_line(examined: &ExaminedUse<'_>, tells_sql: bool) -> Vec<Objection> {
    let context = RunContext::new(examined.paths, examined.project, &examined.tool_use);
    let mut found: Vec<Objection> = Vec::new();
    for command in examined.tool_use.commands() {
        let sql = || line::sql(command).filter(|_| tells_sql);
        let hopeless = line::hopeless(command, context).or_else(sql);
        let one = hopeless
            .map(|what| Objection::sure(what, line::way_out(command)))
            .or_else(|| unset::find(command, examined.tool_use.command))
            .or_else(|| services::find(command))
            .or_else(|| history::by_program(command))
            .or_else(|| command.git().and_then(|call| history::by_line(&call)));
        found.extend(one.filter(|one| !found.contains(one)));
    }
    if let Some(what) = line::fork_bomb(examined.tool_use.command) {
        found.push(Objection::sure(what, "give it an end"));
    }
    found
}

/// The findings that need git.
fn by_git(
    settings: &Destructive,
    examined: &ExaminedUse<'_>,
    found: &mut Vec<Objection>,
) -> Result<(), GuardsError> {
    let mut saved = Saved::default();
    let mut asked = 0;
    for command in examined.tool_use.commands() {
        if asked > MOST_ASKED {
            let what = format!("this line does more than {MOST_ASKED} things that may throw away work");
            found.push(Objection::doubtful(what, "run it in parts"));
            return Ok(());
        }
        let Some(call) = command.git() else {
            if settings.uncommitted && removals::is_candidate(command) {
                asked += 1;
                found.extend(removals::find(command, &saved, examined)?);
            }
            continue;
        };
        saved.note(&call, examined);
        let discards = settings.uncommitted && discards::is_candidate(call.subcommand());
        let rewrites = history::is_of_repository(call.subcommand());
        if !discards && !rewrites {
            continue;
        }
        let Some(tree) = WorkTree::of_call(&call, examined) else { continue };
        asked += 1;
        let mut one = None;
        if rewrites {
            one = history::by_repository(&call, &tree, examined)?;
        }
        if discards && one.as_ref().is_none_or(|one| one.certainty < Certainty::Sure) {
            one = discards::find(&call, &tree, &saved, examined)?.or(one);
        }
        found.extend(one.filter(|one| !found.contains(one)));
    }
    Ok(())
}
