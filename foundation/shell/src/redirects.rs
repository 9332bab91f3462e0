//! Parses redirections and here-documents, as Bash does.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::command::Operator;
use crate::lexer::{Parser, PendingHereDocument, is_name};
use crate::tree::{Raw, Redirect};

impl Parser<'_> {
    pub(crate) fn redirects(&mut self) -> Vec<Redirect> {
        let mut redirects = Vec::new();
        loop {
            self.blanks();
            match self.redirect() {
                Some(redirect) => redirects.push(redirect),
                None => return redirects,
            }
        }
    }

    /// Reads one redirection, if one begins here.
    pub(crate) fn redirect(&mut self) -> Option<Redirect> {
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
            self.pending.push(PendingHereDocument {
                delimiter: target.text.clone(),
                is_quoted: target.is_quoted,
                strips_tabs: sign == b"<<-",
                body: Rc::clone(&body),
            });
        }
        Some(Redirect { fd, operator, target, body })
    }

    /// The descriptor before a redirection, as a number or `{name}`, and its length. `None` if no redirection begins
    /// here.
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

    /// Reads the here-documents that were announced so far.
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

/// Whether a word after `>&` is a descriptor, or may become one by expansion.
fn is_descriptor(word: &Raw) -> bool {
    let text = word.text.strip_suffix('-').unwrap_or(&word.text);
    !word.holes.is_empty() || text.bytes().all(|byte| byte.is_ascii_digit())
}
