//! Recognises git calls, whatever their program is named.

use std::borrow::Cow;

use shell::options::Options;
use shell::{Command, Word};

use super::arguments::{self, PushArguments};

/// A command as a git call, and whether it certainly is one. `git-push` and `hub` are; a program named by a
/// variable may be, if the line mentions git.
pub(super) fn as_git<'c>(command: &'c Command, line: &str) -> Option<(Cow<'c, Command>, bool)> {
    let word = |text: &str| Word { text: text.to_owned(), is_literal: true, ..Word::default() };
    let called = |start: &[Word]| {
        let words = [start, command.arguments()].concat();
        Cow::Owned(Command { words, ..command.clone() })
    };
    match command.program() {
        Some("git") => Some((Cow::Borrowed(command), true)),
        Some("hub") => Some((called(&[word("git")]), true)),
        Some(name) => Some((called(&[word("git"), word(name.strip_prefix("git-")?)]), true)),
        None => {
            let program = &command.words.first()?.text;
            // `$DOCKER push image` has no refspec, so it is not taken for git, even if the line calls git
            // elsewhere.
            let is_git = || {
                let words = arguments::read(command.arguments()).operands;
                names_git(program) || names_git(line) && words.len() > 2
            };
            is_git().then(|| (called(&[word("git")]), false))
        }
    }
}

fn names_git(text: &str) -> bool {
    text.as_bytes().windows(3).any(|name| name.eq_ignore_ascii_case(b"git"))
}

/// The arguments of `git send-pack`, as those of a `git push`.
pub(super) fn of_send_pack(words: &[Word]) -> PushArguments {
    let mut arguments = arguments::read(words);
    if words.iter().any(|word| word.text == "--stdin") {
        arguments.operands.push(Word { text: "$".to_owned(), ..Word::default() });
    } else if arguments.operands.len() == 1 {
        arguments.operands.push(Word { text: ":".to_owned(), is_literal: true, ..Word::default() });
    }
    arguments
}

/// The arguments of `git subtree push`, as those of a `git push`.
pub(super) fn of_subtree(words: &[Word]) -> Option<PushArguments> {
    let options = Options::new("Pbm", "prefix branch message annotate onto");
    match options.operands(words, 0).as_slice() {
        [verb, remote, reference, ..] if verb.text == "push" => {
            let mut refspec = (*reference).clone();
            if !refspec.text.contains(':') {
                refspec.text.insert_str(0, "HEAD:");
            }
            Some(PushArguments { operands: vec![(*remote).clone(), refspec], ..PushArguments::default() })
        }
        _ => None,
    }
}

/// Whether a git call takes configuration from a source that is not read.
pub(super) fn is_configured_from_outside(command: &Command) -> bool {
    command.words.iter().any(|word| word.text.starts_with("--config-env"))
        || command.assignments.iter().any(|(name, value)| is_source_of_configuration(name, &value.text))
}

pub(super) fn is_source_of_configuration(name: &str, value: &str) -> bool {
    let is_source = matches!(name, "HOME" | "XDG_CONFIG_HOME")
        || name.starts_with("GIT_CONFIG") && name != "GIT_CONFIG_NOSYSTEM";
    is_source && value != "/dev/null"
}
