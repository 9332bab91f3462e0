//! Lines that cannot be parsed and may hide a push.

use shell::programs::{self, Roles};
use shell::{Command, Doubt, Input, LONGEST, Operator, Script};

/// Whether a text mentions git and a push.
pub(super) fn names_push(text: &str) -> bool {
    let mut words = words(text);
    words.any(|word| word.eq_ignore_ascii_case("git")) && words.any(|word| word == "push")
}

/// Whether an unparsed part of a line may push; `read` pushes of the line were parsed.
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

/// Whether a command may generate the text of a push for another program to run.
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
        // With a format, git may print any text.
        Some("git" | "hub") => {
            let is_format = |text: &str| text.starts_with("--format") || text.starts_with("--pretty");
            let formats =
                command.arguments().iter().any(|word| is_format(&word.text) && names_push(&word.text));
            may_be_piped && formats
        }
        // The text that a shell gets was parsed already, if the line determines it.
        Some(name) => names(may_be_piped && !is_followed(name)),
    }
}

/// Whether a program takes prose, or its text is parsed already. A filter such as `grep` takes prose too, but
/// its output is unknown.
fn is_followed(program: &str) -> bool {
    program == "eval"
        || programs::is(program, Roles::SHELL)
        || programs::is(program, Roles::TAKES_PROSE) && !programs::is(program, Roles::FILTERS)
}

/// Whether the output of a command goes to a file.
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
