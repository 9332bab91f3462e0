//! Command patterns: prepared once, and matched on the hot path.
//!
//! A pattern contains the literals that every match needs. They are searched first, and the expression is only used
//! if all are found. A pattern of words, gaps and choices, such as `git\s+(push|commit)\b`, is matched directly.
//! Compiling an expression costs more than the rest of a hook. Other patterns use `regex-lite`, which starts fast.
//! Look-around and back-references need `fancy-regex`, with a limit on its steps.

use std::cell::OnceCell;

use regex_syntax::hir::{Class, ClassBytesRange, Hir, HirKind, Look};
use serde::{Deserialize, Serialize};

use crate::error::ConfigError;

/// The most backtracking steps of a pattern on one command.
const MOST_STEPS: usize = 10_000;
/// The longest pattern, in bytes.
const LONGEST: usize = 4096;
/// The most alternatives that are kept for one required literal.
const MOST_ALTERNATIVES: usize = 16;

/// The most gaps in a pattern that is matched directly. Each gap may be tried with several lengths.
const MOST_GAPS: usize = 4;

/// One step of a simple pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PatternStep {
    /// One of these texts, in lower case.
    Text(Vec<String>),
    /// At least this many white space characters.
    Gap(usize),
    /// The beginning or the end of a word.
    Boundary,
}

/// A checked pattern.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pattern {
    /// The expression as configured.
    source: String,
    /// Whether the search is case-sensitive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_exact: bool,
    /// Whether it needs the backtracking engine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    backtracks: bool,
    /// The programs at the beginning of the expression, in lower case, if white space follows. A match must then
    /// begin with the program, so that `echo git push` is not a push.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    programs: Vec<String>,
    /// The expression as steps, if it can be expressed as steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    steps: Vec<PatternStep>,
    /// Groups of literals in lower case. Every match contains at least one literal of each group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    literals: Vec<Vec<String>>,
    /// The compiled expression, after its first use.
    #[serde(skip)]
    compiled: OnceCell<Result<Engine, ConfigError>>,
}

/// The two engines. `regex-lite` starts about a hundred times faster.
#[derive(Debug, Clone)]
enum Engine {
    Lite(regex_lite::Regex),
    Fancy(Box<fancy_regex::Regex>),
}

impl Pattern {
    /// Checks and prepares an expression. The search ignores case.
    ///
    /// # Errors
    /// The reason why the expression is not valid, for a person.
    pub fn new(source: &str) -> Result<Self, ConfigError> {
        Self::prepare(source, false)
    }

    /// [`Pattern::new`] with a case-sensitive search.
    ///
    /// # Errors
    /// The reason why the expression is not valid, for a person.
    pub fn exact(source: &str) -> Result<Self, ConfigError> {
        Self::prepare(source, true)
    }

    fn prepare(source: &str, is_exact: bool) -> Result<Self, ConfigError> {
        if source.len() > LONGEST {
            return Err(ConfigError::Expression(format!("it is longer than {LONGEST} bytes")));
        }
        // `regex-lite` starts faster, so the other engine is used only for expressions that need it.
        let backtracks = match lite(source, is_exact) {
            Ok(_) => false,
            Err(plain) => match fancy(source, is_exact) {
                Ok(_) => true,
                Err(_) => return Err(plain),
            },
        };
        let hir = regex_syntax::ParserBuilder::new().build().parse(source);
        let programs = hir.as_ref().ok().and_then(programs).unwrap_or_default();
        // `fancy-regex` also folds letters outside ASCII, such as the Kelvin sign.
        let literals = hir.map(|hir| required(&hir, !backtracks)).unwrap_or_default();
        // Steps are compared in lower case, so a case-sensitive pattern cannot use them.
        let steps = if backtracks || is_exact { Vec::new() } else { steps(source).unwrap_or_default() };
        let compiled = OnceCell::new();
        Ok(Self { source: source.to_owned(), is_exact, backtracks, programs, steps, literals, compiled })
    }

    /// The expression as configured.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether `text` contains a match. `lower` is `text` in ASCII lower case, which is computed once for many
    /// patterns.
    ///
    /// # Errors
    /// When the search reaches its limit, or the expression does not compile.
    pub fn is_match(&self, text: &str, lower: &str) -> Result<bool, ConfigError> {
        if !self.is_possible(lower) {
            return Ok(false);
        }
        if !self.steps.is_empty() {
            return Ok((0..=lower.len()).any(|at| walk(&self.steps, lower.as_bytes(), at, &|_| true)));
        }
        self.first_match(text).map(|at| at.is_some())
    }

