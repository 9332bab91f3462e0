//! Lines that nobody has to look at twice. Most lines are such, and each guard that is asked about one costs a page of
//! its code.

use shell::Script;

/// Programs that push nothing, remove nothing, write no file that an argument names, and run no text: whatever their
/// arguments, no built-in rule of any guard is about them.
const PROGRAMS: &str = "[ basename cargo cat cd cut date df diff dirname du echo egrep false fgrep file grep head hostname \
    id jq ls nproc printf ps pwd pytest rg rustc seq sleep stat tail test tr true tsc type uname wc which whoami";

/// Whether a line runs nothing else, writes nowhere, and is understood to its end.
pub fn is_all(script: &Script) -> bool {
    script.doubt.is_none()
        && script.commands.iter().all(|command| {
            command.redirections.is_empty()
                && command.assignments.is_empty()
                && command.program().is_some_and(|program| PROGRAMS.split(' ').any(|known| known == program))
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

    /// What is passed over here must be what every guard passes over when it is asked.
    #[test]
    fn no_guard_has_anything_to_say_about_an_everyday_program() {
        let bench = Bench::new(
            "  push: {}\n  destructive: {}\n  settings: {}\n  sql: {allow_select: false}\n  powershell: {}\n  paths: {}\n  secrets: {}\n  protected_content: {rules: [{files: '*.md', content: text, message: It stays.}]}",
        );
        for program in PROGRAMS.split_whitespace() {
            for arguments in [
                "README.md",
                ".claude/settings.json",
                "-rf /",
                "push origin main",
                "'DROP TABLE t'",
                "docs/checkpoints/x.md",
            ] {
                // Assignments take the long way.
                let line = format!("A=1 {program} {arguments}");
                assert_eq!(bench.verdict(&line), "pass", "{line}");
            }
        }
    }
}
