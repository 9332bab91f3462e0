//! Nested shells, and other programs that run a text as a shell does.

use crate::command::{Input, Word};
use crate::doubt::Doubt;
use crate::feeds::{Feed, told};
use crate::inner::{InnerCommand, What};
use crate::programs::{self, Roles};

/// Long options whose value is the next word.
const LONG_WITH_VALUE: [&str; 2] = ["--rcfile", "--init-file"];

pub(crate) fn is_shell(name: &str) -> bool {
    programs::is(name, Roles::SHELL)
}

/// The shell that `$SHELL` or `$BASH` means, unless the line sets the variable.
pub(crate) fn by_variable(words: &[Word]) -> Option<&'static str> {
    match words.first()?.text.trim_start_matches(['$', '{']).trim_end_matches('}') {
        "SHELL" => Some("sh"),
        "BASH" => Some("bash"),
        _ => None,
    }
}

/// Whether enough of a text is known to find its commands.
pub(crate) fn is_told(text: &Word) -> bool {
    let is_whole =
        |text: &str| text.starts_with("$(") || text.starts_with('`') || !text.contains(char::is_whitespace);
    text.is_literal || !text.text.contains(['$', '`', '{']) || !is_whole(&text.text)
}

/// The commands of a shell with these words.
pub(crate) fn inner(name: &str, words: &[Word], input: &Input, feeds: &[Feed]) -> Option<InnerCommand> {
    let mut takes_text = false;
    let mut reads_input = false;
    let mut at = 1;
    while let Some(word) = words.get(at) {
        let text = &*word.text;
        at += 1;
        if let Some(long) = text.strip_prefix("--") {
            match long.split_once('=') {
                // fish
                Some(("command", command)) => {
                    let text = Word { text: command.to_owned(), ..word.clone() };
                    return Some(InnerCommand::new(What::Text(text, name.to_owned())));
                }
                None if long.is_empty() => break,
                None if long == "command" => takes_text = true,
                None if long == "version" || long == "help" => return None,
                None if LONG_WITH_VALUE.contains(&text) => at += 1,
                _ => {}
            }
        } else if text == "-" {
            break;
        } else if let Some(letters) = text.strip_prefix(['-', '+']).filter(|letters| !letters.is_empty()) {
            if text.starts_with('-') && letters.contains('n') {
                // With `-n` a shell only checks the syntax.
                return None;
            }
            takes_text |= letters.contains('c');
            reads_input |= letters.contains('s');
            at += letters.bytes().filter(|letter| matches!(letter, b'o' | b'O')).count();
        } else {
            at -= 1;
            break;
        }
    }
    let operand = words.get(at);
    if takes_text {
        let mut inner = InnerCommand::new(What::Text(operand?.clone(), name.to_owned()));
        inner.assignments.extend(words.get(at + 1).map(|word| ("0".to_owned(), word.clone())));
        inner.positionals = Some(words.get(at + 2..).unwrap_or_default().to_vec());
        return Some(inner);
    }
    match operand {
        Some(file) if !reads_input && !is_input(&file.text) => {
            let positionals = words.get(at + 1..).map(<[Word]>::to_vec);
            fed_by(name, file, feeds).map(|inner| InnerCommand { positionals, ..inner })
        }
        _ => fed(name, input),
    }
}

/// The commands of `source`.
pub(crate) fn sourced(name: &str, words: &[Word], input: &Input, feeds: &[Feed]) -> Option<InnerCommand> {
    let file = words[1..].iter().find(|word| word.text != "--")?;
    let inner = if is_input(&file.text) { fed(name, input) } else { fed_by(name, file, feeds) };
    inner.map(|inner| InnerCommand { shares_shell: true, ..inner })
}

/// The commands of a shell that reads them from its input.
pub(crate) fn fed(name: &str, input: &Input) -> Option<InnerCommand> {
    match input {
        Input::Inherited | Input::File => None,
        Input::Unknown => Some(InnerCommand::new(What::Doubt(Doubt::Piped(name.to_owned())))),
        Input::Text(text) => {
            // The outer shell has already expanded the text, so expansions that are left in it are taken literally.
            let mut inner = InnerCommand::new(What::Text(Word::literal(text.clone()), name.to_owned()));
            inner.input = Some(Input::Inherited);
            Some(inner)
        }
    }
}

/// The commands of a shell that reads a file. The file must be a process substitution, or written by the line itself.
fn fed_by(name: &str, file: &Word, feeds: &[Feed]) -> Option<InnerCommand> {
    Some(InnerCommand::new(match &told(feeds, &file.text)?.text {
        Some(text) => What::Text(Word::literal(text.clone()), name.to_owned()),
        None => What::Doubt(Doubt::Piped(name.to_owned())),
    }))
}

/// The commands of a script that the line itself wrote.
pub(crate) fn script(words: &[Word], feeds: &[Feed]) -> Option<InnerCommand> {
    let file = words.first().filter(|word| word.text.contains('/'))?;
    let text = told(feeds, &file.text)?.text.as_deref()?;
    // A script for another interpreter cannot be followed.
    let is_for_shell = !text.starts_with("#!") || text.lines().next().is_some_and(|line| line.contains("sh"));
    let mut inner = fed_by(&file.text, file, feeds).filter(|_| is_for_shell)?;
    inner.positionals = Some(words[1..].to_vec());
    Some(inner)
}

fn is_input(file: &str) -> bool {
    matches!(file, "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}
