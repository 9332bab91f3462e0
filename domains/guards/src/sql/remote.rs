//! Commands that run in a container or on another machine: `docker exec db psql …`. Databases often live there, and
//! what a client is given stands in the line all the same.

use std::fmt::Write;

use shell::options::{Argument, Options};
use shell::{Command, Word};

const EXEC: Options =
    Options::new("euwcn", "env env-file user workdir detach-keys index container namespace");
const RUN: Options = Options::new(
    "euwpvlmhc",
    "env env-file user workdir publish volume label memory hostname name network net link mount entrypoint platform \
    restart add-host cpus gpus shm-size pull tmpfs ulimit cap-add cap-drop security-opt dns ip device log-driver",
);
const SSH: Options = Options::new("BbcDEeFIiJLlmOopQRSWw", "");

/// The line that a command runs somewhere else.
pub fn line(command: &Command) -> Option<String> {
    match command.program()? {
        "ssh" => {
            let host = SSH.first_operand(&command.words, 1)?;
            // What `ssh` is given is put together with spaces and read by a shell there.
            let texts: Vec<&str> = command.words[host + 1..].iter().map(|word| &*word.text).collect();
            (!texts.is_empty()).then(|| texts.join(" "))
        }
        "docker" | "podman" | "nerdctl" | "docker-compose" | "podman-compose" | "kubectl" | "oc" => {
            in_container(command)
        }
        _ => None,
    }
}

fn in_container(command: &Command) -> Option<String> {
    let words: Vec<Word> = command.without_global_options().into_iter().cloned().collect();
    let at = words.iter().position(|word| matches!(&*word.text, "exec" | "run"))?;
    let options = if words[at].text == "exec" { EXEC } else { RUN };
    let mut operands = options.read(&words, at + 1).filter_map(|argument| match argument {
        Argument::Operand(at) => Some(at),
        Argument::Option(..) => None,
    });
    let container = operands.next()?;
    let rest = &words[container + 1..];
    // Between a pod and its command may stand more options.
    let has_dashes = matches!(command.program(), Some("kubectl" | "oc"));
    let dashes = rest.iter().position(|word| has_dashes && word.text == "--");
    let start = dashes.map_or(0, |dashes| dashes + 1);
    let mut line = String::new();
    for word in &rest[start..] {
        let _ = write!(line, "{} ", quoted(word));
    }
    (!line.is_empty()).then_some(line)
}

/// A word as a shell reads it back.
fn quoted(word: &Word) -> String {
    if word.is_literal {
        format!("'{}'", word.text.replace('\'', r"'\''"))
    } else {
        format!("\"{}\"", word.text.replace('\\', r"\\").replace('"', "\\\""))
    }
}
