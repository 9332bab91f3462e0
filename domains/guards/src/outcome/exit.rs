//! Derives from the exit code of a line whether one of its commands passed.
//!
//! The line is split at its operators. A line that is more than a list of pipelines yields nothing: its
//! output is more reliable than a guess.

use shell::programs::{self, Roles};

use super::segments::{Joint, segments};

/// The deepest nesting that is parsed.
const DEEPEST: usize = 4;
/// The meaning of the exit code for one command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitMeaning {
    /// Whether 0 means that the command passed.
    pub passing: bool,
    /// Whether another code means that it failed.
    pub failing: bool,
}

impl ExitMeaning {
    const ALL: Self = Self { passing: true, failing: true };
    const NOTHING: Self = Self { passing: false, failing: false };

    fn and(self, other: Self) -> Self {
        Self { passing: self.passing && other.passing, failing: self.failing && other.failing }
    }
}

/// What the exit code of `line` means for its last command that `is_it` accepts.
pub fn told(line: &str, is_it: &dyn Fn(&str) -> bool) -> ExitMeaning {
    told_within(line, is_it, 0)
}

fn told_within(line: &str, is_it: &dyn Fn(&str) -> bool, depth: usize) -> ExitMeaning {
    let Some(segments) = segments(line).filter(|_| depth < DEEPEST) else { return ExitMeaning::NOTHING };
    let Some(at) = segments.iter().rposition(|(text, _)| is_it(text)) else { return ExitMeaning::NOTHING };
    let (text, _) = segments[at];
    let inside = match text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        Some(list) => told_within(list, is_it, depth + 1),
        None => in_one(text, is_it, depth),
    };
    inside.and(before(&segments[..at])).and(after(&segments, at))
}

/// What a simple command passes on from a command inside it.
fn in_one(text: &str, is_it: &dyn Fn(&str) -> bool, depth: usize) -> ExitMeaning {
    let mut told = ExitMeaning::ALL;
    for command in &shell::parse(text).commands {
        let Some(name) = command.program() else { continue };
        if programs::is(name, Roles::SWALLOWS) {
            return ExitMeaning::NOTHING;
        }
        let words = command.arguments();
        let list = match name {
            "bash" | "sh" | "zsh" | "dash" => {
                let is_text =
                    |word: &str| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c');
                let at = words.iter().position(|word| is_text(&word.text));
                at.and_then(|at| words.get(at + 1)).map(|word| word.text.clone())
            }
            "eval" => Some(words.iter().map(|word| &*word.text).collect::<Vec<_>>().join(" ")),
            _ => None,
        };
        if let Some(list) = list.filter(|list| is_it(list)) {
            told = told.and(told_within(&list, is_it, depth + 1));
        }
    }
    told
}

/// How much the segments before the command leave of its exit code.
fn before(segments: &[(&str, Joint)]) -> ExitMeaning {
    let mut told = ExitMeaning::ALL;
    let stops = has_option(segments, "e", "errexit");
    for (text, joint) in segments {
        match joint {
            // The exit code of the earlier segments is lost.
            Joint::Then if !stops => told = ExitMeaning::ALL,
            Joint::Background => told = ExitMeaning::ALL,
            Joint::And | Joint::Then => told.failing &= programs::is(program(text), Roles::SETS_UP),
            Joint::Or => told.passing = false,
            Joint::Pipe | Joint::End => {}
        }
    }
    told
}

/// How much the segments after the command leave of its exit code.
fn after(segments: &[(&str, Joint)], at: usize) -> ExitMeaning {
    let stops = has_option(&segments[..at], "e", "errexit");
    let keeps = has_option(&segments[..at], "o", "pipefail");
    let mut told = ExitMeaning::ALL;
    let mut is_same_pipeline = true;
    for (place, (_, joint)) in segments.iter().enumerate().skip(at) {
        let next = segments.get(place + 1).map_or("", |(text, _)| text);
        let shows = programs::is(program(next), Roles::SHOWS);
        match joint {
            Joint::End => {}
            Joint::Pipe if !is_same_pipeline || keeps => told.failing &= shows,
            Joint::And => told.failing &= shows,
            Joint::Then if stops => told.failing &= shows,
            Joint::Or => told.passing &= is_failure(next),
            Joint::Pipe | Joint::Then | Joint::Background => return ExitMeaning::NOTHING,
        }
        is_same_pipeline &= *joint == Joint::Pipe;
    }
    told
}

/// Whether the segments set a shell option: by its letter, or by its name after `-o`.
fn has_option(segments: &[(&str, Joint)], letter: &str, name: &str) -> bool {
    segments.iter().filter(|(text, _)| program(text) == "set").any(|(text, _)| {
        let mut words = text.split_ascii_whitespace().skip(1);
        words.any(|word| word == name || letter != "o" && word.starts_with('-') && word.contains(letter))
    })
}

/// Whether a command does nothing but end the line with a nonzero exit code.
fn is_failure(text: &str) -> bool {
    let mut words = text.split_ascii_whitespace();
    match words.next() {
        Some("false") => true,
        Some("exit" | "return") => words.next().is_some_and(|code| code != "0"),
        _ => false,
    }
}

