//! Programs that run the command in their arguments.

use crate::command::{Folder, Input, Word, program};
use crate::feeds::Feed;
use crate::inner::{InnerCommand, What, joined};
use crate::options::Argument;
use crate::programs::{self, Passing, Wrapper};
use crate::runners;
use crate::shells;

/// The commands that the program `name`, called with `words`, runs.
pub(crate) fn inner(name: &str, words: &[Word], input: &Input, feeds: &[Feed]) -> Vec<InnerCommand> {
    let one = |inner: Option<InnerCommand>| inner.into_iter().collect();
    if let Some(script) = shells::script(words, feeds) {
        return vec![script];
    }
    match name {
        _ if words.len() == 1 && !takes_input(name) => Vec::new(),
        "eval" => one(joined(&words[1..], "eval").map(|inner| InnerCommand { shares_shell: true, ..inner })),
        "source" | "." => one(shells::sourced(name, words, input, feeds)),
        "trap" => one(runners::trap(words)),
        "alias" => runners::alias(words),
        "at" | "batch" => one(shells::fed(name, input)),
        "su" | "runuser" | "sg" => one(runners::su(name, words, input)),
        "script" => one(runners::script(words)),
        "flock" => one(runners::flock(words)),
        "nix" | "nix-shell" => one(runners::nix(words)),
        "find" | "gfind" => runners::find(words),
        "fd" | "fdfind" => one(runners::fd(words)),
        "xargs" | "gxargs" => runners::xargs(words, input),
        "parallel" => runners::parallel(words),
        "git" => runners::git(words),
        "sudo" if runners::is_sudo_shell(words) => one(shells::fed(name, input)),
        _ if shells::is_shell(name) => one(shells::inner(name, words, input, feeds)),
        _ => match programs::wrapper_of(name) {
            Some(wrapper) => one(wrapped(name, wrapper, words)),
            None => one(runners::by_subcommand(name, words)),
        },
    }
}

/// Whether a program without arguments may read commands from its input.
fn takes_input(name: &str) -> bool {
    shells::is_shell(name) || matches!(name, "su" | "xargs" | "at" | "batch")
}

/// The command after a variable that may be empty or a wrapper such as `sudo`.
pub(crate) fn behind_variable(words: &[Word]) -> Option<InnerCommand> {
    let first = words.first().filter(|word| !word.is_quoted)?;
    let name = first.text.strip_prefix('$')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'{' | b'}'));
    let rest = &words[1..];
    // An option or a file is not a command.
    let is_command = rest.first().is_some_and(|word| !word.text.starts_with('-'));
    if is_name && is_command && program(rest).is_some() { InnerCommand::words(rest) } else { None }
}

fn wrapped(name: &str, wrapper: &Wrapper, words: &[Word]) -> Option<InnerCommand> {
    let mut folder = None;
    let mut split = None;
    let mut at = None;
    let mut operands = wrapper.operands;
    let mut arguments = wrapper.options.read(words, 1);
    while let Some(argument) = arguments.next() {
        match argument {
            Argument::Operand(_) if operands > 0 => operands -= 1,
            // The short form of `env -i`.
            Argument::Operand(place) if name == "env" && words[place].text == "-" => {}
            Argument::Operand(place) => {
                at = Some(place);
                break;
            }
            // `command -v` describes a command without running it.
            Argument::Option("v" | "V", _) if name == "command" => return None,
            // `sudo -e` edits files and `sudo -l` lists permissions. Neither runs a command.
            Argument::Option("e" | "edit" | "l" | "list", _) if name == "sudo" => return None,
            Argument::Option("C" | "chdir", Some(value)) if name == "env" => folder = Some(value),
            Argument::Option("D" | "chdir", Some(value)) if name == "sudo" => folder = Some(value),
            Argument::Option("c" | "call", Some(value)) if wrapper.names.starts_with("npx") => {
                return Some(InnerCommand::new(What::Text(value.to_word(), name.to_owned())));
            }
            Argument::Option("S" | "split-string", Some(value)) if name == "env" => {
                split = Some(value.to_word());
                at = Some(arguments.place());
                break;
            }
            Argument::Option(..) => {}
        }
    }
    let mut rest = words.get(at?..)?;
    if let Some(split) = split {
        let mut all = vec![split];
        all.extend_from_slice(rest);
        return joined(&all, name);
    }
    let mut assignments = Vec::new();
    if wrapper.passing == Passing::Assigns {
        while let Some((first, others)) = rest.split_first() {
            let Some((variable, value)) = assignment(first) else { break };
            assignments.push((variable.to_owned(), Word { text: value.to_owned(), ..first.clone() }));
            rest = others;
        }
    }
    let mut inner =
        if wrapper.passing == Passing::Joined { joined(rest, name)? } else { InnerCommand::words(rest)? };
    inner.assignments = assignments;
    inner.shares_shell = wrapper.passing == Passing::SameShell;
    inner.folder = folder
        .map(|value| if value.word.is_literal { Folder::In(value.text.to_owned()) } else { Folder::Unknown });
    Some(inner)
}

fn assignment(word: &Word) -> Option<(&str, &str)> {
    let (name, value) = word.text.split_once('=')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (!name.is_empty() && name.bytes().all(is_name)).then_some((name, value))
}
