//! Identifies a failure by its output without the parts that vary between runs.

use platform::hash::short_hash;
use platform::text::{cut_bytes, one_line};
use redact::redact;

/// How many bytes of the output are examined.
const LOOKED_AT: usize = 64 * 1024;
/// How many lines the fingerprint covers.
const MOST_LINES: usize = 20;
/// The longest line that is examined, in bytes.
const LONGEST_LINE: usize = 400;
/// The longest line that is kept, in bytes.
const LONGEST_SAID: usize = 200;
/// Folders whose content has random names.
const TEMPORARY: [&str; 5] =
    ["/tmp/", "/var/tmp/", "/private/tmp/", "/var/folders/", "/private/var/folders/"];
/// Units that make a number a duration.
const UNITS: [&str; 13] =
    ["ns", "µs", "us", "ms", "s", "m", "h", "min", "sec", "secs", "second", "seconds", "minutes"];

/// Words that make the number before them a count.
const COUNTED: [&str; 11] = [
    "error",
    "errors",
    "problem",
    "problems",
    "warning",
    "warnings",
    "failed",
    "failing",
    "failure",
    "failures",
    "violations",
];

/// What is kept of an output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptOutput {
    /// A hash of twelve digits that identifies the failure.
    pub fingerprint: String,
    /// The most significant line: without varying parts, redacted, shortened.
    pub line: String,
}

impl KeptOutput {
    /// The summary of a family's failure with this output.
    pub fn of(family: &str, text: &str) -> Self {
        let text = cut_bytes(text, LOOKED_AT);
        let lines = || text.lines().filter(|line| !line.trim().is_empty());
        let mut is_behind_error = false;
        let mut chosen: Vec<(u8, String)> = lines()
            .map(|line| plain(cut_bytes(line, LONGEST_LINE)))
            .map(|line| {
                // The same error in another file is a different error. The location of a warning is not
                // significant.
                let is_place = is_behind_error && is_place(&line);
                let weight = if is_place { 1 } else { weight(&line) };
                is_behind_error = weight > 0 && !is_place;
                (weight, line)
            })
            .filter(|(weight, _)| *weight > 0)
            .take(MOST_LINES)
            .collect();
        if chosen.is_empty() {
            chosen = lines().take(MOST_LINES).map(|line| (0, plain(cut_bytes(line, LONGEST_LINE)))).collect();
        }
        // Of lines with equal weight the first one counts.
        let best = chosen.iter().rev().max_by_key(|(weight, _)| *weight);
        let line = best.map_or_else(String::new, |(_, line)| {
            let line = one_line(&normalised(&redact(line)));
            cut_bytes(line.trim(), LONGEST_SAID).to_owned()
        });
        // Parallel tests finish in any order, so the lines are sorted.
        let mut kept: Vec<String> = chosen.iter().map(|(_, line)| normalised(line)).collect();
        kept.sort_unstable();
        kept.dedup();
        let fingerprint = short_hash(format!("{family}\n{}", kept.join("\n")).as_bytes(), 12);
        Self { fingerprint, line }
    }
}

/// How significant a line is; 0 if it does not look like a failure.
fn weight(line: &str) -> u8 {
    let line = line.trim();
    let starts = |marks: &[&str]| marks.iter().any(|mark| line.starts_with(mark));
    let holds = |marks: &[&str]| marks.iter().any(|mark| line.contains(mark));
    if line.starts_with("File \"") {
        return 1;
    }
    if is_exception(line) || starts(&["E   ", "error[", "fatal:", "panic:"]) || holds(&[" panicked at "]) {
        4
    } else if is_of_linter(line)
        || starts(&["error:", "Error:", "ERROR:", "npm ERR!", "npm error", "✗", "✕", "×", "●", "--- FAIL"])
        || holds(&[": error:", ": fatal error:", ": error TS", "assertion", "Segmentation fault"])
    {
        3
    } else if holds(&["error", "Error", "ERROR", "fatal", "not found", "No such file", "denied", "undefined"])
    {
        2
    } else {
        u8::from(holds(&[
            "FAIL",
            "Fail",
            "failed",
            "Exception",
            "cannot ",
            "timed out",
            "not ok",
            "does not",
        ]))
    }
}

