//! Finds the subcommand of a program.

use std::ops::Range;

use crate::command::Word;
use crate::options::Argument;
use crate::programs;

/// The range of the words between the program and its subcommand.
pub(crate) fn before_subcommand(program: &str, words: &[Word]) -> Range<usize> {
    let Some(options) = programs::global_options_of(program) else { return 1..1 };
    // In `cargo +nightly build` the toolchain is not the subcommand.
    let is_toolchain = program == "cargo" && words.get(1).is_some_and(|word| word.text.starts_with('+'));
    let start = if is_toolchain { 2 } else { 1 };
    let mut end = words.len();
    for argument in options.read(words, start) {
        match argument {
            // `git $OPTIONS commit`
            Argument::Operand(at) if may_be_options(&words[at]) && at + 1 < words.len() => {}
            Argument::Operand(at) => {
                end = at;
                break;
            }
            // `git --help commit` is not a commit, and no command follows these options.
            Argument::Option("help" | "version", _) => return 1..start,
            Argument::Option(..) => {}
        }
    }
    // There are only options, so there is no subcommand.
    if end == words.len() { 1..start } else { 1..end }
}

/// Whether a word may be options, or nothing.
pub(crate) fn may_be_options(word: &Word) -> bool {
    !word.is_literal && !word.is_quoted && word.text.starts_with('$')
}
