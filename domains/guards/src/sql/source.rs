//! SQL inside the texts of other languages: `python -c`, `node -e`, `perl -e`, `ruby -e`, `php -r`, and
//! here-documents for them.
//!
//! The languages are not parsed. A text counts if it uses a database driver and a statement begins at the
//! start of a string.

use platform::text::cut_bytes;
use shell::options::{Argument, OptionValue};
use shell::programs::{Dialect, Interpreter, Language, interpreter_of};
use shell::{Command, Input, Word};

use super::lexer::{among, is_option, statements};
use super::statement::{self, Class};

/// The database drivers of a language.
struct Drivers {
    language: Language,
    /// The names.
    names: &'static str,
    /// Whether drivers are named in quotes, so that a short name is not mistaken for another word.
    are_quoted: bool,
    /// The start of a comment.
    comment: &'static str,
}

const DRIVERS: [Drivers; 5] = [
    Drivers {
        language: Language::Python,
        names: "sqlite3 apsw psycopg psycopg2 psycopg2cffi pg8000 asyncpg aiosqlite aiomysql aiopg pymysql MySQLdb \
            mysql mariadb sqlalchemy sqlmodel duckdb oracledb cx_Oracle pyodbc pymssql clickhouse_driver \
            clickhouse_connect peewee sqlite_utils libsql",
        are_quoted: false,
        comment: "#",
    },
    Drivers {
        language: Language::JavaScript,
        names: "better-sqlite3 sqlite3 sqlite node:sqlite bun:sqlite sql.js pg pg-promise postgres mysql mysql2 \
            mariadb duckdb @duckdb/node-api knex sequelize typeorm @prisma/client mssql tedious oracledb libsql \
            @libsql/client @clickhouse/client @vercel/postgres @neondatabase/serverless bun",
        are_quoted: true,
        comment: "//",
    },
    Drivers {
        language: Language::Perl,
        names: "DBI DBIx DBD Mojo::Pg Mojo::SQLite",
        are_quoted: false,
        comment: "#",
    },
    Drivers {
        language: Language::Ruby,
        names: "sqlite3 pg mysql2 trilogy duckdb sequel activerecord active_record tiny_tds oci8 extralite",
        are_quoted: true,
        comment: "#",
    },
    Drivers {
        language: Language::Php,
        names: "PDO mysqli SQLite3 mysqli_connect mysqli_query pg_connect pg_query pg_exec sqlsrv_query oci_connect",
        are_quoted: false,
        comment: "//",
    },
];

/// The words of `python -m sqlite3` from `sqlite3` on: it has the arguments of `sqlite3`.
pub fn module<'w>(name: &str, words: &'w [Word]) -> Option<&'w [Word]> {
    let python = interpreter_of(name).filter(|known| known.language == Language::Python)?;
    let mut arguments = python.options.read(words, 1);
    while let Some(argument) = arguments.next() {
        match argument {
            Argument::Option("m", Some(module)) if module.text == "sqlite3" => {
                return words.get(arguments.place() - 1..);
            }
            Argument::Option("m" | "c", _) | Argument::Operand(_) => return None,
            Argument::Option(..) => {}
        }
    }
    None
}

/// The worst statement in the text of a program, and its text; `None` if there is no driver or no statement.
pub fn worst(name: &str, command: &Command) -> Option<(Class, String)> {
    let interpreter = interpreter_of(name)?;
    let drivers = DRIVERS.iter().find(|drivers| drivers.language == interpreter.language)?;
    let (code, modules) = texts(interpreter, command);
    let count = drivers.count(&code, &modules);
    if count == 0 {
        return None;
    }
    let lines = code.lines().filter(|line| !line.trim_start().starts_with(drivers.comment));
    let code: Vec<&str> = lines.collect();
    let code = code.join("\n");
    if drivers.count(&code, &modules) <= 1 && is_in_memory(&code) {
        return None;
    }
    begun(&code).map(|(class, text)| (class, text.to_owned()))
}

/// Whether a program opens only in-memory databases, which are lost when it ends.
fn is_in_memory(code: &str) -> bool {
    const OPENING: [&str; 4] = ["connect(", "Database(", "create_engine(", "DatabaseSync("];
    const LEADING_OUT: [&str; 4] = ["attach", "vacuum into", "backup(", "load_extension"];
    const IN_MEMORY: [&str; 10] = [
        "database=\":memory:\"",
        "'')",
        "\"\")",
        "':memory:'",
        "\":memory:\"",
        "'sqlite://'",
        "\"sqlite://\"",
        "'sqlite:///:memory:'",
        "\"sqlite:///:memory:\"",
        "database=':memory:'",
    ];
    let mut opened = 0;
    for opening in OPENING {
        for (at, _) in code.match_indices(opening) {
            opened += 1;
            let given = code[at + opening.len()..].trim_start();
            // SQLAlchemy without arguments is handled above.
            let is_without = given.starts_with(')')
                && (code[..at].ends_with("duckdb.")
                    || code.contains("create_engine(") && opening == "connect(");
            if !is_without && !IN_MEMORY.iter().any(|one| given.starts_with(one)) {
                return false;
            }
        }
    }
    let names_one = || ["(':memory:'", "(\":memory:\""].iter().any(|one| code.contains(one));
    let lower = code.to_ascii_lowercase();
    (opened > 0 || names_one()) && !LEADING_OUT.iter().any(|one| lower.contains(one))
}

