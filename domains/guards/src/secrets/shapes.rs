//! Parsers for the shapes of credentials. They are functions because a regular expression costs more to
//! compile than all texts to read.

use std::ops::{Range, RangeInclusive};

use memchr::{memchr, memmem, memrchr};
use platform::base64::{Base64Alphabet, decode};

use super::entropy;

/// How many bytes of the line before and after an anchor are examined. Longer lines are generated.
const AROUND: usize = 1_000;

/// An anchor in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnchorPlace<'a> {
    /// The whole text.
    pub text: &'a [u8],
    /// Where the anchor begins.
    pub start: usize,
    /// Where the anchor ends.
    pub end: usize,
    /// Whether the file has unquoted values.
    pub has_bare_values: bool,
}

fn alnum(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn upper_alnum(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

pub(super) fn base64_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

impl<'a> AnchorPlace<'a> {
    /// A token: the anchor, then a number of these characters within the bounds, and then none of them.
    pub fn token(self, length: RangeInclusive<usize>, is: impl Fn(u8) -> bool) -> Option<Range<usize>> {
        if !self.begins_word(self.start) {
            return None;
        }
        let rest = self.text[self.end..].iter();
        let run = rest.take(length.end() + 1).take_while(|byte| is(**byte)).count();
        let end = self.end + run;
        (length.contains(&run) && self.ends_word(end)).then_some(self.start..end)
    }

    /// The number of these characters from here on.
    pub fn run(self, at: usize, is: fn(u8) -> bool) -> usize {
        self.text.get(at..).unwrap_or_default().iter().take_while(|byte| is(**byte)).count()
    }

    /// The byte at this position, or a line end after the text.
    pub fn byte(self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(b'\n')
    }

    /// Whether a word may start here. The `n` of `\n` in source text ends a line, and the digits of `%3D` are
    /// one character.
    fn begins_word(self, at: usize) -> bool {
        let before = |back: usize| at.checked_sub(back).map_or(b'\n', |at| self.text[at]);
        !is_word(before(1))
            || before(2) == b'\\' && matches!(before(1), b'n' | b'r' | b't')
            || before(3) == b'%'
    }

    fn ends_word(self, at: usize) -> bool {
        !is_word(self.byte(at))
    }

    /// The line around the anchor, within the limit.
    pub fn line(self) -> Range<usize> {
        let from = self.start.saturating_sub(AROUND);
        let to = self.text.len().min(self.end + AROUND);
        let start = memrchr(b'\n', &self.text[from..self.start]).map_or(from, |at| from + at + 1);
        start..memchr(b'\n', &self.text[self.end..to]).map_or(to, |at| self.end + at)
    }

    /// Whether the line is longer than a person writes.
    pub fn is_in_long_line(self) -> bool {
        self.line().len() > AROUND
    }

    /// The position after these characters, at most `most` of them.
    pub fn skip(self, at: usize, most: usize, is: fn(u8) -> bool) -> usize {
        at + self.text.get(at..).unwrap_or_default().iter().take(most).take_while(|byte| is(**byte)).count()
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// `github_pat_`, 22 characters, `_`, 59 characters.
pub(super) fn github_pat(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let whole = at.token(82..=82, is_word)?;
    (at.byte(at.end + 22) == b'_').then_some(whole)
}

/// The kind of token, then numbers and letters separated by dashes.
pub(super) fn slack_token(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let whole = at.token(20..=255, is_part)?;
    (at.text[at.end..whole.end].iter().filter(|byte| byte.is_ascii_digit()).count() >= 8).then_some(whole)
}

/// A team, a channel, and the credential.
pub(super) fn slack_webhook(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let team = at.end + at.run(at.end, upper_alnum);
    let channel = team + 1 + at.run(team + 1, upper_alnum);
    let end = channel + 1 + at.run(channel + 1, alnum);
    let is_hook = at.byte(at.end) == b'T'
        && at.byte(team) == b'/'
        && at.byte(team + 1) == b'B'
        && at.byte(channel) == b'/'
        && team - at.end >= 8
        && end - channel > 20;
    is_hook.then_some(channel + 1..end)
}

/// 40 characters after a name and a separator.
pub(super) fn aws_secret(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let name = at.skip(at.end, 20, base64_url);
    let start = at.skip(name, 12, |byte| b" \t\"'`:=>\\,]".contains(&byte));
    let is_separated =
        at.text[name.min(at.text.len())..start.min(at.text.len())].iter().any(|byte| b":=>,".contains(byte));
    let value = start..start + at.run(start, base64);
    let is_key = is_separated && value.len() == 40 && at.byte(value.end) != b'=';
    (is_key && entropy::bits(&String::from_utf8_lossy(&at.text[value.clone()])) >= 3.5).then_some(value)
}

/// The key in the file that Google issues for a service account.
pub(super) fn service_account(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let begin = at.skip(at.end, 12, |byte| b" \t:\"\\".contains(&byte));
    if !at.text.get(begin..)?.starts_with(BEGIN) {
        return None;
    }
    private_key(AnchorPlace { start: begin, end: begin + BEGIN.len(), ..at })
}

const BEGIN: &[u8] = b"-----BEGIN ";

/// A private key in PEM or PGP armour: from its marker to the end of the first line of the key.
pub(super) fn private_key(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    /// The longest kind: `ENCRYPTED PRIVATE KEY`.
    const LONGEST: usize = 48;
    let rest = &at.text[at.end..at.text.len().min(at.end + LONGEST)];
    let kind = &rest[..memmem::find(rest, b"-----")?];
    let is_private = kind.ends_with(b"PRIVATE KEY") || kind.ends_with(b"PRIVATE KEY BLOCK");
    let end = is_private.then(|| key_after(at, at.end + kind.len() + 5)).flatten()?;
    Some(at.start..end)
}

/// The end of a key's first line, which follows line ends, quotes and headers.
fn key_after(at: AnchorPlace<'_>, mut start: usize) -> Option<usize> {
    const MOST_HEADERS: usize = 6;
    const LONGEST_HEADER: usize = 200;
    for _ in 0..MOST_HEADERS {
        loop {
            let escape = at.byte(start) == b'\\' && matches!(at.byte(start + 1), b'n' | b'r' | b't');
            match at.byte(start) {
                _ if start >= at.text.len() => return None,
                _ if escape => start += 2,
                b' ' | b'\t' | b'\n' | b'\r' | b'"' | b'\'' | b'`' | b'+' | b',' | b'\\' | b'#' | b'*'
                | b'|' => {
                    start += 1;
                }
                _ => break,
            }
        }
        let run = at.run(start, base64);
        // A random line has about 5 bits per character; the start of an OpenSSH key, with many zeros, has
        // 3.6.
        if run >= 40 {
            let bits = entropy::bits(&String::from_utf8_lossy(&at.text[start..start + run]));
            return (bits >= 3.0).then_some(start + run);
        }
        // A header: `Proc-Type: 4,ENCRYPTED`, `Version: GnuPG v2`.
        let end = at.skip(start, LONGEST_HEADER, |byte| !matches!(byte, b'\n' | b'\\'));
        if memmem::find(&at.text[start..end], b": ").is_none_or(|name| name > 20) {
            return None;
        }
        start = end;
    }
    None
}

/// `sk-`, 20 characters, `OpenAI` in base64, 20 more.
pub(super) fn old_openai(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let start = at.start.checked_sub(23)?;
    let is_key =
        at.text[start..].starts_with(b"sk-") && at.run(start + 3, alnum) >= 48 && at.begins_word(start);
    is_key.then(|| start..start + 3 + at.run(start + 3, alnum))
}

/// Three parts in base64 separated by dots. The first is an object that names the signature algorithm of the
/// third.
pub(super) fn jwt(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    /// The start of all examples that show how a token is made: `{"sub":"1234567890","name":"John Doe"`.
    const SHOWN: &[u8] = b"eyJzdWIiOiIxMjM0NTY3ODkwI";
    // A match inside a run of such characters is not a token, and testing every position of the run would
    // take long.
    if !at.begins_word(at.start) || at.text[..at.start].ends_with(b"-") {
        return None;
    }
    let header = at.start..at.start + at.run(at.start, base64_url);
    let payload = header.end + 1..header.end + 1 + at.run(header.end + 1, base64_url);
    let signature = payload.end + 1..payload.end + 1 + at.run(payload.end + 1, base64_url);
    let is_token = at.byte(header.end) == b'.'
        && at.byte(payload.end) == b'.'
        && payload.len() >= 8
        && signature.len() >= 20
        && !at.text[payload].starts_with(SHOWN)
        && decode(at.text[header].iter().copied(), Base64Alphabet::Url)
            .is_some_and(|header| memmem::find(&header, b"\"alg\"").is_some());
    is_token.then_some(at.start..signature.end)
}

/// `SG.`, 22 characters, a dot, 43 characters.
pub(super) fn sendgrid(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let id = at.end + at.run(at.end, base64_url);
    let end = id + 1 + at.run(id + 1, base64_url);
    let is_key = at.begins_word(at.start) && id - at.end == 22 && at.byte(id) == b'.' && end - id == 44;
    is_key.then_some(at.start..end)
}

/// `SK` or `AC` and 32 digits on a line that contains `twilio`.
pub(super) fn twilio(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    /// The largest distance from the name, in bytes.
    const NEAR: usize = 100;
    let line = at.line();
    let line = line.start.max(at.start.saturating_sub(NEAR))..line.end.min(at.end + NEAR);
    let is_key = |start: &usize| {
        let is_kind = matches!(&at.text[*start..start + 2], b"SK" | b"AC");
        is_kind && at.run(start + 2, hex) == 32 && at.begins_word(*start) && at.ends_word(start + 34)
    };
    let last = line.end.checked_sub(34)?;
    (line.start..=last).find(is_key).map(|start| start..start + 34)
}

/// The bot's number, a colon, 35 characters.
pub(super) fn telegram(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let number = at.text[..at.start].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let start = at.start - number;
    let end = at.start + 1 + at.run(at.start + 1, base64_url);
    let is_token = (8..=10).contains(&number) && end - at.start == 36;
    // In a URL it follows `bot`.
    let is_apart = at.begins_word(start) || at.text[..start].ends_with(b"bot");
    (is_token && is_apart).then_some(start..end)
}

/// 64 bytes in base64.
pub(super) fn azure(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let end = at.end + at.run(at.end, base64);
    (end - at.end == 86 && at.text[end..].starts_with(b"==")).then_some(at.end..end)
}