/// The first word that is not an assignment.
fn program(text: &str) -> &str {
    text.split_ascii_whitespace().find(|word| !word.contains('=')).unwrap_or("true")
}

/// Whether the command passed, according to the exit code that the line prints directly after it with `echo
/// $?` or from `PIPESTATUS`: the last number of its last output line.
pub fn printed(line: &str, output: &str, is_it: &dyn Fn(&str) -> bool) -> Option<bool> {
    let segments = segments(line)?;
    let is_of_pipe = line.contains("PIPESTATUS");
    let asks = segments.iter().position(|(text, _)| text.contains("$?") || text.contains("PIPESTATUS"))?;
    let last = asks.checked_sub(1).filter(|last| segments[*last].1 == Joint::Then)?;
    let first = segments[..last].iter().rposition(|(_, joint)| *joint != Joint::Pipe).map_or(0, |at| at + 1);
    // After a pipe, `$?` belongs to the last command of the pipe.
    if is_of_pipe != (first < last) || !is_it(segments[first].0) {
        return None;
    }
    let said = output.lines().rev().find(|line| !line.trim().is_empty())?;
    let digits = said.trim_end_matches(|c: char| !c.is_ascii_digit());
    let digits = &digits[digits.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
    Some(digits.parse::<u8>().ok()? == 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(line: &str) -> (bool, bool) {
        let told = told(line, &|text| text.contains("cargo test"));
        (told.passing, told.failing)
    }

    #[test]
    fn a_code_tells_of_the_command_that_decides_it() {
        for line in [
            "cargo test",
            "cargo test;",
            "cd x && cargo test --lib 2>&1",
            "cd x; cargo test > out 2>&1",
            "git pull; cargo test",
            "RUST_LOG=a cargo test && echo fine",
            "set -o pipefail; cargo test 2>&1 | tail -5",
            "set -euo pipefail\ncargo test | tee log\necho done\n",
            "(cd x && cargo test)",
            "bash -c 'cd x && cargo test'",
            "timeout 60 cargo test # | tail",
            "yes | cargo test",
            "echo 'a; b' \"$(ls; pwd)\" && cargo test",
            "cargo test || exit 1",
            "cargo test &&\n echo fine",
            "server & cargo test",
            "cargo test &> out",
            "cargo test <<E\nx; y\nE",
            "cat > a.rs <<'E'; cat <<-F\nx | y\nE\n'\n\tF\ncargo test\n",
            "cargo test\n\n",
        ] {
            assert_eq!(of(line), (true, true), "{line}");
        }
    }

    #[test]
    fn a_code_of_something_else_tells_nothing() {
        for line in [
            "cargo test || true",
            "cargo test; true",
            "cargo test | tail -5",
            "cargo test 2>&1 | tee log",
            "cargo test &",
            "if cargo test; then echo a; fi",
            "! cargo test",
            "for x in a b; do cargo test; done",
            "bash -c 'cargo test | tail'",
            "(cargo test; true)",
            "cargo test > out; tail out",
            "cargo test 'open",
            "find . -name x -exec cargo test \\;",
            "eval 'cargo test; true'",
        ] {
            let (passing, _) = of(line);
            assert!(!passing, "{line}");
        }
        assert_eq!(of("cargo build && cargo test"), (true, false), "the build may have failed");
        assert_eq!(of("cargo test && git push"), (true, false), "the push may have failed");
        assert_eq!(of("make || cargo test"), (false, true), "it may not have run at all");
    }

    #[test]
    fn a_printed_code_is_read_where_it_is_the_commands() {
        let printed = |line, output| printed(line, output, &|text| text.contains("cargo test"));
        let output = "running 3 tests\nexit: 101\n\n";
        assert_eq!(printed("cargo test; echo \"exit: $?\"", output), Some(false));
        assert_eq!(printed("cd x && cargo test > log 2>&1; echo $?", "0\n"), Some(true));
        assert_eq!(printed("cargo test | tail; echo ${PIPESTATUS[0]}", "x\n0"), Some(true));
        assert_eq!(printed("cargo test | tail; echo $?", "0"), None, "that is tail's");
        assert_eq!(printed("cargo test > log; grep x log; echo $?", "0"), None, "that is grep's");
        assert_eq!(printed("cargo test; true", "0"), None);
        assert_eq!(printed("echo $?", "0"), None);
    }

    proptest! {
        #[test]
        fn any_line_is_looked_at(line in "[a-z$\\\\'\"`()<>&|;#é \n]{0,60}") {
            let _ = told(&line, &|text| text.contains('a'));
            let _ = printed(&line, "0", &|text| text.contains('a'));
        }
    }

    #[test]
    fn nesting_is_bounded() {
        for open in ["(", "$(", "\"$(", "(\"$("] {
            let line = format!("cargo test {}", open.repeat(50_000));
            assert_eq!(of(&line), (false, false));
        }
    }
}