/// Whether a line comes from a linter, which names a rule instead of an error: `a.py:1:8: F401 …` (ruff,
/// flake8, pylint), or `F401 …` with the location below.
fn is_of_linter(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    let is_place = first.ends_with(':') && first.matches(':').count() >= 2;
    let rule = if is_place { words.next().unwrap_or_default() } else { first };
    let rule = rule.trim_end_matches(':');
    let letters = rule.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = rule.len() - letters;
    let is_rule = (1..=4).contains(&letters) && (3..=4).contains(&digits);
    is_rule && rule.bytes().skip(letters).all(|byte| byte.is_ascii_digit()) && words.next().is_some()
}

/// Whether a line only names the location of the error above.
fn is_place(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("--> ") || line.starts_with("at ") || line.starts_with("File \"")
}

/// Whether a line ends a traceback: `ValueError: …`, `java.io.IOException: …`.
fn is_exception(line: &str) -> bool {
    let name = line.split(':').next().unwrap_or("");
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$');
    name.len() > "Error".len()
        && name.chars().all(is_name)
        && (name.ends_with("Error") || name.ends_with("Exception"))
}

/// A line without terminal escape sequences.
pub(super) fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' if rest.next_if_eq(&'[').is_some() => {
                // A sequence ends with a byte from `@` to `~`.
                while rest.next_if(|c| !('@'..='~').contains(c)).is_some() {}
                rest.next();
            }
            '\u{1b}' | '\r' => {}
            c => out.push(c),
        }
    }
    out
}

/// A line without numbers, hashes, folders, durations and terminal-dependent widths.
pub fn normalised(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let line = line.trim();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let is_word_start = !out.ends_with(|c: char| c.is_alphanumeric());
        let (text, length) = if let Some(length) = is_of_name(&line[..line.len() - rest.len()], rest) {
            (&rest[..length], length)
        } else if is_word_start && let Some(found) = path(rest, &out) {
            found
        } else if is_word_start && let Some(found) = number(rest) {
            found
        } else if c.is_ascii_digit() && is_count(rest) {
            (&rest[..digits(rest)], digits(rest))
        } else if c.is_ascii_digit() {
            ("N", digits(rest))
        } else if c.is_whitespace() {
            (" ", rest.len() - rest.trim_start().len())
        } else if is_drawn(c) {
            // The length depends on the width of the terminal, so two characters represent any length.
            let length = rest.len() - rest.trim_start_matches(c).len();
            (&rest[..length.min(2 * c.len_utf8())], length)
        } else {
            (&rest[..c.len_utf8()], c.len_utf8())
        };
        if text == "D" && is_duration_end(&out) {
            // `1m 3s` is one duration.
            out.truncate(out.trim_end().len());
        } else {
            out.push_str(text);
        }
        rest = &rest[length..];
    }
    out
}

/// The length of a number that ends a name: `case_12`, `shard3`. Longer numbers are not parts of names.
fn is_of_name(before: &str, rest: &str) -> Option<usize> {
    const LONGEST: usize = 3;
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let is_end = !rest[length..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | ','));
    if !(1..=LONGEST).contains(&length) || !is_end {
        return None;
    }
    let word = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    // A single letter before it means an error code (`E12`) or a time (`T12`).
    (letters > 1 && word.ends_with(|c: char| c.is_alphabetic() || c == '_')).then_some(length)
}

/// Whether the number at the start counts failures or passes.
fn is_count(rest: &str) -> bool {
    let unit = rest[digits(rest)..].trim_start_matches(' ');
    let end = unit.find(|c: char| !c.is_alphabetic()).unwrap_or(unit.len());
    COUNTED.contains(&&unit[..end])
}

/// Whether a character is used for frames and rules.
fn is_drawn(c: char) -> bool {
    matches!(c, '=' | '-' | '_' | '*' | '~' | '+' | '#' | '.' | '^' | '─' | '━')
}

/// Whether the text ends with the mark of a duration.
fn is_duration_end(out: &str) -> bool {
    let before = out.trim_end().strip_suffix('D');
    before.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric()))
}

