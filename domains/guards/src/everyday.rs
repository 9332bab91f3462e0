//! Fast path: command lines that no built-in rule can match. Most lines are of this kind, and each
//! guard that examines a line costs a page of its code.

use shell::Script;
use shell::programs::{self, Roles};

/// Whether a line runs only everyday programs, writes no file, and is parsed completely.
pub fn is_all(script: &Script) -> bool {
    script.doubt.is_none()
        && script.commands.iter().all(|command| {
            command.redirections.is_empty()
                && command.assignments.is_empty()
                && command.program().is_some_and(|program| programs::is(program, Roles::EVERYDAY))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn only_lines_that_do_nothing_of_interest_are_everyday() {
        for line in [
            "cargo test --workspace",
            "ls -la | head -5",
            "cd x && cat a.rs",
            "echo \"$HOME\"; pwd",
            "rg -n 'DROP TABLE' src",
        ] {
            assert!(is_all(&shell::parse(line)), "{line}");
        }
        for line in [
            "echo x > a",
            "A=1 cargo test",
            "cat $(rm -rf x)",
            "git status",
            "tee a",
            "sort -o a b",
            "uniq a b",
            "tree -o a",
            "$X test",
            "cat a | sh",
            "bash -c 'ls'",
            "npm unpublish x",
            "echo 'open",
        ] {
            assert!(!is_all(&shell::parse(line)), "{line}");
        }
    }

    /// Lines that skip the guards here must be lines that every guard allows.
    #[test]
    fn no_guard_has_anything_to_say_about_an_everyday_program() {
        let bench = Bench::new(
            "  push: {}\n  destructive: {}\n  settings: {}\n  sql: {allow_select: false}\n  powershell: {}\n  paths: {}\n  secrets: {}\n  protected_content: {rules: [{files: '*.md', content: text, message: It stays.}]}",
        );
        for program in shell::programs::named(Roles::EVERYDAY) {
            for arguments in [
                "README.md",
                ".claude/settings.json",
                "-rf /",
                "push origin main",
                "'DROP TABLE t'",
                "docs/checkpoints/x.md",
            ] {
                // An assignment keeps the line off the fast path, so the guards run.
                let line = format!("A=1 {program} {arguments}");
                assert_eq!(bench.verdict(&line), "pass", "{line}");
            }
        }
    }
}
