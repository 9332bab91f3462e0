//! Tokens with an issuer's prefix. Redaction uses the table to hide them, and guard `secrets` to refuse writing them.
//! Redaction requires few characters after the prefix; the guard requires the complete form.

/// A kind of token.
#[derive(Debug)]
pub struct Token {
    /// Its id in exemptions of the guard.
    pub id: &'static str,
    /// Its name in messages.
    pub name: &'static str,
    /// The prefixes of its tokens.
    pub prefixes: &'static [&'static str],
    /// The fewest characters after the prefix for redaction. `None` if another row's prefix covers it.
    pub redacted_from: Option<usize>,
    /// The form that the guard finds.
    pub guarded: Guarded,
}

/// The form after the prefix that the guard takes for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarded {
    /// Nothing.
    Never,
    /// From the first to the second number of these characters.
    Run(usize, usize, Charset),
    /// A form that the guard checks with its own code.
    Shape,
}

/// The characters of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// ASCII letters and digits.
    Alnum,
    /// ASCII capital letters and digits.
    UpperAlnum,
    /// The alphabet of base64 for URLs.
    Base64Url,
}

impl Charset {
    /// Whether the set contains a byte.
    pub fn contains(self, byte: u8) -> bool {
        match self {
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::UpperAlnum => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
        }
    }
}

const fn token(
    id: &'static str,
    name: &'static str,
    prefixes: &'static [&'static str],
    redacted_from: Option<usize>,
    guarded: Guarded,
) -> Token {
    Token { id, name, prefixes, redacted_from, guarded }
}

/// Permanent and temporary access keys. Source: docs.aws.amazon.com, "IAM identifiers".
pub const AWS_ACCESS_KEY: Token = token(
    "aws-access-key",
    "an AWS access key",
    &["AKIA", "ASIA"],
    Some(16),
    Guarded::Run(16, 16, Charset::UpperAlnum),
);
/// Personal, OAuth, user-to-server, server-to-server and refresh tokens: 36 characters, some longer.
pub const GITHUB: Token = token(
    "github-token",
    "a GitHub token",
    &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"],
    Some(20),
    Guarded::Run(36, 255, Charset::Alnum),
);
/// Fine-grained personal tokens.
pub const GITHUB_PAT: Token =
    token("github-pat", "a GitHub token", &["github_pat_"], Some(20), Guarded::Shape);
/// Personal tokens of GitLab.
pub const GITLAB: Token =
    token("gitlab-token", "a GitLab token", &["glpat-"], Some(16), Guarded::Run(20, 300, Charset::Base64Url));
/// Tokens of bots, users and workspaces, and refresh tokens.
pub const SLACK: Token =
    token("slack-token", "a Slack token", &["xoxb-", "xoxp-", "xoxa-", "xoxr-"], Some(10), Guarded::Shape);
/// Live keys only: `sk_test_` keys move no money, and `pk_` keys are public.
pub const STRIPE: Token = token(
    "stripe-key",
    "a Stripe live key",
    &["sk_live_", "rk_live_"],
    Some(12),
    Guarded::Run(16, 255, Charset::Alnum),
);
/// Keys of Google APIs.
pub const GOOGLE: Token = token(
    "google-api-key",
    "a Google API key",
    &["AIza"],
    Some(30),
    Guarded::Run(35, 35, Charset::Base64Url),
);
/// Anthropic keys. [`SK`] redacts them.
pub const ANTHROPIC: Token = token(
    "anthropic-key",
    "an Anthropic API key",
    &["sk-ant-"],
    None,
    Guarded::Run(24, 255, Charset::Base64Url),
);
/// OpenAI keys. [`SK`] redacts them.
pub const OPENAI: Token = token(
    "openai-key",
    "an OpenAI API key",
    &["sk-proj-", "sk-svcacct-", "sk-admin-"],
    None,
    Guarded::Run(20, 255, Charset::Base64Url),
);
/// Keys of many issuers. The prefix is too short for the guard.
pub const SK: Token = token("", "an API key", &["sk-"], Some(16), Guarded::Never);
/// Tokens of the npm registry.
pub const NPM: Token =
    token("npm-token", "an npm token", &["npm_"], Some(30), Guarded::Run(36, 36, Charset::Alnum));
/// Macaroons that begin with their location. [`PYPI_ANY`] redacts them.
pub const PYPI: Token =
    token("pypi-token", "a PyPI token", &["pypi-AgEI"], None, Guarded::Run(50, 1_000, Charset::Base64Url));
/// PyPI tokens of any location.
pub const PYPI_ANY: Token = token("", "a PyPI token", &["pypi-"], Some(30), Guarded::Never);
/// Signed web tokens: JSON in base64.
pub const JWT: Token = token("jwt", "a signed web token (JWT)", &["eyJ"], Some(30), Guarded::Shape);
/// Keys of SendGrid.
pub const SENDGRID: Token = token("sendgrid-key", "a SendGrid key", &["SG."], Some(20), Guarded::Shape);