    /// Whether a simple command matches. `text` is its words, program first, and `lower` is as for
    /// [`Pattern::is_match`]. A pattern that begins with a program's name only matches at the beginning. `git commit`
    /// does not match `git commit-tree`.
    ///
    /// # Errors
    /// As [`Pattern::is_match`].
    pub fn is_command(&self, text: &str, lower: &str) -> Result<bool, ConfigError> {
        if self.programs.is_empty() {
            return self.is_match(text, lower);
        }
        if !self.is_possible(lower) {
            return Ok(false);
        }
        if !self.steps.is_empty() {
            return Ok(walk(&self.steps, lower.as_bytes(), 0, &|end| !cuts_git_command(lower, end)));
        }
        self.first_match(text).map(|at| at == Some(0))
    }

    /// The most selective group of literals, in lower case. Every match contains one of them. `None` if no literal is
    /// required.
    pub fn needed(&self) -> Option<&[String]> {
        let shortest = |group: &&Vec<String>| group.iter().map(String::len).min();
        self.literals.iter().max_by_key(shortest).map(Vec::as_slice)
    }

    /// The range of the first match in a text, in bytes.
    ///
    /// # Errors
    /// As [`Pattern::is_match`].
    pub fn find(&self, text: &str) -> Result<Option<std::ops::Range<usize>>, ConfigError> {
        self.first_range(text)
    }

    /// Whether the pattern needs the backtracking engine, whose time may grow faster than the text.
    pub fn backtracks(&self) -> bool {
        self.backtracks
    }

    /// Whether the expression begins with this program.
    pub fn names_program(&self, program: &str) -> bool {
        self.programs.iter().any(|name| name.eq_ignore_ascii_case(program))
    }

    /// Whether the text contains the required literals.
    fn is_possible(&self, lower: &str) -> bool {
        self.literals.iter().all(|any| any.iter().any(|literal| lower.contains(literal.as_str())))
    }

    /// The start of the leftmost match.
    fn first_match(&self, text: &str) -> Result<Option<usize>, ConfigError> {
        Ok(self.first_range(text)?.map(|range| range.start))
    }

    fn first_range(&self, text: &str) -> Result<Option<std::ops::Range<usize>>, ConfigError> {
        let compiled = self.compiled.get_or_init(|| {
            if self.backtracks {
                let regex = fancy(&self.source, self.is_exact)
                    .map_err(|error| ConfigError::Expression(error.to_string()));
                return regex.map(|regex| Engine::Fancy(Box::new(regex)));
            }
            lite(&self.source, self.is_exact).map(Engine::Lite)
        });
        let failed = |problem: String| ConfigError::Search { pattern: self.source.clone(), problem };
        match compiled {
            Ok(Engine::Lite(regex)) => Ok(regex.find(text).map(|found| found.range())),
            Ok(Engine::Fancy(regex)) => {
                let found = regex.find(text).map_err(|error| failed(error.to_string()))?;
                Ok(found.map(|found| found.range()))
            }
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

/// The words at the beginning of an expression, if white space follows.
fn programs(hir: &Hir) -> Option<Vec<String>> {
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    let mut parts = parts.iter().skip_while(|part| matches!(part.kind(), HirKind::Look(_)));
    let first = parts.next()?;
    if let HirKind::Literal(literal) = first.kind()
        && let Some(space) = literal.0.iter().position(|byte| *byte == b' ')
    {
        return program(&literal.0[..space]).map(|name| vec![name]);
    }
    let mut words = Vec::new();
    collect_words(first, &mut words)?;
    let goes_on = parts.find(|part| !matches!(part.kind(), HirKind::Look(_)));
    goes_on.is_some_and(begins_with_space).then_some(words)
}

/// A text as a program's name, in lower case, if it can be one.
fn program(text: &[u8]) -> Option<String> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.+".contains(byte);
    let is_word = !text.is_empty() && !text.starts_with(b"-") && text.iter().all(is_part);
    is_word.then(|| String::from_utf8_lossy(text).to_ascii_lowercase())
}

/// Collects the words of a choice. `None` if the expression is anything else.
fn collect_words(hir: &Hir, words: &mut Vec<String>) -> Option<()> {
    match hir.kind() {
        HirKind::Literal(literal) => words.push(program(&literal.0)?),
        HirKind::Capture(capture) => collect_words(&capture.sub, words)?,
        HirKind::Alternation(branches) => {
            branches.iter().try_for_each(|branch| collect_words(branch, words))?;
        }
        _ => return None,
    }
    Some(())
}

fn begins_with_space(hir: &Hir) -> bool {
    let is_space = |c: char| c.is_whitespace();
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.first().is_some_and(u8::is_ascii_whitespace),
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().iter().all(|range| is_space(range.start()) && is_space(range.end()))
        }
        HirKind::Class(Class::Bytes(class)) => class
            .ranges()
            .iter()
            .all(|range| is_space(char::from(range.start())) && is_space(char::from(range.end()))),
        HirKind::Repetition(repetition) => begins_with_space(&repetition.sub),
        HirKind::Capture(capture) => begins_with_space(&capture.sub),
        HirKind::Concat(parts) => parts.first().is_some_and(begins_with_space),
        HirKind::Alternation(branches) => branches.iter().all(begins_with_space),
        _ => false,
    }
}

