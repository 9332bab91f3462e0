//! The paragraphs, list items and table rows of a section.

use super::document::{DocumentLine, LineKind};

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockShape {
    /// Sentences.
    Paragraph,
    /// A list item; of a box, whether it is ticked.
    Item(Option<bool>),
    /// A row of a table.
    Row,
}

/// A paragraph, a list item or a row, its lines joined by spaces.
#[derive(Debug)]
pub struct Block {
    /// What it is.
    pub shape: BlockShape,
    /// How far it is indented, in columns.
    pub indent: usize,
    /// Its words, without bullet and box.
    pub text: String,
    /// Where in `text` each line begins, with its number.
    starts: Vec<(usize, usize)>,
}

impl Block {
    /// The line that it begins in.
    pub fn line(&self) -> usize {
        self.line_at(0)
    }

    /// The line of a place in its text.
    pub fn line_at(&self, offset: usize) -> usize {
        let after = self.starts.partition_point(|(start, _)| *start <= offset);
        self.starts[after.saturating_sub(1)].1
    }

    fn extend(&mut self, text: &str, line: usize) {
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.starts.push((self.text.len(), line));
        self.text.push_str(text);
    }
}

/// A list item's words.
#[derive(Debug, Clone, Copy)]
pub struct ListItem<'a> {
    /// Whether its box is ticked, if it has one.
    pub ticked: Option<bool>,
    /// What follows.
    pub text: &'a str,
}

/// The item that a line begins.
pub fn item(line: &str) -> Option<ListItem<'_>> {
    let line = line.trim();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let rest = match line.as_bytes().first()? {
        b'-' | b'*' | b'+' => &line[1..],
        _ if (1..=9).contains(&digits) => line[digits..].strip_prefix(['.', ')'])?,
        _ => return None,
    };
    let text = rest.strip_prefix([' ', '\t']).or(rest.is_empty().then_some(""))?.trim_start();
    for (mark, ticked) in [("[ ]", false), ("[x]", true), ("[X]", true)] {
        if let Some(rest) = text.strip_prefix(mark)
            && (rest.is_empty() || rest.starts_with(char::is_whitespace))
        {
            return Some(ListItem { ticked: Some(ticked), text: rest.trim_start() });
        }
    }
    Some(ListItem { ticked: None, text })
}

/// The blocks of a section. Code, quotations, comments and headings are in none.
pub fn blocks(lines: &[DocumentLine<'_>]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    // Whether the next line of text goes on with the last block.
    let mut is_open = false;
    for line in lines {
        let text = line.text.trim();
        if line.kind != LineKind::Text || text.is_empty() {
            is_open = false;
            continue;
        }
        let indent = indent(line.text);
        let (shape, words) = match item(text) {
            Some(item) => (BlockShape::Item(item.ticked), item.text),
            None if text.starts_with('|') => (BlockShape::Row, text),
            None => (BlockShape::Paragraph, text),
        };
        if shape == BlockShape::Paragraph
            && is_open
            && let Some(last) = blocks.last_mut()
        {
            last.extend(words, line.number);
            continue;
        }
        blocks.push(Block { shape, indent, text: words.to_owned(), starts: vec![(0, line.number)] });
        is_open = shape != BlockShape::Row;
    }
    blocks
}

/// The column in which a line's text begins; a tab leads to the next multiple of four.
fn indent(line: &str) -> usize {
    let spaces = line.chars().take_while(|c| c.is_whitespace());
    spaces.fold(0, |column, c| if c == '\t' { column / 4 * 4 + 4 } else { column + 1 })
}

/// A row of a table.
pub struct TableRow<'a> {
    /// Its line.
    pub line: usize,
    /// Its cells, without what surrounds them.
    pub cells: Vec<&'a str>,
}

/// The rows below the heads of tables.
pub fn rows(blocks: &[Block]) -> Vec<TableRow<'_>> {
    let mut rows = Vec::new();
    let mut in_body = false;
    for block in blocks {
        if block.shape != BlockShape::Row {
            in_body = false;
            continue;
        }
        let cells: Vec<_> = cells(&block.text);
        let is_rule =
            cells.iter().all(|cell| !cell.is_empty() && cell.chars().all(|c| matches!(c, '-' | ':')));
        if is_rule {
            in_body = true;
        } else if in_body {
            rows.push(TableRow { line: block.line(), cells });
        }
    }
    rows
}

/// A bar behind a backslash is text.
fn cells(row: &str) -> Vec<&str> {
    let row = row.trim().trim_start_matches('|');
    let mut cells = Vec::new();
    let mut start = 0;
    for (at, _) in row.match_indices('|').filter(|(at, _)| !row[..*at].ends_with('\\')) {
        cells.push(row[start..at].trim());
        start = at + 1;
    }
    if !row[start..].trim().is_empty() {
        cells.push(row[start..].trim());
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_told_from_text() {
        let of = |line| item(line).map(|item| (item.ticked, item.text));
        assert_eq!(of("  - [x] a"), Some((Some(true), "a")));
        assert_eq!(of("* [ ]"), Some((Some(false), "")));
        assert_eq!(of("3) b"), Some((None, "b")));
        assert_eq!(of("- [xy] c"), Some((None, "[xy] c")));
        for text in ["-a", "**bold**", "3.14", "---", "text"] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(["a", " a", "\ta", "  \ta", "\t\ta", "\t a"].map(indent), [0, 1, 4, 4, 8, 5]);
    }
}
