//! Removes secrets from text before it is written to disk. It hides too much rather than too little: a log line needs
//! the shape of a command, never a credential's value.

mod clients;
mod hidden;
pub mod tokens;

use std::borrow::Cow;

use clients::Client;
use hidden::{Hidden, is_variable};

pub use hidden::MARK;
use tokens::REDACTED;

/// Words that name a credential at the end of the part before `=` or `:`.
const NAMES: [&str; 14] = [
    "password",
    "authorization",
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

/// Prefixes of options that name a credential and take no value.
const WITHOUT_VALUE: [&str; 6] = ["--no-", "--ask-", "--with-", "--show-", "--use-", "--require-"];

/// The meaning of the next word, from the words before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Plain,
    Secret,
    /// The value of a header: a scheme and its credential.
    Header,
    /// After a name without a sign: a sign, and then a secret.
    Separator,
    /// A secret if it is quoted, as in SQL's `PASSWORD '…'`.
    Quoted,
    /// A secret if it looks like a token, as after the word `bearer`.
    Token,
}

/// `text` with every recognised secret replaced by [`MARK`].
///
/// These are secrets: values of variables, options and JSON keys whose name means a credential; options of known
/// programs (`mysql -p…`, `curl -u me:…`); `Authorization` and `Cookie` headers and bearer tokens; passwords in URLs;
/// tokens with an issuer's prefix.
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
    // The previous word, and whether it was hidden. A word with a backslash at its end continues in the next word.
    let (mut last, mut was_hidden) = ("", false);
    // The previous word that is not an option.
    let mut before_option = "";
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
        let before = if last.starts_with("--") { before_option } else { last };
        before_option = before;
        last = word;
        if was_hidden && goes_on && space == " " {
            continue;
        }
        was_hidden = false;
        out.push_str(space);
        let bare = word.trim_end_matches('\\').trim_matches(QUOTES);
        // `echo … | sudo -S`: the output is the input of a program that reads a secret.
        if matches!(bare, "echo" | "printf") && is_read_as_secret(rest) {
            out.push_str(word);
            let end = rest.find('|').unwrap_or(rest.len());
            out.push(' ');
            out.push_str(MARK);
            out.push(' ');
            rest = &rest[end..];
            continue;
        }
        if bare == "<<<" && reads_secret(text) {
            out.push_str(word);
            next = Next::Secret;
            continue;
        }
        if word.bytes().all(|byte| matches!(byte, b';' | b'|' | b'&')) {
            client.end();
            out.push_str(word);
            continue;
        }
        let lower = bare.to_ascii_lowercase();
        let scheme = matches!(lower.as_str(), "bearer" | "basic" | "token");
        let is_option = word.starts_with("--");
        // A name and its value may be separate words: `password = "…"`.
        let is_sign = matches!(bare, "=" | ":" | ":=" | "=>" | "==");
        if next == Next::Separator || next == Next::Quoted && is_sign {
            next = if is_sign { Next::Secret } else { Next::Plain };
            if next == Next::Secret {
                out.push_str(word);
                continue;
            }
        }
        if next == Next::Quoted {
            next = if word.starts_with(['"', '\'']) && word.len() > 2 { Next::Secret } else { Next::Plain };
        }
        if next == Next::Token {
            let is_one = bare.len() >= 8 && bare.bytes().any(|byte| byte.is_ascii_digit());
            next = if is_one { Next::Secret } else { Next::Plain };
        }
        let is_shown = scheme || bare.is_empty() || is_option || next == Next::Secret && is_variable(bare);
        if next != Next::Plain && !is_shown {
            out.push_str(MARK);
            hidden_until = unclosed_quote(word);
            // A closing quote is kept, so that the line stays readable.
            let close = word.trim_end_matches(CLOSERS).len();
            out.push_str(&word[close..]);
            // An unknown scheme comes before its credential, so the rest of the header is hidden too.
            let is_scheme = next == Next::Header && close == word.len();
            if is_scheme {
                hidden_until = hidden_until.or(header_quote);
            }
            next = if is_scheme && hidden_until.is_none() { Next::Secret } else { Next::Plain };
            was_hidden = true;
            continue;
        }
        // In a header any word may be a scheme.
        let in_header = next != Next::Plain;
        next = demand(word, bare, &lower, before, scheme && (in_header || lower == "bearer"));
        if in_header && scheme {
            next = Next::Secret;
        }
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
                    let value = &word[hidden.value..];
                    hidden_until = unclosed_quote(value);
                    was_hidden = true;
                    // `Authorization:Basic …`: the next word is the scheme's credential.
                    let value = value.trim_matches(QUOTES).to_ascii_lowercase();
                    if matches!(value.as_str(), "bearer" | "basic" | "token" | "digest" | "apikey") {
                        next = Next::Secret;
                    }
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

