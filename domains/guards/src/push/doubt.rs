//! A line that cannot be followed, and may hide a push.

use shell::programs::{self, Roles};
use shell::{Command, Doubt, Input, LONGEST, Operator, Script};

/// Whether a text names git and a push of it.
pub(super) fn names_push(text: &str) -> bool {
    let mut words = words(text);
    words.any(|word| word.eq_ignore_ascii_case("git")) && words.any(|word| word == "push")
}

/// Whether a line that cannot be followed may push where nobody sees it; `read` pushes of it were seen.
pub(super) fn may_push(script: &Script, line: &str, read: usize) -> bool {
    match &script.doubt {
        None => false,
        Some(Doubt::TooLong) => names_push(&line[line.floor_char_boundary(LONGEST)..]),
        Some(Doubt::TooDeep | Doubt::TooMuch | Doubt::Unclosed | Doubt::Syntax) => {
            names_push(line) && words(line).filter(|word| *word == "push").count() > read
        }
        Some(doubt @ (Doubt::Program(_) | Doubt::Text(_) | Doubt::Piped(_))) => {
            script.commands.iter().any(|command| builds_push(command, doubt))
        }
    }
}

/// Whether a command may make the text of a push, for something else to run.
fn builds_push(command: &Command, doubt: &Doubt) -> bool {
    if is_written_away(command) {
        return false;
    }
    let program = command.program();
    if let Input::Text(text) = &command.input
        && program.is_none_or(|name| !is_followed(name))
        && names_push(text)
    {
        return true;
    }
    let may_be_piped = !matches!(doubt, Doubt::Text(_));
    let names = |literal_counts: bool| {
        command.arguments().iter().any(|word| (literal_counts || !word.is_literal) && names_push(&word.text))
    };
    match program {
        None => names(true),
        // What git prints may be any text, where it is told how.
        Some("git" | "hub") => {
            let is_format = |text: &str| text.starts_with("--format") || text.starts_with("--pretty");
            let formats =
                command.arguments().iter().any(|word| is_format(&word.text) && names_push(&word.text));
            may_be_piped && formats
        }
        // The text that a shell is given was followed, if it is told.
        Some(name) => names(may_be_piped && !is_followed(name)),
    }
}

/// Whether a program takes prose, or is followed already. A filter such as `grep` takes prose as well, but what it
/// prints is not known.
fn is_followed(program: &str) -> bool {
    program == "eval"
        || programs::is(program, Roles::SHELL)
        || programs::is(program, Roles::TAKES_PROSE) && !programs::is(program, Roles::FILTERS)
}

/// Whether what a command says goes to a file.
fn is_written_away(command: &Command) -> bool {
    command.redirections.iter().any(|redirection| {
        redirection.fd.unwrap_or(1) == 1
            && matches!(redirection.operator, Operator::Write | Operator::Append | Operator::Clobber)
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.'))
        .filter(|word| !word.is_empty())
}
