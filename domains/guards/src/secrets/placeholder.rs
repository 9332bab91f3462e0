//! Values with the shape of a credential that are not credentials: examples in documentation, values to be
//! filled in, values that the program looks up at run time.

/// Words that issuers do not put into credentials. By chance, a word of four letters occurs in one of 50,000
/// keys.
const WORDS: [&str; 30] = [
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "changeit",
    "dummy",
    "fake",
    "sample",
    "test",
    "redacted",
    "removed",
    "hidden",
    "masked",
    "your",
    "xxxx",
    "****",
    "....",
    "insert",
    "replace",
    "todo",
    "fixme",
    "foobar",
    "lorem",
    "${",
    "{{",
    "$(",
    "%(",
    "#{",
    "qwert",
];
/// More such words, whatever their case and spelling, and in base64.
const SPELLED: [&str; 4] = ["password", "passwort", "letmein", "welcome"];
/// Code that looks a value up.
const LOOKUPS: [&str; 12] = [
    "process.env",
    "os.environ",
    "getenv",
    "env(",
    "env.",
    "env:",
    "secrets.",
    "vault:",
    "op://",
    "arn:",
    "ssm:",
    "file:",
];
/// Prefixes of digests, which reveal nothing about the digested text.
const DIGESTS: [&str; 12] = [
    "sha1-", "sha256-", "sha384-", "sha512-", "sha256:", "sha512:", "md5:", "$2a$", "$2b$", "$2y$",
    "$argon2", "pbkdf2",
];
/// Weak words in base64, as in Kubernetes manifests: `password`, `admin`, `changeme`, `secret`.
const ENCODED: [&str; 5] = ["cGFzc3dvcmQ=", "cGFzc3dvcmQK", "YWRtaW4=", "Y2hhbmdlbWU=", "c2VjcmV0"];
/// Credentials that vendors print in their documentation and that work nowhere else.
const DOCUMENTED: [&str; 3] = [
    concat!("16C7e42F292c6912", "E7710c838347Ae178B4a"),
    concat!("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu", "Fq2UVErCz4I6tq"),
    concat!("4eC39HqLyjWD", "arjtT1zdp7dc"),
];
/// From this number of consecutive characters of the alphabet on, a value is typed and not random.
const SEQUENCE: usize = 6;

/// Whether a value is a placeholder.
pub(super) fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let spelled = spelled(&lower);
    WORDS.iter().any(|word| lower.contains(word))
        || SPELLED.iter().any(|word| spelled.contains(word))
        || LOOKUPS.iter().any(|begin| lower.starts_with(begin))
        || DOCUMENTED.iter().any(|known| value.contains(known))
        || lower.starts_with('<') && lower.ends_with('>')
        || lower.starts_with('%') && lower.ends_with('%')
        || is_monotonous(lower.as_bytes())
}

/// A value with digits and signs replaced by the letters that they imitate: `p@ssw0rd`.
fn spelled(lower: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '@' | '4' => 'a',
        '3' => 'e',
        '$' | '5' => 's',
        '1' | '!' => 'i',
        c => c,
    };
    lower.chars().map(letter).collect()
}

/// Whether a value next to a name is not a credential: a digest, an address, a path, an id, a text to be
/// filled in.
pub(super) fn is_reference(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    // `0x…` is an address or a number.
    let is_number =
        lower.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_number
        || ENCODED.contains(&value)
        || DIGESTS.iter().any(|begin| lower.starts_with(begin))
        || lower.contains("://")
        || value.starts_with(['/', '~', '.', '$', '@', '&', '*'])
        || value.contains('{') && value.contains('}')
        || is_uuid(value)
}

/// Whether a value has few different characters, in few orders.
fn is_monotonous(value: &[u8]) -> bool {
    let mut kinds = [false; 256];
    value.iter().for_each(|byte| kinds[usize::from(*byte)] = true);
    let kinds = kinds.iter().filter(|is_there| **is_there).count();
    let is_repeated = |unit: usize| (unit..value.len()).all(|at| value[at] == value[at - unit]);
    kinds <= 2.max(value.len().min(60) / 6)
        || (1..=value.len() / 3).any(is_repeated)
        || has_run(value, 0)
        || has_run(value, 1)
        || has_run(value, -1)
}

/// Whether enough consecutive characters have the same distance from one to the next.
fn has_run(value: &[u8], step: i16) -> bool {
    let mut length = 1;
    value.windows(2).any(|pair| {
        length = if i16::from(pair[1]) - i16::from(pair[0]) == step { length + 1 } else { 1 };
        length >= SEQUENCE
    })
}

/// Whether a value has the form `8-4-4-4-12` of hexadecimal digits: this is nearly always an identifier.
fn is_uuid(value: &str) -> bool {
    let lengths = value
        .split('-')
        .map(|part| if part.bytes().all(|byte| byte.is_ascii_hexdigit()) { part.len() } else { 0 });
    lengths.eq([8, 4, 4, 4, 12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_told_from_values() {
        for value in [
            concat!("AKIA", "IOSFODNN7EXAMPLE"),
            "changeme",
            "your-api-key-here",
            "<api key>",
            "${TOKEN}",
            "{{ token }}",
            "process.env.TOKEN",
            "aaaaaaaaaaaaaaaaaaaa",
            "abcd1234abcd1234abcd1234",
            "zz0123456789zz",
            "q8fedcba87",
            "%PASSWORD%",
            "111111111111112",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["9f86d081884c7d659a2feaa0c55ad015", "kJ8sd7Fq2LmZx0PvTb4R", "Tr0ub4dor&3", "12345x"] {
            assert!(!is_placeholder(value) && !is_reference(value), "{value}");
        }
        for value in [
            "sha512-9f86d081884c7d659a2feaa0c55ad015",
            "550e8400-e29b-41d4-a716-446655440000",
            "/run/keys/Db1",
            "\\u{f07f5}",
            "A1{name}b2",
            "https://a.b/C1?d",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2O",
        ] {
            assert!(is_reference(value), "{value}");
        }
    }
}
