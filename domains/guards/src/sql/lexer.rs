//! Splits SQL into statements as the client and its database would.
//!
//! Dialects disagree about comments and strings, so a text can show one statement and run another. Each
//! client's text is therefore read in its own dialect, and the text of a client for several databases in
//! several.

use shell::programs::Dialect;

fn has_backslash_escapes(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::MySql | Dialect::ClickHouse)
}

fn has_nested_comments(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Postgres | Dialect::DuckDb | Dialect::TransactSql)
}

fn has_dollar_quotes(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Postgres | Dialect::DuckDb | Dialect::ClickHouse)
}

fn has_brackets(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::Sqlite | Dialect::TransactSql)
}

/// A part of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlToken<'a> {
    /// A keyword, an unquoted name, a number.
    Word(&'a str),
    /// A string, or a quoted name.
    Quoted(&'a str),
    /// Any other character.
    Symbol(u8),
}

/// A statement, or a command of the client itself.
#[derive(Debug)]
pub struct Statement<'a> {
    /// The text without surrounding comments.
    pub text: &'a str,
    /// Its tokens; empty for a command of the client itself.
    pub tokens: Vec<SqlToken<'a>>,
}

/// The statements of a text, in order.
pub fn statements(text: &str, dialect: Dialect) -> Vec<Statement<'_>> {
    let mut lexer =
        Lexer { text, dialect, at: 0, start: 0, tokens: Vec::new(), found: Vec::new(), open_marks: 0 };
    lexer.read();
    lexer.found
}

struct Lexer<'a> {
    text: &'a str,
    dialect: Dialect,
    at: usize,
    /// Where the statement begins.
    start: usize,
    tokens: Vec<SqlToken<'a>>,
    found: Vec<Statement<'a>>,
    /// How many `$` did not begin a string.
    open_marks: u32,
}

impl<'a> Lexer<'a> {
    fn read(&mut self) {
        while self.at < self.text.len() {
            let length = self.command();
            if length > 0 {
                self.end();
                let text = self.text[self.at..self.at + length].trim_end();
                self.found.push(Statement { text, tokens: Vec::new() });
                self.at += length;
                continue;
            }
            self.step();
        }
        self.end();
    }

