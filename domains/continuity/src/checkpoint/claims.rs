//! Sentences, list items and rows of a section, and what stands in them as evidence. Plain reading: what is in doubt
//! is no claim.

use super::blocks::{self, Block, BlockShape};

/// A list item that claims something, with what is nested below it.
#[derive(Debug)]
pub struct Claim {
    /// Its line.
    pub line: usize,
    /// Its words and those below.
    pub text: String,
}

/// What a section claims that has no list: each row of a table with the sentence that introduces it, and all other
/// sentences together.
pub fn prose(blocks: &[Block]) -> Vec<Claim> {
    let (mut claims, mut told): (Vec<Claim>, Option<Claim>) = (Vec::new(), None);
    if blocks.iter().any(|block| matches!(block.shape, BlockShape::Item(_))) {
        return claims;
    }
    let rows: Vec<usize> = blocks::rows(blocks).iter().map(|row| row.line).collect();
    let mut introduction = "";
    for block in blocks.iter().filter(|block| block.text.contains(char::is_alphanumeric)) {
        if block.shape == BlockShape::Row {
            if rows.contains(&block.line()) {
                let row = block.text.trim_matches(['|', ' ']);
                claims.push(Claim {
                    line: block.line(),
                    text: format!("{row} {introduction}").trim_end().to_owned(),
                });
            }
            continue;
        }
        introduction = if block.text.ends_with(':') { &block.text } else { "" };
        if introduction.is_empty() {
            let told = told.get_or_insert_with(|| Claim { line: block.line(), text: String::new() });
            told.text.push_str(if told.text.is_empty() { "" } else { " " });
            told.text.push_str(&block.text);
        }
    }
    claims.extend(told);
    claims
}

/// The claims among blocks: of boxes the ticked ones, of other items all if `plain` says so.
pub fn claims(blocks: &[Block], plain: bool) -> Vec<Claim> {
    let mut claims: Vec<(usize, Claim)> = Vec::new();
    // Whether the last claim is still the one that nested items belong to.
    let mut is_open = false;
    for block in blocks {
        let BlockShape::Item(ticked) = block.shape else { continue };
        if is_open
            && let Some((indent, claim)) = claims.last_mut()
            && block.indent >= *indent + 2
        {
            claim.text.push(' ');
            claim.text.push_str(&block.text);
            continue;
        }
        is_open = ticked.unwrap_or(plain);
        if is_open {
            claims.push((block.indent, Claim { line: block.line(), text: block.text.clone() }));
        }
    }
    claims.into_iter().map(|(_, claim)| claim).collect()
}

/// Where code in back-ticks stands, ticks included, and how many ticks open it.
fn spans(text: &str) -> Vec<(std::ops::Range<usize>, usize)> {
    let run_at = |at: usize| text[at..].bytes().take_while(|byte| *byte == b'`').count();
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('`').map(|found| at + found) {
        let run = run_at(open);
        at = open + run;
        let mut from = at;
        // Code ends at a run of as many ticks; without one the ticks are just ticks.
        while let Some(close) = text[from..].find('`').map(|found| from + found) {
            from = close + run_at(close);
            if from - close == run {
                spans.push((open..from, run));
                at = from;
                break;
            }
        }
    }
    spans
}

/// A text with spaces where code in back-ticks stands; every other byte keeps its place.
pub fn without_code(text: &str) -> String {
    let mut out = text.to_owned();
    for (span, _) in spans(text) {
        out.replace_range(span.clone(), &" ".repeat(span.len()));
    }
    out
}

/// The codes in back-ticks of a text.
pub fn codes(text: &str) -> Vec<&str> {
    spans(text).into_iter().map(|(span, run)| text[span.start + run..span.end - run].trim()).collect()
}

/// The words of a text, with what surrounds them taken off.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let between = |c: char| c.is_whitespace() || "()[]{},;\"'`<>|*“”„".contains(c);
    text.split(between)
        .map(|word| word.trim_end_matches(['.', ':', '!', '?', '…']))
        .filter(|word| !word.is_empty())
}

/// The file that a word like `src/a.rs:12`, `src/a.rs:3-9` or `src/a.rs#L12` points into, and the last line of what
/// it points at.
pub fn pointed(word: &str) -> Option<(&str, u64)> {
    let (path, place) = match word.split_once("#L") {
        Some(parts) => parts,
        None => {
            let digit_follows = |at: &usize| word[at + 1..].starts_with(|c: char| c.is_ascii_digit());
            let colon = word.match_indices(':').map(|(at, _)| at).find(digit_follows)?;
            (&word[..colon], &word[colon + 1..])
        }
    };
    let is_place = place.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | 'L'));
    let is_path = path.contains(['/', '.']) && path.contains(char::is_alphabetic) && !path.contains("//");
    if !is_place || !is_path {
        return None;
    }
    // A column may stand behind the first line, and behind the last one.
    let lines =
        place.split('-').filter_map(|line| line.trim_start_matches('L').split(':').next()?.parse().ok());
    Some((path.trim_start_matches('@'), lines.max().unwrap_or(0)))
}

