//! Guard `tests`: recognises commands that run tests. [`crate::outcome`] determines whether they passed,
//! [`runs`] stores the runs. It refuses nothing.

pub mod runs;

use config::types::Names;
use shell::programs::{self, Roles};
use shell::{Command, Script};

use crate::outcome::family;

/// Whether the line may run tests: a cheap text search.
pub fn is_mentioned(line: &str, custom: &Names) -> bool {
    programs::may_run_tests(line)
        || custom
            .iter()
            .filter_map(|words| words.split_ascii_whitespace().next())
            .any(|word| line.contains(word))
}

/// The last test run of a line: its family, and the runner's name.
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
    let words: Vec<&str> = command.arguments().iter().map(|word| &*word.text).collect();
    if programs::runs_no_test(family, &words) {
        return None;
    }
    let is_named = family.split_once(' ').is_some_and(|(name, target)| {
        programs::is(name, Roles::TARGETS) && family::is_test_target(target)
            || programs::is(name, Roles::PACKAGE_SCRIPTS)
                && family::is_test_script(target.strip_prefix("run ").unwrap_or(target))
    });
    (is_named || programs::is_test_runner(family)).then(|| family.to_owned())
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
    fn a_look_misses_no_configured_runner() {
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
