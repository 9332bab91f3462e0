//! The text lines of a command in which a rule's expression is searched.

use crate::command::{Command, Word, ends_word};
use crate::globals;

impl Command {
    /// The words without the options before a subcommand: `git`, `commit` for `git -C x --no-pager commit`. All words
    /// if the program has no known options of this kind.
    pub fn without_global_options(&self) -> Vec<&Word> {
        let skipped = self.program().map_or(1..1, |program| globals::before_subcommand(program, &self.words));
        let kept = |at: &usize| !skipped.contains(at);
        (0..self.words.len()).filter(kept).map(|at| &self.words[at]).collect()
    }

    /// The lines in which a rule's expression is searched. The first line contains the program's base name and the
    /// words, separated by single spaces. A second line omits global options, if there are any. Another line contains
    /// the program as written, if it has a path.
    ///
    /// A word with white space, a control character or one of `;|&<>()` is shown as `''`. It is one argument, and
    /// text inside it must not look like a command. Assignments and redirections are omitted.
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

/// The word as rules see it. An empty word, or one that could look like several words, is `''`.
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
