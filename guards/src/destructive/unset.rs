//! Removals of the root that wait for a variable to be empty.

use hooks_common::text::fact;
use shell::Command;

use super::roots;
use crate::objection::Objection;

/// A recursive removal that is one of the root where a variable is empty: `rm -rf "$DIR"/*`. One that the line itself
/// sets is no doubt.
pub fn find(command: &Command, written: &str) -> Option<Objection> {
    if !matches!(command.program(), Some("rm" | "grm")) || !roots::is_recursive(command.arguments()) {
        return None;
    }
    command.arguments().iter().filter(|word| !word.is_literal).find_map(|word| {
        let (name, rest) = variable(&word.text)?;
        let is_set =
            [format!("{name}="), format!("for {name} "), format!("read {name}"), format!("read -r {name}")]
                .iter()
                .any(|set| written.contains(set.as_str()));
        let is_root = matches!(rest, "/" | "/*" | "/." | "/.*" | "/{*,.*}");
        (is_root && !is_set && !matches!(name, "HOME" | "PWD" | "OLDPWD" | "TMPDIR")).then(|| {
            Objection::doubtful(
                format!(
                    "where {} is empty, this removes all files there are: {}",
                    fact(&format!("${name}")),
                    fact(&word.text)
                ),
                format!("let it fail where the variable is empty: rm -rf \"${{{name}:?}}\"{rest}"),
            )
        })
    })
}

/// The variable that a text begins with, and the rest of it.
fn variable(text: &str) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let text = text.strip_prefix('$')?;
    let (name, rest) = match text.strip_prefix('{') {
        Some(braced) => braced.split_once('}')?,
        None => text.split_at(text.find(|c| !is_part(c)).unwrap_or(text.len())),
    };
    (!name.is_empty() && name.chars().all(is_part)).then_some((name, rest))
}
