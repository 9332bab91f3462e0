//! Properties of every use of a tool: guards do not panic and take bounded time.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use crate::testing::{Bench, processor_time, write};

/// How long a use may take in an unoptimised build.
const LONGEST: Duration = Duration::from_secs(2);

/// All guards that run before a tool.
const ALL: &str = "  push: {branches: ['release/*']}\n  destructive: {rules: [{pattern: 'deploy\\s+prod', message: No.}]}\n  settings: {}\n  sql: {allow_select: false}\n  powershell: {}\n  paths: {}\n  references: {}\n  secrets: {}\n  large_read: {}\n  protected_content: {rules: [{files: '*.md', content: text, message: It stays.}]}\n  patterns: {rules: [{id: no-x, pattern: 'xxx', message: No.}]}";

thread_local! {
    static BENCH: Bench = Bench::new(ALL);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(line in "[ \\t\\n\\r\"'`$(){}\\[\\]|&;<>#\\\\*?~!=,a-f0-3xEOF\u{0}é-]{0,80}") {
        BENCH.with(|bench| bench.line(&line));
    }

    #[test]
    fn no_commands_panic(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "git", "push", "origin", "HEAD:main", "+main", ":", "--all", "-C", "..", "-c", "alias.p=push", "p", "reset",
                "--hard", "HEAD~1", "clean", "-fdx", "stash", "drop", "rebase", "commit", "-am", "checkout", "--", ".",
                "rm", "-rf", "~", "/", "$HOME", "*", "find", "-delete", "-exec", "{}", "\\;", "psql", "sqlite3", "x.db",
                "'DROP TABLE t'", "\"SELECT 1; DELETE FROM t\"", "-f", "a.sql", "<<<", "<<EOF", "\n", "EOF", "pwsh", "cmd", "/c",
                "python3", "'import sqlite3'", "echo", ">", ">>", ".claude/settings.json", "docs/checkpoints/x.md", "tee", "cp",
                "mv", "sed", "-i", "req", "allow-once", "pause", "xargs", "sudo", "bash", "eval", "$X", "\"$(", ")\"", "|", "&&", ";",
                "(", ")", "if", "then", "fi", "for", "in", "do", "done", "kubectl", "delete", "ns", "docker", "exec", "ssh", "h",
            ]),
            0..14,
        )
    ) {
        BENCH.with(|bench| bench.line(&words.join(" ")));
    }

    #[test]
    fn no_edit_panics(
        file in prop::sample::select(vec![
            ".claude/settings.json", ".claude/requirements.yaml", "docs/plans/PLAN-1.md", "docs/work/active/E2-1/WORK.md",
            "README.md", "a/../b", "", "\u{0}", "src/a.rs",
        ]),
        text in "(---\n)?([a-z_]{1,12}: ?[\\[\\]{}\"'#,|>&*!%@a-z0-9-]{0,12}\n){0,8}(---\n)?[^\u{0}]{0,60}",
    ) {
        BENCH.with(|bench| {
            bench.raised(write(&bench.root().join(file), &text));
            bench.raised(json!({"tool_name": "Edit", "tool_input": {"file_path": bench.root().join(file), "old_string": "text", "new_string": text}}));
            bench.raised(json!({"tool_name": "NotebookEdit", "tool_input": {"notebook_path": bench.root().join(file), "new_source": text}}));
        });
    }
}

#[test]
fn no_use_takes_long() {
    let bench = Bench::new(ALL);
    let many = |part: &str| part.repeat(60_000 / part.len());
    let mut lines = vec![
        many("git push; "),
        many("git push origin \"$X\" && "),
        many("git -c alias.p=push p; "),
        many("rm -rf a/* ; "),
        many("psql -c 'DELETE FROM t'; "),
        many("echo a > docs/checkpoints/x.md; "),
        many("cd x && "),
        many("req pause "),
        format!("psql -c '{}'", many("/* ")),
        format!("psql -c '{}'", many("$a$ ")),
        format!("sqlite3 x.db \"{}\"", many("with a as (select ")),
        format!("python3 -c 'import sqlite3; {}'", many("\"DELETE FROM ")),
        format!("git push origin {}", many("a:b ")),
        format!("cat > x <<'E'\n{}\nE", many("password = \"aaaaaaaaaaaaaaaaaaaa\"\n")),
        format!("echo '{}' > .claude/settings.json", many("{\"hooks\":")),
        format!("eval \"{}\"", many("git push $X;")),
        (0..8).fold("git push origin main".to_owned(), |line, _| {
            format!("bash -c '{}'", line.replace('\'', "'\\''"))
        }),
    ];
    lines.push(format!("git commit -m '{}'", many("main ")));
    for line in &lines {
        let taken = processor_time(|| {
            bench.line(line);
        });
        let shown: String = line.chars().take(40).collect();
        assert!(taken < LONGEST, "{shown:?}… took {taken:?}");
    }
    let file = bench.root().join(".claude/requirements.yaml");
    for text in [
        many("a: ["),
        many("- "),
        many("&a *a "),
        "x".repeat(1_000_000),
        many("token: aaaaaaaaaaaaaaaaaaaaaaaa\n"),
    ] {
        let taken = processor_time(|| {
            bench.raised(write(&file, &text));
            bench.raised(write(&bench.root().join("docs/plans/PLAN-1.md"), &text));
        });
        let shown: String = text.chars().take(20).collect();
        assert!(taken < LONGEST, "{shown:?}… took {taken:?}");
    }
}