/// The steps of an expression. `None` if it cannot be expressed as steps.
fn steps(source: &str) -> Option<Vec<PatternStep>> {
    let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(source).ok()?;
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(&hir),
    };
    let steps: Vec<PatternStep> = parts.iter().map(step).collect::<Option<_>>()?;
    let gaps = steps.iter().filter(|step| matches!(step, PatternStep::Gap(_))).count();
    (gaps <= MOST_GAPS && steps.iter().any(|step| matches!(step, PatternStep::Text(_)))).then_some(steps)
}

fn step(hir: &Hir) -> Option<PatternStep> {
    match hir.kind() {
        HirKind::Literal(_) => Some(PatternStep::Text(vec![word(hir)?])),
        HirKind::Look(Look::WordAscii) => Some(PatternStep::Boundary),
        HirKind::Capture(capture) => match capture.sub.kind() {
            HirKind::Alternation(branches) => {
                branches.iter().map(word).collect::<Option<_>>().map(PatternStep::Text)
            }
            _ => Some(PatternStep::Text(vec![word(&capture.sub)?])),
        },
        HirKind::Alternation(branches) => {
            branches.iter().map(word).collect::<Option<_>>().map(PatternStep::Text)
        }
        HirKind::Repetition(repetition) if repetition.max.is_none() && is_white_space(&repetition.sub) => {
            Some(PatternStep::Gap(usize::try_from(repetition.min).ok()?))
        }
        _ => None,
    }
}

/// The text of an ASCII literal, in lower case.
fn word(hir: &Hir) -> Option<String> {
    let HirKind::Literal(literal) = hir.kind() else { return None };
    let text = std::str::from_utf8(&literal.0).ok().filter(|text| text.is_ascii())?;
    Some(text.to_ascii_lowercase())
}

/// Whether the expression is `\s`.
fn is_white_space(hir: &Hir) -> bool {
    let HirKind::Class(Class::Bytes(class)) = hir.kind() else { return false };
    class.ranges() == [ClassBytesRange::new(b'\t', b'\r'), ClassBytesRange::new(b' ', b' ')]
}

/// Whether a match that ends at `end` covers only the beginning of a git command, such as `git merge` in `git
/// merge-base`.
fn cuts_git_command(text: &str, end: usize) -> bool {
    let in_command = text.get(..end).and_then(|matched| matched.strip_prefix("git "));
    in_command.is_some_and(|word| !word.is_empty() && !word.contains(' ')) && text[end..].starts_with('-')
}

/// Whether the steps match at `at` and `may_end` accepts the end.
fn walk(steps: &[PatternStep], text: &[u8], at: usize, may_end: &impl Fn(usize) -> bool) -> bool {
    let Some((step, rest)) = steps.split_first() else { return may_end(at) };
    match step {
        PatternStep::Text(words) => words.iter().any(|word| {
            text[at..].starts_with(word.as_bytes()) && walk(rest, text, at + word.len(), may_end)
        }),
        PatternStep::Gap(least) => {
            let is_space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ');
            let most = text[at..].iter().take_while(|byte| is_space(byte)).count();
            (*least..=most).rev().any(|length| walk(rest, text, at + length, may_end))
        }
        PatternStep::Boundary => {
            let is_word = |at: Option<usize>| {
                at.and_then(|at| text.get(at))
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            };
            is_word(at.checked_sub(1)) != is_word(Some(at)) && walk(rest, text, at, may_end)
        }
    }
}