/// All kinds of tokens.
pub const TOKENS: [Token; 19] = [
    AWS_ACCESS_KEY,
    GITHUB,
    GITHUB_PAT,
    GITLAB,
    SLACK,
    STRIPE,
    GOOGLE,
    ANTHROPIC,
    OPENAI,
    SK,
    NPM,
    PYPI,
    PYPI_ANY,
    JWT,
    SENDGRID,
    token("", "a Stripe test key", &["sk_test_"], Some(12), Guarded::Never),
    token("", "a Slack app token", &["xapp-"], Some(10), Guarded::Never),
    token(
        "",
        "a token",
        &["whsec_", "shpat_", "hvs.", "glsa_", "dckr_pat_", "tskey-"],
        Some(16),
        Guarded::Never,
    ),
    token(
        "",
        "a token",
        &["hf_", "dop_v1_", "gsk_", "rubygems_", "ya29.", "AGE-SECRET-KEY-1"],
        Some(20),
        Guarded::Never,
    ),
];

/// The redacted prefixes, with the fewest characters after them. The list is flat, because every position of every
/// text is compared with it.
pub(crate) const REDACTED: [(&str, usize); REDACTED_COUNT] = {
    let mut flat = [("", 0); REDACTED_COUNT];
    let (mut row, mut next) = (0, 0);
    while row < TOKENS.len() {
        if let Some(fewest) = TOKENS[row].redacted_from {
            let mut prefix = 0;
            while prefix < TOKENS[row].prefixes.len() {
                flat[next] = (TOKENS[row].prefixes[prefix], fewest);
                (prefix, next) = (prefix + 1, next + 1);
            }
        }
        row += 1;
    }
    flat
};

const REDACTED_COUNT: usize = {
    let (mut row, mut count) = (0, 0);
    while row < TOKENS.len() {
        if TOKENS[row].redacted_from.is_some() {
            count += TOKENS[row].prefixes.len();
        }
        row += 1;
    }
    count
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact;

    /// Each redacted prefix with the fewest characters that hide a token.
    const EXPECTED: [(&str, usize); 35] = [
        ("AKIA", 16),
        ("ASIA", 16),
        ("ghp_", 20),
        ("gho_", 20),
        ("ghu_", 20),
        ("ghs_", 20),
        ("ghr_", 20),
        ("github_pat_", 20),
        ("glpat-", 16),
        ("xoxb-", 10),
        ("xoxp-", 10),
        ("xoxa-", 10),
        ("xoxr-", 10),
        ("sk_live_", 12),
        ("rk_live_", 12),
        ("sk_test_", 12),
        ("AIza", 30),
        ("sk-", 16),
        ("npm_", 30),
        ("pypi-", 30),
        ("eyJ", 30),
        ("SG.", 20),
        ("xapp-", 10),
        ("whsec_", 16),
        ("shpat_", 16),
        ("hvs.", 16),
        ("glsa_", 16),
        ("dckr_pat_", 16),
        ("tskey-", 16),
        ("hf_", 20),
        ("dop_v1_", 20),
        ("gsk_", 20),
        ("rubygems_", 20),
        ("ya29.", 20),
        ("AGE-SECRET-KEY-1", 20),
    ];

    #[test]
    fn every_prefix_hides_a_token_that_is_long_enough() {
        for (prefix, fewest) in EXPECTED {
            let hidden =
                |length: usize| redact(&format!("x {prefix}{}", "7".repeat(length))) == "x [redacted]";
            assert!(hidden(fewest), "{prefix}");
            assert!(!hidden(fewest - 1), "{prefix}");
        }
        assert_eq!(REDACTED.len(), EXPECTED.len());
    }

    #[test]
    fn what_the_guard_refuses_is_hidden_as_well() {
        for row in TOKENS.iter().filter(|row| row.guarded != Guarded::Never) {
            for prefix in row.prefixes {
                let text = format!("x {prefix}{}", "7".repeat(60));
                assert!(redact(&text).contains("[redacted]"), "{}: {prefix}", row.id);
            }
        }
    }

    #[test]
    fn each_alphabet_has_its_characters_and_no_others() {
        for (charset, has, lacks) in [
            (Charset::Alnum, "azAZ09", "-_+/= \u{e9}"),
            (Charset::UpperAlnum, "AZ09", "az-_"),
            (Charset::Base64Url, "azAZ09-_", "+/=."),
        ] {
            assert!(has.bytes().all(|byte| charset.contains(byte)), "{charset:?}");
            assert!(!lacks.bytes().any(|byte| charset.contains(byte)), "{charset:?}");
        }
    }
}
