//! Decodes `$'…'`, quotes with the backslash escapes of C.

/// Decodes the text after `$'`. Returns the text, and its length in the source including the closing quote. `None` if
/// the quote is not closed.
pub(crate) fn decode(source: &str) -> Option<(String, usize)> {
    let bytes = source.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    loop {
        match *bytes.get(at)? {
            b'\'' => return Some((String::from_utf8_lossy(&out).into_owned(), at + 1)),
            b'\\' => {
                at += 1;
                at += escape(&bytes[at..], &mut out)?;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
}

/// Decodes one escape after its backslash. Returns its length in the source. A NUL is dropped, because a word cannot
/// contain it.
pub(crate) fn escape(bytes: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let first = *bytes.first()?;
    let simple = match first {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'a' => 7,
        b'b' => 8,
        b'e' | b'E' => 27,
        b'f' => 12,
        b'v' => 11,
        b'\\' | b'\'' | b'"' | b'?' => first,
        b'x' => return Some(1 + number(&bytes[1..], 16, 2, b"\\x", out)),
        b'u' => return Some(1 + character(&bytes[1..], 4, b"\\u", out)),
        b'U' => return Some(1 + character(&bytes[1..], 8, b"\\U", out)),
        b'0'..=b'7' => return Some(number(bytes, 8, 3, b"\\", out)),
        b'c' => {
            let control = *bytes.get(1)?;
            out.push(control & 0x1f);
            return Some(2);
        }
        _ => {
            out.push(b'\\');
            first
        }
    };
    out.push(simple);
    Some(1)
}

fn digits(bytes: &[u8], radix: u32, most: usize) -> (u32, usize) {
    let mut value = 0;
    let mut length = 0;
    while let Some(digit) =
        bytes.get(length).filter(|_| length < most).and_then(|byte| char::from(*byte).to_digit(radix))
    {
        value = value * radix + digit;
        length += 1;
    }
    (value, length)
}

fn number(bytes: &[u8], radix: u32, most: usize, otherwise: &[u8], out: &mut Vec<u8>) -> usize {
    let (value, length) = digits(bytes, radix, most);
    match value.to_le_bytes()[0] {
        _ if length == 0 => out.extend_from_slice(otherwise),
        0 => {}
        byte => out.push(byte),
    }
    length
}

fn character(bytes: &[u8], most: usize, otherwise: &[u8], out: &mut Vec<u8>) -> usize {
    let (value, length) = digits(bytes, 16, most);
    if length == 0 {
        out.extend_from_slice(otherwise);
    } else if let Some(character) = char::from_u32(value).filter(|character| *character != '\0') {
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_bash() {
        for (given, expected) in [
            (r"\x67it'", "git"),
            (r"\147it'", "git"),
            (r"g\u0069t\n'", "git\n"),
            (r"\U00000067it'", "git"),
            (r"a\'b'", "a'b"),
            (r"\q\x'", r"\q\x"),
            (r"\303\274'", "ü"),
            (r"a\0b'", "ab"),
        ] {
            assert_eq!(decode(given), Some((expected.to_owned(), given.len())), "{given}");
        }
        assert_eq!(decode("open"), None);
        assert_eq!(decode(r"\"), None);
    }
}
