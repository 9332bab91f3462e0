//! The parsed arguments of a command: its options, its operands, and the words after `--`.

use shell::Word;
use shell::options::{Argument, Options};

/// The arguments of one command.
#[derive(Debug)]
pub struct CommandArguments<'a> {
    options: Vec<(&'a str, Option<&'a str>)>,
    /// The operands before `--`.
    pub operands: Vec<&'a Word>,
    /// The words after `--`; `None` if there is no `--`.
    pub behind: Option<&'a [Word]>,
}

impl<'a> CommandArguments<'a> {
    /// Parses these words.
    pub fn of(words: &'a [Word], options: Options) -> Self {
        let end = words.iter().position(|word| word.text == "--");
        let (before, behind) = match end {
            Some(at) => (&words[..at], Some(&words[at + 1..])),
            None => (words, None),
        };
        let mut given = Self { options: Vec::new(), operands: Vec::new(), behind };
        for argument in options.read(before, 0) {
            match argument {
                Argument::Option(name, value) => given.options.push((name, value.map(|value| value.text))),
                Argument::Operand(at) => given.operands.push(&before[at]),
            }
        }
        given
    }

    /// Whether one of these options was given: a letter, or a name, which may be abbreviated as git allows.
    pub fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|(given, _)| names.iter().any(|name| is_short_for(given, name)))
    }

    /// The value of the first of these options that has a value.
    pub fn value(&self, names: &[&str]) -> Option<&'a str> {
        let is_named = |given: &str| names.iter().any(|name| is_short_for(given, name));
        self.options.iter().find_map(|(given, value)| value.filter(|_| is_named(given)))
    }

    /// All operands, before and after `--`.
    pub fn all(&self) -> impl Iterator<Item = &'a Word> {
        self.operands.iter().copied().chain(self.behind.unwrap_or_default())
    }
}

fn is_short_for(given: &str, name: &str) -> bool {
    given == name || (given.len() > 2 && name.starts_with(given))
}