    /// Ends the current statement here.
    fn end(&mut self) {
        let tokens = std::mem::take(&mut self.tokens);
        if !tokens.is_empty() {
            self.found.push(Statement { text: self.text[self.start..self.at].trim_end(), tokens });
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn is_first_in_line(&self) -> bool {
        self.text[..self.at].bytes().last().is_none_or(|byte| byte == b'\n')
    }

    /// The length of the client command that begins here; 0 if there is none.
    fn command(&self) -> usize {
        let rest = self.rest();
        let line = || memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let is_first_in_line = self.is_first_in_line();
        let is_first = self.tokens.is_empty();
        let word = rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
        let is_own_word = |names: &str| is_first && among(names, &self.text[self.at..self.at + word]);
        match (self.dialect, rest[0]) {
            (Dialect::Sqlite | Dialect::DuckDb, b'.') if is_first && is_first_in_line => line(),
            (Dialect::Postgres, b'\\') if rest.get(1) != Some(&b';') => backslash_command(rest),
            (Dialect::MySql, b'\\') => match rest.get(1) {
                Some(b'.' | b'!' | b'T' | b'P' | b'u' | b'd' | b'R') => line(),
                Some(byte) if byte.is_ascii() && *byte != b'\n' => 2,
                _ => 1,
            },
            (Dialect::MySql, _) if is_own_word("system delimiter pager tee") => line(),
            (Dialect::MySql, _) if is_own_word("source") => {
                memchr::memchr2(b';', b'\n', rest).unwrap_or(rest.len())
            }
            (Dialect::TransactSql, b':' | b'!') if is_first_in_line => line(),
            // A `/` on its own line runs the statement above it again.
            (Dialect::Oracle, b'@' | b'!' | b'/') if is_first && !rest.starts_with(b"/*") => line(),
            (Dialect::Oracle, _) if is_own_word(ORACLE_COMMANDS) => line(),
            _ => 0,
        }
    }

    /// Reads one token, one comment, or white space.
    fn step(&mut self) {
        let rest = self.rest();
        let dialect = self.dialect;
        if let Some(length) = self.comment() {
            self.at += length;
            return;
        }
        match rest[0] {
            byte if byte.is_ascii_whitespace() => self.at += 1,
            b';' => {
                self.end();
                self.at += 1;
            }
            b'\\' if rest.get(1) == Some(&b';') => {
                self.end();
                self.at += 2;
            }
            quote @ (b'\'' | b'"' | b'`') => {
                let escapes = has_backslash_escapes(dialect) || quote == b'\'' && self.is_escape_string();
                self.quoted(1, closing(rest, quote, escapes && quote != b'`'));
            }
            b'[' if has_brackets(dialect) => self.quoted(1, closing(rest, b']', false)),
            b'$' if let Some((tag, length)) = self.dollar_quote() => self.quoted(tag, length),
            byte if is_word(byte) => {
                let length = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
                self.token(SqlToken::Word(&self.text[self.at..self.at + length]), length);
            }
            byte => self.token(SqlToken::Symbol(byte), 1),
        }
    }

    /// The length of the mark and of the whole string `$tag$ … $tag$` that begins here.
    fn dollar_quote(&mut self) -> Option<(usize, usize)> {
        /// A text with more unclosed marks is not real SQL.
        const MOST_OPEN: u32 = 64;
        if !has_dollar_quotes(self.dialect) || self.open_marks > MOST_OPEN {
            return None;
        }
        let quote = dollar_quote(self.rest());
        self.open_marks += u32::from(quote.is_none());
        quote
    }

    /// Whether the string that begins here is PostgreSQL's `E'…'`.
    fn is_escape_string(&self) -> bool {
        let before = &self.text.as_bytes()[..self.at];
        has_dollar_quotes(self.dialect)
            && before.ends_with(b"E") | before.ends_with(b"e")
            && matches!(self.tokens.last(), Some(SqlToken::Word("E" | "e")))
    }

    fn quoted(&mut self, mark: usize, length: usize) {
        let whole = &self.text[self.at..self.at + length];
        let inside = whole.get(mark..length.saturating_sub(mark)).unwrap_or_default();
        self.token(SqlToken::Quoted(inside), length);
    }

    fn token(&mut self, token: SqlToken<'a>, length: usize) {
        if self.tokens.is_empty() {
            self.start = self.at;
        }
        self.tokens.push(token);
        self.at += length;
    }

    /// The length of the comment that begins here, if any.
    fn comment(&self) -> Option<usize> {
        let rest = self.rest();
        let line = || memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let has_space = |at: usize| rest.get(at).is_none_or(u8::is_ascii_whitespace);
        match rest {
            // In MySQL, `5--1` is a subtraction.
            [b'-', b'-', ..] if self.dialect != Dialect::MySql || has_space(2) => Some(line()),
            [b'#', ..] if self.dialect == Dialect::MySql => Some(line()),
            [b'#', ..] if self.dialect == Dialect::Sqlite && self.is_first_in_line() => Some(line()),
            [b'#', b' ' | b'!', ..] if self.dialect == Dialect::ClickHouse => Some(line()),
            // MySQL runs the content of `/*! … */`.
            [b'/', b'*', b'!', digits @ ..] | [b'/', b'*', b'M', b'!', digits @ ..]
                if self.dialect == Dialect::MySql =>
            {
                let version = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
                Some(rest.len() - digits.len() + version)
            }
            [b'*', b'/', ..] if self.dialect == Dialect::MySql => Some(2),
            [b'/', b'*', ..] => Some(block(rest, has_nested_comments(self.dialect))),
            _ => None,
        }
    }
}

/// Commands of `sqlplus` that end with their line.
const ORACLE_COMMANDS: &str = "accept break btitle clear col column compute conn connect define exit host pause \
    prompt quit rem remark set show spool start timing ttitle undefine var variable whenever";

/// Whether `word` is one of `names`, separated by spaces; case is ignored.
pub fn among(names: &str, word: &str) -> bool {
    names.split_ascii_whitespace().any(|name| name.eq_ignore_ascii_case(word))
}

/// Whether an option is one of `names`, separated by spaces.
pub fn is_option(names: &str, option: &str) -> bool {
    names.split_ascii_whitespace().any(|name| name == option)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'@') || byte >= 0x80
}

/// The length of a string with its quotes, up to the end of the text if it is not closed. A doubled quote
/// ends one string and begins the next, with the same result.
fn closing(rest: &[u8], quote: u8, escapes: bool) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match *byte {
            b'\\' if escapes => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a command of `psql`: to the end of its line, or to the `\\` before the next command.
fn backslash_command(rest: &[u8]) -> usize {
    let end = rest.windows(2).skip(1).position(|pair| pair[0] == b'\n' || pair == br"\\");
    match end.map(|at| at + 1) {
        Some(at) if rest[at] == b'\n' => at,
        Some(at) => at + 2,
        None => rest.len(),
    }
}

/// The length of the mark `$tag$` that begins here, and of the string up to its repetition.
fn dollar_quote(rest: &[u8]) -> Option<(usize, usize)> {
    let tag = rest[1..].iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')? + 1;
    if rest[tag] != b'$' || rest[1].is_ascii_digit() {
        return None;
    }
    let mark = &rest[..=tag];
    let end = memchr::memmem::find(&rest[mark.len()..], mark)?;
    Some((mark.len(), end + 2 * mark.len()))
}

/// The length of a comment from `/*` to `*/`.
fn block(rest: &[u8], nests: bool) -> usize {
    let (mut at, mut depth) = (2, 1);
    while at < rest.len() {
        if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else if nests && rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Dialect; 7] = [
        Dialect::Sqlite,
        Dialect::DuckDb,
        Dialect::Postgres,
        Dialect::MySql,
        Dialect::TransactSql,
        Dialect::Oracle,
        Dialect::ClickHouse,
    ];

    fn texts(text: &str, dialect: Dialect) -> Vec<&str> {
        statements(text, dialect).into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn a_text_falls_apart_as_its_dialect_has_it() {
        use super::Dialect::{MySql, Oracle, Postgres, Sqlite, TransactSql};
        let rows: &[(Dialect, &str, &[&str])] = &[
            (Sqlite, " a ; b;; ", &["a", "b"]),
            (Sqlite, "a ';' \"b;\" [c;]; d", &["a ';' \"b;\" [c;]", "d"]),
            (Sqlite, "a 'it''s;'; b", &["a 'it''s;'", "b"]),
            (Sqlite, ".mode csv\na;\n.once x\nb", &[".mode csv", "a", ".once x", "b"]),
            (Sqlite, "a\n.b", &["a\n.b"]),
            (Sqlite, "/* a /* b */ c; -- */ d", &["c"]),
            (Postgres, "/* a /* b */ c; */ d", &["d"]),
            (Postgres, "a $$;$$; $x$ $$; $x$", &["a $$;$$", "$x$ $$; $x$"]),
            (Postgres, "a $1; b $2;", &["a $1", "b $2"]),
            (Postgres, r"\d a \\ b; c \gexec", &[r"\d a \\", "b", "c", r"\gexec"]),
            (Postgres, r"a E'\';'; b '\'; c", &[r"a E'\';'", r"b '\'", "c"]),
            (Postgres, r"a \; b", &["a", "b"]),
            (MySql, r"a '\';'; -- b; c", &[r"a '\';'"]),
            (MySql, "a 5--1; # b;\nd", &["a 5--1", "d"]),
            (MySql, "delimiter //\na;\nsource x.sql; b", &["delimiter //", "a", "source x.sql", "b"]),
            (MySql, r"a \G b \. x", &["a", r"\G", "b", r"\. x"]),
            (TransactSql, ":r x.sql\na [b;]", &[":r x.sql", "a [b;]"]),
            (Oracle, "@x\nset a b\nc;", &["@x", "set a b", "c"]),
        ];
        for (dialect, text, expected) in rows {
            assert_eq!(texts(text, *dialect), *expected, "{dialect:?} {text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[ab;'\"`$\\\\/*.!:@#\n \\[\\]é-]{0,40}") {
            for dialect in ALL {
                let mut at = 0;
                for statement in statements(&text, dialect) {
                    let place = statement.text.as_ptr() as usize - text.as_ptr() as usize;
                    prop_assert!(place >= at, "{dialect:?}");
                    at = place + statement.text.len();
                }
                prop_assert!(at <= text.len());
            }
        }
    }
}
