//! Commands: lists, pipelines, compound commands, redirections, here-documents.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::command::Operator;
use crate::doubt::Doubt;
use crate::lexer::{Parser, Pending, is_name};
use crate::tree::{Assignment, Item, List, Node, Raw, Redirect, Simple, Value};

/// Words that end a list where a command could begin.
const CLOSERS: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

impl<'a> Parser<'a> {
    /// All commands of the text. What closes nothing is doubted and passed over.
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

    /// The commands up to what closes the list, which is left unread.
    pub(crate) fn list(&mut self) -> List {
        let mut list = List::default();
        loop {
            self.lines();
            if self.is_at_end() || self.closes() {
                return list;
            }
            let start = self.at;
            self.and_or(&mut list);
            if self.at == start {
                self.doubt(Doubt::Syntax);
                self.at += 1;
            }
        }
    }

    /// Skips blanks, line ends, comments and semicolons; reads the here-documents that begin.
    fn lines(&mut self) {
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

    fn comment(&mut self) {
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

    /// The bare word that begins here, if one does.
    fn keyword(&self) -> Option<&'a str> {
        let rest: &'a str = self.source.get(self.at..)?;
        let ends = |byte: u8| {
            matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
        };
        let length = rest.bytes().take(12).position(ends).unwrap_or(rest.len().min(12));
        // A process substitution goes on with the word.
        let goes_on = matches!(rest.as_bytes().get(length..), Some([b'<' | b'>', b'(', ..]));
        rest.get(..length).filter(|word| !word.is_empty() && !goes_on)
    }

    fn take(&mut self, keyword: &str) -> bool {
        let found = self.keyword() == Some(keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    fn expect(&mut self, keyword: &str) {
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

    fn missing(&mut self) {
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

    fn command(&mut self) -> Node {
        if !self.enter() {
            return Node::Empty;
        }
        let node = self.compound().unwrap_or_else(|| self.simple());
        self.leave();
        node
    }

    fn compound(&mut self) -> Option<Node> {
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

    /// The words of an expression whose second bracket is next and whose `))` is at `end`.
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

    /// `do … done`, or the braces that Bash accepts in their place.
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
                // An operator, or a bracket of a regular expression.
                self.at += 1;
            }
        }
    }

    fn function(&mut self, name: String) -> Node {
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
                    let value = Value::Array(self.array());
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
        let value =
            if self.peek() == Some(b'(') { Value::Array(self.array()) } else { Value::One(self.word()) };
        Some(Assignment { name, is_partial, value })
    }

    /// The words of `( … )` behind a `=`.
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

    fn redirects(&mut self) -> Vec<Redirect> {
        let mut redirects = Vec::new();
        loop {
            self.blanks();
            match self.redirect() {
                Some(redirect) => redirects.push(redirect),
                None => return redirects,
            }
        }
    }

    /// One redirection, if one begins here.
    fn redirect(&mut self) -> Option<Redirect> {
        let (fd, length) = self.descriptor()?;
        let rest = &self.source.as_bytes()[self.at + length..];
        if matches!(rest, [b'<' | b'>', b'(', ..]) {
            return None;
        }
        let operators: [(&[u8], Operator); 12] = [
            (b"&>>", Operator::BothAppend),
            (b"&>", Operator::Both),
            (b"<<<", Operator::HereString),
            (b"<<-", Operator::HereDocument),
            (b"<<", Operator::HereDocument),
            (b"<&", Operator::DuplicateIn),
            (b"<>", Operator::ReadWrite),
            (b"<", Operator::Read),
            (b">>", Operator::Append),
            (b">|", Operator::Clobber),
            (b">&", Operator::DuplicateOut),
            (b">", Operator::Write),
        ];
        let (sign, mut operator) = operators.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
        self.at += length + sign.len();
        self.blanks();
        let start = self.at;
        let target = self.word();
        if self.at == start {
            self.missing();
        }
        let body = Rc::new(OnceCell::new());
        if operator == Operator::DuplicateOut && !is_descriptor(&target) {
            operator = Operator::Both;
        }
        if operator == Operator::HereDocument {
            self.pending.push(Pending {
                delimiter: target.text.clone(),
                is_quoted: target.is_quoted,
                strips_tabs: sign == b"<<-",
                body: Rc::clone(&body),
            });
        }
        Some(Redirect { fd, operator, target, body })
    }

    /// The descriptor in front of a redirection, as a number or `{name}`, and its length. `None` when what begins
    /// here is none.
    fn descriptor(&self) -> Option<(Option<u32>, usize)> {
        let rest = &self.source.as_bytes()[self.at..];
        let is_sign = |at: usize| matches!(rest.get(at), Some(b'<' | b'>'));
        match rest.first()? {
            b'<' | b'>' => Some((None, 0)),
            b'&' if rest.get(1) == Some(&b'>') => Some((None, 0)),
            b'0'..=b'9' => {
                let length = rest.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count();
                let fd = self.source[self.at..self.at + length].parse().ok();
                is_sign(length).then_some((fd, length))
            }
            b'{' => {
                let length = 1 + rest[1..].iter().take(64).take_while(|byte| is_name(**byte)).count();
                (length > 1 && rest.get(length) == Some(&b'}') && is_sign(length + 1))
                    .then_some((None, length + 1))
            }
            _ => None,
        }
    }

    /// Reads the here-documents that the lines so far asked for.
    pub(crate) fn documents(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let mut text = String::new();
            while !self.is_at_end() {
                let rest = &self.source[self.at..];
                let line = &rest[..rest.find('\n').map_or(rest.len(), |end| end + 1)];
                self.at += line.len();
                let line = if pending.strips_tabs { line.trim_start_matches('\t') } else { line };
                let bare = line.strip_suffix('\n').unwrap_or(line);
                if bare.strip_suffix('\r').unwrap_or(bare) == pending.delimiter {
                    break;
                }
                text.push_str(line);
            }
            let body = if pending.is_quoted || !text.contains(['$', '`', '\\']) {
                Raw { text, is_quoted: true, ..Raw::default() }
            } else {
                self.document(&text)
            };
            let _ = pending.body.set(body);
        }
    }
}

/// Whether a word behind `>&` is a descriptor, or could be one.
fn is_descriptor(word: &Raw) -> bool {
    let text = word.text.strip_suffix('-').unwrap_or(&word.text);
    !word.holes.is_empty() || text.bytes().all(|byte| byte.is_ascii_digit())
}
