//! Programs that take SQL, and where in their arguments they take it.

use shell::Word;
use shell::options::{Argument, Options, Value};

use super::lexer::{Dialect, among, is_option};

/// A program that takes SQL.
pub struct Client {
    names: &'static str,
    dialects: &'static [Dialect],
    options: Options,
    /// Options whose value is run instead of standard input.
    sql: &'static str,
    /// Options whose value is run before standard input.
    first: &'static str,
    /// Options that name a file of SQL.
    files: &'static str,
    operands: Operands,
}

/// What the words that are no options are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operands {
    /// Databases and users.
    Names,
    /// A database, then SQL. Long options have one dash.
    DatabaseThenSql,
    /// A user, and `@file`.
    Scripts,
    /// Anything, SQL among it.
    Anything,
}

const CLIENTS: &[Client] = &[
    Client {
    names: "sqlite3 sqlite",
    dialects: &[Dialect::Sqlite],
    options: Options::new(
        "",
        "cmd init separator newline nullvalue vfs mmap heap maxsize lookaside pagecache escape",
    ),
    sql: "",
    first: "cmd",
    files: "init",
    operands: Operands::DatabaseThenSql,
    },
    Client {
        names: "psql",
        dialects: &[Dialect::Postgres],
        options: Options::new(
            "cdfFhLopPRTUv",
            "command dbname file field-separator host log-file output port pset record-separator table-attr \
            username variable set",
        ),
        sql: "c command",
        first: "",
        files: "f file",
        operands: Operands::Names,
    },
    Client {
        names: "mysql mariadb",
        dialects: &[Dialect::MySql],
        options: Options::new(
            "ehuPDS",
            "execute host user port database socket init-command default-character-set protocol login-path \
            defaults-file defaults-extra-file defaults-group-suffix plugin-dir ssl-mode ssl-ca ssl-cert ssl-key \
            character-sets-dir max-allowed-packet net-buffer-length connect-timeout",
        )
        .attached("p"),
        sql: "e execute",
        first: "init-command",
        files: "",
        operands: Operands::Names,
    },
    Client {
        names: "duckdb",
        dialects: &[Dialect::DuckDb],
        options: Options::new("csf", "cmd init separator newline nullvalue storage-version"),
        sql: "c s",
        first: "cmd",
        files: "f init",
        operands: Operands::DatabaseThenSql,
    },
    Client {
        names: "usql",
        dialects: &[Dialect::Postgres, Dialect::MySql, Dialect::TransactSql],
        options: Options::new("cfovFRTP", "command file out set variable pset field-separator"),
        sql: "c command",
        first: "",
        files: "f file",
        operands: Operands::Names,
    },
    Client {
        names: "sqlcmd mssql-cli",
        dialects: &[Dialect::TransactSql],
        options: Options::new("QqiSdUPvVoHlthwsaKM", "query input-file server database-name user-name password"),
        sql: "Q query",
        first: "q initial-query",
        files: "i input-file",
        operands: Operands::Names,
    },
    Client {
        names: "sqlplus",
        dialects: &[Dialect::Oracle],
        options: Options::new("CMR", ""),
        sql: "",
        first: "",
        files: "",
        operands: Operands::Scripts,
    },
    Client {
        names: "clickhouse-client clickhouse-local clickhouse",
        dialects: &[Dialect::ClickHouse],
        options: Options::new("qhudCfS", "query queries-file host port user password database config-file format"),
        sql: "q query",
        first: "",
        files: "queries-file",
        operands: Operands::Anything,
    },
    Client {
        names: "cockroach",
        dialects: &[Dialect::Postgres],
        options: Options::new("efdup", "execute file database user host port url set certs-dir format"),
        sql: "e execute",
        first: "",
        files: "f file",
        operands: Operands::Names,
    },
    Client {
        names: "mycli",
        dialects: &[Dialect::MySql],
        options: Options::new("ehuPDSpdl", "execute host user port database socket password dsn init-command"),
        sql: "e execute",
        first: "init-command",
        files: "",
        operands: Operands::Names,
    },
    Client {
        names: "pgcli",
        dialects: &[Dialect::Postgres],
        options: Options::new("chpUudD", "command host port username user dbname dsn init-command"),
        sql: "c command",
        first: "init-command",
        files: "",
        operands: Operands::Names,
    },
    Client {
        names: "cqlsh",
        dialects: &[Dialect::Postgres],
        options: Options::new("efukp", "execute file username keyspace password cqlshrc encoding"),
        sql: "e execute",
        first: "",
        files: "f file",
        operands: Operands::Names,
    },
    Client {
        names: "snowsql",
        dialects: &[Dialect::Postgres],
        options: Options::new("qfaurdswco", "query filename accountname username rolename dbname schemaname"),
        sql: "q query",
        first: "",
        files: "f filename",
        operands: Operands::Names,
    },
    Client {
        names: "litecli",
        dialects: &[Dialect::Sqlite],
        options: Options::new("eDl", "execute database"),
        sql: "e execute",
        first: "",
        files: "",
        operands: Operands::Names,
    },
];

/// A client that only the configuration knows.
const ANY: Client = Client {
    names: "",
    dialects: Dialect::ANY,
    options: Options::new("ceqQfi", "command execute query sql file input"),
    sql: "c e q Q command execute query sql",
    first: "",
    files: "f i file input",
    operands: Operands::Anything,
};