/// Whether a word is the address of something.
fn is_address(word: &str) -> bool {
    let rest = ["https://", "http://"].into_iter().find_map(|scheme| word.strip_prefix(scheme));
    rest.is_some_and(|rest| rest.starts_with(char::is_alphanumeric))
}

/// The path of a word like `@docs/x.md`. A name without a separator or an extension is the name of a person.
pub fn referenced(word: &str) -> Option<&str> {
    let path = word.strip_prefix('@')?;
    let end = path.find(|c: char| !(c.is_ascii_alphanumeric() || "_./-".contains(c))).unwrap_or(path.len());
    let path = path[..end].trim_end_matches('.');
    let path = if path.is_empty() && end > 0 { "." } else { path };
    path.contains(['/', '.']).then_some(path)
}

/// Whether a text names evidence: a line of a file, `@path`, an id, a commit, an address.
pub fn has_evidence(text: &str) -> bool {
    let mut before = String::new();
    for word in words(text) {
        let number = word.trim_start_matches('#');
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let is_named = matches!(
            before.as_str(),
            "concept" | "concepts" | "memory" | "memories" | "id" | "ids" | "commit"
        );
        if is_number && (is_named || word.starts_with('#'))
            || pointed(word).is_some()
            || referenced(word).is_some()
            || is_address(word)
            || is_commit(word)
            || before == "commit" && word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit())
            || is_id(word)
        {
            return true;
        }
        before = word.to_ascii_lowercase();
    }
    false
}

fn is_commit(word: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (7..=64).contains(&word.len())
        && word.bytes().all(is_hex)
        && word.contains(|c: char| c.is_ascii_digit())
        && word.contains(|c: char| c.is_ascii_lowercase())
}

/// `E2-233`, `ADR-037`; not the names of standards that have the same shape.
fn is_id(word: &str) -> bool {
    const STANDARDS: [&str; 8] = ["UTF-", "SHA-", "ISO-", "RFC-", "AES-", "MD-", "HTTP-", "TLS-"];
    let Some((name, number)) = word.rsplit_once('-') else { return false };
    let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
    is_name
        && name.starts_with(|c: char| c.is_ascii_uppercase())
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !STANDARDS.iter().any(|standard| word.starts_with(standard))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_found_and_blanked_in_place() {
        for (text, blank, found) in [
            ("a `b c` d", "a       d", &["b c"][..]),
            ("``x ` y`` `z", "          `z", &["x ` y"]),
            ("é `ü` end", "é      end", &["ü"]),
            ("none", "none", &[]),
            ("`a` `b`", "       ", &["a", "b"]),
        ] {
            assert_eq!(without_code(text), blank, "{text}");
            assert_eq!(codes(text), found, "{text}");
        }
    }

    #[test]
    fn evidence_is_a_place_an_id_or_a_commit() {
        for text in [
            "done (src/a.rs:12)",
            "see `src/a.rs:3-9`.",
            "a.rs#L4",
            "@docs/x.md says so",
            "commit 1234567",
            "in 1a2b3c4",
            "E2-FIX-004",
            "concept 80133",
            "PR #12",
            "https://example.org/x",
        ] {
            assert!(has_evidence(text), "{text}");
        }
        for text in [
            "it works",
            "at 10:30",
            "UTF-8",
            "12 of 14",
            "deadbeef",
            "localhost:80",
            "ask @alice",
            "127.0.0.1:80",
            "x-1",
            "see http://",
            "https://.",
        ] {
            assert!(!has_evidence(text), "{text}");
        }
    }

    #[test]
    fn a_place_has_a_last_line() {
        for (word, expected) in [
            ("a.rs:12", Some(("a.rs", 12))),
            ("a.rs:12:80", Some(("a.rs", 12))),
            ("a.rs:3-9", Some(("a.rs", 9))),
            ("@a.rs#L4-L20", Some(("a.rs", 20))),
            ("a.rs:99999999999999999999999", Some(("a.rs", 0))),
            ("a.rs", None),
        ] {
            assert_eq!(pointed(word), expected, "{word}");
        }
    }
}
