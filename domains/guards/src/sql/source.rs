//! SQL inside the texts of other languages: `python -c`, `node -e`, `perl -e`, `ruby -e`, `php -r`, and here-documents
//! for them.
//!
//! No language is parsed. A text counts when it uses a database driver and has the beginning of a statement where a
//! string begins.

use platform::text::cut_bytes;
use shell::options::{Argument, Options, Value};
use shell::{Command, Input, Word};

use super::lexer::{Dialect, among, is_option, statements};
use super::statement::{self, Class};

/// A language, and how its interpreter is called.
struct Language {
    /// The program's name, to which a version may be added.
    names: &'static str,
    options: Options,
    /// Options whose value is a text of the language.
    code: &'static str,
    /// Options whose value is a module.
    modules: &'static str,
    /// What drivers are called.
    drivers: &'static str,
    /// Whether drivers are named in quotes, so that a short name is no other word.
    quotes_drivers: bool,
    /// What a comment begins with.
    comment: &'static str,
}

const LANGUAGES: &[Language] = &[
    Language {
        names: "python pypy ipython",
        options: Options::new("cmWX", "check-hash-based-pycs"),
        code: "c",
        modules: "",
        drivers: "sqlite3 apsw psycopg psycopg2 psycopg2cffi pg8000 asyncpg aiosqlite aiomysql aiopg pymysql MySQLdb \
            mysql mariadb sqlalchemy sqlmodel duckdb oracledb cx_Oracle pyodbc pymssql clickhouse_driver \
            clickhouse_connect peewee sqlite_utils libsql",
        quotes_drivers: false,
        comment: "#",
    },
    Language {
        names: "node nodejs bun deno tsx ts-node",
        options: Options::new("er", "eval print require import loader input-type env-file conditions"),
        code: "e eval print",
        modules: "r require import",
        drivers: "better-sqlite3 sqlite3 sqlite node:sqlite bun:sqlite sql.js pg pg-promise postgres mysql mysql2 \
            mariadb duckdb @duckdb/node-api knex sequelize typeorm @prisma/client mssql tedious oracledb libsql \
            @libsql/client @clickhouse/client @vercel/postgres @neondatabase/serverless bun",
        quotes_drivers: true,
        comment: "//",
    },
    Language {
        names: "perl",
        options: Options::new("eEI", "").attached("iFMmCDdx"),
        code: "e E",
        modules: "M m",
        drivers: "DBI DBIx DBD Mojo::Pg Mojo::SQLite",
        quotes_drivers: false,
        comment: "#",
    },
    Language {
        names: "ruby",
        options: Options::new("eErIC", "").attached("iFKWx"),
        code: "e",
        modules: "r",
        drivers: "sqlite3 pg mysql2 trilogy duckdb sequel activerecord active_record tiny_tds oci8 extralite",
        quotes_drivers: true,
        comment: "#",
    },
    Language {
        names: "php",
        options: Options::new("rBREFcdfz", "run process-begin process-code process-end"),
        code: "r B R E run process-begin process-code process-end",
        modules: "",
        drivers: "PDO mysqli SQLite3 mysqli_connect mysqli_query pg_connect pg_query pg_exec sqlsrv_query oci_connect",
        quotes_drivers: false,
        comment: "//",
    },
];

/// The words of `python -m sqlite3`, which takes what `sqlite3` takes, from `sqlite3` on.
pub fn module<'w>(name: &str, words: &'w [Word]) -> Option<&'w [Word]> {
    let python = language(name).filter(|language| language.names.starts_with("python"))?;
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

/// The worst that the text of a program does to a database, and where that begins; `None` where no driver is used or
/// nothing is found.
pub fn worst(name: &str, command: &Command) -> Option<(Class, String)> {
    let language = language(name)?;
    let (code, modules) = language.texts(command);
    if !language.uses_driver(&code, &modules) {
        return None;
    }
    let lines = code.lines().filter(|line| !line.trim_start().starts_with(language.comment));
    let code: Vec<&str> = lines.collect();
    let code = code.join("\n");
    if language.count_drivers(&code, &modules) <= 1 && is_in_memory(&code) {
        return None;
    }
    begun(&code).map(|(class, text)| (class, text.to_owned()))
}

