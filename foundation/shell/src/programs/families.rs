//! Families of commands: a program with the subcommand that determines its effect, such as `cargo test`.

use super::roles::{Roles, is};
use crate::options::is_among;

/// Programs and first operands for which the second operand belongs to the family.
const TWO_LEVELS: [(&str, &str); 10] = [
    ("cargo", "nextest"),
    ("docker", "compose"),
    ("docker", "exec"),
    ("gh", "pr"),
    ("gh", "issue"),
    ("gh", "run"),
    ("go", "mod"),
    ("rails", "db"),
    ("aws", "s3"),
    ("zig", "build"),
];
/// Families whose exit code is an answer, and families that wait. Single programs have a role for this.
const ANSWERING: [&str; 5] =
    ["gh pr checks", "gh run view", "gh run watch", "kubectl wait", "kubectl rollout"];
/// Texts of which a line that runs tests contains at least one.
const MENTIONS: [&str; 15] = [
    "test", "Test", "check", "verify", "tox", "nox", "jest", "mocha", "ava", "rspec", "phpunit", "cypress",
    "pest", "nose2", " t ",
];
/// The families that run tests.
const TEST_RUNNERS: [&str; 42] = [
    "pytest",
    "tox",
    "nox",
    "vitest",
    "jest",
    "mocha",
    "ava",
    "rspec",
    "phpunit",
    "pest",
    "ctest",
    "cargo test",
    "cargo t",
    "cargo nextest run",
    "cargo nextest r",
    "go test",
    "deno test",
    "dotnet test",
    "mix test",
    "swift test",
    "bazel test",
    "zig test",
    "zig build test",
    "dune test",
    "stack test",
    "cabal test",
    "flutter test",
    "dart test",
    "rails test",
    "composer test",
    "playwright test",
    "cypress run",
    "node --test",
    "npm test",
    "pnpm test",
    "yarn test",
    "bun test",
    "python -m unittest",
    "python -m tox",
    "python -m nox",
    "python -m nose2",
    "python manage.py test",
];
/// Options with which no test runs.
const NO_RUN: &str = "--help -h --version --list --list-tests --listTests --collect-only --co --no-run --dry-run \
    --show-only --setup-plan --fixtures -DskipTests -DskipTests=true -Dmaven.test.skip=true";
/// Options with which no test runs, for single families.
const NO_RUN_OF: [(&str, &str); 6] = [
    ("ctest", "-N"),
    ("make", "-n -q --question --just-print"),
    ("go test", "-c -list"),
    ("tox", "-l list"),
    ("nox", "-l"),
    ("vitest", "list init"),
];

/// Whether the second operand belongs to the program's family after this first operand.
pub fn has_two_levels(program: &str, first: &str) -> bool {
    TWO_LEVELS.contains(&(program, first))
}

/// Whether a family's exit code is an answer, or it is run repeatedly to wait.
pub fn answers(family: &str) -> bool {
    is(family, Roles::ANSWERS) || ANSWERING.contains(&family)
}

/// Whether a family runs tests.
pub fn is_test_runner(family: &str) -> bool {
    TEST_RUNNERS.contains(&family)
}

/// Whether a line may run tests: a cheap check of its text.
pub fn may_run_tests(line: &str) -> bool {
    MENTIONS.iter().any(|word| line.contains(word)) || line.ends_with(" t")
}