/// Calls of programs that read a secret from their input.
const READING: [&str; 7] = [
    "sudo -S",
    "--password-stdin",
    "--with-token",
    "chpasswd",
    "passwd --stdin",
    "secret set",
    "secrets put",
];

fn reads_secret(text: &str) -> bool {
    READING.iter().any(|reading| text.contains(reading))
}

/// Whether the text is piped into a program that reads a secret.
fn is_read_as_secret(rest: &str) -> bool {
    let Some((said, reader)) = rest.split_once('|') else { return false };
    let reader = reader.split(['|', ';', '\n']).next().unwrap_or_default();
    !said.contains([';', '\n']) && reads_secret(reader)
}

/// The meaning of the word after `word`. `bare` is `word` without its quotes.
fn demand(word: &str, bare: &str, lower: &str, before: &str, is_scheme: bool) -> Next {
    let header = lower.ends_with("authorization:") || lower.ends_with("authorization\":");
    if header || lower.ends_with("cookie:") || lower.ends_with("cookie\":") {
        return if is_closed(word) { Next::Plain } else { Next::Header };
    }
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_option = bare.starts_with('-') && bare.bytes().all(is_of_name);
    let ends_in_pass = lower.ends_with("pass") && !lower.ends_with("bypass");
    if is_option {
        let takes_one = names_credential(lower) || ends_in_pass || matches!(lower, "--bearer" | "-hmac");
        let is_bare = WITHOUT_VALUE.iter().any(|prefix| lower.starts_with(prefix));
        return if takes_one && !is_bare { Next::Secret } else { Next::Plain };
    }
    let is_credential = names_credential(bare);
    let open_name = lower.ends_with(':') && is_credential && !is_closed(word);
    // `aws configure set aws_secret_access_key …`, `set -gx API_KEY …`, `git config user.password …`.
    let is_set =
        matches!(before, "set" | "setenv" | "config" | "env:set" | "config:set" | "-gx" | "-x" | "-Ux");
    let setting = is_set && is_credential && (lower.contains(['_', ':', '.']) || bare != lower);
    if open_name || setting || before.eq_ignore_ascii_case("identified") && lower == "by" {
        return Next::Secret;
    }
    if is_scheme {
        return if lower == "bearer" && before.trim_matches(QUOTES).ends_with(':') {
            Next::Secret
        } else {
            Next::Token
        };
    }
    match is_credential {
        true if lower == "password" => Next::Quoted,
        true if !bare.contains(['=', '$']) => Next::Separator,
        _ => Next::Plain,
    }
}

/// Whether a quoted word ends at its colon. Then no value follows in the next word.
fn is_closed(word: &str) -> bool {
    let quote = word.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    quote.is_some_and(|quote| word.len() > 1 && word.ends_with(quote))
        && !word.trim_end_matches(['"', '\'']).ends_with("\":")
}

/// The quote that a word opens and does not close. It contains the whole header.
fn open_quote(word: &str) -> Option<char> {
    let quote = word.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    (!word[1..].contains(quote)).then_some(quote)
}

/// The quote that opens `value` and is not closed in it.
fn unclosed_quote(value: &str) -> Option<char> {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    (!value[1..].contains(quote)).then_some(quote)
}

/// A fast check for text that may contain a credential. It makes one pass, because every hook checks and nearly every
/// command contains none.
fn suspicious(text: &str) -> bool {
    const HINTS: [&str; 13] = [
        "pass",
        "pwd",
        "secret",
        "token",
        "key",
        "credential",
        "authorization",
        "bearer",
        "cookie",
        "auth",
        "sudo -s",
        "jwt",
        "pw=",
    ];
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
                    || REDACTED.iter().any(|(prefix, _)| begins(prefix))
                    || (at == 0 || !bytes[at - 1].is_ascii_alphanumeric()) && clients::is_named(rest)
            }
            _ => false,
        }
    })
}

