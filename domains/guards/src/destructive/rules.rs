//! The user's own rules over commands.

use config::types::GuardName;
use config::types::guards::{CommandRule, Destructive};
use platform::text::{bounded, fact};
use shell::Command;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;

/// The longest message that is shown, in bytes.
const LONGEST_MESSAGE: usize = 500;

/// The findings of the rules over the commands of a line. If the line cannot be parsed, its whole text is
/// searched and the user is asked.
///
/// # Errors
/// If the policy is damaged, or a regular expression exceeds its step limit.
pub fn find(examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    if !examined.policy.has_guard_rules(GuardName::Destructive) {
        return Ok(Vec::new());
    }
    let script = examined.script();
    let texts: Vec<String> = script.commands.iter().flat_map(Command::texts).collect();
    let lower: Vec<String> = texts.iter().map(|text| text.to_ascii_lowercase()).collect();
    let line = examined.tool_use.command;
    let lower_line = script.doubt.as_ref().map(|_| line.to_ascii_lowercase()).unwrap_or_default();
    let searched = format!("{}\n{lower_line}", lower.join("\n"));
    let rules = examined.policy.guard_rules::<Destructive, CommandRule>(Some(&searched))?;
    let mut found = Vec::new();
    for rule in rules {
        let mut is_run = false;
        for (text, lower) in texts.iter().zip(&lower) {
            is_run |= rule.pattern.is_command(text, lower)?;
        }
        let what = || match rule.rule.message.trim().trim_end_matches('.') {
            "" => format!("a rule of this project is against it: {}", fact(&rule.rule.pattern)),
            message => bounded(message, LONGEST_MESSAGE),
        };
        if is_run {
            found.push(Objection::sure(what(), ""));
        } else if let Some(doubt) = &script.doubt
            && rule.pattern.is_match(line, &lower_line)?
        {
            let way_out = format!("write the command out, so that it can be read: this line {doubt}");
            found.push(Objection::doubtful(what(), way_out));
        }
    }
    Ok(found)
}