/// A call of a client.
pub struct Call<'a> {
    /// How the client is called.
    pub name: &'a str,
    /// The dialects that it may speak.
    pub dialects: &'static [Dialect],
    /// What it is given to run.
    pub given: Vec<Given>,
    /// Whether its database is one in memory, which is nobody's and gone when it ends.
    pub is_in_memory: bool,
}

/// Something that a client is given.
pub enum Given {
    /// SQL.
    Sql(Word),
    /// A word that may be SQL.
    Perhaps(Word),
    /// A file of SQL.
    File(Word),
    /// Standard input.
    Input,
}

/// Whether a text names a program that takes SQL.
pub fn is_mentioned(text: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_client = |word| CLIENTS.iter().any(|client| among(client.names, word));
    text.split(|c| !is_name(c)).any(is_client)
}

/// The call that these words make, `name` being the program. `is_configured` tells one that only the configuration
/// knows.
pub fn call<'a>(name: &'a str, words: &[Word], is_configured: impl FnOnce(&str) -> bool) -> Option<Call<'a>> {
    let client = match CLIENTS.iter().find(|client| among(client.names, name)) {
        Some(client) => client,
        None if is_configured(name) => &ANY,
        None => return None,
    };
    let mut words = words.to_vec();
    // These are many programs, the client one of them.
    let subcommand = match name {
        "clickhouse" => words.iter().position(|word| among("client local", &word.text)),
        "cockroach" => Some(words.iter().position(|word| among("sql demo", &word.text))?),
        _ => None,
    };
    if let Some(at) = subcommand {
        words.remove(at);
    }
    if client.operands == Operands::DatabaseThenSql {
        for word in words.iter_mut().skip(1).filter(|word| is_long_with_one_dash(&word.text)) {
            word.text.insert(0, '-');
        }
    }
    Some(client.read(name, &words))
}

/// Whether a file of this name is standard input.
pub fn is_input(file: &str) -> bool {
    matches!(file, "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0")
}

/// Whether a word is one name, as no statement is.
fn is_name(word: &Word) -> bool {
    word.is_literal && !word.text.contains(char::is_whitespace)
}

fn is_long_with_one_dash(word: &str) -> bool {
    word.len() > 2 && word.starts_with('-') && !word.starts_with("--")
}

impl Client {
    fn read<'a>(&self, name: &'a str, words: &[Word]) -> Call<'a> {
        let is_loose = self.operands == Operands::Anything;
        let mut given = Vec::new();
        let (mut is_told, mut is_in_memory) = (false, false);
        let mut operands = 0;
        let mut arguments = self.options.read(words, 1);
        while let Some(argument) = arguments.next() {
            let (option, value) = match argument {
                Argument::Operand(at) => {
                    operands += 1;
                    let is_database = operands == 1 && self.operands == Operands::DatabaseThenSql;
                    is_in_memory |=
                        is_database && words[at].is_literal && matches!(&*words[at].text, ":memory:" | "");
                    let operand = self.operand(&words[at], operands);
                    is_told |= matches!(operand, Some(Given::Sql(_)));
                    given.extend(operand);
                    continue;
                }
                Argument::Option("help" | "version", None) => {
                    is_told = true;
                    continue;
                }
                Argument::Option("V" | "?", None) if !is_loose => {
                    is_told = true;
                    continue;
                }
                Argument::Option(option, value) => (self.whole(option), value.map(Value::to_word)),
            };
            if !is_option(self.sql, option)
                && !is_option(self.first, option)
                && !is_option(self.files, option)
            {
                continue;
            }
            // A name cut short takes the next word as the whole name would.
            let value = value.or_else(|| {
                let place = arguments.place();
                arguments = self.options.read(words, place + 1);
                words.get(place).cloned()
            });
            let Some(value) = value else { break };
            // What is run first, or at the start, keeps no client from its input; nor does what is no SQL.
            is_told |= !is_option(self.first, option) && option != "init" && !(is_loose && is_name(&value));
            given.push(match () {
                () if is_option(self.files, option) && is_input(&value.text) => Given::Input,
                () if is_option(self.files, option) => Given::File(value),
                () if is_loose => Given::Perhaps(value),
                () => Given::Sql(value),
            });
        }
        if !is_told {
            given.push(Given::Input);
        }
        // Without a file it is one in memory as well.
        is_in_memory |= self.operands == Operands::DatabaseThenSql && operands == 0;
        Call { name, dialects: self.dialects, given, is_in_memory }
    }

    fn operand(&self, word: &Word, count: usize) -> Option<Given> {
        match self.operands {
            Operands::Names => None,
            Operands::DatabaseThenSql => (count > 1).then(|| Given::Sql(word.clone())),
            Operands::Scripts => {
                let file = word.text.strip_prefix('@')?.to_owned();
                Some(Given::File(Word { text: file, ..word.clone() }))
            }
            Operands::Anything if word.text.ends_with(".sql") => Some(Given::File(word.clone())),
            Operands::Anything => {
                word.text.contains(char::is_whitespace).then(|| Given::Perhaps(word.clone()))
            }
        }
    }

    /// The whole name of a long option that was cut short.
    fn whole<'o>(&self, option: &'o str) -> &'o str {
        if option.len() < 3 || is_option(self.options.long, option) {
            return option;
        }
        let mut names = [self.sql, self.first, self.files].into_iter().flat_map(|names| names.split(' '));
        names.find(|name| name.starts_with(option)).unwrap_or(option)
    }
}
