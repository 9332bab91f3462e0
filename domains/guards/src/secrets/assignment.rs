//! Values next to a name for credentials: `api_key = "…"`, `"password": "…"`, `TOKEN=…` in files without
//! quotes. Only values that look random count.

use std::ops::Range;

use super::entropy::is_random;
use super::placeholder::is_reference;
use super::shapes::AnchorPlace;

/// The longest value, in bytes.
const LONGEST: usize = 512;
/// The longest type between a name and its value, as in `: Option<&'static str>`, in bytes.
const LONGEST_TYPE: usize = 40;
/// Words in a value that show that it describes credentials and is not one.
const SPEAKING: [&str; 9] =
    ["password", "passwd", "secret", "token", "apikey", "api_key", "api-key", "credential", "bearer"];

/// The value after the name that ends at an anchor.
pub(super) fn value(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if is_part(at.byte(at.end)) || at.is_in_long_line() || is_other(at) {
        return None;
    }
    let value = place(at)?;
    let text = std::str::from_utf8(&at.text[value.clone()]).ok()?;
    let lower = text.to_ascii_lowercase();
    let is_one = !SPEAKING.iter().any(|word| lower.contains(word))
        && !is_reference(text)
        && !is_sealed(text)
        && is_random(text);
    is_one.then_some(value)
}

/// Whether the full name means something else: a digest of a credential, a position in a list, a style, an
/// encrypted value.
fn is_other(at: AnchorPlace<'_>) -> bool {
    const OTHER: [&str; 8] = ["hashed", "page", "cursor", "sync", "csrf", "continuation", "design", "fee"];
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let start = at.text[..at.start].iter().rposition(|byte| !is_part(byte)).map_or(0, |before| before + 1);
    let Ok(name) = std::str::from_utf8(&at.text[start..at.start]) else { return false };
    let name = name.to_ascii_lowercase();
    // `--color-token` is a CSS variable.
    name.starts_with("--") || OTHER.iter().any(|word| name.trim_end_matches(['_', '-']).ends_with(word))
}

/// Whether a value is the output of `kubeseal`, which only the cluster can decrypt. In Base64 it starts with
/// the length of an RSA key in two bytes (`Ag…`), followed by at least 256 bytes.
fn is_sealed(value: &str) -> bool {
    const SHORTEST: usize = 340;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    value.len() >= SHORTEST && value.starts_with("Ag") && value.bytes().all(is_base64)
}

/// The position of the value.
fn place(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let closed = at.skip(at.end, 4, |byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']' | b')'));
    let is_quoted_name = closed > at.end;
    let mut from = at.skip(closed, 8, is_blank);
    if is_quoted_name && at.text[from.min(at.text.len())..].starts_with(b"value=") {
        from += 5;
    }
    let separator = at.byte(from);
    let has_separator = matches!(separator, b'=' | b':' | b'?' | b'!')
        || is_quoted_name && separator == b','
        || separator == b'>';
    if !has_separator {
        return None;
    }
    let start = at.skip(from + 1, 8, |byte| is_blank(byte) || matches!(byte, b'=' | b'>' | b':'));
    if let Some(value) = quoted(at, start) {
        return Some(value);
    }
    if separator == b'>' {
        return bare(at, start, b"<");
    }
    if matches!(separator, b':' | b'?')
        && let Some(value) = behind_type(at, from + 1)
    {
        return Some(value);
    }
    at.has_bare_values.then(|| bare(at, start, b"")).flatten()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `: &str = "…"`
fn behind_type(at: AnchorPlace<'_>, start: usize) -> Option<Range<usize>> {
    let is_type = |byte: u8| byte.is_ascii_alphanumeric() || b"_&'<>:,. |?[]".contains(&byte);
    let end = at.skip(start, LONGEST_TYPE, is_type);
    (at.byte(end) == b'=').then(|| quoted(at, at.skip(end + 1, 4, is_blank))).flatten()
}

/// The text between quotes, which may be escaped or have a prefix as in `b"…"` and `r#"…"#`.
fn quoted(at: AnchorPlace<'_>, start: usize) -> Option<Range<usize>> {
    let is_mark =
        |byte: u8| matches!(byte, b'b' | b'r' | b'f' | b'u' | b'L' | b'@' | b'$' | b'#' | b'\\' | b'(');
    let open = at.skip(start, 3, is_mark);
    let quote = at.byte(open);
    if !matches!(quote, b'"' | b'\'' | b'`') {
        return None;
    }
    let inside = at.text.get(open + 1..at.text.len().min(open + 1 + LONGEST))?;
    let end = inside.iter().position(|byte| *byte == quote || *byte == b'\n')?;
    let escape = usize::from(inside[..end].ends_with(b"\\") && at.text[open - 1] == b'\\');
    (inside[end] == quote).then_some(open + 1..open + 1 + end - escape)
}

/// The text up to a blank or a line end, unless a shell or a template fills it in.
fn bare(at: AnchorPlace<'_>, start: usize, ends: &[u8]) -> Option<Range<usize>> {
    let rest = at.text.get(start..at.text.len().min(start + LONGEST))?;
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || ends.contains(byte);
    let end = rest.iter().position(is_end).unwrap_or(rest.len());
    let value = &rest[..end];
    let is_filled_in = value.iter().any(|byte| b"$(){}[]<>\"'`;".contains(byte));
    (!is_filled_in && !value.is_empty()).then_some(start..start + end)
}
