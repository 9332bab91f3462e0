//! Many rules, of which nearly none concerns what is looked at: the literals that each needs lie in one text, and only
//! a rule whose literal is met is read at all.

use memchr::{memchr, memmem};
use serde::{Deserialize, Serialize};

use crate::pattern::Pattern;

/// Separates the literals of a rule, any of which suffices. Neither this nor [`END`] costs JSON an escape.
const OR: u8 = 0x7f;
/// Ends a rule.
const END: u8 = b'~';

/// From how many bytes on a text is long.
const LONG: usize = 64 * 1024;

/// Where a rule lies among others: offset and length in bytes.
pub type SievePlace = (u64, u64);

/// Rules by what they need, each with where it lies: offset, a space, length, a space, and the literals in lower case;
/// without any the rule always counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sieve(String);

impl Sieve {
    /// Adds a rule that can only hold where `pattern` matches.
    pub fn add(&mut self, at: SievePlace, pattern: &Pattern) {
        self.add_any(at, &[pattern]);
    }

    /// Adds a rule that can only hold where one of the patterns matches.
    pub fn add_any(&mut self, (start, length): SievePlace, patterns: &[&Pattern]) {
        self.0.push_str(&format!("{start} {length} "));
        let literals: Option<Vec<&[String]>> = patterns.iter().map(|pattern| pattern.needed()).collect();
        let literals: Vec<&str> = literals.iter().flatten().copied().flatten().map(String::as_str).collect();
        // What would break the text's own shape is not looked for.
        let breaks =
            |literal: &&str| literal.is_empty() || literal.bytes().any(|byte| byte == OR || byte == END);
        if !literals.iter().any(breaks) {
            self.0.push_str(&literals.join(&char::from(OR).to_string()));
        }
        self.0.push(char::from(END));
    }

    /// The rules that may hold in a text, which is given in ASCII lower case.
    pub fn hits(&self, lower: &str) -> Vec<SievePlace> {
        let grams = Grams::of(lower.as_bytes());
        let is_met =
            |literal: &[u8]| grams.may_hold(literal) && memmem::find(lower.as_bytes(), literal).is_some();
        let met = self
            .rules()
            .filter(|(_, literals)| literals.is_empty() || literals.split(|byte| *byte == OR).any(is_met));
        met.map(|(at, _)| at).collect()
    }

    /// All rules.
    pub fn all(&self) -> Vec<SievePlace> {
        self.rules().map(|(at, _)| at).collect()
    }

    /// Each rule's place and literals. Read byte by byte: there may be hundreds, and each tool waits for it.
    fn rules(&self) -> impl Iterator<Item = (SievePlace, &[u8])> {
        let mut rest = self.0.as_bytes();
        std::iter::from_fn(move || {
            let start = number(&mut rest)?;
            let length = number(&mut rest)?;
            let end = memchr(END, rest)?;
            let literals = &rest[..end];
            rest = &rest[end + 1..];
            Some(((start, length), literals))
        })
    }

    /// Whether there is no rule.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The number that a text begins with, taken off it together with the space behind it.
fn number(text: &mut &[u8]) -> Option<u64> {
    let mut number: u64 = 0;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' => number = number.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?,
            b' ' if at > 0 => {
                *text = &text[at + 1..];
                return Some(number);
            }
            _ => return None,
        }
    }
    None
}

/// Which bytes in a row a text may hold: one walk through it spares one for nearly every rule. Two in a row for a
/// command line, three for a long text, which holds nearly any two.
struct Grams {
    marks: Vec<u64>,
    length: usize,
}

impl Grams {
    /// Places for marks, powers of two: of a short text and of a long one.
    const PLACES: [u32; 2] = [12, 18];

    fn of(text: &[u8]) -> Self {
        let length = if text.len() < LONG { 2 } else { 3 };
        let mut grams = Self { marks: vec![0; (1 << Self::PLACES[length - 2]) / 64], length };
        for gram in text.windows(length) {
            let at = grams.place(gram);
            grams.marks[at / 64] |= 1 << (at % 64);
        }
        grams
    }

    fn may_hold(&self, literal: &[u8]) -> bool {
        literal.windows(self.length).all(|gram| {
            let at = self.place(gram);
            self.marks[at / 64] >> (at % 64) & 1 == 1
        })
    }

    /// Multiplying by an odd number spreads what is alike; the highest bits are the most mixed.
    fn place(&self, gram: &[u8]) -> usize {
        let third = gram.get(2).copied().unwrap_or_default();
        let number = u32::from_le_bytes([gram[0], gram[1], third, 0]);
        (number.wrapping_mul(0x9E37_79B1) >> (32 - Self::PLACES[self.length - 2])) as usize
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
            [(1, "terraform destroy"), (2, "(aws|gcloud) rm"), (3, "a.b"), (4, r"\d+"), (5, "x~y")]
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
