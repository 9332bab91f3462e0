//! Separates a program's arguments into options, values and operands.

use crate::command::Word;

/// The options of a program that take the next word as their value.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Letters of options with one dash.
    pub short: &'static str,
    /// Names without dashes, separated by spaces. One text needs no relocations at start-up, unlike a list.
    pub long: &'static str,
    /// Letters whose optional value is the rest of their word.
    pub attached: &'static str,
}

/// One argument.
#[derive(Debug, Clone, Copy)]
pub enum Argument<'a> {
    /// An option without its dashes, and its value. A long name with one dash is read as its letters.
    Option(&'a str, Option<OptionValue<'a>>),
    /// The index of a word that is not an option.
    Operand(usize),
}

/// The value of an option.
#[derive(Debug, Clone, Copy)]
pub struct OptionValue<'a> {
    /// The word that contains the value.
    pub word: &'a Word,
    /// The value: the whole word or the end of it.
    pub text: &'a str,
}

impl OptionValue<'_> {
    /// The value as a separate word.
    pub fn to_word(self) -> Word {
        Word { text: self.text.to_owned(), ..self.word.clone() }
    }
}

impl Options {
    /// No option takes a value.
    pub const NONE: Self = Self::new("", "");

    /// Options that take a value: letters, and names separated by spaces.
    pub const fn new(short: &'static str, long: &'static str) -> Self {
        Self { short, long, attached: "" }
    }

    /// The same options, with letters whose optional value is the rest of their word.
    pub const fn attached(self, attached: &'static str) -> Self {
        Self { attached, ..self }
    }

    /// The arguments among `words`, from the index `at`.
    pub fn read(self, words: &[Word], at: usize) -> Arguments<'_> {
        Arguments { words, at, options: self, cluster: "", holder: at, only_operands: false }
    }

    /// The index of the first operand, from the index `at`.
    pub fn first_operand(self, words: &[Word], at: usize) -> Option<usize> {
        self.read(words, at).find_map(|argument| match argument {
            Argument::Operand(at) => Some(at),
            Argument::Option(..) => None,
        })
    }

    /// The words from `at` that are neither options nor values of options.
    pub fn operands(self, words: &[Word], at: usize) -> Vec<&Word> {
        self.read(words, at)
            .filter_map(|argument| match argument {
                Argument::Operand(at) => words.get(at),
                Argument::Option(..) => None,
            })
            .collect()
    }
}

/// Whether `name` is one of `names`, which are separated by spaces.
pub(crate) fn is_among(names: &str, name: &str) -> bool {
    let mut rest = names.as_bytes();
    loop {
        if rest.starts_with(name.as_bytes()) && matches!(rest.get(name.len()), None | Some(b' ')) {
            return true;
        }
        match rest.iter().position(|byte| *byte == b' ') {
            Some(end) => rest = &rest[end + 1..],
            None => return false,
        }
    }
}

/// Reads the arguments of a program one by one.
pub struct Arguments<'a> {
    words: &'a [Word],
    at: usize,
    options: Options,
    /// The unread letters of a word such as `-xzf`.
    cluster: &'a str,
    holder: usize,
    only_operands: bool,
}

impl<'a> Arguments<'a> {
    /// The index of the next word.
    pub fn place(&self) -> usize {
        self.at
    }

    fn next_word(&mut self) -> Option<OptionValue<'a>> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(OptionValue { word, text: &word.text })
    }
}

impl<'a> Iterator for Arguments<'a> {
    type Item = Argument<'a>;

    fn next(&mut self) -> Option<Argument<'a>> {
        if let Some(letter) = self.cluster.chars().next() {
            let (name, rest) = self.cluster.split_at(letter.len_utf8());
            self.cluster = rest;
            let attached =
                (!rest.is_empty()).then(|| OptionValue { word: &self.words[self.holder], text: rest });
            if self.options.attached.contains(letter) {
                self.cluster = "";
                return Some(Argument::Option(name, attached));
            }
            if !self.options.short.contains(letter) {
                return Some(Argument::Option(name, None));
            }
            self.cluster = "";
            let value = attached.or_else(|| self.next_word());
            return Some(Argument::Option(name, value));
        }
        let word = self.words.get(self.at)?;
        let at = self.at;
        self.at += 1;
        if self.only_operands || !word.text.starts_with('-') || word.text == "-" {
            return Some(Argument::Operand(at));
        }
        if word.text == "--" {
            self.only_operands = true;
            return self.next();
        }
        if let Some(long) = word.text.strip_prefix("--") {
            return Some(match long.split_once('=') {
                Some((name, text)) => Argument::Option(name, Some(OptionValue { word, text })),
                None if is_among(self.options.long, long) => Argument::Option(long, self.next_word()),
                None => Argument::Option(long, None),
            });
        }
        self.holder = at;
        self.cluster = &word.text[1..];
        self.next()
    }
}
