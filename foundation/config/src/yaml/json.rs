//! Writes JSON as YAML where the two differ.

use std::borrow::Cow;

/// A configuration written as JSON, such as `json.dump` writes it, in the part of JSON that is YAML: characters beyond the
/// first plane are written out instead of as two surrogates, and tabs between values are spaces. Any other text stays.
pub(super) fn json_as_yaml(text: &str) -> Cow<'_, str> {
    let is_odd = |text: &str| text.contains('\t') || text.contains("\\u");
    let is_json = text.trim_start().starts_with('{')
        && is_odd(text)
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if !is_json {
        return Cow::Borrowed(text);
    }
    let mut yaml = String::with_capacity(text.len());
    let mut is_string = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match (c, is_string) {
            ('\\', true) => match unescaped(rest) {
                Some((character, length)) => {
                    yaml.push(character);
                    length
                }
                None => {
                    let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                    yaml.push_str(&rest[..length]);
                    length
                }
            },
            ('\t', false) => {
                yaml.push(' ');
                1
            }
            _ => {
                is_string ^= c == '"';
                yaml.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    Cow::Owned(yaml)
}

/// The character that the surrogates at the beginning of a text stand for, and how long they are. One without the other
/// stands for none.
fn unescaped(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let first = unit(text)?;
    if !(0xD800..0xE000).contains(&first) {
        return None;
    }
    let pair = text.get(6..).and_then(unit).map(|second| [first, second]);
    let character = pair.and_then(|pair| char::decode_utf16(pair).next()?.ok());
    Some(character.map_or((char::REPLACEMENT_CHARACTER, 6), |character| (character, 12)))
}
