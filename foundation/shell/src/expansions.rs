//! Parses expansions that begin with `$` or a backtick, as Bash does.

use crate::ansi_c;
use crate::doubt::Doubt;
use crate::lexer::{Parser, is_name};
use crate::tree::{Filling, Hole, List, Raw};

impl Parser<'_> {
    /// Reads an expansion that begins with `$`.
    pub(crate) fn dollar(&mut self, word: &mut Raw, is_quoted: bool) {
        let from = word.text.len();
        let start = self.at;
        let filling = match self.peek_at(1) {
            Some(b'\'') if !is_quoted => {
                word.is_quoted = true;
                match ansi_c::decode(&self.source[start + 2..]) {
                    Some((text, length)) => {
                        word.text.push_str(&text);
                        self.at += 2 + length;
                    }
                    None => self.stop(Doubt::Unclosed),
                }
                return;
            }
            Some(b'"') if !is_quoted => {
                self.at += 2;
                self.double_quoted(word, true);
                return;
            }
            Some(b'(') => {
                self.at += 2;
                match self.peek().filter(|byte| *byte == b'(').and_then(|_| self.arithmetic_end(self.at + 1))
                {
                    Some(end) => {
                        let holes = self.holes_of(start + 3, end);
                        self.at = end + 2;
                        Filling::Other(holes)
                    }
                    None => Filling::Output(self.substitution()),
                }
            }
            Some(b'{') => self.braced(),
            Some(b'[') => {
                // The old form of `$((…))`.
                let end = self.source[start..].find(']').map_or(self.source.len(), |length| start + length);
                let holes = self.holes_of(start + 2, end);
                self.at = (end + 1).min(self.source.len());
                Filling::Other(holes)
            }
            Some(b'0'..=b'9' | b'@' | b'*') => {
                self.at += 2;
                Filling::Variable
            }
            Some(b'?' | b'$' | b'!' | b'#' | b'-') => {
                self.at += 2;
                Filling::Other(Vec::new())
            }
            Some(byte) if is_name(byte) => {
                self.at += 1;
                while self.peek().is_some_and(is_name) {
                    self.at += 1;
                }
                Filling::Variable
            }
            _ => {
                word.text.push('$');
                self.at += 1;
                return;
            }
        };
        word.fill(from, &self.source[start..self.at], is_quoted, filling);
    }

    /// Reads `${…}` from its `$`.
    fn braced(&mut self) -> Filling {
        let start = self.at;
        self.at += 2;
        while self.peek().is_some_and(|byte| is_name(byte) || matches!(byte, b'@' | b'*')) {
            self.at += 1;
        }
        if self.is_at("[@]") || self.is_at("[*]") {
            self.at += 3;
        }
        if self.peek() == Some(b'}') && self.at > start + 2 {
            self.at += 1;
            return Filling::Variable;
        }
        if !self.enter() {
            return Filling::Other(Vec::new());
        }
        let mut inside = Raw::default();
        loop {
            match self.peek() {
                None => {
                    self.stop(Doubt::Unclosed);
                    break;
                }
                Some(b'}') => {
                    self.at += 1;
                    break;
                }
                Some(b'\\') => self.at += 1 + self.char_length(1),
                Some(b'\'') => self.single_quoted(&mut inside),
                Some(b'"') => {
                    self.at += 1;
                    self.double_quoted(&mut inside, true);
                }
                Some(b'$') => self.dollar(&mut inside, true),
                Some(b'`') => self.backticks(&mut inside, true),
                Some(_) => self.at += self.char_length(0),
            }
        }
        self.leave();
        Filling::Other(inside.holes)
    }

    /// The length of the character at `ahead` bytes from here.
    fn char_length(&self, ahead: usize) -> usize {
        self.source[self.at + ahead..].chars().next().map_or(0, char::len_utf8)
    }

    /// The expansions in a part of the source that is parsed like double quotes.
    fn holes_of(&mut self, from: usize, to: usize) -> Vec<Hole> {
        let source = self.source;
        let inside = &source[from.min(to)..to];
        if inside.contains(['$', '`']) { self.document(inside).holes } else { Vec::new() }
    }

    /// The position of the `))` that ends an arithmetic expression starting at `from`.
    pub(crate) fn arithmetic_end(&mut self, from: usize) -> Option<usize> {
        if self.lacks_arithmetic_end {
            return None;
        }
        let bytes = self.source.as_bytes();
        let mut depth = 0_usize;
        let mut at = from;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b')' if bytes.get(at + 1) == Some(&b')') => return Some(at),
                b')' => return None,
                b'\\' => at += 1,
                b'\'' | b'"' => {
                    at = at + 1 + bytes[at + 1..].iter().position(|other| other == byte)?;
                }
                _ => {}
            }
            at += 1;
        }
        self.lacks_arithmetic_end = true;
        None
    }

    /// Reads the commands up to a `)`, after the opening bracket.
    pub(crate) fn substitution(&mut self) -> List {
        if !self.enter() {
            return List::default();
        }
        // A here-document of the outer line begins after that line, so it is not read inside the substitution.
        let outer = std::mem::take(&mut self.pending);
        let list = self.list();
        let inner = std::mem::replace(&mut self.pending, outer);
        self.pending.extend(inner);
        self.close(b')');
        self.leave();
        list
    }

    pub(crate) fn backticks(&mut self, word: &mut Raw, is_quoted: bool) {
        let from = word.text.len();
        let start = self.at;
        let mut inside = String::new();
        self.at += 1;
        loop {
            let plain = self.at;
            while self.peek().is_some_and(|byte| !matches!(byte, b'`' | b'\\')) {
                self.at += 1;
            }
            inside.push_str(&self.source[plain..self.at]);
            match self.peek() {
                None => {
                    self.doubt(Doubt::Unclosed);
                    break;
                }
                Some(b'`') => {
                    self.at += 1;
                    break;
                }
                Some(_) => {
                    self.at += 1;
                    match self.peek() {
                        Some(byte @ (b'`' | b'\\' | b'$')) => {
                            inside.push(char::from(byte));
                            self.at += 1;
                        }
                        Some(b'"') if is_quoted => {
                            inside.push('"');
                            self.at += 1;
                        }
                        _ => inside.push('\\'),
                    }
                }
            }
        }
        let list = self.within(&inside, |inner| inner.all());
        // If the nested text is too deep, this text is stopped too. The rest is then not part of the word.
        let written = &self.source[start..self.at.max(start)];
        word.fill(from, written, is_quoted, Filling::Output(list));
    }
}