/// Whether a command of this family runs no test, because it only lists tests or prints help.
pub fn runs_no_test(family: &str, words: &[&str]) -> bool {
    let has = |options: &str| words.iter().any(|word| is_among(options, word));
    let begins =
        |name: &str| family.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    has(NO_RUN) || NO_RUN_OF.iter().any(|(name, options)| begins(name) && has(options))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_test_runner_is_known_and_mentioned() {
        let expected = [
            "pytest",
            "tox",
            "nox",
            "vitest",
            "jest",
            "mocha",
            "ava",
            "rspec",
            "phpunit",
            "pest",
            "ctest",
            "cargo test",
            "cargo t",
            "cargo nextest run",
            "cargo nextest r",
            "go test",
            "deno test",
            "dotnet test",
            "mix test",
            "swift test",
            "bazel test",
            "zig test",
            "zig build test",
            "dune test",
            "stack test",
            "cabal test",
            "flutter test",
            "dart test",
            "rails test",
            "composer test",
            "playwright test",
            "cypress run",
            "node --test",
            "npm test",
            "pnpm test",
            "yarn test",
            "bun test",
            "python -m unittest",
            "python -m tox",
            "python -m nox",
            "python -m nose2",
            "python manage.py test",
        ];
        for family in expected {
            assert!(is_test_runner(family) && may_run_tests(family), "{family}");
        }
        assert_eq!(TEST_RUNNERS.len(), expected.len());
        assert!(!is_test_runner("cargo build") && !is_test_runner(""));
    }

    /// Each mention with a line that only it finds.
    #[test]
    fn every_mention_finds_a_line_of_its_own() {
        let lines = [
            "npm test",
            "gradle integrationTest",
            "make check",
            "mvn verify",
            "tox",
            "nox",
            "npx jest",
            "npx mocha",
            "npx ava",
            "rspec",
            "phpunit",
            "cypress run",
            "pest",
            "python -m nose2",
            "cargo t --lib",
        ];
        for line in lines {
            let found = MENTIONS.iter().filter(|mention| line.contains(**mention)).count();
            assert_eq!(found, 1, "{line}");
            assert!(may_run_tests(line), "{line}");
        }
        assert_eq!(MENTIONS.len(), lines.len());
        assert!(may_run_tests("cargo t") && !may_run_tests("cargo build"));
    }

    #[test]
    fn every_option_that_runs_nothing_is_known() {
        let anywhere = [
            "--help",
            "-h",
            "--version",
            "--list",
            "--list-tests",
            "--listTests",
            "--collect-only",
            "--co",
            "--no-run",
            "--dry-run",
            "--show-only",
            "--setup-plan",
            "--fixtures",
            "-DskipTests",
            "-DskipTests=true",
            "-Dmaven.test.skip=true",
        ];
        for option in anywhere {
            assert!(runs_no_test("pytest", &["tests", option]), "{option}");
        }
        assert_eq!(NO_RUN.split(' ').count(), anywhere.len());
        let of_one = [
            ("ctest", "-N"),
            ("make test", "-n"),
            ("make test", "-q"),
            ("make test", "--question"),
            ("make test", "--just-print"),
            ("go test", "-c"),
            ("go test", "-list"),
            ("tox", "-l"),
            ("tox", "list"),
            ("nox", "-l"),
            ("vitest", "list"),
            ("vitest", "init"),
        ];
        for (family, option) in of_one {
            assert!(runs_no_test(family, &[option]), "{family} {option}");
            assert!(!runs_no_test("rspec", &[option]), "{option}");
        }
        assert_eq!(NO_RUN_OF.iter().flat_map(|(_, options)| options.split(' ')).count(), of_one.len());
    }

    #[test]
    fn every_family_of_two_levels_and_every_answer_is_known() {
        let pairs = [
            ("cargo", "nextest"),
            ("docker", "compose"),
            ("docker", "exec"),
            ("gh", "pr"),
            ("gh", "issue"),
            ("gh", "run"),
            ("go", "mod"),
            ("rails", "db"),
            ("aws", "s3"),
            ("zig", "build"),
        ];
        assert!(pairs.iter().all(|(program, first)| has_two_levels(program, first)));
        assert!(TWO_LEVELS.len() == pairs.len() && !has_two_levels("cargo", "test"));
        let answering = ["gh pr checks", "gh run view", "gh run watch", "kubectl wait", "kubectl rollout"];
        assert!(answering.iter().all(|family| answers(family)));
        assert!(ANSWERING.len() == answering.len() && answers("grep") && !answers("gh pr create"));
    }
}
