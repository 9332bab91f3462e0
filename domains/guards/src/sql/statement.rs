//! Classifies a statement: it reads, it writes, or its effect is unknown.

use shell::programs::Dialect;

use super::lexer::{SqlToken, Statement, among};

/// The effect of a statement, the most harmless first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It changes nothing beyond the connection and returns nothing: `BEGIN`, `SET`, `ATTACH`.
    Neutral,
    /// It returns the structure of the database: `PRAGMA table_info`, `.schema`.
    Schema,
    /// It reads data.
    Read,
    /// Its effect cannot be determined before it runs.
    Unknown,
    /// It changes the database.
    Write,
}

const NEUTRAL: &str = "begin start commit end rollback savepoint release abort set reset use attach detach listen \
    unlisten fetch move close deallocate discard go print exit quit install load lock unlock prepare open \
    declare if while clear connect status \
    break continue waitfor return else export checkpoint";
const READS: &str = "select with table values from summarize pivot unpivot exists check \
    checksum watch handler";
const WRITES: &str = "insert update delete replace merge upsert truncate create alter drop rename grant revoke deny \
    comment vacuum reindex analyze analyse cluster refresh reassign security call exec execute do import optimize \
    repair flush kill purge restore backup bulk undrop shutdown notify system exchange dbcc";
/// Objects that statements create, alter and drop.
const OBJECTS: &str = "table index view database schema trigger user role function procedure sequence type extension \
    domain temp temporary unique or virtual materialized unlogged global local external column constraint policy \
    publication subscription server tablespace event macro dictionary login fulltext clustered nonclustered \
    recursive secret foreign aggregate operator rule partition proc";
/// Functions that change something when `SELECT` calls them.
const CHANGING_FUNCTIONS: &str = "writefile load_extension setval nextval dblink_exec lo_import lo_export lo_unlink \
    lo_create lo_put lo_from_bytea pg_terminate_backend pg_cancel_backend pg_reload_conf pg_file_write \
    pg_drop_replication_slot pg_create_logical_replication_slot pg_notify pg_rotate_logfile";
/// Pragmas that only read, although they have arguments.
const READING_PRAGMAS: &str = "table_info table_xinfo table_list index_list index_info index_xinfo foreign_key_list \
    foreign_key_check integrity_check quick_check storage_info show functions";
/// Pragmas that change something, although they look like a query.
const CHANGING_PRAGMAS: &str = "incremental_vacuum optimize wal_checkpoint";
/// Pragmas whose value lasts only for the connection and makes it safer.
const SAFE_PRAGMAS: &str = "query_only busy_timeout";