/// An absolute path at the start, reduced to its last part, or dropped entirely in a temporary folder. It
/// ends at the closing quote, or else at a character that cannot be part of it.
fn path<'t>(rest: &'t str, out: &str) -> Option<(&'t str, usize)> {
    // `//` belongs to a URL.
    if !rest.starts_with('/') || rest.starts_with("//") || out.ends_with('/') {
        return None;
    }
    let quote = out.chars().next_back().filter(|c| matches!(c, '\'' | '"' | '`'));
    let ends = |c: char| match quote {
        Some(quote) => c == quote,
        None => c.is_whitespace() || matches!(c, ':' | ',' | ';' | ')' | '(' | ']' | '>' | '\'' | '"' | '`'),
    };
    let length = rest.find(ends).unwrap_or(rest.len());
    let whole = &rest[..length];
    if TEMPORARY.iter().any(|folder| whole.starts_with(folder)) {
        return Some(("TMP", length));
    }
    // The part after the last slash is read separately: it may hold numbers.
    let last = whole.trim_end_matches('/').rfind('/')? + 1;
    (last < length).then_some(("", last))
}

/// A hash, an address, a duration or a number at the start of a word.
fn number(rest: &str) -> Option<(&'static str, usize)> {
    let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    if let Some(hex) = rest[..word].strip_prefix("0x")
        && is_hex(hex)
    {
        return Some(("H", word));
    }
    if is_uuid(rest) {
        return Some(("U", 36));
    }
    let is_digits = rest[..word].bytes().all(|byte| byte.is_ascii_digit());
    if word >= 7 && is_hex(&rest[..word]) && has_digit(&rest[..word]) && !is_digits {
        return Some(("H", word));
    }
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let length = digits(rest);
    let behind = &rest[length..];
    let unit = behind.strip_prefix(' ').unwrap_or(behind);
    let end = unit.find(|c: char| !c.is_alphabetic()).unwrap_or(unit.len());
    let is_glued = unit.len() == behind.len();
    // `3 s` is a duration; `3 m` may be anything.
    if UNITS.contains(&&unit[..end]) && (is_glued || end > 1 || &unit[..end] == "s") {
        return Some(("D", length + behind.len() - unit.len() + end));
    }
    // A count is significant: a smaller one is progress.
    if COUNTED.contains(&&unit[..end]) {
        return None;
    }
    Some(("N", length))
}

/// The length of digits with points and commas between them: `1.5`, `10,000`, `1.2.3`.
fn digits(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    while is_digit(at) || matches!(bytes.get(at), Some(b'.' | b',')) && is_digit(at + 1) {
        at += 1;
    }
    at
}

