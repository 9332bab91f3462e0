//! Runs rules over the text of one file, line by line.

use std::cell::OnceCell;
use std::ops::Range;

use config::ConfigError;
use config::check::guards::SHORTEST_REASON;
use config::pattern::Pattern;
use config::policy::CompiledRule;
use config::types::guards::{Nearby, PatternRule};
use memchr::{memchr_iter, memmem};

use crate::error::GuardsError;

/// The start of a waiver, before the rule's id and the reason.
const WAIVER: &str = "pattern-ok:";
/// Ends of comments, which are not part of a reason.
const ENDS: [&str; 5] = ["*/", "-->", "#}", "%>", "*)"];
/// The largest number of lines near a finding that are searched.
const MOST_NEARBY: usize = 200;

/// A rule that is ready to run.
#[derive(Debug)]
pub struct PatternScanner {
    /// The rule as configured.
    pub rule: PatternRule,
    pattern: Pattern,
    exclude: Option<Expression>,
    unless_within: Option<Near>,
    require_nearby: Option<Near>,
}

/// A regular expression that most files do not need, compiled on first use.
#[derive(Debug)]
struct Expression {
    source: String,
    compiled: OnceCell<Result<Pattern, ConfigError>>,
}

/// An expression, and the numbers of lines before and after in which it may match.
#[derive(Debug)]
struct Near(Expression, usize, usize);

/// A violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleMatch {
    /// The line, from 1.
    pub line: usize,
    /// The match, as a byte range of the line.
    pub range: Range<usize>,
    /// Whether a waiver is present whose reason is too short.
    pub is_ill_waived: bool,
}

/// The result of a rule.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RuleMatches {
    /// The violations.
    pub violations: Vec<RuleMatch>,
    /// How many lines are waived.
    pub waived: usize,
}

/// A text and its lines.
#[derive(Debug)]
pub struct Sheet<'t> {
    text: &'t str,
    lower: String,
    starts: OnceCell<Vec<usize>>,
}

impl<'t> Sheet<'t> {
    /// Prepares a text.
    pub fn of(text: &'t str) -> Self {
        Self { text, lower: text.to_ascii_lowercase(), starts: OnceCell::new() }
    }

    /// The text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The text in ASCII lower case.
    pub fn lower(&self) -> &str {
        &self.lower
    }

    /// A line, from 1, without its line end; empty if there is none.
    pub fn line(&self, number: usize) -> &'t str {
        let starts = self.starts();
        let Some(start) = number.checked_sub(1).and_then(|at| starts.get(at)) else { return "" };
        let end = starts.get(number).map_or(self.text.len(), |next| *next);
        let line = &self.text[*start..end];
        let line = line.strip_suffix('\n').unwrap_or(line);
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// The number of the line that contains a byte.
    pub fn number_at(&self, at: usize) -> usize {
        self.starts().partition_point(|start| *start <= at)
    }

    fn starts(&self) -> &[usize] {
        self.starts.get_or_init(|| {
            let ends = memchr_iter(b'\n', self.text.as_bytes());
            let starts = std::iter::once(0).chain(ends.map(|at| at + 1));
            // A newline at the end of the text does not begin another line.
            starts.filter(|start| *start < self.text.len()).collect()
        })
    }

    /// The lines that contain one of these literals, in order; all lines if `None`.
    fn lines_with(&self, literals: Option<&[String]>) -> Vec<usize> {
        let Some(literals) = literals else { return (1..=self.starts().len()).collect() };
        let mut lines: Vec<usize> = Vec::new();
        for literal in literals {
            let finder = memmem::Finder::new(literal);
            let mut from = 0;
            while let Some(at) = self.lower.get(from..).and_then(|rest| finder.find(rest.as_bytes())) {
                let line = self.number_at(from + at);
                lines.push(line);
                match self.starts().get(line) {
                    Some(next) => from = *next,
                    None => break,
                }
            }
        }
        lines.sort_unstable();
        lines.dedup();
        lines
    }
}

