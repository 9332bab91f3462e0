//! Splits a line of Bash at its operators.

use super::family::is_among;

/// The deepest nesting of quotes and parentheses that is parsed.
const DEEPEST: usize = 32;
/// Words that make a line more than a list of pipelines.
const KEYWORDS: &str =
    "! if then elif else fi for while until do done case esac select function { } [[ coproc";

/// The operator after a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// Nothing.
    End,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `;` or the end of a line.
    Then,
    /// `|` or `|&`
    Pipe,
    /// `&`
    Background,
}

/// The segments of a list of pipelines, each with the operator after it; `None` for any other line. The
/// bodies of here-documents are skipped.
pub(super) fn segments(line: &str) -> Option<Vec<(&str, Joint)>> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut delimiters = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        let next = bytes.get(at + 1).copied();
        let is_word_start = at == 0 || bytes[at - 1].is_ascii_whitespace() || bytes[at - 1] == b';';
        match bytes[at] {
            b'\\' => at += 2,
            b'\'' | b'"' | b'`' | b'(' => at = closed(bytes, at, 0)?,
            b')' => return None,
            b'#' if is_word_start => {
                at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at);
            }
            b'<' if line[at..].starts_with("<<<") => at += 3,
            b'<' if next == Some(b'<') => at = delimiter(line, at + 2, &mut delimiters)?,
            b'>' => at += if matches!(next, Some(b'&' | b'|' | b'>')) { 2 } else { 1 },
            b'&' if next == Some(b'>') => at += 2,
            b'&' | b'|' | b';' | b'\n' => {
                let (length, joint) = match (bytes[at], next) {
                    (b'&', Some(b'&')) => (2, Joint::And),
                    (b'&', _) => (1, Joint::Background),
                    (b'|', Some(b'|')) => (2, Joint::Or),
                    (b'|', Some(b'&')) => (2, Joint::Pipe),
                    (b'|', _) => (1, Joint::Pipe),
                    (b';', Some(b';')) => return None,
                    _ => (1, Joint::Then),
                };
                let is_end = bytes[at] == b'\n';
                // After an operator, a command may continue on the next line.
                if !(is_end && line[start..at].trim().is_empty()) {
                    push(&mut found, &line[start..at], joint)?;
                    start = at + length;
                }
                at += length;
                if is_end && !delimiters.is_empty() {
                    at = delimiters.drain(..).fold(at, |at, delimiter| behind_body(line, at, delimiter));
                    start = at;
                }
            }
            _ => at += 1,
        }
    }
    // A backslash at the very end continues the line, so the line is not complete.
    push(&mut found, line.get(start..).filter(|_| at == bytes.len())?, Joint::End)?;
    if let Some((_, last)) = found.last_mut()
        && *last == Joint::Then
    {
        *last = Joint::End;
    }
    Some(found)
}

/// Adds a segment. An empty one is allowed before `;` and at the end; `None` if it begins with a keyword.
fn push<'l>(found: &mut Vec<(&'l str, Joint)>, text: &'l str, joint: Joint) -> Option<()> {
    let text = text.trim();
    if is_among(KEYWORDS, text.split_ascii_whitespace().next().unwrap_or("")) {
        return None;
    }
    if !(text.is_empty() && matches!(joint, Joint::Then | Joint::End)) {
        found.push((text, joint));
    }
    Some(())
}

/// Records the delimiter of a here-document; returns the position after it.
fn delimiter<'l>(line: &'l str, at: usize, delimiters: &mut Vec<&'l str>) -> Option<usize> {
    let rest = line[at..].strip_prefix('-').unwrap_or(&line[at..]).trim_start_matches(' ');
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ';' | '|' | '&' | '<' | '>' | '(' | ')'));
    let word = &rest[..end.unwrap_or(rest.len())];
    let name = word.trim_matches(['\'', '"', '\\']);
    delimiters.push(name);
    (!name.is_empty()).then_some(line.len() - rest.len() + word.len())
}

/// The position after the body of a here-document that begins at `at`.
fn behind_body(line: &str, at: usize, delimiter: &str) -> usize {
    let mut end = at;
    for text in line[at..].split_inclusive('\n') {
        end += text.len();
        if text.trim_start_matches('\t').trim_end_matches('\n') == delimiter {
            break;
        }
    }
    end
}

/// The position after the quotes or parentheses that open at `at`; `None` if they are not closed, or nested
/// too deeply.
fn closed(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    if depth > DEEPEST {
        return None;
    }
    let open = bytes[at];
    let close = if open == b'(' { b')' } else { open };
    let mut here = at + 1;
    loop {
        match *bytes.get(here)? {
            byte if byte == close => return Some(here + 1),
            b'\\' if open != b'\'' => here += 2,
            b'\'' | b'"' | b'`' | b'(' if open == b'(' => here = closed(bytes, here, depth + 1)?,
            b'(' if open == b'"' && bytes[here - 1] == b'$' => here = closed(bytes, here, depth + 1)?,
            _ => here += 1,
        }
    }
}
