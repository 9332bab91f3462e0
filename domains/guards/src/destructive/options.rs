//! The options of a command, up to `--`.

use shell::Word;

/// The words that are options, up to `--`.
pub fn options(words: &[Word]) -> impl Iterator<Item = &str> {
    words
        .iter()
        .map(|word| word.text.as_str())
        .take_while(|word| *word != "--")
        .filter(|word| word.starts_with('-'))
}

/// Whether one of these letters was given.
pub fn has_short(words: &[Word], letters: &[char]) -> bool {
    options(words).any(|word| !word.starts_with("--") && word.contains(letters))
}

/// Whether a long option was given, with its dashes.
pub fn has_long(words: &[Word], name: &str) -> bool {
    options(words).any(|word| word == name)
}