impl PatternScanner {
    /// Prepares a rule of the policy.
    pub fn of(compiled: CompiledRule<PatternRule>) -> Self {
        let CompiledRule { pattern, rule } = compiled;
        let exclude = (!rule.exclude.is_empty()).then(|| Expression::of(&rule.exclude));
        let (unless_within, require_nearby) =
            (rule.unless_within.as_ref().map(Near::of), rule.require_nearby.as_ref().map(Near::of));
        Self { rule, pattern, exclude, unless_within, require_nearby }
    }

    /// Finds the violations in a text.
    ///
    /// # Errors
    /// If a regular expression exceeds its step limit.
    pub fn look(&self, sheet: &Sheet<'_>) -> Result<RuleMatches, GuardsError> {
        let mut found = RuleMatches::default();
        for line in sheet.lines_with(self.pattern.needed()) {
            let Some(range) = self.is_broken(sheet, line)? else { continue };
            match self.waiver(sheet, line)? {
                Some(reason) if reason.chars().count() >= SHORTEST_REASON => found.waived += 1,
                short => found.violations.push(RuleMatch { line, range, is_ill_waived: short.is_some() }),
            }
        }
        Ok(found)
    }

    /// The match in a line, unless the context makes it acceptable.
    fn is_broken(&self, sheet: &Sheet<'_>, number: usize) -> Result<Option<Range<usize>>, GuardsError> {
        let line = sheet.line(number);
        let Some(range) = self.pattern.find(line)? else { return Ok(None) };
        if let Some(exclude) = &self.exclude
            && exclude.is_in(line)?
        {
            return Ok(None);
        }
        if let Some(near) = &self.unless_within
            && near.matches(sheet, number)?
        {
            return Ok(None);
        }
        if let Some(near) = &self.require_nearby
            && !near.matches(sheet, number)?
        {
            return Ok(None);
        }
        Ok(Some(range))
    }

    /// The reason of a waiver on the line or the line above. A waiver on a line that breaks the rule itself
    /// belongs only to that line.
    fn waiver<'t>(&self, sheet: &Sheet<'t>, number: usize) -> Result<Option<&'t str>, GuardsError> {
        let above = sheet.line(number - 1);
        let own = reason(sheet.line(number), &self.rule.id);
        if own.is_some() || reason(above, &self.rule.id).is_none() {
            return Ok(own);
        }
        let is_spent = self.pattern.find(above)?.is_some();
        Ok(reason(above, &self.rule.id).filter(|_| !is_spent))
    }
}

impl Expression {
    fn of(source: &str) -> Self {
        Self { source: source.to_owned(), compiled: OnceCell::new() }
    }

    fn is_in(&self, line: &str) -> Result<bool, GuardsError> {
        let compiled = self.compiled.get_or_init(|| Pattern::exact(&self.source));
        Ok(compiled.as_ref().map_err(ConfigError::clone)?.find(line)?.is_some())
    }
}

impl Near {
    fn of(nearby: &Nearby) -> Self {
        let lines = |count: u32| usize::try_from(count).unwrap_or(MOST_NEARBY).min(MOST_NEARBY);
        Self(Expression::of(&nearby.pattern), lines(nearby.before), lines(nearby.after))
    }