fn lite(source: &str, is_exact: bool) -> Result<regex_lite::Regex, ConfigError> {
    regex_lite::RegexBuilder::new(source)
        .case_insensitive(!is_exact)
        .build()
        .map_err(|error| ConfigError::Expression(error.to_string()))
}

#[allow(clippy::result_large_err, reason = "the crate's own error")]
fn fancy(source: &str, is_exact: bool) -> Result<fancy_regex::Regex, fancy_regex::Error> {
    fancy_regex::RegexBuilder::new(source).case_insensitive(!is_exact).backtrack_limit(MOST_STEPS).build()
}

/// Groups of literals; every match needs one of each group. With `folds_ascii` a letter's other forms are only those
/// in ASCII.
fn required(hir: &Hir, folds_ascii: bool) -> Vec<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(_) | HirKind::Class(_) => {
            folded(hir, folds_ascii).map(|text| vec![vec![text]]).unwrap_or_default()
        }
        HirKind::Concat(parts) => {
            let mut groups = Vec::new();
            // `(?i)` turns letters into classes. Adjacent ones are joined into a word again.
            let mut word = String::new();
            for part in parts {
                match folded(part, folds_ascii) {
                    Some(text) => word.push_str(&text),
                    None => {
                        groups.extend((!word.is_empty()).then(|| vec![std::mem::take(&mut word)]));
                        groups.extend(required(part, folds_ascii));
                    }
                }
            }
            groups.extend((!word.is_empty()).then(|| vec![word]));
            groups
        }
        HirKind::Capture(capture) => required(&capture.sub, folds_ascii),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub, folds_ascii),
        HirKind::Alternation(branches) => {
            // The longest literal of each branch is used. A branch without literals matches texts without any, so no
            // group is required then.
            let mut any = Vec::new();
            for branch in branches {
                let longest = required(branch, folds_ascii)
                    .into_iter()
                    .max_by_key(|group| group.iter().map(String::len).min());
                match longest {
                    Some(group) => any.extend(group),
                    None => return Vec::new(),
                }
            }
            if any.len() <= MOST_ALTERNATIVES { vec![any] } else { Vec::new() }
        }
        _ => Vec::new(),
    }
}

