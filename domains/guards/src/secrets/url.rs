//! Passwords in URLs: `scheme://user:password@host`.

use std::ops::Range;

use memchr::{memchr, memrchr};

use super::shapes::AnchorPlace;

/// The longest part of a URL that is examined, in bytes.
const LONGEST: usize = 300;
/// Weak passwords, which protect nothing.
const KNOWN: &str = " pass passwd password passwort pwd secret postgres mysql mariadb redis mongo mongodb rabbitmq root \
    admin administrator guest user username token key apikey foo bar baz abc ";
/// Hosts that only this machine can reach, or that do not exist.
const NOWHERE: [&str; 10] = [
    "localhost",
    "0.0.0.0",
    "host.docker.internal",
    "example",
    "host",
    "hostname",
    "server",
    "domain",
    "my",
    "some",
];

/// The password in the URL whose `://` is at an anchor, if its host can exist.
pub(super) fn password(at: AnchorPlace<'_>) -> Option<Range<usize>> {
    let has_scheme = at.start.checked_sub(1).is_some_and(|before| at.text[before].is_ascii_alphanumeric());
    let rest = &at.text[at.end..at.text.len().min(at.end + LONGEST)];
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`<>/\\,;()|".contains(byte);
    let authority = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
    let host = memrchr(b'@', authority)? + 1;
    let colon = memchr(b':', &authority[..host - 1])?;
    let lower = |part: &[u8]| Some(std::str::from_utf8(part).ok()?.to_ascii_lowercase());
    let (user, password) = (lower(&authority[..colon])?, lower(&authority[colon + 1..host - 1])?);
    let is_known = KNOWN.contains(&format!(" {password} ")) || password == user || password.len() < 4;
    let is_one =
        has_scheme && !is_known && !is_filled_in(&password) && is_somewhere(&lower(&authority[host..])?);
    (is_one && !at.is_in_long_line()).then_some(at.end + colon + 1..at.end + host - 1)
}

/// Whether a shell, a template or a format string fills the password in. `%40` is a character, `%s` is not.
fn is_filled_in(password: &str) -> bool {
    let is_code = |code: &str| code.len() >= 2 && code.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    password.starts_with('$')
        || password.contains(['{', '}', '[', ']', '*'])
        || !password.split('%').skip(1).all(is_code)
}

fn is_somewhere(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    let is_shown = |part: &str| matches!(part, "example" | "test" | "invalid" | "localhost");
    // An example host such as `my-host`.
    let is_made_up = |known: &&str| {
        let rest = name.strip_prefix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
    };
    !host.is_empty()
        && !host.starts_with(['$', '{', '%'])
        && !host.starts_with("[::1]")
        && !name.starts_with("127.")
        // A host without a dot is a container of the same compose file or cluster.
        && name.contains('.')
        && !name.split('.').any(is_shown)
        && !NOWHERE.iter().any(is_made_up)
}