    /// Whether the expression matches in one of the lines around, or in the line itself.
    fn matches(&self, sheet: &Sheet<'_>, number: usize) -> Result<bool, GuardsError> {
        let last = (number + self.2).min(sheet.starts().len());
        for line in number.saturating_sub(self.1).max(1)..=last {
            if self.0.is_in(sheet.line(line))? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The reason of a line's waiver for a rule.
fn reason<'l>(line: &'l str, id: &str) -> Option<&'l str> {
    line.match_indices(WAIVER).find_map(|(at, _)| {
        let rest = line[at + WAIVER.len()..].trim_start();
        let (word, reason) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let mut reason = reason.trim();
        while let Some(shorter) = ENDS.iter().find_map(|end| reason.strip_suffix(end)) {
            reason = shorter.trim_end();
        }
        (word.trim_end_matches([':', ',']) == id).then_some(reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(rule: PatternRule) -> PatternScanner {
        let rule = PatternRule { id: "r".to_owned(), ..rule };
        PatternScanner::of(CompiledRule { pattern: Pattern::exact(&rule.pattern).unwrap(), rule })
    }

    fn lines(rule: &PatternScanner, text: &str) -> Vec<usize> {
        rule.look(&Sheet::of(text)).unwrap().violations.iter().map(|found| found.line).collect()
    }

    fn plain(pattern: &str) -> PatternRule {
        PatternRule { pattern: pattern.to_owned(), ..PatternRule::default() }
    }

    fn near(pattern: &str, before: u32, after: u32) -> Option<Nearby> {
        Some(Nearby { pattern: pattern.to_owned(), before, after })
    }

    #[test]
    fn lines_are_found_with_regard_to_case() {
        let eval = rule(plain(r"\beval\("));
        assert_eq!(lines(&eval, "x\neval(a); eval(b)\r\nEVAL(c)\nmedieval(d)\neval(e)"), [2, 5]);
        assert_eq!(lines(&rule(plain(r"(?i)\beval\(")), "Eval(a)\nx"), [1]);
        assert_eq!(lines(&rule(plain(r"^\d+$")), "12\r\nx1\n3"), [1, 3]);
        assert_eq!(lines(&rule(plain("^$")), "a\n\nb\n"), [2], "no line follows the last newline");
        assert_eq!(lines(&eval, ""), [0; 0]);
        let found = eval.look(&Sheet::of("ä eval(a)")).unwrap();
        assert_eq!(found.violations[0].range, 3..8);
    }

    #[test]
    fn every_line_with_a_literal_is_looked_at() {
        let text = "b\na a\nx b\n\na";
        for (pattern, expected) in [("a|b", vec![1, 2, 3, 5]), ("a", vec![2, 5]), ("a$", vec![2, 5])] {
            assert_eq!(lines(&rule(plain(pattern)), text), expected, "{pattern}");
        }
    }

    #[test]
    fn a_line_is_innocent_by_what_it_holds_or_what_stands_near() {
        let excluded = rule(PatternRule { exclude: "^\\s*//".into(), ..plain("write\\(") });
        assert_eq!(lines(&excluded, "// write(a)\nwrite(b)"), [2]);
        let unless = rule(PatternRule { unless_within: near("isSymlink", 2, 1), ..plain("write\\(") });
        assert_eq!(lines(&unless, "isSymlink\n\nwrite(a)\n\nwrite(b)\nisSymlink\n"), [0; 0]);
        assert_eq!(lines(&unless, "isSymlink\n\n\nwrite(a)\n\nisSymlink\n"), [4]);
        let required = rule(PatternRule { require_nearby: near("async", 1, 0), ..plain("sleep\\(") });
        assert_eq!(lines(&required, "async\nsleep(a)\nsleep(b)\nx async sleep(c)"), [2, 4]);
    }

    #[test]
    fn a_waiver_names_the_rule_and_a_reason() {
        let eval = rule(plain("eval"));
        for (text, expected) in [
            ("eval // pattern-ok: r the input is our own", false),
            ("# pattern-ok: r the input is our own\neval", false),
            ("/* pattern-ok: r 1234567890 */\neval", false),
            ("<!-- pattern-ok: r: 1234567890 -->\neval", false),
            ("// pattern-ok: other 1234567890 pattern-ok: r 1234567890\neval", false),
            ("eval // pattern-ok: r", true),
            ("eval // pattern-ok: r short", true),
            ("eval /* pattern-ok: r 12345678 */", true),
            ("eval // pattern-ok: rr the input is our own", true),
            ("eval // pattern-ok: other the input is our own", true),
            ("// pattern-ok: r the input is our own\n\neval", true),
            ("eval\n// pattern-ok: r the input is our own", true),
        ] {
            assert_eq!(!lines(&eval, text).is_empty(), expected, "{text}");
        }
        let two = "eval // pattern-ok: r the input is our own\neval";
        assert_eq!(lines(&eval, two), [2], "one waiver is good for one line");
        let found = eval.look(&Sheet::of("eval // pattern-ok: r short\neval")).unwrap();
        assert_eq!(
            found.violations.iter().map(|found| found.is_ill_waived).collect::<Vec<_>>(),
            [true, false]
        );
        assert_eq!(eval.look(&Sheet::of("eval // pattern-ok: r 1234567890")).unwrap().waived, 1);
    }
}
