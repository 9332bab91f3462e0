//! Command patterns, prepared once and matched on the hot path.
//!
//! A pattern carries the literals that any match must contain. They are looked for first; the expression
//! itself is compiled only when they are all there. `regex-lite` starts fast and serves nearly every pattern;
//! look-around and back-references need `fancy-regex`, bounded in its steps.

use regex_syntax::hir::{Class, Hir, HirKind};
use serde::{Deserialize, Serialize};

/// How many steps back a backtracking pattern may take on one command.
const MOST_STEPS: usize = 10_000;
/// The longest pattern, in bytes.
const LONGEST: usize = 4096;
/// The most alternatives kept for one required literal.
const MOST_ALTERNATIVES: usize = 16;

/// A checked pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// The expression as configured.
    source: String,
    /// Whether it needs the backtracking engine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    backtracks: bool,
    /// Of each group at least one literal, in lower case, stands in anything that matches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    literals: Vec<Vec<String>>,
}

impl Pattern {
    /// Checks and prepares an expression, which is searched without regard to case.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub fn new(source: &str) -> Result<Self, String> {
        if source.len() > LONGEST {
            return Err(format!("the pattern is longer than {LONGEST} bytes"));
        }
        let backtracks = match lite(source) {
            Ok(_) => false,
            Err(plain) => match fancy(source) {
                Ok(_) => true,
                Err(_) => return Err(plain),
            },
        };
        let hir = regex_syntax::ParserBuilder::new().build().parse(source);
        let literals = hir.map(|hir| required(&hir)).unwrap_or_default();
        Ok(Self { source: source.to_owned(), backtracks, literals })
    }

    /// The expression as configured.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether `text` contains a match. `lower` is `text` in ASCII lower case, made once for many patterns.
    ///
    /// # Errors
    /// When the expression gives up or does not compile any more.
    pub fn is_match(&self, text: &str, lower: &str) -> Result<bool, String> {
        let possible =
            self.literals.iter().all(|any| any.iter().any(|literal| lower.contains(literal.as_str())));
        if !possible {
            return Ok(false);
        }
        if self.backtracks {
            let matched = fancy(&self.source).and_then(|regex| regex.is_match(text));
            return matched.map_err(|error| format!("pattern `{}`: {error}", self.source));
        }
        let regex = lite(&self.source).map_err(|error| format!("pattern `{}`: {error}", self.source))?;
        Ok(regex.is_match(text))
    }
}

fn lite(source: &str) -> Result<regex_lite::Regex, String> {
    regex_lite::RegexBuilder::new(source).case_insensitive(true).build().map_err(|error| error.to_string())
}

#[allow(clippy::result_large_err, reason = "the crate's own error")]
fn fancy(source: &str) -> Result<fancy_regex::Regex, fancy_regex::Error> {
    fancy_regex::RegexBuilder::new(source).case_insensitive(true).backtrack_limit(MOST_STEPS).build()
}

/// Groups of literals of which each must be met.
fn required(hir: &Hir) -> Vec<Vec<String>> {
    match hir.kind() {
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) if text.is_ascii() => vec![vec![text.to_ascii_lowercase()]],
            _ => Vec::new(),
        },
        HirKind::Concat(parts) => parts.iter().flat_map(required).collect(),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Alternation(branches) => {
            // One literal of each branch stands for the branch; a branch without any demands nothing.
            let mut any = Vec::new();
            for branch in branches {
                let longest =
                    required(branch).into_iter().max_by_key(|group| group.iter().map(String::len).min());
                match longest {
                    Some(group) => any.extend(group),
                    None => return Vec::new(),
                }
            }
            if any.len() <= MOST_ALTERNATIVES { vec![any] } else { Vec::new() }
        }
        HirKind::Class(Class::Unicode(class)) => match class.literal() {
            Some(text) if text.is_ascii() => std::str::from_utf8(&text)
                .map_or_else(|_| Vec::new(), |text| vec![vec![text.to_ascii_lowercase()]]),
            _ => Vec::new(),
        },
        _ => Vec::new(),
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

    proptest! {
        #[test]
        fn the_prefilter_never_hides_a_match(
            pattern in "(git|gh|a+|b?|(x|yz)|\\\\s|[cd])(git|gh|a+|b?|(x|yz)|\\\\s|[cd])(\\|[ab]c)?",
            text in "[abcdgithxyz ]{0,14}",
        ) {
            let plain = lite(&pattern).unwrap().is_match(&text);
            prop_assert_eq!(matches(&pattern, &text), plain);
        }
    }
}
