//! A fast filter over many rules of which few apply to a text. One text contains the literals that each rule needs. A
//! rule is read only if one of its literals is found.

use memchr::{memchr, memmem};
use serde::{Deserialize, Serialize};

use crate::pattern::Pattern;

/// Separates the alternative literals of a rule. JSON needs no escape for this byte or for [`END`].
const OR: u8 = 0x7f;
/// Ends a rule.
const END: u8 = b'~';

/// The length in bytes from which a text counts as long.
const LONG: usize = 64 * 1024;

/// The position of a rule among others: offset and length in bytes.
pub type SievePlace = (u64, u64);

/// The positions and literals of rules. Each entry is offset, space, length, space, and the literals in lower case. A
/// rule without literals always applies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sieve(String);

impl Sieve {
    /// Adds a rule that applies only if `pattern` matches.
    pub fn add(&mut self, at: SievePlace, pattern: &Pattern) {
        self.add_any(at, &[pattern]);
    }

    /// Adds a rule that applies only if one of the patterns matches.
    pub fn add_any(&mut self, (start, length): SievePlace, patterns: &[&Pattern]) {
        self.0.push_str(&format!("{start} {length} "));
        let literals: Option<Vec<&[String]>> = patterns.iter().map(|pattern| pattern.needed()).collect();
        let literals: Vec<&str> = literals.iter().flatten().copied().flatten().map(String::as_str).collect();
        // A literal with one of the separator bytes would break the format, so such a rule always applies.
        let breaks =
            |literal: &&str| literal.is_empty() || literal.bytes().any(|byte| byte == OR || byte == END);
        if !literals.iter().any(breaks) {
            self.0.push_str(&literals.join(&char::from(OR).to_string()));
        }
        self.0.push(char::from(END));
    }

    /// The rules that may apply to a text, which must be in ASCII lower case.
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

    /// The position and the literals of each rule. The text is parsed byte by byte, because every tool use waits for
    /// hundreds of entries.
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

/// Takes a number and the space after it from the beginning of a text.
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

/// The byte sequences that a text may contain. One pass over the text replaces one pass for nearly every rule.
/// Sequences have two bytes for a short text. A long text contains nearly all pairs, so it uses three bytes.
struct Grams {
    marks: Vec<u64>,
    length: usize,
}

impl Grams {
    /// The number of marks as powers of two, for a short and for a long text.
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

    /// The index of a sequence's mark. Multiplication by an odd number spreads similar sequences, and the highest
    /// bits are mixed best.
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
