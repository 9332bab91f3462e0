//! Commands that run in a container or on another machine: `docker exec db psql …`. Databases often run
//! there, and the line still contains the SQL.

use std::fmt::Write;

use platform::shell_word;
use shell::options::Argument;
use shell::programs::{CONTAINER_EXEC, CONTAINER_RUN, Container, SSH, container_of};
use shell::{Command, Word};

/// The line that a command runs elsewhere.
pub fn line(command: &Command) -> Option<String> {
    match command.program()? {
        "ssh" => {
            let host = SSH.first_operand(&command.words, 1)?;
            // `ssh` joins its arguments with spaces, and a remote shell parses the result.
            let texts: Vec<&str> = command.words[host + 1..].iter().map(|word| &*word.text).collect();
            (!texts.is_empty()).then(|| texts.join(" "))
        }
        program => in_container(container_of(program)?, command),
    }
}

fn in_container(container: &Container, command: &Command) -> Option<String> {
    let words: Vec<Word> = command.without_global_options().into_iter().cloned().collect();
    let at = words.iter().position(|word| matches!(&*word.text, "exec" | "run"))?;
    let options = if words[at].text == "exec" { CONTAINER_EXEC } else { CONTAINER_RUN };
    let mut operands = options.read(&words, at + 1).filter_map(|argument| match argument {
        Argument::Operand(at) => Some(at),
        Argument::Option(..) => None,
    });
    let rest = &words[operands.next()? + 1..];
    // More options may be between a pod and its command.
    let dashes = rest.iter().position(|word| container.takes_dashes && word.text == "--");
    let start = dashes.map_or(0, |dashes| dashes + 1);
    let mut line = String::new();
    for word in &rest[start..] {
        let _ = write!(line, "{} ", quoted(word));
    }
    (!line.is_empty()).then_some(line)
}

/// A word in a form that a shell reads back.
fn quoted(word: &Word) -> String {
    if word.is_literal {
        shell_word::single(&word.text)
    } else {
        format!("\"{}\"", word.text.replace('\\', r"\\").replace('"', "\\\""))
    }
}
