//! Destructive words in the unparsed part of a line; the user is then asked.

use platform::text::fact;
use shell::programs::{self, Roles};

use crate::examined::ExaminedUse;
use crate::objection::Objection;

/// Destructive commands as text.
const MENTIONS: [&str; 12] = [
    "rm -rf",
    "rm -fr",
    "rm -r -f",
    "rm -f -r",
    "reset --hard",
    "clean -fd",
    "clean -df",
    "clean -xfd",
    "push --force",
    "push -f",
    "filter-branch",
    "stash clear",
];

/// Finds destructive text that was not parsed as a command.
pub fn find(examined: &ExaminedUse<'_>) -> Option<Objection> {
    let script = examined.script();
    let doubt = script.doubt.as_ref()?;
    let line = spaced(examined.tool_use.command);
    let followed: Vec<String> = script
        .commands
        .iter()
        .filter(|command| command.program().is_some_and(|name| !programs::is(name, Roles::FEEDS_SHELL)))
        .map(|command| {
            let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
            spaced(&words.join(" "))
        })
        .collect();
    let count = |text: &str, mention: &str| text.matches(mention).count();
    let unseen = MENTIONS.into_iter().find(|mention| {
        count(&line, mention) > followed.iter().map(|text| count(text, mention)).sum::<usize>()
    })?;
    Some(Objection::doubtful(
        format!("this line {doubt}, and it mentions {}", fact(unseen)),
        "write the command out, so that it can be read",
    ))
}

/// A text without quotes and backslashes, with single spaces, cut to the length that is parsed.
fn spaced(text: &str) -> String {
    let plain = platform::text::cut_bytes(text, shell::LONGEST).replace(['\'', '"', '\\'], "");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
