//! Parses compound commands and functions, as Bash does.

use std::rc::Rc;

use crate::doubt::Doubt;
use crate::lexer::{Parser, is_name};
use crate::tree::{Item, List, Node, Raw};

impl Parser<'_> {
    pub(crate) fn compound(&mut self) -> Option<Node> {
        if self.peek() == Some(b'(') {
            self.at += 1;
            if self.peek() == Some(b'(')
                && let Some(end) = self.arithmetic_end(self.at + 1)
            {
                let words = vec![self.arithmetic(end)];
                return Some(Node::Test(words, self.redirects()));
            }
            let list = self.list();
            self.close(b')');
            return Some(Node::Subshell(list, self.redirects()));
        }
        let keyword = match self.peek() {
            Some(b'{' | b'[' | b'i' | b'w' | b'u' | b'f' | b's' | b'c') => self.keyword()?,
            _ => return None,
        };
        let node = match keyword {
            "{" => {
                self.at += 1;
                let list = self.list();
                self.expect("}");
                Node::Group(list, self.redirects())
            }
            "if" => self.branches(),
            "while" | "until" => {
                self.at += 5;
                let mut list = self.list();
                list.items.append(&mut self.body().items);
                Node::Loop(None, list, self.redirects())
            }
            "for" | "select" => {
                self.at += keyword.len();
                self.each()
            }
            "case" => self.case(),
            "function" => {
                self.at += 8;
                self.blanks();
                let name = self.word().text;
                self.blanks();
                if self.peek() == Some(b'(') {
                    self.at += 1;
                    self.blanks();
                    self.close(b')');
                }
                self.function(name)
            }
            "[[" => {
                self.at += 2;
                let words = self.test();
                Node::Test(words, self.redirects())
            }
            "coproc" => {
                self.at += 6;
                self.coprocess()
            }
            _ => return None,
        };
        Some(node)
    }

    /// The words of an arithmetic expression. The next byte is its second bracket, and its `))` is at `end`.
    fn arithmetic(&mut self, end: usize) -> Raw {
        let source = self.source;
        let word = self.document(&source[self.at + 1..end]);
        self.at = (end + 2).max(self.at);
        word
    }

    fn branches(&mut self) -> Node {
        self.at += 2;
        let condition = self.list();
        self.expect("then");
        let mut branches = vec![self.list()];
        loop {
            if self.take("elif") {
                branches.push(self.list());
                self.expect("then");
                branches.push(self.list());
            } else if self.take("else") {
                branches.push(self.list());
            } else {
                break;
            }
        }
        self.expect("fi");
        Node::Branches(Vec::new(), condition, branches, self.redirects())
    }

    /// `do … done`, or braces, which Bash accepts instead.
    fn body(&mut self) -> List {
        self.lines();
        let end = if self.take("{") {
            "}"
        } else {
            self.expect("do");
            "done"
        };
        let list = self.list();
        self.expect(end);
        list
    }

    fn each(&mut self) -> Node {
        self.blanks();
        if self.is_at("((") {
            self.at += 1;
            if let Some(end) = self.arithmetic_end(self.at + 1) {
                let head = self.arithmetic(end);
                let list = self.body();
                let list = Node::Loop(None, list, self.redirects());
                return Node::Group(
                    List {
                        items: [Node::Test(vec![head], Vec::new()), list]
                            .map(|node| Item { after_failure: false, in_background: false, node })
                            .into(),
                    },
                    Vec::new(),
                );
            }
        }
        let name = self.word().text;
        self.lines();
        let mut values = Vec::new();
        if self.take("in") {
            self.words_until_line_end(&mut values);
        }
        let list = self.body();
        Node::Loop(Some((name, values)), list, self.redirects())
    }

    fn words_until_line_end(&mut self, words: &mut Vec<Raw>) {
        loop {
            self.blanks();
            let start = self.at;
            if self.peek() != Some(b'#') {
                self.words_into(words);
            }
            if self.at == start {
                return;
            }
        }
    }

    fn case(&mut self) -> Node {
        self.at += 4;
        self.blanks();
        let mut words = vec![self.word()];
        self.lines();
        if !self.take("in") {
            self.missing();
        }
        let mut branches = Vec::new();
        loop {
            self.lines();
            if self.take("esac") {
                break;
            }
            if self.is_at_end() {
                self.missing();
                break;
            }
            if self.peek() == Some(b'(') {
                self.at += 1;
            }
            let start = self.at;
            loop {
                self.blanks();
                words.push(self.word());
                self.blanks();
                if self.peek() != Some(b'|') {
                    break;
                }
                self.at += 1;
            }
            self.close(b')');
            branches.push(self.list());
            if self.peek() == Some(b';') {
                self.at += 2;
                if self.peek() == Some(b'&') {
                    self.at += 1;
                }
            } else if self.at == start {
                self.stop(Doubt::Syntax);
            }
        }
        Node::Branches(words, List::default(), branches, self.redirects())
    }

    fn test(&mut self) -> Vec<Raw> {
        let mut words = Vec::new();
        loop {
            self.blanks();
            let start = self.at;
            match self.peek() {
                None => {
                    self.doubt(Doubt::Unclosed);
                    return words;
                }
                Some(b']') if self.take("]]") => return words,
                Some(b'\n') => {
                    self.at += 1;
                    self.documents();
                }
                _ => words.push(self.word()),
            }
            if self.at == start {
                // An operator, or a bracket of a regular expression: it is not part of a word, so it is skipped.
                self.at += 1;
            }
        }
    }

    pub(crate) fn function(&mut self, name: String) -> Node {
        self.lines();
        Node::Function(name, Rc::new(self.command()))
    }

    fn coprocess(&mut self) -> Node {
        self.blanks();
        let start = self.at;
        let named = self.keyword().is_some_and(|word| word.bytes().all(is_name)) && {
            self.word();
            self.blanks();
            self.peek() == Some(b'(')
                || matches!(self.keyword(), Some("{" | "while" | "until" | "for" | "if"))
        };
        if !named {
            self.at = start;
        }
        let node = self.command();
        Node::Subshell(
            List { items: vec![Item { after_failure: false, in_background: true, node }] },
            Vec::new(),
        )
    }
}