/// Whether a program opens databases in memory alone: nobody's, and gone when it ends.
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
            // An engine of SQLAlchemy's was told before.
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

/// Whether a text of any kind holds a statement that writes: its beginning, and what it is about.
pub fn holds_write(text: &str) -> bool {
    begun(text).is_some_and(|(class, statement)| class == Class::Write && words(statement).len() > 2)
}

fn language(name: &str) -> Option<&'static Language> {
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    LANGUAGES.iter().find(|language| among(language.names, plain))
}

impl Language {
    /// The texts that a command runs, and the modules that it loads.
    fn texts(&self, command: &Command) -> (String, String) {
        let (mut code, mut modules) = (String::new(), String::new());
        let mut operand = None;
        let mut wants_operand = false;
        let is_node = self.names.starts_with("node");
        for argument in self.options.read(&command.words, 1) {
            match argument {
                Argument::Option(option, Some(value)) if is_option(self.code, option) => {
                    add(&mut code, value);
                }
                Argument::Option(option, Some(value)) if is_option(self.modules, option) => {
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

    fn uses_driver(&self, code: &str, modules: &str) -> bool {
        self.count_drivers(code, modules) > 0
    }

    /// How many drivers a program names.
    fn count_drivers(&self, code: &str, modules: &str) -> usize {
        let is_edge = |c: Option<char>| match c {
            _ if !self.quotes_drivers => c.is_none_or(|c| !c.is_alphanumeric() && c != '_'),
            c => matches!(c, Some('\'' | '"' | '`' | '/')),
        };
        let holds = |text: &str, driver: &str| {
            text.match_indices(driver).any(|(at, _)| {
                is_edge(text[..at].chars().next_back()) && is_edge(text[at + driver.len()..].chars().next())
            })
        };
        self.drivers
            .split_ascii_whitespace()
            .filter(|driver| holds(code, driver) || holds(modules, driver))
            .count()
    }
}

fn add(code: &mut String, value: Value<'_>) {
    code.push_str(value.text);
    code.push('\n');
}

/// The first statement that writes and begins where a string or a line begins, else the first that reads.
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

/// Whether a string or a line begins behind this text. A bracket may be Perl's quote, or end what `WITH` names.
fn is_beginning(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '\t', '\r']);
    // What is only printed goes to no database.
    let called = before.trim_end_matches(['"', '\'', '`']);
    let called = called.strip_suffix(['f', 'b', 'r']).unwrap_or(called);
    if called.len() < before.len()
        && ["print(", "console.log(", "puts ", "println("].iter().any(|one| called.ends_with(one))
    {
        return false;
    }
    before.chars().next_back().is_none_or(|c| "\n'\"`{([|;)".contains(c))
}

/// A statement that English does not look like, as long as it is written in capitals.
fn is_rarer_write<'t>(verb: &str, statement: impl FnOnce() -> &'t str) -> bool {
    matches!(verb, "TRUNCATE" | "GRANT" | "REVOKE" | "VACUUM" | "REINDEX" | "CALL" | "PRAGMA")
        && statements(statement(), Dialect::Sqlite)
            .iter()
            .any(|statement| statement::class(statement, Dialect::Sqlite) == Class::Write)
}

/// The places of the words of a text.
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

/// The words that follow one another with nothing between them that ends a statement: a string may be put together
/// from several, and have holes for values.
fn phrase<'t>(text: &'t str, words: &[(usize, usize)]) -> impl Iterator<Item = &'t str> {
    /// More are not looked at.
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
    /// What comes later is another statement.
    const LONGEST: usize = 512;
    let text = cut_bytes(text, LONGEST);
    text.find(['"', '`', '\'']).map_or(text, |end| &text[..end]).trim_end()
}
