//! Parses lists, pipelines and simple commands, as Bash does.

use crate::doubt::Doubt;
use crate::lexer::{Parser, is_name};
use crate::tree::{AssignedValue, Assignment, Item, List, Node, Raw, Simple};

/// Words that end a list in the place of a command.
const CLOSERS: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

impl<'a> Parser<'a> {
    /// All commands of the text. A closing word without an opening one gives a doubt and is skipped.
    pub(crate) fn all(&mut self) -> List {
        let mut list = self.list();
        while !self.is_at_end() {
            self.doubt(Doubt::Syntax);
            match self.keyword() {
                Some(word) => self.at += word.len(),
                None => self.at += 1,
            }
            list.items.append(&mut self.list().items);
        }
        self.documents();
        list
    }

    /// The commands up to the word or bracket that closes the list. That word is not read.
    pub(crate) fn list(&mut self) -> List {
        let mut list = List::default();
        loop {
            self.lines();
            if self.is_at_end() || self.closes() {
                return list;
            }
            let start = self.at;
            self.and_or(&mut list);
            // An unexpected byte is skipped, so that the loop always advances.
            if self.at == start {
                self.doubt(Doubt::Syntax);
                self.at += 1;
            }
        }
    }

    /// Skips blanks, line ends, comments and semicolons. Reads the here-documents that start after a line end.
    pub(crate) fn lines(&mut self) {
        loop {
            self.blanks();
            match self.peek() {
                Some(b'\n') => {
                    self.at += 1;
                    self.documents();
                }
                Some(b';') if !matches!(self.peek_at(1), Some(b';' | b'&')) => self.at += 1,
                Some(b'#') => self.comment(),
                _ => return,
            }
        }
    }

    pub(crate) fn comment(&mut self) {
        let rest = &self.source[self.at..];
        self.at += rest.find('\n').unwrap_or(rest.len());
    }

    fn closes(&self) -> bool {
        match self.peek() {
            Some(b')' | b';') => true,
            Some(b't' | b'e' | b'f' | b'd' | b'}') => {
                self.keyword().is_some_and(|word| CLOSERS.contains(&word))
            }
            _ => false,
        }
    }

