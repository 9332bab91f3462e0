//! Places that must still be filled in.

use documents::UNFINISHED_MARKS;
use documents::front_matter::FrontMatterValue;

use super::document::{CheckpointDocument, DocumentLine, LineKind};
use super::{blocks, claims};

/// What a scaffold leaves where only a person or the model knows.
pub fn fill(what: &str) -> String {
    format!("[fill: {what}]")
}

/// The mark in a line of the body, if there is one: `[fill: ...]`, `{{...}}`, or a line that says only that
/// something is to be done.
pub fn in_line(line: &DocumentLine<'_>) -> Option<String> {
    matches!(line.kind, LineKind::Text | LineKind::Heading).then(|| in_text(line.text))?
}

fn in_text(text: &str) -> Option<String> {
    let text = claims::without_code(text);
    for (open, close) in [("[fill:", "]"), ("{{", "}}")] {
        let escaped = |(at, _): &(usize, &str)| text[..*at].ends_with('\\');
        // Where the first finds no end, no other does.
        if let Some((at, _)) = text.match_indices(open).find(|found| !escaped(found))
            && let Some(end) = text[at..].find(close)
        {
            return Some(text[at..at + end + close.len()].to_owned());
        }
    }
    let is_empty = |cell: &str| {
        let words = blocks::item(cell).map_or(cell, |item| item.text);
        let words = words.trim_matches(|c: char| !c.is_alphanumeric());
        UNFINISHED_MARKS.into_iter().find(|mark| words == *mark || words.starts_with(&format!("{mark}:")))
    };
    text.split('|').find_map(is_empty).map(str::to_owned)
}

/// The fields of the front matter that are nothing but a mark, with their lines. A mark inside a title is part of it.
pub fn in_front(document: &CheckpointDocument<'_>) -> Vec<(usize, String)> {
    let fields = document.fields.iter().flatten();
    let marked = fields.filter_map(|field| match &field.value {
        FrontMatterValue::Scalar(text) => Some((field.line, in_text(text).filter(|mark| mark == text)?)),
        FrontMatterValue::List(_) => None,
    });
    marked.collect()
}

/// Whether there is any.
pub fn any_left(document: &CheckpointDocument<'_>) -> bool {
    !in_front(document).is_empty() || document.lines().any(|line| in_line(line).is_some())
}
