//! A command as the lines in which a rule's expression is searched.

use crate::command::{Command, Word, ends_word};
use crate::globals;

impl Command {
    /// The words without the options that stand before a subcommand: `git`, `commit` for
    /// `git -C x --no-pager commit`. All words when the program is not known to have such options.
    pub fn without_global_options(&self) -> Vec<&Word> {
        let skipped = self.program().map_or(1..1, |program| globals::before_subcommand(program, &self.words));
        let kept = |at: &usize| !skipped.contains(at);
        (0..self.words.len()).filter(kept).map(|at| &self.words[at]).collect()
    }

    /// The lines in which a rule's expression is searched: the program's base name and the words, one space
    /// between them; the same without global options, if there are any; and with the program as written, if it
    /// was written with a path.
    ///
    /// A word that holds white space, a control character or one of `;|&<>()` is shown as `''`: it is one
    /// argument, and a mention inside it must not look like a command. Assignments and redirections are left
    /// out.
    pub fn texts(&self) -> Vec<String> {
        let Some(first) = self.words.first() else { return Vec::new() };
        let written = shown(first);
        let name =
            if written == "''" && first.is_literal { written } else { self.program().unwrap_or(written) };
        let mut texts = vec![line(name, self.words.iter().skip(1))];
        let kept = self.without_global_options();
        if kept.len() < self.words.len() {
            texts.push(line(name, kept.into_iter().skip(1)));
        }
        if name != written {
            texts.push(line(written, self.words.iter().skip(1)));
        }
        texts
    }
}

/// The word as rules see it: what could be taken for several words, or for none, is `''`.
fn shown(word: &Word) -> &str {
    if word.text.is_empty() || word.text.contains(ends_word) { "''" } else { &word.text }
}

fn line<'a>(program: &str, words: impl Iterator<Item = &'a Word>) -> String {
    let mut line = program.to_owned();
    for word in words {
        line.push(' ');
        line.push_str(shown(word));
    }
    line
}
