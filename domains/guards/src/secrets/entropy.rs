//! Decides whether a value looks random.
//!
//! Shannon's entropy of a text of `n` characters is at most `log2(n)` bits per character. It is lower with
//! fewer kinds of characters: at most 4 for hexadecimal digits. 99 of 100 random values reach the threshold;
//! 20,000 values were drawn for each length:
//!
//! | characters | 1 of 100 below | median | threshold |
//! |---|---|---|---|
//! | hexadecimal, 32 | 3.26 | 3.62 | 3.0, from 32 on (`deadbeef…` has 2.2) |
//! | base64, 20 | 3.65 | 4.02 | 3.6, from 20 on |
//! | base64, 28 | 4.07 | 4.42 | 4.0, from 28 on |
//! | base64, 40 | 4.47 | 4.78 | 4.0 |
//! | any, 8 | 2.50 | 3.00 | 2.4: `log2(n)` - 0.6, and three kinds of characters |
//! | any, 16 | 3.45 | 3.88 | 3.4 |
//!
//! Entropy alone does not distinguish a long name from a key: names of 20 to 39 characters in Python's
//! standard library have a median of 3.6 to 3.7 bits. So a value of letters and digits must contain both;
//! 1 in 20 of these names does. A value that consists of words ([`is_name`]) never counts. A password that a
//! person chose is short and of mixed kinds.

/// The shortest value that can look random.
const SHORTEST: usize = 8;
/// From this length on, entropy alone decides over a value of letters and digits.
const LONG: usize = 20;

/// Whether a value looks random enough to be a credential.
pub(super) fn is_random(value: &str) -> bool {
    let length = value.len();
    if length < SHORTEST || !value.bytes().all(|byte| byte.is_ascii_graphic()) || is_name(value) {
        return false;
    }
    let bits = bits(value);
    if value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return length >= 32 && bits >= 3.0;
    }
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    if !has(u8::is_ascii_digit) {
        return false;
    }
    let is_base64 = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte));
    if is_base64 && length >= LONG {
        return has(u8::is_ascii_alphabetic) && bits >= if length < 28 { 3.6 } else { 4.0 };
    }
    let kinds =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit, u8::is_ascii_punctuation];
    let most = f64::from(u32::try_from(length.min(LONG)).unwrap_or_default()).log2();
    kinds.into_iter().filter(|is| has(*is)).count() >= 3 && bits >= most - 0.6
}

/// Shannon's entropy in bits per character.
pub(super) fn bits(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = f64::from(counts.iter().sum::<u32>());
    let share = |count: &u32| f64::from(*count) / total;
    counts.iter().filter(|count| **count > 0).map(share).map(|share| -share * share.log2()).sum()
}

/// Whether a value consists of words, as names do: `prod-db-2`, `Enum::Kind`, `us-east-1.v2`.
fn is_name(value: &str) -> bool {
    let is_word = |part: &str| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let is_number = letters.is_empty() && part.len() <= 8;
        let digits = part.len() - letters.len();
        is_number
            || letters.bytes().all(|byte| byte.is_ascii_alphabetic()) && digits <= 3 && is_cased(letters)
    };
    let is_end = |c: char| matches!(c, '-' | '_' | '.' | '/' | ':');
    value.contains(is_end) && value.split(is_end).all(|part| part.is_empty() || is_word(part))
}

/// Whether the case of letters is that of words: lower, upper, or each word capitalised. Random letters
/// change their case at every second letter.
fn is_cased(letters: &str) -> bool {
    let is_change = |pair: &&[u8]| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase();
    letters.as_bytes().windows(2).filter(is_change).count() * 4 <= letters.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_counted_in_bits() {
        assert!(bits("aaaa").abs() < 1e-9);
        assert!((bits("abab") - 1.0).abs() < 1e-9);
        assert!((bits("0123456789abcdef") - 4.0).abs() < 1e-9);
    }

    #[test]
    fn random_values_are_told_from_words() {
        for value in [
            "9f86d081884c7d659a2feaa0c55ad015",
            "kJ8sd7Fq2LmZx0PvTb4R",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYzQ1b2c3d4e",
            "aGVsbG8gd29ybGQgdGhpcyBpcyBhIGtleQ==7",
            "Tr0ub4dor&3",
            "Summer2024!",
            "x9$Lq2pT",
        ] {
            assert!(is_random(value), "{value} {}", bits(value));
        }
        for value in [
            "deadbeefdeadbeefdeadbeefdeadbeef",
            "abc123",
            "authentication.token.refresh.endpoint",
            "prod-db-credentials-v2-us-east-1",
            "MyVeryLongCamelCaseIdentifierName",
            "ISO-8859-1",
            "hunter and others 2",
            "d41d8cd98f00b204",
            "AuthToken::Bearer2",
            "aaaaaaaaaaaaaaaaaaaaaaa1",
        ] {
            assert!(!is_random(value), "{value} {}", bits(value));
        }
    }
}