/// Classifies a statement of SQL.
pub fn class(statement: &Statement<'_>, dialect: Dialect) -> Class {
    let is_open = |token: &&SqlToken<'_>| **token == SqlToken::Symbol(b'(');
    let nested = statement.tokens.iter().take_while(is_open).count();
    of(&statement.tokens[nested..], dialect)
}

fn of(tokens: &[SqlToken<'_>], dialect: Dialect) -> Class {
    let Some((first, rest)) = tokens.split_first() else { return Class::Neutral };
    let verb = word(Some(first));
    let second = word(rest.first());
    let is = |names: &str| among(names, verb);
    if is("pragma") {
        return pragma(rest);
    }
    if is("explain describe desc") {
        return explain(rest, dialect);
    }
    if is("copy") {
        // A query in brackets has its own `FROM`.
        let is_query = rest.first() == Some(&SqlToken::Symbol(b'('));
        let names = if is_query { "program" } else { "from program" };
        let writes = rest.iter().any(|token| among(names, word(Some(token))));
        return if writes || holds_write(rest, dialect) { Class::Write } else { Class::Read };
    }
    // `SHOW CREATE TABLE` creates nothing.
    if is("show help") {
        return Class::Read;
    }
    if is("alter") && among("session", second) {
        return Class::Neutral;
    }
    // `SET GLOBAL` outlasts the connection, `INSTALL PLUGIN` the server process.
    let lasts = is("set") && among("global persist persist_only password @@global @@persist", second)
        || is("install") && among("plugin component", second)
        || is("load") && among("data xml", second);
    if lasts || is(WRITES) || holds_write(tokens, dialect) {
        return Class::Write;
    }
    if is("select with table values from") {
        return if is_of_schema(tokens) { Class::Schema } else { Class::Read };
    }
    match () {
        () if is(READS) => Class::Read,
        // The procedures that a block calls may do anything.
        () if is("begin declare") && dialect == Dialect::Oracle => Class::Unknown,
        () if is(NEUTRAL) && tokens.iter().any(|token| among("select", word(Some(token)))) => Class::Read,
        () if is(NEUTRAL) => Class::Neutral,
        () => Class::Unknown,
    }
}

/// Whether a statement with a harmless start writes further on: in a common table expression, after
/// `ANALYZE`, in a block, or after a statement without `;` in a dialect that allows this.
fn holds_write(tokens: &[SqlToken<'_>], dialect: Dialect) -> bool {
    let reads_into = |at: usize| {
        let next = tokens.get(at + 1);
        match word(tokens.get(at)) {
            into if among("into", into) => at > 0 && tokens[at - 1] != SqlToken::Symbol(b'.'),
            for_update if among("for", for_update) => among("update share no key", word(next)),
            run if among("exec execute", run) => dialect == Dialect::TransactSql,
            name => next == Some(&SqlToken::Symbol(b'(')) && among(CHANGING_FUNCTIONS, name),
        }
    };
    let words: Vec<&str> = tokens.iter().map(|token| word(Some(token))).collect();
    (0..tokens.len()).any(|at| begins_write(&words[at..]) || reads_into(at))
}

/// Whether these words begin a statement that writes, in any context: names and functions do not look like
/// them.
pub fn begins_write(words: &[&str]) -> bool {
    let [verb, second, rest @ ..] = words else { return false };
    match verb {
        _ if among("insert", verb) => {
            among("into or ignore overwrite low_priority delayed high_priority", second)
        }
        _ if among("replace merge upsert", verb) => among("into", second),
        _ if among("delete", verb) => among("from", second),
        _ if among("update", verb) => rest.iter().take(7).any(|word| among("set", word)),
        _ if among("create alter drop truncate", verb) => among(OBJECTS, second),
        _ => false,
    }
}

/// `EXPLAIN` runs the explained statement if it measures it.
fn explain(rest: &[SqlToken<'_>], dialect: Dialect) -> Class {
    let measures = rest.iter().any(|token| among("analyze analyse", word(Some(token))));
    if measures && holds_write(rest, dialect) { Class::Write } else { Class::Read }
}

fn pragma(rest: &[SqlToken<'_>]) -> Class {
    // A schema may precede the name: `PRAGMA main.user_version`.
    let rest = match rest {
        [_, SqlToken::Symbol(b'.'), rest @ ..] => rest,
        rest => rest,
    };
    let name = word(rest.first());
    if among("table_info table_xinfo table_list", name) {
        return Class::Schema;
    }
    match rest.get(1) {
        Some(_) if among(SAFE_PRAGMAS, name) => Class::Neutral,
        Some(SqlToken::Symbol(b'(')) if among(READING_PRAGMAS, name) => Class::Read,
        None if !among(CHANGING_PRAGMAS, name) => Class::Read,
        _ => Class::Write,
    }
}

/// Whether only the table of tables is read.
fn is_of_schema(tokens: &[SqlToken<'_>]) -> bool {
    const TABLES: &str = "sqlite_master sqlite_schema sqlite_temp_master sqlite_temp_schema";
    let is = |token: Option<&SqlToken<'_>>, names: &str| among(names, word(token));
    let mut sources = (0..tokens.len()).filter(|at| is(tokens.get(*at), "from join"));
    let (Some(from), None) = (sources.next(), sources.next()) else { return false };
    let behind = tokens[from + 1..].iter();
    let mut list = behind.take_while(|token| !is(Some(token), "where group order limit union"));
    is(tokens.get(from + 1), TABLES) && !list.any(|token| *token == SqlToken::Symbol(b','))
}

/// The text of a word token; empty for other tokens.
fn word<'a>(token: Option<&SqlToken<'a>>) -> &'a str {
    match token {
        Some(SqlToken::Word(word)) => word,
        _ => "",
    }
}
