//! A checkpoint's text in its parts. Nothing is changed here.

use documents::front_matter::{self, Field};

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Text, a list item, a row of a table.
    Text,
    /// Of a block of code, its fences too.
    Code,
    /// Of a quotation.
    Quote,
    /// Of a comment.
    Comment,
    /// A heading.
    Heading,
}

/// A line of the body.
#[derive(Debug, Clone)]
pub struct DocumentLine<'a> {
    /// From 1, in the file.
    pub number: usize,
    /// Without its end.
    pub text: &'a str,
    /// What it is.
    pub kind: LineKind,
}

/// A heading of the second level with what stands below it.
#[derive(Debug)]
pub struct CheckpointSection<'a> {
    /// As it is written.
    pub title: &'a str,
    /// Its line.
    pub line: usize,
    /// What stands below, deeper headings too.
    pub lines: Vec<DocumentLine<'a>>,
}

/// A checkpoint.
#[derive(Debug)]
pub struct CheckpointDocument<'a> {
    /// The front matter; `None` when there is none.
    pub fields: Option<Vec<Field>>,
    /// What stands before the first section.
    pub preamble: Vec<DocumentLine<'a>>,
    /// The sections, in their order.
    pub sections: Vec<CheckpointSection<'a>>,
}

impl<'a> CheckpointDocument<'a> {
    /// The parts of a text. Every text has them; what is missing is [`super::validate`]'s to tell.
    pub fn of(text: &'a str) -> Self {
        let front = front_matter::read(text);
        let from = front.as_ref().map_or(0, |(_, line)| *line);
        let mut document =
            Self { fields: front.map(|(fields, _)| fields), preamble: Vec::new(), sections: Vec::new() };
        for line in classified(text, from) {
            match (heading(&line), document.sections.last_mut()) {
                (Some((2, title)), _) => {
                    document.sections.push(CheckpointSection { title, line: line.number, lines: Vec::new() });
                }
                (_, Some(section)) => section.lines.push(line),
                (_, None) => document.preamble.push(line),
            }
        }
        document
    }

    /// The first section with a title; what stands before or after it in the heading (a number, a remark) does not
    /// matter.
    pub fn section(&self, title: &str) -> Option<&CheckpointSection<'a>> {
        self.sections(title).next()
    }

    /// All sections with a title: some have one twice.
    pub fn sections(&self, title: &str) -> impl Iterator<Item = &CheckpointSection<'a>> {
        let wanted = title.to_lowercase();
        let is = move |found: &str| {
            let found = found.trim_start_matches(|c: char| !c.is_alphabetic()).to_lowercase();
            found.strip_prefix(&wanted).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        self.sections.iter().filter(move |section| is(section.title))
    }

    /// A field of the front matter.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.as_ref()?.iter().find(|field| field.key == key)
    }

    /// A field's text; empty when it is absent or a list.
    pub fn scalar(&self, key: &str) -> &str {
        front_matter::scalar(self.fields.as_deref().unwrap_or_default(), key)
    }

    /// A field's items; a single value is a list of one.
    pub fn list(&self, key: &str) -> Vec<&str> {
        front_matter::items(self.fields.as_deref().unwrap_or_default(), key)
    }

    /// Every line of the body.
    pub fn lines(&self) -> impl Iterator<Item = &DocumentLine<'a>> {
        self.preamble.iter().chain(self.sections.iter().flat_map(|section| &section.lines))
    }
}

/// The level and the words of a heading.
fn heading<'a>(line: &DocumentLine<'a>) -> Option<(usize, &'a str)> {
    if line.kind != LineKind::Heading {
        return None;
    }
    let text = line.text.trim();
    let level = text.bytes().take_while(|byte| *byte == b'#').count();
    Some((level, text[level..].trim().trim_end_matches('#').trim_end()))
}

/// The lines after the first `from`, each with its kind.
fn classified(text: &str, from: usize) -> Vec<DocumentLine<'_>> {
    let mut fence: Option<(char, usize)> = None;
    let mut in_comment = false;
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate().skip(from) {
        let line = if at == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
        let trimmed = line.trim();
        let kind = if let Some((mark, length)) = fence {
            if run_of(trimmed, mark) >= length && trimmed.trim_start_matches(mark).is_empty() {
                fence = None;
            }
            LineKind::Code
        } else if in_comment {
            in_comment = !trimmed.contains("-->");
            LineKind::Comment
        } else if let Some(opened) = opened_fence(trimmed) {
            fence = Some(opened);
            LineKind::Code
        } else if let Some(rest) = trimmed.strip_prefix("<!--") {
            in_comment = !rest.contains("-->");
            LineKind::Comment
        } else if trimmed.starts_with('>') {
            LineKind::Quote
        } else if is_heading(line) {
            LineKind::Heading
        } else {
            LineKind::Text
        };
        lines.push(DocumentLine { number: at + 1, text: line, kind });
    }
    lines
}

fn run_of(text: &str, mark: char) -> usize {
    text.chars().take_while(|c| *c == mark).count()
}

/// A fence of back-ticks has none behind it: that would be code in a line.
fn opened_fence(line: &str) -> Option<(char, usize)> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = run_of(line, mark);
    (length >= 3 && !(mark == '`' && line[length..].contains('`'))).then_some((mark, length))
}

fn is_heading(line: &str) -> bool {
    let indent = line.len() - line.trim_start_matches(' ').len();
    let text = &line[indent..];
    let level = run_of(text, '#');
    let after = text[level..].chars().next();
    indent < 4 && (1..=6).contains(&level) && after.is_none_or(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_comments_and_quotes_hold_no_sections() {
        let text = "---\ntemplate: checkpoint\n---\n# Title\n## One\n```md\n## no\n~~~\n```\n> ## no\n<!-- a\n## no\n-->\n### deeper\n~~~~\n```\n~~~\n## no\n~~~~\n## 2. Two (more) ##\ntext\n##nospace\n";
        let document = CheckpointDocument::of(text);
        let titles: Vec<_> = document.sections.iter().map(|section| section.title).collect();
        assert_eq!(titles, ["One", "2. Two (more)"]);
        assert_eq!(document.section("two").unwrap().line, 20);
        assert!(document.section("tw").is_none());
        assert_eq!(document.section("Two").unwrap().lines.len(), 2);
        assert_eq!(document.preamble.len(), 1);
    }

    #[test]
    fn a_text_without_front_matter_still_has_parts() {
        let document = CheckpointDocument::of("\u{feff}## A\nx");
        assert!(document.fields.is_none());
        assert_eq!((document.sections[0].title, document.sections[0].lines[0].number), ("A", 2));
        assert!(CheckpointDocument::of("").sections.is_empty());
    }
}
