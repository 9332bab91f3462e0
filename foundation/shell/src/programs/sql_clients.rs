//! Programs that take SQL, and the arguments that contain it.

use crate::options::Options;

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `sqlite3`, with commands that begin with a dot.
    Sqlite,
    /// `duckdb`: the same commands, strings as in PostgreSQL.
    DuckDb,
    /// `psql` and its relatives, with commands that begin with a backslash.
    Postgres,
    /// `mysql`, `mariadb`.
    MySql,
    /// `sqlcmd`.
    TransactSql,
    /// `sqlplus`, whose own commands end at the line end.
    Oracle,
    /// `clickhouse`.
    ClickHouse,
}

impl Dialect {
    /// The dialects that are tried for a client of an unknown database.
    pub const ANY: &[Self] = &[Self::Sqlite, Self::Postgres, Self::MySql, Self::TransactSql];
}

/// A program that takes SQL.
#[derive(Debug)]
pub struct SqlClient {
    /// Its names, separated by spaces.
    pub names: &'static str,
    /// The dialects of its SQL.
    pub dialects: &'static [Dialect],
    /// The options that take a value.
    pub options: Options,
    /// The options whose value is run instead of standard input.
    pub sql: &'static str,
    /// The options whose value is run before standard input.
    pub first: &'static str,
    /// The options whose value is a file of SQL.
    pub files: &'static str,
    /// The meaning of its operands.
    pub operands: SqlOperands,
}

/// The meaning of a client's operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SqlOperands {
    /// Databases and users.
    Names,
    /// A database, then SQL. Long options have one dash.
    DatabaseThenSql,
    /// A user, and `@file`.
    Scripts,
    /// Any text, possibly SQL.
    Anything,
}

const CLIENTS: [SqlClient; 14] = [
    SqlClient {
    names: "sqlite3 sqlite",
    dialects: &[Dialect::Sqlite],
    options: Options::new(
        "",
        "cmd init separator newline nullvalue vfs mmap heap maxsize lookaside pagecache escape",
    ),
    sql: "",
    first: "cmd",
    files: "init",
    operands: SqlOperands::DatabaseThenSql,
    },
    SqlClient {
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
        operands: SqlOperands::Names,
    },
    SqlClient {
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
        operands: SqlOperands::Names,
    },
    SqlClient {
        names: "duckdb",
        dialects: &[Dialect::DuckDb],
        options: Options::new("csf", "cmd init separator newline nullvalue storage-version"),
        sql: "c s",
        first: "cmd",
        files: "f init",
        operands: SqlOperands::DatabaseThenSql,
    },
    SqlClient {
        names: "usql",
        dialects: &[Dialect::Postgres, Dialect::MySql, Dialect::TransactSql],
        options: Options::new("cfovFRTP", "command file out set variable pset field-separator"),
        sql: "c command",
        first: "",
        files: "f file",
        operands: SqlOperands::Names,
    },
    SqlClient {
        names: "sqlcmd mssql-cli",
        dialects: &[Dialect::TransactSql],
        options: Options::new("QqiSdUPvVoHlthwsaKM", "query input-file server database-name user-name password"),
        sql: "Q query",
        first: "q initial-query",
        files: "i input-file",
        operands: SqlOperands::Names,
    },
    SqlClient {
        names: "sqlplus",
        dialects: &[Dialect::Oracle],
        options: Options::new("CMR", ""),
        sql: "",
        first: "",
        files: "",
        operands: SqlOperands::Scripts,
    },
    SqlClient {
        names: "clickhouse-client clickhouse-local clickhouse",
        dialects: &[Dialect::ClickHouse],
        options: Options::new("qhudCfS", "query queries-file host port user password database config-file format"),
        sql: "q query",
        first: "",
        files: "queries-file",
        operands: SqlOperands::Anything,
    },
    SqlClient {
        names: "cockroach",
        dialects: &[Dialect::Postgres],
        options: Options::new("efdup", "execute file database user host port url set certs-dir format"),
        sql: "e execute",
        first: "",
        files: "f file",
        operands: SqlOperands::Names,
    },
    SqlClient {
        names: "mycli",
        dialects: &[Dialect::MySql],
        options: Options::new("ehuPDSpdl", "execute host user port database socket password dsn init-command"),
        sql: "e execute",
        first: "init-command",
        files: "",
        operands: SqlOperands::Names,
    },
    SqlClient {
        names: "pgcli",
        dialects: &[Dialect::Postgres],
        options: Options::new("chpUudD", "command host port username user dbname dsn init-command"),
        sql: "c command",
        first: "init-command",
        files: "",
        operands: SqlOperands::Names,
    },
    SqlClient {
        names: "cqlsh",
        dialects: &[Dialect::Postgres],
        options: Options::new("efukp", "execute file username keyspace password cqlshrc encoding"),
        sql: "e execute",
        first: "",
        files: "f file",
        operands: SqlOperands::Names,
    },
    SqlClient {
        names: "snowsql",
        dialects: &[Dialect::Postgres],
        options: Options::new("qfaurdswco", "query filename accountname username rolename dbname schemaname"),
        sql: "q query",
        first: "",
        files: "f filename",
        operands: SqlOperands::Names,
    },
    SqlClient {
        names: "litecli",
        dialects: &[Dialect::Sqlite],
        options: Options::new("eDl", "execute database"),
        sql: "e execute",
        first: "",
        files: "",
        operands: SqlOperands::Names,
    },
];

