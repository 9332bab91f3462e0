//! Commands that other commands run.

use crate::command::{Folder, Input, Word};
use crate::doubt::Doubt;

/// A command, or a text of commands, that another command runs.
#[derive(Debug)]
pub(crate) struct InnerCommand {
    pub(crate) what: What,
    pub(crate) assignments: Vec<(String, Word)>,
    /// Whether it runs in the same shell, so that its `cd` has a lasting effect.
    pub(crate) shares_shell: bool,
    /// The folder in which it runs, if it is not the outer command's folder.
    pub(crate) folder: Option<Folder>,
    /// Its standard input, if it is not the outer command's input.
    pub(crate) input: Option<Input>,
    /// `$1` and the following parameters.
    pub(crate) positionals: Option<Vec<Word>>,
}

#[derive(Debug)]
pub(crate) enum What {
    Words(Vec<Word>),
    /// A text, and the program that runs it.
    Text(Word, String),
    Doubt(Doubt),
}

impl InnerCommand {
    pub(crate) fn new(what: What) -> Self {
        Self {
            what,
            assignments: Vec::new(),
            shares_shell: false,
            folder: None,
            input: None,
            positionals: None,
        }
    }

    /// A command from these words. `None` if there are no words.
    pub(crate) fn words(words: &[Word]) -> Option<Self> {
        (!words.is_empty()).then(|| Self::new(What::Words(words.to_vec())))
    }
}

/// One text from these words, to be run by `by`.
pub(crate) fn joined(words: &[Word], by: &str) -> Option<InnerCommand> {
    let words = words.strip_prefix(&[Word::literal("--")]).unwrap_or(words);
    if words.is_empty() {
        return None;
    }
    let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
    let is_literal = words.iter().all(|word| word.is_literal);
    let text = Word { text: texts.join(" "), is_literal, is_quoted: true, is_at_home: false };
    Some(InnerCommand::new(What::Text(text, by.to_owned())))
}
