//! The kind of command that ended: `cargo test` for all its calls, with any wrappers and arguments.

use platform::text::{cut_bytes, one_line};
use redact::redact;
use shell::programs::{self, Language, Roles};
use shell::{Command, Script};

/// The longest family, in bytes.
const LONGEST: usize = 64;
/// The family of a line: that of the last command that may have caused its result.
pub fn of(script: &Script) -> String {
    let all = || script.commands.iter().rev();
    let reason =
        all().find(|command| command.program().is_some_and(|name| !programs::is(name, Roles::IS_NO_REASON)));
    let command = reason.or_else(|| all().find(|command| command.program().is_some()));
    command.and_then(of_command).unwrap_or_else(|| "bash".to_owned())
}

/// The family of a command; `None` if its program is known only at run time.
pub fn of_command(command: &Command) -> Option<String> {
    let name = canonical(command.program()?);
    let words = command.without_global_options();
    let rest: Vec<&str> =
        words.iter().skip(1).filter(|word| word.is_literal).map(|word| &*word.text).collect();
    let mut operands = rest.iter().copied().filter(|word| !word.starts_with(['-', '+']) && !word.is_empty());
    let family = match name {
        "python" => python(&rest),
        "node" if rest.contains(&"--test") => "node --test".to_owned(),
        _ if programs::is(name, Roles::PACKAGE_SCRIPTS) => {
            package_script(name, operands.next(), operands.next())
        }
        _ if programs::is(name, Roles::TARGETS) => {
            let targets = targets(&rest);
            let target = targets.iter().find(|target| is_test_target(target)).or(targets.first());
            joined(name, target.copied())
        }
        _ if programs::is(name, Roles::SUBCOMMANDS) => match (operands.next(), operands.next()) {
            (Some(first), second) if programs::has_two_levels(name, first) => {
                joined(&format!("{name} {first}"), second)
            }
            (first, _) => joined(name, first),
        },
        _ if runs_script(name) => joined(name, operands.next().map(base_name)),
        _ => name.to_owned(),
    };
    Some(cut_bytes(&one_line(&redact(&family)), LONGEST).to_owned())
}

/// Whether a name is that of a test script: `test`, `tests`, `test:unit`, `unit-test`.
pub fn is_test_script(name: &str) -> bool {
    let mut parts = name.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| matches!(part, "test" | "tests" | "integrationTest"))
}

/// Whether a name is that of a test target: also `check` and `verify`.
pub fn is_test_target(name: &str) -> bool {
    is_test_script(name) || matches!(name.rsplit(':').next(), Some("check" | "verify"))
}

/// The targets among the words of a build tool, without options, assignments and excluded tasks.
fn targets<'w>(rest: &[&'w str]) -> Vec<&'w str> {
    let is_excluded = |at: usize| at > 0 && matches!(rest[at - 1], "-x" | "--exclude-task");
    let is_target = |at: usize, word: &str| !word.starts_with('-') && !word.contains('=') && !is_excluded(at);
    rest.iter().enumerate().filter(|(at, word)| is_target(*at, word)).map(|(_, word)| *word).collect()
}

/// Maps `npm t` and `npm run test` to `npm test`.
fn package_script(name: &str, first: Option<&str>, second: Option<&str>) -> String {
    match (first, second) {
        (Some("t" | "tst"), _) | (Some("run" | "run-script"), Some("test")) => format!("{name} test"),
        (Some("run" | "run-script"), script) => joined(&format!("{name} run"), script),
        (first, _) => joined(name, first),
    }
}

/// Maps `python -m pytest` to `pytest`.
fn python(rest: &[&str]) -> String {
    match rest.iter().position(|word| *word == "-m" || !word.starts_with('-')) {
        Some(at) if rest[at] == "-m" => match rest.get(at + 1) {
            Some(&"pytest") => "pytest".to_owned(),
            module => joined("python -m", module.copied()),
        },
        Some(at) if base_name(rest[at]) == "manage.py" => {
            joined("python manage.py", rest.get(at + 1).copied())
        }
        Some(at) if rest.first() != Some(&"-c") => joined("python", Some(base_name(rest[at]))),
        _ => "python".to_owned(),
    }
}

/// Maps versions and wrappers of a program to one name.
fn canonical(name: &str) -> &str {
    match name {
        "py.test" | "pytest-3" => "pytest",
        "gradlew" => "gradle",
        "mvnw" => "mvn",
        "gmake" => "make",
        "bazelisk" => "bazel",
        _ => ["python", "pip"]
            .into_iter()
            .find(|plain| {
                let version = name.strip_prefix(plain);
                version.is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
            })
            .unwrap_or(name),
    }
}

fn joined(name: &str, word: Option<&str>) -> String {
    word.map_or_else(|| name.to_owned(), |word| format!("{name} {word}"))
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether `name` is one of these names, separated by white space.
pub(crate) fn is_among(names: &str, name: &str) -> bool {
    names.split_ascii_whitespace().any(|known| known == name)
}

/// Whether the first operand of a program is a script. The first operand of `awk` is a text.
fn runs_script(name: &str) -> bool {
    let interpreter = programs::interpreter_of(name);
    interpreter.is_some_and(|known| known.language != Language::Awk) || programs::is(name, Roles::SHELL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_is_not_part_of_it() {
        for (line, family) in [
            ("cd x && cargo test --lib a::b 2>&1 | tail -20", "cargo test"),
            ("cargo +nightly test", "cargo test"),
            ("RUST_BACKTRACE=1 sudo -E cargo --locked test -- --nocapture", "cargo test"),
            ("bash -c 'cargo build --release'", "cargo build"),
            ("timeout 60 cargo nextest run", "cargo nextest run"),
            ("python3.11 -m pytest -x tests/a.py", "pytest"),
            ("uv run pytest", "pytest"),
            ("python -m mypy src", "python -m mypy"),
            ("python scripts/make_it.py 3", "python make_it.py"),
            ("python -c 'print(1)'", "python"),
            ("npm --prefix web run build -- --watch=false", "npm run build"),
            ("npm run test", "npm test"),
            ("npm t", "npm test"),
            ("npx vitest run", "vitest"),
            ("make -j8 clean test", "make test"),
            ("make CC=gcc all", "make all"),
            ("./gradlew build -x test", "gradle build"),
            ("gradle :app:test", "gradle :app:test"),
            ("git -C x push origin main", "git push"),
            ("docker compose up -d", "docker compose up"),
            ("node build/index.js", "node index.js"),
            ("./scripts/deploy.sh prod", "deploy.sh"),
            ("cargo build || echo failed; exit 1", "cargo build"),
            ("grep -q x y", "grep"),
            ("cd nowhere", "cd"),
            ("\"$TOOL\" run", "bash"),
            ("", "bash"),
        ] {
            assert_eq!(of(&shell::parse(line)), family, "{line}");
        }
    }
}
