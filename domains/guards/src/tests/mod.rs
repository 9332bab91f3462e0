//! The guard `tests`: which commands run tests. Whether they passed is read in [`crate::outcome`], where the runs are
//! written in [`runs`]. It refuses nothing.

pub mod runs;

use config::types::Names;
use shell::{Command, Script};

use crate::outcome::family;

/// What a line that runs tests holds, one of them at least.
const MENTIONS: [&str; 16] = [
    "test",
    "Test",
    "check",
    "verify",
    "tox",
    "nox",
    "jest",
    "mocha",
    "ava",
    "rspec",
    "phpunit",
    "playwright",
    "cypress",
    "pest",
    "nose2",
    " t ",
];
/// The families that run tests.
const RUNNERS: [&str; 42] = [
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
/// Programs whose targets run tests where their names say so.
const WITH_TARGETS: &str = "make just task rake mvn gradle sbt ant ninja invoke mage";
/// Programs whose scripts do.
const WITH_SCRIPTS: &str = "npm pnpm yarn bun";
/// With one of these nothing is run.
const NO_RUN: &str = "--help -h --version --list --list-tests --listTests --collect-only --co --no-run --dry-run \
    --show-only --setup-plan --fixtures -DskipTests -DskipTests=true -Dmaven.test.skip=true";
/// The same of some families alone.
const NO_RUN_OF: [(&str, &str); 6] = [
    ("ctest", "-N"),
    ("make", "-n -q --question --just-print"),
    ("go test", "-c -list"),
    ("tox", "-l list"),
    ("nox", "-l"),
    ("vitest", "list init"),
];

/// Whether the line can run tests at all: a look, nothing more.
pub fn is_mentioned(line: &str, custom: &Names) -> bool {
    MENTIONS.iter().any(|word| line.contains(word))
        || line.ends_with(" t")
        || custom
            .iter()
            .filter_map(|words| words.split_ascii_whitespace().next())
            .any(|word| line.contains(word))
}

/// The last run of tests of a line: its family, and the runner as people call it.
pub fn run_of(script: &Script, custom: &Names) -> Option<(String, String)> {
    script.commands.iter().rev().find_map(|command| {
        let family = family::of_command(command)?;
        let runner = custom_runner(command, custom).or_else(|| runner(command, &family))?;
        Some((family, runner))
    })
}

/// The configured runner that a command begins with.
fn custom_runner(command: &Command, custom: &Names) -> Option<String> {
    let texts = if custom.is_empty() { Vec::new() } else { command.texts() };
    let runners = custom.iter().map(|words| words.split_ascii_whitespace().collect::<Vec<_>>().join(" "));
    runners.filter(|runner| !runner.is_empty()).find(|runner| {
        let rest =
            |text: &String| text.strip_prefix(&**runner).map(|rest| rest.is_empty() || rest.starts_with(' '));
        texts.iter().any(|text| rest(text) == Some(true))
    })
}

/// The built-in runner of a command.
fn runner(command: &Command, family: &str) -> Option<String> {
    let has = |words: &str| command.arguments().iter().any(|word| family::is_among(words, &word.text));
    let begins =
        |name: &str| family.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    if has(NO_RUN) || NO_RUN_OF.iter().any(|(name, words)| begins(name) && has(words)) {
        return None;
    }
    let is_named = family.split_once(' ').is_some_and(|(name, target)| {
        family::is_among(WITH_TARGETS, name) && family::is_test_target(target)
            || family::is_among(WITH_SCRIPTS, name)
                && family::is_test_script(target.strip_prefix("run ").unwrap_or(target))
    });
    (is_named || RUNNERS.contains(&family)).then(|| family.to_owned())
}

#[cfg(test)]
mod cases {
    use super::*;

    fn runner_of(line: &str) -> Option<String> {
        let custom = Names::of(&["./ci.sh  unit", "docker compose exec web pytest"]);
        let found = run_of(&shell::parse(line), &custom).map(|(_, runner)| runner);
        assert!(found.is_none() || is_mentioned(line, &custom), "a look misses {line}");
        found
    }

    #[test]
    fn runs_are_known_however_they_are_called() {
        for (line, runner) in [
            ("cargo test", "cargo test"),
            ("cargo +nightly t --lib", "cargo t"),
            ("cargo nextest run -p x", "cargo nextest run"),
            ("cd x && RUST_LOG=1 cargo test 2>&1 | tail -20", "cargo test"),
            ("bash -c 'pytest -x'", "pytest"),
            ("eval \"pytest tests\"", "pytest"),
            ("T=test; cargo $T", "cargo test"),
            ("python3 -m pytest tests/a.py::b", "pytest"),
            ("python -m unittest discover", "python -m unittest"),
            ("uv run --with x pytest", "pytest"),
            ("poetry run tox -e py312", "tox"),
            ("go test ./...", "go test"),
            ("npm t -- --watch=false", "npm test"),
            ("npm run test:unit", "npm run test:unit"),
            ("yarn test", "yarn test"),
            ("pnpm --filter web test", "pnpm test"),
            ("npx vitest run", "vitest"),
            ("npx playwright test", "playwright test"),
            ("node --test src", "node --test"),
            ("./mvnw -q clean verify", "mvn verify"),
            ("./gradlew :app:test", "gradle :app:test"),
            ("gradle check", "gradle check"),
            ("make -C lib check", "make check"),
            ("just test-all", "just test-all"),
            ("bundle exec rspec", "rspec"),
            ("mix test && git commit -m done", "mix test"),
            ("zig build test", "zig build test"),
            ("xargs -n1 pytest < files", "pytest"),
            ("sudo -u dev ctest --output-on-failure", "ctest"),
            ("./ci.sh unit --fast", "./ci.sh unit"),
            ("docker compose exec web pytest -q", "docker compose exec web pytest"),
        ] {
            assert_eq!(runner_of(line).as_deref(), Some(runner), "{line}");
        }
    }

    #[test]
    fn a_look_misses_no_runner() {
        let missed: Vec<_> =
            RUNNERS.iter().filter(|runner| !is_mentioned(runner, &Names::default())).collect();
        assert!(missed.is_empty(), "{missed:?}");
        let custom = |line: &str| is_mentioned(line, &Names::of(&["./ci.sh unit"]));
        assert!(custom("./ci.sh unit") && !custom("ls -la"));
    }

    #[test]
    fn what_only_mentions_tests_is_no_run() {
        for line in [
            "echo cargo test",
            "git commit -m 'cargo test passes'",
            "grep -rn pytest .",
            "cat tests/a.py",
            "test -f Cargo.toml",
            "[ -d tests ]",
            "cargo build --tests",
            "cargo test --no-run",
            "cargo test -- --list",
            "cargo nextest list",
            "pytest --collect-only -q",
            "pytest --help",
            "npm install jest",
            "npm run latest",
            "npm run build",
            "npm run check",
            "make check-format",
            "pip install pytest",
            "git checkout tests",
            "git push origin test",
            "python scripts/test_data.py",
            "python -c 'import unittest'",
            "./gradlew build -x test",
            "mvn package -DskipTests",
            "make -n test",
            "make all",
            "zig build",
            "go test -c ./x",
            "ctest -N",
            "docker run test",
            "ssh host pytest",
            "./ci.sh unittest",
            "java -jar a.jar",
        ] {
            assert_eq!(runner_of(line), None, "{line}");
        }
    }
}
