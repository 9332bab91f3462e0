//! A base64 decoder (RFC 4648).

/// The two characters that encode 62 and 63.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base64Alphabet {
    /// `+` and `/`.
    Standard,
    /// `-` and `_`, as in URLs and signed web tokens.
    Url,
}

/// Decodes base64 text without padding and white space. `None` if a character is not in the alphabet. Trailing bits
/// that do not fill a byte are ignored.
pub fn decode(text: impl IntoIterator<Item = u8>, alphabet: Base64Alphabet) -> Option<Vec<u8>> {
    let (plus, slash) = match alphabet {
        Base64Alphabet::Standard => (b'+', b'/'),
        Base64Alphabet::Url => (b'-', b'_'),
    };
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            _ if byte == plus => 62,
            _ if byte == slash => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count).to_le_bytes()[0]);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_alphabets_are_decoded() {
        let decoded = |text: &str, alphabet| decode(text.bytes(), alphabet);
        // The examples of the RFC.
        for (text, bytes) in [("", ""), ("Zg", "f"), ("Zm8", "fo"), ("Zm9v", "foo"), ("Zm9vYmE", "fooba")] {
            assert_eq!(decoded(text, Base64Alphabet::Standard).as_deref(), Some(bytes.as_bytes()));
            assert_eq!(decoded(text, Base64Alphabet::Url).as_deref(), Some(bytes.as_bytes()));
        }
        assert_eq!(decoded("+/+/", Base64Alphabet::Standard), decoded("-_-_", Base64Alphabet::Url));
        for (text, alphabet) in [
            ("-_", Base64Alphabet::Standard),
            ("+/", Base64Alphabet::Url),
            ("Zg==", Base64Alphabet::Standard),
        ] {
            assert_eq!(decoded(text, alphabet), None, "{text}");
        }
    }
}
