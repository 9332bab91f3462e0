//! Secrets out of text before it reaches a disk. Errs towards hiding: a log line needs the shape of a
//! command, never the value of a credential.

mod clients;

use std::borrow::Cow;

use clients::Client;

/// A word with its secret hidden, and where in the word the value began.
struct Hidden {
    shown: String,
    value: usize,
}

/// What stands where a secret stood.
pub const MARK: &str = "[redacted]";

/// Words that name a credential when they end the part before `=` or `:`.
const NAMES: [&str; 13] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "private_key",
    "credential",
    "credentials",
];

/// Prefixes that issuers give their tokens, with the fewest characters that must follow.
const PREFIXES: [(&str, usize); 20] = [
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("sk-", 16),
    ("sk_live_", 12),
    ("sk_test_", 12),
    ("rk_live_", 12),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxa-", 10),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("npm_", 30),
    ("pypi-", 30),
    ("eyJ", 30),
];

/// How options begin that name a credential and take none.
const WITHOUT_VALUE: [&str; 6] = ["--no-", "--ask-", "--with-", "--show-", "--use-", "--require-"];

/// What the words so far say of the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Plain,
    Secret,
    /// The value of a header: a scheme and its credential.
    Header,
}

/// `text` with every recognised secret replaced by [`MARK`]: values of variables, options and JSON keys whose
/// name says credential, options of well-known programs whose name does not (`mysql -p…`, `curl -u me:…`),
/// `Authorization` and `Cookie` headers and bearer tokens, passwords in URLs, and tokens with an issuer's prefix.
pub fn redact(text: &str) -> Cow<'_, str> {
    if !suspicious(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut next = Next::Plain;
    let mut client = Client::default();
    let mut hidden_until: Option<char> = None;
    let mut header_quote: Option<char> = None;
    // The word before, and whether it was hidden: one that ends in a backslash goes on in the next.
    let (mut last, mut was_hidden) = ("", false);
    while !rest.is_empty() {
        let gap = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let end = gap + rest[gap..].find(char::is_whitespace).unwrap_or(rest.len() - gap);
        let (space, word) = (&rest[..gap], &rest[gap..end]);
        rest = &rest[end..];
        if let Some(quote) = hidden_until {
            if let Some(close) = word.find(quote) {
                out.push_str(&word[close..]);
                hidden_until = None;
            }
            continue;
        }
        let goes_on = last.ends_with('\\') && (space == " " || space.starts_with('\n'));
        if space.contains('\n') && !goes_on {
            client.end();
        }
        let before = std::mem::replace(&mut last, word);
        if was_hidden && goes_on && space == " " {
            continue;
        }
        was_hidden = false;
        out.push_str(space);
        if word.bytes().all(|byte| matches!(byte, b';' | b'|' | b'&')) {
            client.end();
            out.push_str(word);
            continue;
        }
        let bare = word.trim_matches(QUOTES);
        let lower = bare.to_ascii_lowercase();
        let scheme = matches!(lower.as_str(), "bearer" | "basic" | "token");
        let is_option = word.starts_with("--");
        let is_shown = scheme || is_option || next == Next::Secret && is_variable(bare);
        if next != Next::Plain && !is_shown {
            out.push_str(MARK);
            hidden_until = unclosed_quote(word);
            // Keep what closes a quotation, so that the line stays readable.
            let close = word.trim_end_matches(CLOSERS).len();
            out.push_str(&word[close..]);
            // A scheme that is not known stands before what it carries, to the header's end.
            let is_scheme = next == Next::Header && close == word.len();
            if is_scheme {
                hidden_until = hidden_until.or(header_quote);
            }
            next = if is_scheme && hidden_until.is_none() { Next::Secret } else { Next::Plain };
            was_hidden = true;
            continue;
        }
        next = demand(bare, &lower, before, scheme && (next != Next::Plain || lower != "token"));
        if next == Next::Header {
            header_quote = open_quote(word);
        }
        if let Some(hidden) = client.redact(word) {
            out.push_str(&hidden.shown);
            hidden_until = unclosed_quote(&word[hidden.value..]);
            was_hidden = true;
        } else {
            match redact_word(word) {
                Some(hidden) => {
                    out.push_str(&hidden.shown);
                    hidden_until = unclosed_quote(&word[hidden.value..]);
                    was_hidden = true;
                }
                None => out.push_str(word),
            }
        }
        if word.ends_with([';', '|', '&']) {
            client.end();
        }
    }
    Cow::Owned(out)
}

const QUOTES: [char; 6] = ['"', '\'', '`', '{', '}', ','];
const CLOSERS: [char; 4] = ['"', '\'', '}', ','];

/// What `bare`, a word without its quotes, says of the word behind it.
fn demand(bare: &str, lower: &str, before: &str, is_scheme: bool) -> Next {
    let header = lower.ends_with("authorization:") || lower.ends_with("authorization\":");
    if header || lower.ends_with("cookie:") || lower.ends_with("cookie\":") {
        return Next::Header;
    }
    let open_name = lower.ends_with(':') && names_credential(lower.trim_end_matches([':', '"', '\'']));
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let option = bare.starts_with('-')
        && bare.bytes().all(is_of_name)
        && !WITHOUT_VALUE.iter().any(|prefix| lower.starts_with(prefix))
        && names_credential(lower);
    // `aws configure set aws_secret_access_key …`, `npm config set //host/:_authToken …`.
    let setting = before == "set" && lower.contains(['_', ':', '.']) && names_credential(lower);
    if is_scheme || open_name || option || setting { Next::Secret } else { Next::Plain }
}

