//! Facts in a checkpoint: text of other origin must stay text.

use std::borrow::Cow;
use std::path::Path;

use platform::text;
use redact::redact;

/// A fact in back-ticks: on one line, bounded, without secrets. Nothing inside can become a heading, a box, a
/// reference or a line of its own.
pub fn quoted(fact: &str) -> String {
    let fact = plain(fact);
    text::fact(if fact.is_empty() { "(nothing)" } else { &fact })
}

/// The same in a cell of a table, which a bar would end even there.
pub fn quoted_cell(fact: &str) -> String {
    quoted(fact).replace('|', "\\|")
}

/// One line without secrets, each run of white space a single space.
pub fn plain(fact: &str) -> String {
    let line = text::one_line(fact);
    let words: Vec<_> = line.split_whitespace().collect();
    redact(&words.join(" ")).into_owned()
}

/// A scalar of the front matter, always in quotes.
pub fn scalar(value: &str) -> String {
    const LONGEST: usize = 200;
    let value: String = plain(value).chars().take(LONGEST).collect();
    format!("'{}'", value.replace('\'', "''"))
}

/// A title as it stands in a heading: nothing in it is structure there.
pub fn heading(title: &str) -> String {
    const LONGEST: usize = 160;
    let mut out = String::new();
    for c in plain(title).chars().take(LONGEST) {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '@' | '{' | '}') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// `path` as `@path` if it can be written so and is there.
pub fn reference(root: &Path, path: &str) -> Option<String> {
    let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-'));
    let is_path = path.contains(['/', '.']) && !path.ends_with('.');
    (plain && is_path && root.join(path).exists()).then(|| format!("@{path}"))
}

/// The ids of work items in a text, as projects write them: `E2-233`, `E2-FIX-004`, `INV-052`, `TD-001`, `WORK-189`.
pub fn work_ids(text: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.split(move |c| !word(c)).filter_map(|token| {
        let prefix =
            ["E2-FIX-", "E2-", "INV-", "TD-", "WORK-"].into_iter().find(|name| token.starts_with(name))?;
        let digits = token[prefix.len()..].bytes().take_while(u8::is_ascii_digit).count();
        let end = prefix.len() + digits;
        let is_whole = token.as_bytes().get(end).is_none_or(|next| *next == b'-');
        ((2..=6).contains(&digits) && is_whole).then(|| &token[..end])
    })
}

/// A path's place below the root, as text.
pub fn relative<'a>(root: &Path, path: &'a Path) -> Cow<'a, str> {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_cannot_leave_its_quotes() {
        assert_eq!(quoted("a`b\n## x\u{2028}- [ ] y"), "`a'b ## x - [ ] y`");
        assert_eq!(quoted(" \n"), "`(nothing)`");
        assert_eq!(quoted_cell("a|b"), "`a\\|b`");
        assert!(!quoted("export API_KEY=hunter2").contains("hunter2"));
        assert_eq!(scalar("it's\n---\nx: y"), "'it''s --- x: y'");
        assert_eq!(heading("## [fill: x] @a/b `c`"), "\\#\\# \\[fill: x\\] \\@a/b \\`c\\`");
    }

    #[test]
    fn ids_are_found_in_branches_and_sentences() {
        let ids: Vec<_> =
            work_ids("feat/E2-264-thing, INV-052: UTF-8 WORK-7x E2-FIX-004; WORK-189").collect();
        assert_eq!(ids, ["E2-264", "INV-052", "E2-FIX-004", "WORK-189"]);
    }
}