/// Whether any kind of text contains a statement that writes: its start, and its object.
pub fn holds_write(text: &str) -> bool {
    begun(text).is_some_and(|(class, statement)| class == Class::Write && words(statement).len() > 2)
}

/// The texts that a command runs, and the modules that it loads.
fn texts(interpreter: &Interpreter, command: &Command) -> (String, String) {
    let (mut code, mut modules) = (String::new(), String::new());
    let mut operand = None;
    let mut wants_operand = false;
    let is_node = interpreter.language == Language::JavaScript;
    for argument in interpreter.options.read(&command.words, 1) {
        match argument {
            Argument::Option(option, Some(value)) if is_option(interpreter.code, option) => {
                add(&mut code, value);
            }
            Argument::Option(option, Some(value)) if is_option(interpreter.modules, option) => {
                modules.push_str(" '");
                modules.push_str(value.text);
                modules.push('\'');
            }
            Argument::Option("p" | "print", None) => wants_operand = is_node,
            Argument::Operand(at) => {
                let word = &command.words[at];
                // `deno eval` and `node -p` take the text as an operand.
                if is_node && word.text == "eval" && !wants_operand {
                    wants_operand = true;
                    continue;
                }
                operand = Some(word);
                break;
            }
            Argument::Option(..) => {}
        }
    }
    match (operand, &command.input) {
        (Some(word), _) if wants_operand => code.push_str(&word.text),
        (Some(word), _) if word.text != "-" => {}
        (_, Input::Text(text)) if code.is_empty() => code.push_str(text),
        _ => {}
    }
    (code, modules)
}

impl Drivers {
    /// How many drivers a program names.
    fn count(&self, code: &str, modules: &str) -> usize {
        let is_edge = |c: Option<char>| match c {
            _ if !self.are_quoted => c.is_none_or(|c| !c.is_alphanumeric() && c != '_'),
            c => matches!(c, Some('\'' | '"' | '`' | '/')),
        };
        let holds = |text: &str, driver: &str| {
            text.match_indices(driver).any(|(at, _)| {
                is_edge(text[..at].chars().next_back()) && is_edge(text[at + driver.len()..].chars().next())
            })
        };
        self.names
            .split_ascii_whitespace()
            .filter(|driver| holds(code, driver) || holds(modules, driver))
            .count()
    }
}

fn add(code: &mut String, value: OptionValue<'_>) {
    code.push_str(value.text);
    code.push('\n');
}

/// The first statement that writes and begins at the start of a string or a line, or else the first that
/// reads.
fn begun(text: &str) -> Option<(Class, &str)> {
    let words = words(text);
    let mut read = None;
    for (at, start) in words.iter().map(|word| word.0).enumerate() {
        if !is_beginning(&text[..start]) {
            continue;
        }
        let next: Vec<&str> = phrase(text, &words[at..]).collect();
        let statement = || until_quote(&text[start..]);
        if statement::begins_write(&next) || is_rarer_write(next[0], statement) {
            return Some((Class::Write, statement()));
        }
        let reads = || words_of(statement()).any(|word| among("from", word));
        if read.is_none() && among("select with", next[0]) && reads() {
            read = Some((Class::Read, statement()));
        }
    }
    read
}

/// Whether a string or a line begins after this text. A bracket may be Perl's quote, or end the name of a
/// `WITH`.
fn is_beginning(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '\t', '\r']);
    // Text that is only printed is not run.
    let called = before.trim_end_matches(['"', '\'', '`']);
    let called = called.strip_suffix(['f', 'b', 'r']).unwrap_or(called);
    if called.len() < before.len()
        && ["print(", "console.log(", "puts ", "println("].iter().any(|one| called.ends_with(one))
    {
        return false;
    }
    before.chars().next_back().is_none_or(|c| "\n'\"`{([|;)".contains(c))
}

/// Whether a statement in capitals cannot be mistaken for English.
fn is_rarer_write<'t>(verb: &str, statement: impl FnOnce() -> &'t str) -> bool {
    matches!(verb, "TRUNCATE" | "GRANT" | "REVOKE" | "VACUUM" | "REINDEX" | "CALL" | "PRAGMA")
        && statements(statement(), Dialect::Sqlite)
            .iter()
            .any(|statement| statement::class(statement, Dialect::Sqlite) == Class::Write)
}

/// The positions of the words of a text.
fn words(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match found.last_mut() {
            _ if !byte.is_ascii_alphanumeric() && byte != b'_' => {}
            Some((_, end)) if *end == at => *end = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    found
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
}

/// The consecutive words up to the end of a statement. A string may be concatenated from several, and have
/// placeholders for values.
fn phrase<'t>(text: &'t str, words: &[(usize, usize)]) -> impl Iterator<Item = &'t str> {
    /// The largest number of words that are read.
    const MOST: usize = 10;
    let joins = |between: &str| between.chars().all(|c| c.is_whitespace() || "'\"`+.\\[]{}$%?".contains(c));
    let mut last = words.first().map_or(0, |word| word.0);
    words.iter().take(MOST).map_while(move |(start, end)| {
        let is_joined = joins(&text[last..*start]);
        last = *end;
        is_joined.then_some(&text[*start..*end])
    })
}

/// A text up to the quote that ends it.
fn until_quote(text: &str) -> &str {
    /// Later text belongs to another statement.
    const LONGEST: usize = 512;
    let text = cut_bytes(text, LONGEST);
    text.find(['"', '`', '\'']).map_or(text, |end| &text[..end]).trim_end()
}
