//! The built-in rules: the shapes of credentials. Each has literals, of which every match contains one. So a
//! text without these literals needs only one step for each byte.

use std::ops::Range;

use redact::tokens::{self, Charset, Guarded, Token};

use super::assignment;
use super::shapes::{self, AnchorPlace};
use super::url;

/// A kind of credential.
pub(super) struct CredentialRule {
    /// Its name in exemptions.
    pub id: &'static str,
    /// What it finds, for people.
    pub name: &'static str,
    /// Every match contains one of these literals. They have at least three characters.
    pub anchors: &'static [&'static str],
    /// Whether the anchors match in any case.
    pub any_case: bool,
    /// How the credential at an anchor is parsed.
    pub find: Find,
}

/// How a credential is parsed.
pub(super) enum Find {
    /// The anchor followed by a number of these characters within the bounds.
    Run(usize, usize, Charset),
    /// A function that returns the byte range in the whole text.
    By(fn(AnchorPlace<'_>) -> Option<Range<usize>>),
}

impl Find {
    /// The byte range of the credential at an anchor.
    pub fn at(&self, at: AnchorPlace<'_>) -> Option<Range<usize>> {
        match self {
            Self::Run(least, most, charset) => at.token(*least..=*most, |byte| charset.contains(byte)),
            Self::By(find) => find(at),
        }
    }
}

/// A rule for a kind of token that redaction also knows; its shape is a run of characters.
const fn token(kind: &'static Token) -> CredentialRule {
    let Guarded::Run(least, most, charset) = kind.guarded else { panic!("this shape is read by hand") };
    CredentialRule {
        id: kind.id,
        name: kind.name,
        anchors: kind.prefixes,
        any_case: false,
        find: Find::Run(least, most, charset),
    }
}

/// A rule for such a token whose shape is parsed by a function.
const fn shaped(kind: &'static Token, find: fn(AnchorPlace<'_>) -> Option<Range<usize>>) -> CredentialRule {
    rule(kind.id, kind.name, kind.prefixes, find)
}

const fn rule(
    id: &'static str,
    name: &'static str,
    anchors: &'static [&'static str],
    find: fn(AnchorPlace<'_>) -> Option<Range<usize>>,
) -> CredentialRule {
    CredentialRule { id, name, anchors, any_case: false, find: Find::By(find) }
}

const fn named(
    id: &'static str,
    name: &'static str,
    anchors: &'static [&'static str],
    find: fn(AnchorPlace<'_>) -> Option<Range<usize>>,
) -> CredentialRule {
    CredentialRule { id, name, anchors, any_case: true, find: Find::By(find) }
}

/// The rule for names with a value that looks random; `entropy: false` disables it.
pub(super) const GENERIC: &str = "generic-assignment";

/// The rules. If two match the same characters, the earlier one applies.
pub(super) const RULES: [CredentialRule; 23] = [
    token(&tokens::AWS_ACCESS_KEY),
    // 40 characters of base64; only the name identifies them.
    named(
        "aws-secret",
        "an AWS secret key",
        &[
            "aws_secret",
            "aws-secret",
            "secret_access_key",
            "secretaccesskey",
            "secret-access-key",
            "secret_key",
        ],
        shapes::aws_secret,
    ),
    token(&tokens::GITHUB),
    shaped(&tokens::GITHUB_PAT, shapes::github_pat),
    token(&tokens::GITLAB),
    shaped(&tokens::SLACK, shapes::slack_token),
    rule("slack-webhook", "a Slack webhook", &["hooks.slack.com/services/"], shapes::slack_webhook),
    token(&tokens::STRIPE),
    token(&tokens::GOOGLE),
    rule(
        "gcp-service-account",
        "a Google service account's key",
        &["\"private_key\"", "\\\"private_key\\\""],
        shapes::service_account,
    ),
    // RSA, EC, DSA, OPENSSH, PGP, ENCRYPTED and plain keys. A marker without a key after it is only text
    // about keys.
    rule("private-key", "a private key", &["-----BEGIN "], shapes::private_key),
    token(&tokens::ANTHROPIC),
    token(&tokens::OPENAI),
    // Older keys contain `OpenAI` in base64.
    rule("openai-key", "an OpenAI API key", &["T3BlbkFJ"], shapes::old_openai),
    token(&tokens::NPM),
    token(&tokens::PYPI),
    shaped(&tokens::JWT, shapes::jwt),
    shaped(&tokens::SENDGRID, shapes::sendgrid),
    // 32 hexadecimal digits after two letters are too common without the name.
    named("twilio-key", "a Twilio key", &["twilio"], shapes::twilio),
    // The bot's number, then 35 characters; the first two are always the same.
    rule("telegram-token", "a Telegram bot token", &[":AA"], shapes::telegram),
    rule("azure-key", "an Azure storage key", &["AccountKey="], shapes::azure),
    rule("url-credentials", "a password in a URL", &["://"], url::password),
    named(
        GENERIC,
        "a value that looks like a credential",
        &[
            "password",
            "passwd",
            "secret",
            "token",
            "api_key",
            "api-key",
            "apikey",
            "access_key",
            "access-key",
            "accesskey",
            "private_key",
            "private-key",
            "privatekey",
            "secret_key",
            "secret-key",
            "secretkey",
            "encryption_key",
            "signing_key",
        ],
        assignment::value,
    ),
];

/// For each three bytes, by [`index`], whether an anchor begins with them.
const BEGINNINGS: [u64; 512] = beginnings();

/// The index of a byte and the two before it in [`BEGINNINGS`], computed from the previous index. Five bits
/// of each byte suffice, and make upper and lower case equal.
pub(super) const fn index(before: usize, byte: u8) -> usize {
    (before << 5 | (byte & 31) as usize) & 0x7fff
}

/// Whether an anchor may begin with the three bytes of this index.
pub(super) fn begins(index: usize) -> bool {
    BEGINNINGS[index >> 6] >> (index & 63) & 1 == 1
}

/// The rules with an anchor that begins like this byte, with their numbers.
pub(super) fn rules_at(byte: u8) -> impl Iterator<Item = (usize, &'static CredentialRule)> {
    let numbers = BY_FIRST[usize::from(byte & 31)];
    RULES.iter().enumerate().filter(move |(number, _)| numbers >> number & 1 == 1)
}

/// For each value of the low five bits of a byte, one bit for each rule with an anchor that begins with it.
const BY_FIRST: [u32; 32] = {
    let mut table = [0; 32];
    let mut rule = 0;
    while rule < RULES.len() {
        let mut anchor = 0;
        while anchor < RULES[rule].anchors.len() {
            table[(RULES[rule].anchors[anchor].as_bytes()[0] & 31) as usize] |= 1 << rule;
            anchor += 1;
        }
        rule += 1;
    }
    table
};

const fn beginnings() -> [u64; 512] {
    let mut table = [0; 512];
    let mut rule = 0;
    while rule < RULES.len() {
        let anchors = RULES[rule].anchors;
        let mut anchor = 0;
        while anchor < anchors.len() {
            let bytes = anchors[anchor].as_bytes();
            let at = index(index(index(0, bytes[0]), bytes[1]), bytes[2]);
            table[at >> 6] |= 1 << (at & 63);
            anchor += 1;
        }
        rule += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_anchor_is_looked_for() {
        let is_begun = |text: &str| begins(text.bytes().take(3).fold(0, index));
        for rule in &RULES {
            for anchor in rule.anchors {
                assert!(anchor.len() >= 3 && is_begun(anchor), "{}", rule.id);
                assert!(rules_at(anchor.as_bytes()[0]).any(|(_, known)| known.id == rule.id), "{}", rule.id);
                assert!(!rule.any_case || *anchor == anchor.to_ascii_lowercase(), "{}", rule.id);
                assert!(!rule.any_case || is_begun(&anchor.to_ascii_uppercase()), "{}", rule.id);
            }
        }
        assert!(!is_begun("   ") && !is_begun("the"));
    }
}
