//! Commands of the clients' own: `.import`, `\copy`, `source`.

use shell::programs::Dialect;

use super::lexer::{among, statements};
use super::statement::{Class, class};

/// What such a command does.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect<'a> {
    /// What a statement would.
    Like(Class),
    /// It runs what a file says.
    File(&'a str),
    /// It runs a command of a shell, which nothing has looked at.
    Shell,
    /// It runs the result of a query as SQL.
    Result,
}

/// What a client's own command does.
pub fn effect(text: &str, dialect: Dialect) -> Effect<'_> {
    let name_end = text.find(|c: char| c.is_whitespace() || c == '|').unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    let rest = rest.trim().trim_end_matches(';');
    match dialect {
        Dialect::Sqlite | Dialect::DuckDb => dot(name.trim_start_matches('.'), rest),
        Dialect::Postgres => backslash(name.trim_start_matches('\\'), rest),
        Dialect::MySql => mysql(text, name, rest),
        Dialect::TransactSql => transact(text, name, rest),
        Dialect::Oracle => oracle(text, name, rest),
        Dialect::ClickHouse => Effect::Like(Class::Neutral),
    }
}

/// `sqlite3` takes any beginning of a name that is long enough: `.imp` is `.import`.
fn dot<'a>(name: &str, rest: &'a str) -> Effect<'a> {
    let is = |names: &str, least: usize| {
        name.len() >= least && names.split(' ').any(|whole| whole.starts_with(&*name.to_ascii_lowercase()))
    };
    match () {
        () if is("shell", 2) || is("system", 3) => Effect::Shell,
        () if rest.starts_with('|') && (is("read", 3) || is("output once import", 2)) => Effect::Shell,
        () if is("read", 3) => Effect::File(unquoted(rest)),
        () if is("import restore", 1) || is("load drop archive", 2) => Effect::Like(Class::Write),
        () if is("schema tables indexes indices databases fullschema", 2) => Effect::Like(Class::Schema),
        () if is("dump", 2) || is("recover", 3) => Effect::Like(Class::Read),
        () => Effect::Like(Class::Neutral),
    }
}

fn backslash<'a>(name: &str, rest: &'a str) -> Effect<'a> {
    match name {
        name if name.starts_with('!') => Effect::Shell,
        // Its arguments may stand in back-ticks, which a shell runs.
        _ if rest.contains('`') || rest.starts_with('|') => Effect::Shell,
        "i" | "ir" | "include" | "include_relative" => Effect::File(unquoted(rest)),
        "gexec" => Effect::Result,
        "password" | "lo_import" | "lo_unlink" => Effect::Like(Class::Write),
        "copy" => copy(rest),
        name if name.starts_with(['d', 'l', 'z']) || name.starts_with("sf") || name.starts_with("sv") => {
            Effect::Like(Class::Schema)
        }
        _ => Effect::Like(Class::Neutral),
    }
}

/// `\copy` is `COPY`, with files of the client.
fn copy(rest: &str) -> Effect<'_> {
    let words = || rest.split_ascii_whitespace();
    if words().any(|word| among("program", word)) {
        return Effect::Shell;
    }
    // A query in brackets has a `FROM` of its own.
    if !rest.starts_with('(') {
        let writes = words().any(|word| among("from", word));
        return Effect::Like(if writes { Class::Write } else { Class::Read });
    }
    let inner = statements(rest, Dialect::Postgres);
    let worst = inner.iter().map(|statement| class(statement, Dialect::Postgres)).max();
    Effect::Like(worst.unwrap_or(Class::Unknown))
}

fn mysql<'a>(text: &'a str, name: &str, rest: &'a str) -> Effect<'a> {
    match text.as_bytes() {
        [b'\\', b'.', ..] => Effect::File(unquoted(text[2..].trim())),
        [b'\\', b'!' | b'P', ..] => Effect::Shell,
        _ if among("source", name) => Effect::File(unquoted(rest)),
        _ if among("system pager", name) => Effect::Shell,
        _ => Effect::Like(Class::Neutral),
    }
}

fn transact<'a>(text: &'a str, name: &str, rest: &'a str) -> Effect<'a> {
    match name {
        _ if text.starts_with('!') || text.starts_with(":!") => Effect::Shell,
        name if among(":r", name) => Effect::File(unquoted(rest)),
        _ => Effect::Like(Class::Neutral),
    }
}

fn oracle<'a>(text: &'a str, name: &str, rest: &'a str) -> Effect<'a> {
    match name {
        _ if text.starts_with('@') => Effect::File(unquoted(text.trim_start_matches('@').trim())),
        _ if text.starts_with('!') => Effect::Shell,
        name if among("host", name) => Effect::Shell,
        name if among("start", name) => Effect::File(unquoted(rest)),
        _ => Effect::Like(Class::Neutral),
    }
}

/// A file's name without quotes around it.
fn unquoted(name: &str) -> &str {
    let name = name.trim();
    let inner = |quote: char| name.strip_prefix(quote).and_then(|name| name.strip_suffix(quote));
    inner('\'').or_else(|| inner('"')).unwrap_or(name)
}