/// Words that make a name with `key` at its end a credential's name.
const KEYS: [&str; 24] = [
    "secret",
    "access",
    "api",
    "private",
    "master",
    "encryption",
    "signing",
    "account",
    "auth",
    "subscription",
    "storage",
    "function",
    "shared",
    "stripe",
    "app",
    "license",
    "deploy",
    "service",
    "webhook",
    "admin",
    "session",
    "cipher",
    "wrapping",
    "openai",
];

fn names_credential(name: &str) -> bool {
    let name = name.trim_matches(|c: char| !c.is_ascii_alphabetic());
    let is_constant = name.len() > 2 && name.bytes().all(|byte| !byte.is_ascii_lowercase());
    let lower = name.to_ascii_lowercase();
    let lower = lower.strip_suffix("_base").filter(|_| is_constant).unwrap_or(&lower);
    let has_end = |end: &str| {
        lower.strip_suffix(end).is_some_and(|rest| !rest.ends_with(|c: char| c.is_ascii_alphanumeric()))
    };
    NAMES.iter().any(|word| lower.ends_with(word))
        || has_end("pass")
        || lower.ends_with("key") && KEYS.iter().any(|kind| lower.contains(kind))
        // `SSHPASS`, `REDISCLI_AUTH`, `TF_TOKEN_app_terraform_io`
        || is_constant && (lower.ends_with("pass") && lower != "bypass" || lower.ends_with("_auth") || lower.ends_with("_pw"))
        || is_constant && matches!(lower, "jwt" | "cookie")
        || name.starts_with("TF_TOKEN_")
}

fn redact_word(word: &str) -> Option<Hidden> {
    redact_assignment(word).or_else(|| {
        let shown = redact_url(word).or_else(|| redact_token(word))?;
        Some(Hidden { shown, value: word.len() })
    })
}

/// Hides a token with an issuer's prefix.
fn redact_token(word: &str) -> Option<String> {
    REDACTED.iter().find_map(|(prefix, fewest)| {
        let at = word.find(prefix)?;
        // `-pghp_…`: an option's letter may come directly before its value.
        let is_option = at == 2 && word.starts_with('-');
        let boundary = at == 0 || is_option || !word.as_bytes()[at - 1].is_ascii_alphanumeric();
        let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+');
        let tail = &word[at + prefix.len()..];
        let length = tail.find(|c| !token(c)).unwrap_or(tail.len());
        (boundary && length >= *fewest).then(|| format!("{}{MARK}{}", &word[..at], &tail[length..]))
    })
}

/// Hides the value of `NAME=value` or `name:value`, also after another name (`--from-literal=password=…`,
/// `…?x=y&token=…`). The word is hidden from the value on; in a query only up to the next name.
fn redact_assignment(word: &str) -> Option<Hidden> {
    let bytes = word.as_bytes();
    let mut from = 0;
    for at in (0..bytes.len()).filter(|&at| matches!(bytes[at], b'=' | b':')) {
        let name = &word[from..at];
        let value = &word[at + 1..];
        // `token::refresh` is a path in source code.
        let is_path = value.starts_with(':') || at > 0 && bytes[at - 1] == b':';
        if !is_path
            && !value.trim_matches(['"', '\'', '`', '\\']).is_empty()
            && !value.starts_with('/')
            && names_credential(name)
            && !is_variable(value)
        {
            let query = if word.contains("?") || word.contains("://") { value.find('&') } else { None };
            let end = query.unwrap_or_else(|| value.trim_end_matches(['"', '\'', '}', ',', ';', ')']).len());
            return Some(Hidden { shown: format!("{}{MARK}{}", &word[..=at], &value[end..]), value: at + 1 });
        }
        from = at + 1;
    }
    None
}

/// Hides the password of `https://user:password@host`.
fn redact_url(word: &str) -> Option<String> {
    let start = word.find("://")? + 3;
    let authority = &word[start..start + word[start..].find(['/', '?', '#']).unwrap_or(word.len() - start)];
    let at = authority.rfind('@')?;
    let user = &authority[..at];
    // All users of a git host share the user name `git`, so it is not a secret.
    if user == "git" {
        return None;
    }
    let keep = user.find(':').map_or(0, |colon| colon + 1);
    Some(format!("{}{}{MARK}{}", &word[..start], &user[..keep], &word[start + at..]))
}

#[cfg(test)]
mod tests;