/// The single ASCII text, in lower case, that a literal or a class of one letter in both cases matches.
fn folded(hir: &Hir, folds_ascii: bool) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok().filter(|text| text.is_ascii())?;
            Some(text.to_ascii_lowercase())
        }
        HirKind::Class(Class::Unicode(class)) => {
            // Letters outside ASCII that fold to `k` and `s`.
            let is_folded = |c: char| folds_ascii && matches!(c, '\u{212a}' | '\u{17f}');
            let mut letter = None;
            for range in class.ranges() {
                if range.start() != range.end() {
                    return None;
                }
                let c = range.start();
                if is_folded(c) && letter.is_some() {
                    continue;
                }
                let lower = c.to_ascii_lowercase();
                if !c.is_ascii() || letter.is_some_and(|letter| letter != lower) {
                    return None;
                }
                letter = Some(lower);
            }
            letter.map(String::from)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern).unwrap().is_match(text, &text.to_ascii_lowercase()).unwrap()
    }

    #[test]
    fn patterns_search_without_regard_to_case() {
        assert!(matches(r"git\s+commit", "cd x && GIT COMMIT -m y"));
        assert!(!matches(r"git\s+commit", "ls"));
        assert!(matches(r"gh\s+pr\s+create|git\s+push", "git push"));
        assert!(matches(r"git\s+(?!log)\w+", "git show") && !matches(r"git\s+(?!log)\w+", "git log"));
        assert!(matches("größe", "die größe"));
    }

    #[test]
    fn literals_come_first() {
        let groups = |pattern: &str| Pattern::new(pattern).unwrap().literals;
        assert_eq!(groups(r"git\s+commit"), [["git"], ["commit"]]);
        assert_eq!(groups(r"(gh\s+pr|git\s+push)\b"), [["pr", "push"]]);
        assert_eq!(groups(r"x*y?"), Vec::<Vec<String>>::new());
        assert_eq!(groups(r"a|.*"), Vec::<Vec<String>>::new());
        let exact = |pattern: &str| Pattern::exact(pattern).unwrap().literals;
        assert_eq!(exact(r"(?i)task\s*=\s*X"), [["task"], ["="], ["x"]], "cases are one literal again");
        assert_eq!(exact(r"[ab]c"), [["c"]]);
        assert_eq!(exact(r"(?i)[k\u{212a}]\pL"), Vec::<Vec<String>>::new(), "it folds more than ASCII");
    }

    #[test]
    fn a_wrong_pattern_is_told_and_a_costly_one_is_bounded() {
        assert!(Pattern::new("(").is_err());
        let costly = Pattern::new(r"(?=(a+)+$)(a|a)*b").unwrap();
        let text = "a".repeat(2_000);
        let started = std::time::Instant::now();
        let _ = costly.is_match(&text, &text);
        assert!(started.elapsed() < std::time::Duration::from_secs(5));
    }

    #[test]
    fn simple_patterns_are_walked() {
        for simple in
            [r"git\s+commit", r"\bgit\s+(push|commit)\b", r"gh\s+pr\s+create", "make", r"a\s*b", "rm|mv"]
        {
            assert!(!Pattern::new(simple).unwrap().steps.is_empty(), "{simple}");
        }
        for other in [
            r"git\s+\w+",
            r"git.*push",
            r"^git",
            r"git(\s+-C\s+x)?\s+push",
            r"git\s{1,3}x",
            "größe",
            r"(?-u:\s)",
            "",
        ] {
            assert!(Pattern::new(other).unwrap().steps.is_empty(), "{other}");
        }
        assert!(!matches(r"git\s+push", "git\u{a0}push"), "as regex-lite has it");
        assert!(matches(r"\bgit\b", "(git)") && !matches(r"\bgit\b", "legit"));
    }

    #[test]
    fn a_pattern_that_names_a_program_matches_at_the_program() {
        let command = |pattern: &str, text: &str| {
            Pattern::new(pattern).unwrap().is_command(text, &text.to_ascii_lowercase()).unwrap()
        };
        for pattern in
            [r"git\s+push", "git push", r"^git\s+push", r"\bgit\s+(push|pull)\b", r"(git|hub)\s+push.*x?"]
        {
            assert!(command(pattern, "git push origin") && command(pattern, "GIT PUSH"), "{pattern}");
            assert!(!command(pattern, "echo git push") && !command(pattern, "man git push"), "{pattern}");
        }
        for pattern in ["push", r"--force\b", r".*push", r"push\b.*--force|force", r"[a-z]+\s+push"] {
            assert!(command(pattern, "git push --force"), "{pattern}");
        }
        assert!(
            command(r"git(\s+-c\s+\S+)*\s+push", "git -c a=b push")
                && command(r"git\s+(?!log)\w+", "git show")
        );
        for (pattern, text, expected) in [
            (r"git\s+commit", "git commit-tree x", false),
            (r"git\s+(merge|push)\b", "git merge-base a b", false),
            (r"git\s+merge-base", "git merge-base a b", true),
            (r"git\s+commit", "git commit -m x", true),
            (r"git\s+\w+", "git merge-base a b", true),
            (r"git\s+", "git --version", true),
            (r"npm\s+run\s+deploy", "npm run deploy-all", true),
        ] {
            assert_eq!(command(pattern, text), expected, "{pattern} {text}");
        }
    }

    proptest! {
        #[test]
        fn walking_a_pattern_is_searching_it(
            parts in proptest::collection::vec("git|gh|\\\\s\\+|\\\\s\\*|\\\\b|\\(a\\|gi\\|b c\\)|x|(?:ab)", 1..6),
            text in "[abcghitx \t\u{a0}_-]{0,16}",
        ) {
            let pattern = parts.concat();
            let plain = lite(&pattern, false).unwrap().is_match(&text);
            prop_assert_eq!(matches(&pattern, &text), plain, "{}", pattern);
        }

        #[test]
        fn the_prefilter_never_hides_a_match(
            pattern in "(git|gh|a+|b?|(x|yz)|\\\\s|[cd])(git|gh|a+|b?|(x|yz)|\\\\s|[cd])(\\|[ab]c)?",
            text in "[abcdgithxyz ]{0,14}",
        ) {
            let plain = lite(&pattern, false).unwrap().is_match(&text);
            prop_assert_eq!(matches(&pattern, &text), plain);
        }
    }
}
