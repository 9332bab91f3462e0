//! Parses words with quotes and escapes, as Bash does.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::braces::{self, Braces};
use crate::doubt::Doubt;
use crate::tree::{Filling, Hole, Raw};

/// The deepest nesting of commands.
const DEEPEST: usize = 40;

/// A here-document whose text has not been read yet.
pub(crate) struct PendingHereDocument {
    pub(crate) delimiter: String,
    pub(crate) is_quoted: bool,
    pub(crate) strips_tabs: bool,
    pub(crate) body: Rc<OnceCell<Raw>>,
}

/// A position in a text, and the state of the parser.
pub(crate) struct Parser<'a> {
    pub(crate) source: &'a str,
    pub(crate) at: usize,
    pub(crate) depth: usize,
    pub(crate) pending: Vec<PendingHereDocument>,
    pub(crate) doubt: Option<Doubt>,
    /// Set when a `((` has no `))`. Searching again for each `((` would take quadratic time.
    pub(crate) lacks_arithmetic_end: bool,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(source: &'a str, depth: usize) -> Self {
        Self { source, at: 0, depth, pending: Vec::new(), doubt: None, lacks_arithmetic_end: false }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> Option<u8> {
        self.source.as_bytes().get(self.at + ahead).copied()
    }

    pub(crate) fn is_at(&self, text: &str) -> bool {
        self.source.as_bytes()[self.at..].starts_with(text.as_bytes())
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.source.len()
    }

    /// Records a doubt, unless there is one already.
    pub(crate) fn doubt(&mut self, doubt: Doubt) {
        self.doubt.get_or_insert(doubt);
    }

    /// Records a doubt and stops reading.
    pub(crate) fn stop(&mut self, doubt: Doubt) {
        self.doubt(doubt);
        self.at = self.source.len();
    }

    /// Enters a nested level. Returns `false` and stops reading if the level is too deep.
    pub(crate) fn enter(&mut self) -> bool {
        self.depth += 1;
        if self.depth > DEEPEST {
            self.stop(Doubt::TooDeep);
        }
        self.depth <= DEEPEST
    }

    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Parses another text with `read`, one level deeper.
    pub(crate) fn within<T: Default>(&mut self, source: &str, read: impl FnOnce(&mut Parser<'_>) -> T) -> T {
        if !self.enter() {
            return T::default();
        }
        let mut inner = Parser::new(source, self.depth);
        let read = read(&mut inner);
        let doubt = inner.doubt;
        self.leave();
        match doubt {
            Some(Doubt::TooDeep) => self.stop(Doubt::TooDeep),
            Some(doubt) => self.doubt(doubt),
            None => {}
        }
        read
    }

    /// Skips spaces, tabs, continued lines, and the carriage return of a Windows line end.
    pub(crate) fn blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(b'\r') if matches!(self.peek_at(1), None | Some(b'\n')) => self.at += 1,
                Some(b'\\') if self.continued() > 0 => self.at += self.continued(),
                _ => return,
            }
        }
    }

    /// The length of a backslash and its line end; 0 if there is none here.
    pub(crate) fn continued(&self) -> usize {
        match (self.peek_at(1), self.peek_at(2)) {
            (Some(b'\n'), _) => 2,
            (Some(b'\r'), Some(b'\n')) => 3,
            _ => 0,
        }
    }

    /// Reads one written word into `words`. A brace list gives several words, and an operator gives none.
    pub(crate) fn words_into(&mut self, words: &mut Vec<Raw>) {
        let start = self.at;
        let (word, may_be_list) = self.word_and_braces();
        if self.at == start {
            return;
        }
        if !may_be_list {
            words.push(word);
            return;
        }
        match braces::expand(&self.source[start..self.at]) {
            Braces::None => words.push(word),
            Braces::Unknown => words.push(Raw { is_pattern: true, ..word }),
            Braces::Words(written) => {
                for written in &written {
                    let word = self.within(written, |inner| inner.word_and_braces().0);
                    // `{,x}` gives one word only.
                    if !word.text.is_empty() || word.is_quoted {
                        words.push(word);
                    }
                }
            }
        }
    }

    /// Reads one word without expanding brace lists. If no word starts here, it is empty and the position is
    /// unchanged.
    pub(crate) fn word(&mut self) -> Raw {
        self.word_and_braces().0
    }

    fn word_and_braces(&mut self) -> (Raw, bool) {
        let mut word = Raw::default();
        let mut opens_brace = false;
        let mut may_be_list = false;
        let mut opens_bracket = false;
        loop {
            let start = self.at;
            while self.peek().is_some_and(is_plain) {
                self.at += 1;
            }
            word.text.push_str(&self.source[start..self.at]);
            let Some(byte) = self.peek() else { break };
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' => break,
                b'\r' if matches!(self.peek_at(1), None | Some(b'\n')) => break,
                b'<' | b'>' if self.peek_at(1) == Some(b'(') => {
                    let from = word.text.len();
                    let start = self.at;
                    self.at += 2;
                    let list = self.substitution();
                    word.fill(from, &self.source[start..self.at], false, Filling::Process(list));
                }
                b'<' | b'>' => break,
                b'\\' if self.continued() > 0 => self.at += self.continued(),
                b'\\' => {
                    self.at += 1;
                    word.is_quoted = true;
                    match self.source[self.at..].chars().next() {
                        Some(character) => {
                            word.text.push(character);
                            self.at += character.len_utf8();
                        }
                        None => word.text.push('\\'),
                    }
                }
                b'\'' => self.single_quoted(&mut word),
                b'"' => {
                    self.at += 1;
                    self.double_quoted(&mut word, true);
                }
                b'$' => self.dollar(&mut word, false),
                b'`' => self.backticks(&mut word, false),
                _ => {
                    match byte {
                        b'~' if word.text.is_empty() && !word.is_quoted => word.is_at_home = true,
                        b'*' | b'?' => word.is_pattern = true,
                        b'[' => opens_bracket = true,
                        b']' => word.is_pattern |= opens_bracket,
                        b'{' => opens_brace = true,
                        b'}' => may_be_list |= opens_brace,
                        _ => {}
                    }
                    word.text.push(char::from(byte));
                    self.at += 1;
                }
            }
        }
        (word, may_be_list)
    }

    pub(crate) fn single_quoted(&mut self, word: &mut Raw) {
        word.is_quoted = true;
        let rest = &self.source[self.at + 1..];
        if let Some(length) = rest.find('\'') {
            word.text.push_str(&rest[..length]);
            self.at += length + 2;
        } else {
            word.text.push_str(rest);
            self.stop(Doubt::Unclosed);
        }
    }

    /// Reads the text inside double quotes, after the opening quote. Without `closes` it reads a here-document, up to
    /// the end of the source.
    pub(crate) fn double_quoted(&mut self, word: &mut Raw, closes: bool) {
        word.is_quoted = true;
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| !matches!(byte, b'"' | b'\\' | b'$' | b'`')) {
                self.at += 1;
            }
            word.text.push_str(&self.source[start..self.at]);
            match self.peek() {
                None => {
                    if closes {
                        self.stop(Doubt::Unclosed);
                    }
                    return;
                }
                Some(b'"') => {
                    self.at += 1;
                    if closes {
                        return;
                    }
                    word.text.push('"');
                }
                Some(b'\\') if self.continued() > 0 => self.at += self.continued(),
                Some(b'\\') => match self.peek_at(1) {
                    Some(byte @ (b'$' | b'`' | b'\\')) => {
                        word.text.push(char::from(byte));
                        self.at += 2;
                    }
                    Some(b'"') if closes => {
                        word.text.push('"');
                        self.at += 2;
                    }
                    _ => {
                        word.text.push('\\');
                        self.at += 1;
                    }
                },
                Some(b'$') => self.dollar(word, true),
                Some(_) => self.backticks(word, true),
            }
        }
    }

    /// Parses the text of a here-document whose delimiter is not quoted.
    pub(crate) fn document(&mut self, text: &str) -> Raw {
        self.within(text, |inner| {
            let mut word = Raw::default();
            inner.double_quoted(&mut word, false);
            word
        })
    }
}

impl Raw {
    pub(crate) fn fill(&mut self, from: usize, written: &str, is_quoted: bool, filling: Filling) {
        self.text.push_str(written);
        self.holes.push(Hole { from, to: self.text.len(), is_quoted, filling });
    }
}

/// Whether a byte has no special meaning in a word. All bytes of characters outside ASCII are such bytes.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b'-' | b'_' | b'.' | b'/' | b',' | b':' | b'=')
}

/// Whether a byte can be part of a variable's name.
pub(crate) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