    /// The unquoted word that begins here, if there is one.
    pub(crate) fn keyword(&self) -> Option<&'a str> {
        let rest: &'a str = self.source.get(self.at..)?;
        let ends = |byte: u8| {
            matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
        };
        let length = rest.bytes().take(12).position(ends).unwrap_or(rest.len().min(12));
        // A process substitution continues the word.
        let goes_on = matches!(rest.as_bytes().get(length..), Some([b'<' | b'>', b'(', ..]));
        rest.get(..length).filter(|word| !word.is_empty() && !goes_on)
    }

    pub(crate) fn take(&mut self, keyword: &str) -> bool {
        let found = self.keyword() == Some(keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    pub(crate) fn expect(&mut self, keyword: &str) {
        self.lines();
        if !self.take(keyword) {
            self.missing();
        }
    }

    /// Reads the bracket that closes a list.
    pub(crate) fn close(&mut self, bracket: u8) {
        if self.peek() == Some(bracket) {
            self.at += 1;
        } else {
            self.missing();
        }
    }

    pub(crate) fn missing(&mut self) {
        self.doubt(if self.is_at_end() { Doubt::Unclosed } else { Doubt::Syntax });
    }

    fn and_or(&mut self, list: &mut List) {
        let first = list.items.len();
        let mut after_failure = false;
        loop {
            let node = self.pipeline();
            list.items.push(Item { after_failure, in_background: false, node });
            self.blanks();
            after_failure = self.is_at("||");
            if !after_failure && !self.is_at("&&") {
                break;
            }
            self.at += 2;
            self.lines();
            if self.is_at_end() || self.closes() {
                self.missing();
                return;
            }
        }
        if self.peek() == Some(b'&') {
            self.at += 1;
            list.items[first..].iter_mut().for_each(|item| item.in_background = true);
        }
    }

    fn pipeline(&mut self) -> Node {
        loop {
            self.blanks();
            if self.take("time") {
                self.blanks();
                if self.take("-p") {
                    self.blanks();
                }
                self.take("--");
            } else if !self.take("!") {
                break;
            }
        }
        let first = self.command();
        let mut stages = Vec::new();
        loop {
            self.blanks();
            if self.peek() != Some(b'|') || self.peek_at(1) == Some(b'|') {
                break;
            }
            self.at += if self.peek_at(1) == Some(b'&') { 2 } else { 1 };
            self.lines();
            if self.is_at_end() || self.closes() {
                self.missing();
                break;
            }
            stages.push(self.command());
        }
        if stages.is_empty() {
            return first;
        }
        stages.insert(0, first);
        Node::Pipeline(stages)
    }

    pub(crate) fn command(&mut self) -> Node {
        if !self.enter() {
            return Node::Empty;
        }
        let node = self.compound().unwrap_or_else(|| self.simple());
        self.leave();
        node
    }

    fn simple(&mut self) -> Node {
        let mut simple = Simple::default();
        loop {
            self.blanks();
            let start = self.at;
            match self.peek() {
                None | Some(b'\n' | b';' | b'|' | b')') => break,
                Some(b'#') => {
                    self.comment();
                    break;
                }
                Some(b'(') => {
                    self.at += 1;
                    self.blanks();
                    let names = simple.words.len() == 1 && simple.assignments.is_empty();
                    if names && self.peek() == Some(b')') {
                        self.at += 1;
                        let name = simple.words.remove(0).text;
                        return self.function(name);
                    }
                    self.at = start;
                    self.doubt(Doubt::Syntax);
                    break;
                }
                _ => {}
            }
            if let Some(redirect) = self.redirect() {
                simple.redirects.push(redirect);
            } else if simple.words.is_empty()
                && let Some(assignment) = self.assignment()
            {
                simple.assignments.push(assignment);
            } else {
                self.words_into(&mut simple.words);
                // `declare x=(…)`
                if self.peek() == Some(b'(')
                    && let Some(name) = simple.words.last().and_then(|word| word.bare()?.strip_suffix('='))
                {
                    let name = name.to_owned();
                    let value = AssignedValue::Array(self.array());
                    simple.arrays.push(Assignment { name, is_partial: false, value });
                }
            }
            if self.at == start {
                break;
            }
        }
        Node::Simple(simple)
    }

    fn assignment(&mut self) -> Option<Assignment> {
        let bytes = &self.source.as_bytes()[self.at..];
        if !bytes.first().is_some_and(|byte| is_name(*byte) && !byte.is_ascii_digit()) {
            return None;
        }
        let length = bytes.iter().position(|byte| !is_name(*byte))?;
        let mut end = length;
        if bytes[end] == b'[' {
            let closes = |byte: &u8| matches!(byte, b']' | b' ' | b'\n' | b'\'' | b'"' | b'$' | b'`');
            let bracket = end + bytes[end..].iter().position(closes)?;
            end = if bytes[bracket] == b']' { bracket + 1 } else { return None };
        }
        let adds = bytes.get(end) == Some(&b'+');
        end += usize::from(adds);
        if bytes.get(end) != Some(&b'=') {
            return None;
        }
        let is_partial = adds || end > length;
        let name = self.source[self.at..self.at + length].to_owned();
        self.at += end + 1;
        let value = if self.peek() == Some(b'(') {
            AssignedValue::Array(self.array())
        } else {
            AssignedValue::One(self.word())
        };
        Some(Assignment { name, is_partial, value })
    }

    /// The words of `( … )` after a `=`.
    fn array(&mut self) -> Vec<Raw> {
        self.at += 1;
        let mut words = Vec::new();
        loop {
            self.lines();
            let start = self.at;
            self.words_into(&mut words);
            if self.at == start {
                self.close(b')');
                return words;
            }
        }
    }
}