/// The quote that a word opens and does not close: in it stands all of a header.
fn open_quote(word: &str) -> Option<char> {
    let quote = word.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    (!word[1..].contains(quote)).then_some(quote)
}

/// Whether a value is only the name of a variable, or what a command prints: the secret is not in the text.
fn is_variable(value: &str) -> bool {
    let value = value.trim_start_matches(['"', '\'', '`']);
    let name = value.strip_prefix('$').filter(|rest| !rest.starts_with(['\'', '"']));
    name.is_some_and(|name| ![":-", ":=", ":+"].iter().any(|default| name.contains(default)))
}

/// The quote that opens `value` and does not close in it.
fn unclosed_quote(value: &str) -> Option<char> {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    (!value[1..].contains(quote)).then_some(quote)
}

/// A cheap look before the work: does anything here resemble a credential at all? One pass, because nearly
/// every command is innocent and every hook looks.
fn suspicious(text: &str) -> bool {
    const HINTS: [&str; 9] =
        ["pass", "pwd", "secret", "token", "key", "credential", "authorization", "bearer", "cookie"];
    let bytes = text.as_bytes();
    (0..bytes.len()).any(|at| {
        let rest = &bytes[at..];
        let first = rest[0].to_ascii_lowercase();
        let word = |hint: &str| {
            let hint = hint.as_bytes();
            first == hint[0] && rest.len() >= hint.len() && rest[..hint.len()].eq_ignore_ascii_case(hint)
        };
        match first {
            b':' => rest.starts_with(b"://"),
            b'0'..=b'9' | b'a'..=b'z' => {
                let begins =
                    |prefix: &str| prefix.as_bytes()[0] == rest[0] && rest.starts_with(prefix.as_bytes());
                HINTS.iter().any(|hint| word(hint))
                    || PREFIXES.iter().any(|(prefix, _)| begins(prefix))
                    || (at == 0 || !bytes[at - 1].is_ascii_alphanumeric()) && clients::is_named(rest)
            }
            _ => false,
        }
    })
}

fn names_credential(name: &str) -> bool {
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
    NAMES.iter().any(|word| name.ends_with(word))
        || name.strip_suffix("pass").is_some_and(|rest| !rest.ends_with(|c: char| c.is_ascii_alphanumeric()))
        || name.ends_with("key")
            && ["secret", "account-key", "authkey", "auth-key", "auth_key"]
                .iter()
                .any(|word| name.contains(word))
}

fn redact_word(word: &str) -> Option<Hidden> {
    redact_assignment(word).or_else(|| {
        let shown = redact_url(word).or_else(|| redact_token(word))?;
        Some(Hidden { shown, value: word.len() })
    })
}

/// A token with an issuer's prefix.
fn redact_token(word: &str) -> Option<String> {
    PREFIXES.iter().find_map(|(prefix, fewest)| {
        let at = word.find(prefix)?;
        // `-pghp_…`: the letter of an option stands right before its value.
        let is_option = at == 2 && word.starts_with('-');
        let boundary = at == 0 || is_option || !word.as_bytes()[at - 1].is_ascii_alphanumeric();
        let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+');
        let tail = &word[at + prefix.len()..];
        let length = tail.find(|c| !token(c)).unwrap_or(tail.len());
        (boundary && length >= *fewest).then(|| format!("{}{MARK}{}", &word[..at], &tail[length..]))
    })
}

/// `NAME=value`, `name:value`, also behind another one (`--from-literal=password=…`, `…?x=y&token=…`): from the value
/// on, the word is hidden; in a query up to its next name.
fn redact_assignment(word: &str) -> Option<Hidden> {
    let bytes = word.as_bytes();
    let mut from = 0;
    for at in (0..bytes.len()).filter(|&at| matches!(bytes[at], b'=' | b':')) {
        let name = &word[from..at];
        let value = &word[at + 1..];
        // `token::refresh` is a path in a program.
        let is_path = value.starts_with(':') || at > 0 && bytes[at - 1] == b':';
        if !is_path
            && !value.is_empty()
            && !value.starts_with('/')
            && names_credential(name)
            && !is_variable(value)
        {
            let query = if word.contains("://") { value.find('&') } else { None };
            let end = query.unwrap_or_else(|| value.trim_end_matches(['"', '\'', '}', ',', ';', ')']).len());
            return Some(Hidden { shown: format!("{}{MARK}{}", &word[..=at], &value[end..]), value: at + 1 });
        }
        from = at + 1;
    }
    None
}

/// `https://user:password@host` with the password masked.
fn redact_url(word: &str) -> Option<String> {
    let start = word.find("://")? + 3;
    let authority = &word[start..start + word[start..].find(['/', '?', '#']).unwrap_or(word.len() - start)];
    let at = authority.rfind('@')?;
    let user = &authority[..at];
    let keep = user.find(':').map_or(0, |colon| colon + 1);
    Some(format!("{}{}{MARK}{}", &word[..start], &user[..keep], &word[start + at..]))
}

#[cfg(test)]
mod tests;
