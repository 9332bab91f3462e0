//! The whole guard: lines, files beside them, configurations.

use std::time::Duration;

use shell::programs::{self, Roles};

use super::client;
use super::rows::{FILES, ROWS};
use crate::testing::{Bench, Row, processor_time};

/// A project with SQL files.
fn bench(guards: &str) -> Bench {
    let bench = Bench::new(guards);
    for (name, text) in FILES {
        bench.write(name, text);
    }
    bench
}

#[test]
fn lines_are_told_apart() {
    bench("  sql: {}").check(ROWS);
}

#[test]
fn reading_is_refused_where_it_is_not_allowed() {
    const ROWS: &[Row] = &[
        ("sqlite3 x.db 'SELECT * FROM t'", "deny"),
        ("psql -c 'SHOW tables'", "deny"),
        ("psql -c 'EXPLAIN SELECT 1'", "deny"),
        ("psql -c 'BEGIN SELECT 1 END'", "deny"),
        ("sqlite3 x.db 'SELECT * FROM users, sqlite_master'", "deny"),
        ("sqlite3 x.db 'SELECT * FROM sqlite_master, users'", "deny"),
        ("sqlite3 x.db 'SELECT name FROM sqlite_master; SELECT * FROM t'", "deny"),
        ("sqlite3 x.db '.schema' 'SELECT * FROM t'", "deny"),
        ("sqlite3 x.db .dump", "deny"),
        ("sqlite3 x.db 'SELECT * FROM t' '.shell true'", "deny"),
        ("sqlite3 x.db 'SELECT * FROM t; $Q'", "deny"),
        ("sqlite3 x.db 'SELECT 1' # sqlite_master", "deny"),
        ("psql -c '\\copy t to out.csv'", "deny"),
        ("python3 -c \"import sqlite3; c.execute('SELECT * FROM t')\"", "deny"),
        ("sqlite3 x.db 'DELETE FROM t'", "deny"),
        ("sqlite3 x.db .schema", "pass"),
        ("sqlite3 x.db '.schema t'", "pass"),
        ("sqlite3 x.db .tables", "pass"),
        ("sqlite3 x.db 'PRAGMA table_info(t)'", "pass"),
        ("sqlite3 x.db 'PRAGMA table_list'", "pass"),
        ("sqlite3 x.db \"SELECT sql FROM sqlite_master WHERE name = 't'\"", "pass"),
        ("sqlite3 --version", "pass"),
        ("psql -c '\\dt'", "pass"),
        ("psql -c 'BEGIN; ROLLBACK'", "pass"),
        ("git commit -m 'Select the best option from the list'", "pass"),
        ("rg 'SELECT .* FROM'", "pass"),
        ("pytest -k select", "pass"),
        ("python3 -c \"print('SELECT * FROM t')\"", "pass"),
    ];
    bench("  sql:\n    allow_select: false").check(ROWS);
}

#[test]
fn programs_of_the_configuration_count() {
    const ROWS: &[Row] = &[
        ("isql dsn 'DELETE FROM t'", "deny"),
        ("trino --execute 'DROP TABLE t'", "deny"),
        ("trino --execute='DROP TABLE t'", "deny"),
        ("trino --file changes.sql", "deny"),
        ("trino -f changes.sql", "deny"),
        ("isql dsn < changes.sql", "deny"),
        ("isql dsn <<< 'DELETE FROM t'", "deny"),
        ("isql -V -c isql.ini dsn < changes.sql", "deny"),
        ("generate | isql dsn", "ask"),
        ("isql dsn -c \"$SQL\"", "ask"),
        ("isql dsn", "pass"),
        ("isql -c isql.ini dsn", "pass"),
        ("isql dsn 'SELECT 1'", "pass"),
        ("isql dsn delete", "pass"),
        ("trino --catalog hive --execute 'SHOW TABLES'", "pass"),
        ("trino --version", "pass"),
        ("other dsn 'DELETE FROM t'", "pass"),
    ];
    bench("  sql:\n    programs: [isql, trino]").check(ROWS);
}

#[test]
fn a_guard_that_only_warns_refuses_nothing() {
    assert_eq!(bench("  sql:\n    mode: warn").verdict("psql -c 'DROP TABLE t'"), "warn");
}

#[test]
fn a_refusal_shows_the_statement_and_where_it_stands() {
    let bench = bench("  sql: {}");
    let what = |line: &str| bench.line(line)[0].objection.what.clone();
    assert_eq!(
        what("psql -c 'SELECT 1; DELETE   FROM\nt'"),
        "this changes a database with `psql`: `DELETE FROM t`"
    );
    assert_eq!(
        what("psql -f outer.sql"),
        "this changes a database with `psql`: `DELETE FROM t` in `changes.sql`"
    );
    assert!(what(&format!("psql -c 'DELETE FROM {}'", "x".repeat(500))).ends_with(" …`"));
}

#[test]
fn a_file_that_calls_itself_ends() {
    let bench = bench("  sql: {}");
    bench.write("round.sql", "SELECT 1;\n\\i round.sql\n");
    assert_eq!(bench.verdict("psql -f round.sql"), "ask");
}

#[test]
fn a_file_is_read_to_a_bound() {
    let bench = bench("  sql: {}");
    bench.write("long.sql", &"SELECT 1;\n".repeat(200_000));
    assert_eq!(bench.verdict("psql -f long.sql"), "ask");
    bench.write("long.sql", &format!("DELETE FROM t;\n{}", "SELECT 1;\n".repeat(200_000)));
    assert_eq!(bench.verdict("psql -f long.sql"), "deny");
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
    let bench = bench("  sql: {}");
    let pipe = bench.root().join("pipe.sql");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert_eq!(bench.verdict("psql -f pipe.sql"), "ask");
}

#[test]
fn files_that_call_many_files_end() {
    let bench = bench("  sql: {}");
    bench.write("many.sql", &"\\i many.sql\n".repeat(10_000));
    assert_eq!(bench.verdict("psql -f many.sql"), "ask");
}

#[test]
fn no_line_takes_long() {
    /// Processor time in an unoptimised build.
    const LONGEST: Duration = Duration::from_secs(5);
    let bench = bench("  sql: {}");
    for (before, part) in [
        ("psql <<'EOF'\n", "$a$b "),
        ("psql <<'EOF'\n", "/*"),
        ("psql <<'EOF'\n", r"\a\"),
        ("mysql <<'EOF'\n", r"\a"),
        ("mysql <<'EOF'\n", "'"),
        ("sqlite3 x.db <<'EOF'\n", "select(a;"),
        ("python3 <<'EOF'\nimport sqlite3\n", "(SELECT "),
        ("python3 <<'EOF'\nimport sqlite3\n", "PRAGMA\t"),
    ] {
        let line = format!("{before}{}", part.repeat(200 * 1024 / part.len()));
        let taken = processor_time(|| {
            bench.line(&line);
        });
        assert!(taken < LONGEST, "{part:?} took {taken:?}");
    }
}

#[test]
fn no_everyday_program_takes_sql() {
    let passed_over = Roles::TAKES_NO_SQL.and(Roles::EVERYDAY);
    let takes_sql = |name: &&str| programs::sql_client_of(name).is_some();
    assert_eq!(programs::named(passed_over).find(takes_sql), None);
    assert!(client::is_mentioned("sudo /usr/bin/psql"));
}
