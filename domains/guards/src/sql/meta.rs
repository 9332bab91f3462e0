//! Commands of the clients themselves: `.import`, `\copy`, `source`.

use shell::programs::Dialect;

use super::lexer::{among, statements};
use super::statement::{Class, class};

/// The effect of such a command.
#[derive(Debug, PartialEq, Eq)]
pub enum MetaEffect<'a> {
    /// The effect of a statement.
    Like(Class),
    /// It runs the content of a file.
    File(&'a str),
    /// It runs a shell command that was not examined.
    Shell,
    /// It runs the result of a query as SQL.
    Result,
}

/// The effect of a client's own command.
pub fn effect(text: &str, dialect: Dialect) -> MetaEffect<'_> {
    let name_end = text.find(|c: char| c.is_whitespace() || c == '|').unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let rest = rest.trim().trim_end_matches(';');
    match dialect {
        Dialect::Sqlite | Dialect::DuckDb => dot(name.trim_start_matches('.'), rest),
        Dialect::Postgres => backslash(name.trim_start_matches('\\'), rest),
        Dialect::MySql => mysql(text, name, rest),
        Dialect::TransactSql => transact(text, name, rest),
        Dialect::Oracle => oracle(text, name, rest),
        Dialect::ClickHouse => MetaEffect::Like(Class::Neutral),
    }
}

/// `sqlite3` accepts any long enough prefix of a name: `.imp` is `.import`.
fn dot<'a>(name: &str, rest: &'a str) -> MetaEffect<'a> {
    let is = |names: &str, least: usize| {
        name.len() >= least && names.split(' ').any(|whole| whole.starts_with(&*name.to_ascii_lowercase()))
    };
    match () {
        () if is("shell", 2) || is("system", 3) => MetaEffect::Shell,
        () if rest.starts_with('|') && (is("read", 3) || is("output once import", 2)) => MetaEffect::Shell,
        () if is("read", 3) => MetaEffect::File(unquoted(rest)),
        () if is("import restore", 1) || is("load drop archive", 2) => MetaEffect::Like(Class::Write),
        () if is("schema tables indexes indices databases fullschema", 2) => MetaEffect::Like(Class::Schema),
        () if is("dump", 2) || is("recover", 3) => MetaEffect::Like(Class::Read),
        () => MetaEffect::Like(Class::Neutral),
    }
}

fn backslash<'a>(name: &str, rest: &'a str) -> MetaEffect<'a> {
    match name {
        name if name.starts_with('!') => MetaEffect::Shell,
        // Its arguments may contain backticks, which a shell runs.
        _ if rest.contains('`') || rest.starts_with('|') => MetaEffect::Shell,
        "i" | "ir" | "include" | "include_relative" => MetaEffect::File(unquoted(rest)),
        "gexec" => MetaEffect::Result,
        "password" | "lo_import" | "lo_unlink" => MetaEffect::Like(Class::Write),
        "copy" => copy(rest),
        name if name.starts_with(['d', 'l', 'z']) || name.starts_with("sf") || name.starts_with("sv") => {
            MetaEffect::Like(Class::Schema)
        }
        _ => MetaEffect::Like(Class::Neutral),
    }
}

/// `\copy` is `COPY` with files of the client.
fn copy(rest: &str) -> MetaEffect<'_> {
    let words = || rest.split_ascii_whitespace();
    if words().any(|word| among("program", word)) {
        return MetaEffect::Shell;
    }
    // A query in brackets has its own `FROM`.
    if !rest.starts_with('(') {
        let writes = words().any(|word| among("from", word));
        return MetaEffect::Like(if writes { Class::Write } else { Class::Read });
    }
    let inner = statements(rest, Dialect::Postgres);
    let worst = inner.iter().map(|statement| class(statement, Dialect::Postgres)).max();
    MetaEffect::Like(worst.unwrap_or(Class::Unknown))
}

fn mysql<'a>(text: &'a str, name: &str, rest: &'a str) -> MetaEffect<'a> {
    match text.as_bytes() {
        [b'\\', b'.', ..] => MetaEffect::File(unquoted(text[2..].trim())),
        [b'\\', b'!' | b'P', ..] => MetaEffect::Shell,
        _ if among("source", name) => MetaEffect::File(unquoted(rest)),
        _ if among("system pager", name) => MetaEffect::Shell,
        _ => MetaEffect::Like(Class::Neutral),
    }
}

fn transact<'a>(text: &'a str, name: &str, rest: &'a str) -> MetaEffect<'a> {
    match name {
        _ if text.starts_with('!') || text.starts_with(":!") => MetaEffect::Shell,
        name if among(":r", name) => MetaEffect::File(unquoted(rest)),
        _ => MetaEffect::Like(Class::Neutral),
    }
}

fn oracle<'a>(text: &'a str, name: &str, rest: &'a str) -> MetaEffect<'a> {
    match name {
        _ if text.starts_with('@') => MetaEffect::File(unquoted(text.trim_start_matches('@').trim())),
        _ if text.starts_with('!') => MetaEffect::Shell,
        name if among("host", name) => MetaEffect::Shell,
        name if among("start", name) => MetaEffect::File(unquoted(rest)),
        _ => MetaEffect::Like(Class::Neutral),
    }
}

/// A file name without surrounding quotes.
fn unquoted(name: &str) -> &str {
    let name = name.trim();
    let inner = |quote: char| name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote));
    inner('\'').or_else(|| inner('"')).unwrap_or(name)
}
