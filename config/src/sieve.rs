//! Many rules, of which nearly none concerns what is looked at: the literals that each needs lie in one text, and only
//! a rule whose literal is met is read at all.

use memchr::memmem;
use serde::{Deserialize, Serialize};

use crate::pattern::Pattern;

/// Separates the literals of a rule, any of which suffices.
const OR: char = '\u{1f}';

/// From how many bytes on a text is walked once for all rules, before it is searched for each.
const LONG: usize = 64 * 1024;

/// Where a rule lies among others: offset and length in bytes.
pub type At = (u64, u64);

/// Rules by what they need, each with where it lies. A line of the text is offset, length and the literals, in lower
/// case; without any the rule always counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sieve(String);

impl Sieve {
    /// Adds a rule that can only hold where `pattern` matches.
    pub fn add(&mut self, at: At, pattern: &Pattern) {
        self.add_any(at, &[pattern]);
    }

    /// Adds a rule that can only hold where one of the patterns matches.
    pub fn add_any(&mut self, (start, length): At, patterns: &[&Pattern]) {
        self.0.push_str(&format!("{start} {length} "));
        let literals: Option<Vec<&[String]>> = patterns.iter().map(|pattern| pattern.needed()).collect();
        let literals: Vec<&str> = literals.iter().flatten().copied().flatten().map(String::as_str).collect();
        // What would break the text's own shape is not looked for.
        if !literals.iter().any(|literal| literal.is_empty() || literal.contains(['\n', OR])) {
            self.0.push_str(&literals.join(&OR.to_string()));
        }
        self.0.push('\n');
    }

    /// The rules that may hold in a text, which is given in ASCII lower case.
    pub fn hits(&self, lower: &str) -> Vec<At> {
        let grams = (lower.len() >= LONG).then(|| Grams::of(lower.as_bytes()));
        let is_met = |literal: &str| {
            grams.as_ref().is_none_or(|grams| grams.may_hold(literal.as_bytes()))
                && memmem::find(lower.as_bytes(), literal.as_bytes()).is_some()
        };
        let met =
            self.lines().filter(|(_, _, literals)| literals.is_empty() || literals.split(OR).any(is_met));
        met.filter_map(|(start, length, _)| Some((start.parse().ok()?, length.parse().ok()?))).collect()
    }

    /// All rules.
    pub fn all(&self) -> Vec<At> {
        self.lines()
            .filter_map(|(start, length, _)| Some((start.parse().ok()?, length.parse().ok()?)))
            .collect()
    }

    fn lines(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.0.lines().filter_map(|line| {
            let (start, rest) = line.split_once(' ')?;
            let (length, literals) = rest.split_once(' ')?;
            Some((start, length, literals))
        })
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Which three bytes in a row a text may hold: one walk through it spares one for nearly every rule.
struct Grams(Vec<u64>);

impl Grams {
    /// Places for marks; a power of two.
    const PLACES: usize = 1 << 18;

    fn of(text: &[u8]) -> Self {
        let mut marks = vec![0; Self::PLACES / 64];
        for gram in text.windows(3) {
            let at = Self::place(gram);
            marks[at / 64] |= 1 << (at % 64);
        }
        Self(marks)
    }

    fn may_hold(&self, literal: &[u8]) -> bool {
        literal.windows(3).all(|gram| {
            let at = Self::place(gram);
            self.0[at / 64] >> (at % 64) & 1 == 1
        })
    }

    /// Multiplying by an odd number spreads what is alike; the highest bits are the most mixed.
    fn place(gram: &[u8]) -> usize {
        let number = u32::from_le_bytes([gram[0], gram[1], gram[2], 0]);
        (number.wrapping_mul(0x9E37_79B1) >> 14) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_hides_no_rule() {
        let mut sieve = Sieve::default();
        let words = ["eval", "x", "ab", "größe", "never met"];
        for (at, word) in words.iter().enumerate() {
            sieve.add((at as u64, 1), &Pattern::exact(word).unwrap());
        }
        let text = "some words of no meaning\n".repeat(LONG / 20);
        let hits = |text: &str| sieve.hits(text).into_iter().map(|(start, _)| start).collect::<Vec<_>>();
        assert_eq!(hits(&text), [3], "one without a literal always counts");
        for (at, word) in words.iter().enumerate().take(3) {
            let (before, after) = text.split_at(text.len() / 2);
            let hit = hits(&format!("{before}{word}{after}"));
            assert!(hit.contains(&(at as u64)), "{word}: {hit:?}");
        }
    }

    #[test]
    fn only_rules_that_may_hold_are_met() {
        let mut sieve = Sieve::default();
        for (key, source) in
            [(1, "terraform destroy"), (2, "(aws|gcloud) rm"), (3, "a.b"), (4, r"\d+"), (5, "x\ny")]
        {
            sieve.add((key, 7), &Pattern::new(source).unwrap());
        }
        let hits = |text: &str| sieve.hits(text).into_iter().map(|(start, _)| start).collect::<Vec<_>>();
        assert_eq!(hits("ls"), [4, 5]);
        assert_eq!(hits("cd b && terraform destroy"), [1, 3, 4, 5]);
        assert_eq!(hits("gcloud rm x"), [2, 4, 5]);
        assert_eq!(sieve.all().len(), 5);
    }
}