fn is_uuid(rest: &str) -> bool {
    let Some(text) = rest.get(..36) else { return false };
    let is_in_place = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.bytes().enumerate().all(is_in_place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_varies_is_gone() {
        for (line, expected) in [
            ("took 3ms", "took D"),
            ("took 1.25s", "took D"),
            ("finished in 1m 3s (2 tests)", "finished in D (N tests)"),
            ("finished in 12 seconds", "finished in D"),
            ("src/a.rs:12:5", "src/a.rs:N:N"),
            ("/home/dev/x/src/a.rs:7", "a.rs:N"),
            ("File \"/home/dev/x/a b.py\", line 7", "File \"a b.py\", line N"),
            ("/tmp/.tmpAbC/out: not found", "TMP: not found"),
            ("at 0x7ffe12ab", "at H"),
            ("commit 9ab4c04 is", "commit H is"),
            ("deps/foo-1a2b3c4d5e6f7a8b", "deps/foo-H"),
            ("id 5ca1ab1e-0000-4000-8000-000000000000.", "id U."),
            ("2026-11-21T16:20:10.123Z x", "N-N-NTN:N:NZ x"),
            ("defaced feedback", "defaced feedback"),
            ("error[E0308]: mismatched", "error[EN]: mismatched"),
            ("========== 1 failed, 3 passed ==========", "== 1 failed, N passed =="),
            ("Found 12 errors in 3 files", "Found 12 errors in N files"),
            ("10,000 of 12.5", "N of N"),
            ("test parse::case_12 failed", "test parse::case_12 failed"),
            ("shard3 of shard_1234", "shard3 of shard_N"),
            ("took12ms at v2", "tookNms at vN"),
            ("  a \t b  ", "a b"),
            ("", ""),
            ("thread 'a' (1234) panicked", "thread 'a' (N) panicked"),
        ] {
            assert_eq!(normalised(line), expected, "{line}");
        }
    }

    #[test]
    fn one_failure_has_one_fingerprint() {
        let of = |text: &str| KeptOutput::of("pytest", text);
        let first = "\u{1b}[31mFAILED\u{1b}[0m tests/a.py::test_x - assert 1 == 2\nE   assert 1 == 2\n== 1 failed in 0.12s ==";
        let later = "collected 9\nE   assert 3 == 4\nFAILED tests/a.py::test_x - assert 3 == 4\n===== 1 failed in 12.40s =====";
        assert_eq!(of(first).fingerprint, of(later).fingerprint);
        assert_eq!(of(first).line, "E assert N == N");
        assert_eq!(of(first).fingerprint.len(), 12);
        let other = "FAILED tests/a.py::test_y - assert 1 == 2\nE   assert 1 == 2\n== 1 failed in 0.12s ==";
        assert_ne!(of(first).fingerprint, of(other).fingerprint);
        assert_ne!(of(first).fingerprint, KeptOutput::of("cargo test", first).fingerprint);
        let at = |file: &str, warned: &str| {
            format!(
                "warning: unused\n --> src/{warned}.rs:1:1\nerror[E0308]: mismatched types\n --> src/{file}.rs:3:5"
            )
        };
        assert_ne!(of(&at("a", "x")).fingerprint, of(&at("b", "x")).fingerprint, "another file");
        assert_eq!(of(&at("a", "x")).fingerprint, of(&at("a", "y")).fingerprint, "another warning");
        let ruff = |file: &str, rule: &str| {
            format!(
                "F401 [*] `os` imported but unused\n --> {file}:1:8\n  |\n{rule} Line too long\n --> {file}:7:89\n\nFound 2 errors."
            )
        };
        assert_ne!(
            of(&ruff("a.py", "E501")).fingerprint,
            of(&ruff("b.py", "E501")).fingerprint,
            "another file"
        );
        let flake =
            |file: &str, line: u32| format!("{file}:{line}:8: F401 'os' imported but unused\nFound 1 error.");
        assert_ne!(of(&flake("a.py", 1)).fingerprint, of(&flake("b.py", 1)).fingerprint, "another file");
        assert_eq!(of(&flake("a.py", 1)).fingerprint, of(&flake("a.py", 9)).fingerprint, "another line");
        assert_eq!(of(&flake("a.py", 1)).line, "a.py:N:N: FN 'os' imported but unused");
    }

    #[test]
    fn the_line_that_tells_most_is_kept_without_secrets() {
        for (text, line) in [
            (
                "Traceback (most recent call last):\n  File \"a.py\", line 3\nValueError: bad 12",
                "ValueError: bad N",
            ),
            (
                "warning: x\nerror[E0308]: mismatched types\nerror: could not compile",
                "error[EN]: mismatched types",
            ),
            (
                "fatal: could not read https://me:hunter2@host/x",
                "fatal: could not read https://me:[redacted]@host/x",
            ),
            ("On branch main\nnothing to commit", "On branch main"),
            ("", ""),
        ] {
            assert_eq!(KeptOutput::of("x", text).line, line, "{text}");
        }
        assert!(KeptOutput::of("x", &format!("error: {}", "é".repeat(999))).line.len() <= 200);
    }

    proptest! {
        #[test]
        fn any_text_has_one(text in "\\PC{0,200}", tail in "[0-9a-f/.: \\-=\u{1b}\\[m]{0,60}") {
            let said = KeptOutput::of("x", &format!("{text}\n{tail}"));
            prop_assert!(said.line.len() <= LONGEST_SAID && said.fingerprint.len() == 12);
        }
    }
}
