//! Finds the credentials in a text.

use std::ops::Range;
use std::path::Path;

use memchr::{memchr, memchr_iter, memrchr};

use super::placeholder::is_placeholder;
use super::rules::{CredentialRule, GENERIC, RULES, begins, index, rules_at};
use super::shapes::AnchorPlace;

/// How many matches one text can have.
const MOST: usize = 1_000;
/// Lock files: their random values are digests.
const LOCKS: [&str; 6] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "pnpm-lock.yaml",
    "go.sum",
    "flake.lock",
    "Package.resolved",
];
/// Names and extensions of files with unquoted values.
const BARE: [&str; 22] = [
    "env",
    "properties",
    "ini",
    "cfg",
    "conf",
    "cnf",
    "yml",
    "yaml",
    "sh",
    "bash",
    "zsh",
    "fish",
    "envrc",
    "bashrc",
    "zshrc",
    "profile",
    "netrc",
    "npmrc",
    "pypirc",
    "credentials",
    "config",
    "txt",
];

/// A credential in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CredentialMatch {
    /// The rule's name in exemptions.
    pub id: String,
    /// What it is, for people.
    pub name: String,
    /// The byte range of the credential.
    pub at: Range<usize>,
    /// Its line, from 1.
    pub line: usize,
}

/// The properties of a text that depend on its file.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileTraits {
    /// Whether values that only look random count.
    has_entropy: bool,
    has_bare_values: bool,
}

impl FileTraits {
    /// The properties of a file; `None` means text of an unknown file.
    pub fn of(file: Option<&Path>, has_entropy: bool) -> Self {
        let name = file.and_then(Path::file_name).map(|name| name.to_string_lossy()).unwrap_or_default();
        let extension = name.rsplit('.').next().unwrap_or_default();
        let is_lock = extension == "lock" || extension == "sum" || LOCKS.contains(&&*name);
        let has_bare_values = BARE.contains(&extension) || name.starts_with(".env");
        Self { has_entropy: has_entropy && !is_lock, has_bare_values }
    }
}

/// The credentials in a text, in order. If two rules match the same text, the earlier one applies.
pub(super) fn scan(text: &str, kind: FileTraits) -> Vec<CredentialMatch> {
    let bytes = text.as_bytes();
    let mut found: Vec<(usize, Range<usize>)> = Vec::new();
    let mut place = 0;
    for (last, byte) in bytes.iter().enumerate() {
        place = index(place, *byte);
        let Some(start) = last.checked_sub(2).filter(|_| begins(place)) else { continue };
        for (number, rule) in rules_at(bytes[start]) {
            if let Some(at) = rule.at(bytes, start, kind)
                && (kind.has_entropy || rule.id != GENERIC)
                && let Some(value) = rule.find.at(at)
                && !is_shown(rule, &text[value.clone()], at, &value)
            {
                found.push((number, value));
            }
        }
        if found.len() >= MOST {
            break;
        }
    }
    found.sort_by_key(|(number, value)| (value.start, *number));
    let mut kept: Vec<(usize, Range<usize>)> = Vec::new();
    for (number, value) in found {
        match kept.last_mut().filter(|(_, known)| value.start < known.end) {
            Some((known, _)) if *known <= number => {}
            Some(known) => *known = (number, value),
            None => kept.push((number, value)),
        }
    }
    numbered(bytes, kept)
}

/// Whether a value is only an example. Keys and signed tokens are so long that they contain words by chance.
fn is_shown(rule: &CredentialRule, value: &str, at: AnchorPlace<'_>, range: &Range<usize>) -> bool {
    let is_long = matches!(rule.id, "private-key" | "gcp-service-account" | "jwt");
    let own = if range.start == at.start { &value[at.end - at.start..] } else { value };
    !is_long && is_placeholder(own)
}

impl CredentialRule {
    /// The place of one of the anchors.
    fn at<'a>(&self, text: &'a [u8], start: usize, kind: FileTraits) -> Option<AnchorPlace<'a>> {
        let rest = &text[start..];
        let stands = |anchor: &&&str| {
            let Some(here) = rest.get(..anchor.len()) else { return false };
            if self.any_case {
                here.eq_ignore_ascii_case(anchor.as_bytes())
            } else {
                here == anchor.as_bytes()
            }
        };
        let anchor = self.anchors.iter().find(stands)?;
        Some(AnchorPlace { text, start, end: start + anchor.len(), has_bare_values: kind.has_bare_values })
    }
}

fn numbered(text: &[u8], found: Vec<(usize, Range<usize>)>) -> Vec<CredentialMatch> {
    let (mut line, mut counted) = (1, 0);
    let number = |(rule, at): (usize, Range<usize>)| {
        line += memchr_iter(b'\n', &text[counted..at.start]).count();
        counted = at.start;
        let CredentialRule { id, name, .. } = &RULES[rule];
        CredentialMatch { id: (*id).to_owned(), name: (*name).to_owned(), at, line }
    };
    found.into_iter().map(number).collect()
}

/// The line at this byte position.
pub(super) fn line_at(text: &str, at: usize) -> &str {
    let bytes = text.as_bytes();
    let start = memrchr(b'\n', &bytes[..at]).map_or(0, |before| before + 1);
    let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |after| at + after);
    &text[start..end]
}