/// A client that is only defined in the configuration.
pub static ANY_SQL_CLIENT: SqlClient = SqlClient {
    names: "",
    dialects: Dialect::ANY,
    options: Options::new("ceqQfi", "command execute query sql file input"),
    sql: "c e q Q command execute query sql",
    first: "",
    files: "f i file input",
    operands: SqlOperands::Anything,
};

/// The client with this name, in upper or lower case.
pub fn sql_client_of(program: &str) -> Option<&'static SqlClient> {
    CLIENTS.iter().find(|client| client.names.split(' ').any(|name| name.eq_ignore_ascii_case(program)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client and what gives it SQL: the option that is run instead of standard input, the one that is run before it,
    /// the one that names a file; and the first of its dialects.
    const EXPECTED: [(&str, &str, &str, &str, Dialect); 14] = [
        ("sqlite3 sqlite", "", "cmd", "init", Dialect::Sqlite),
        ("psql", "c command", "", "f file", Dialect::Postgres),
        ("mysql mariadb", "e execute", "init-command", "", Dialect::MySql),
        ("duckdb", "c s", "cmd", "f init", Dialect::DuckDb),
        ("usql", "c command", "", "f file", Dialect::Postgres),
        ("sqlcmd mssql-cli", "Q query", "q initial-query", "i input-file", Dialect::TransactSql),
        ("sqlplus", "", "", "", Dialect::Oracle),
        ("clickhouse-client clickhouse-local clickhouse", "q query", "", "queries-file", Dialect::ClickHouse),
        ("cockroach", "e execute", "", "f file", Dialect::Postgres),
        ("mycli", "e execute", "init-command", "", Dialect::MySql),
        ("pgcli", "c command", "init-command", "", Dialect::Postgres),
        ("cqlsh", "e execute", "", "f file", Dialect::Postgres),
        ("snowsql", "q query", "", "f filename", Dialect::Postgres),
        ("litecli", "e execute", "", "", Dialect::Sqlite),
    ];

    #[test]
    fn every_client_is_known_by_each_of_its_names() {
        for (names, sql, first, files, dialect) in EXPECTED {
            for name in names.split(' ') {
                let client = sql_client_of(name).unwrap_or_else(|| panic!("{name}"));
                assert_eq!((client.sql, client.first, client.files), (sql, first, files), "{name}");
                assert_eq!(client.dialects[0], dialect, "{name}");
            }
        }
        let count = |names: &str| names.split(' ').count();
        let known: usize = CLIENTS.iter().map(|client| count(client.names)).sum();
        assert_eq!(known, EXPECTED.iter().map(|(names, ..)| count(names)).sum::<usize>());
        for none in ["", "pg", "psql16", "sqlite4"] {
            assert!(sql_client_of(none).is_none(), "{none}");
        }
    }
}
