//! Finds the bytes of each value in a file, so that one value can be changed and the others kept.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle};

/// A value and its bytes, without white space and comments around it.
#[derive(Debug)]
pub struct OutlinePart {
    /// Its byte range. A block map starts at its first key, and a block list at the value of its first item.
    pub bytes: Range<usize>,
    /// Its form.
    pub shape: PartShape,
}

/// The forms of a value.
#[derive(Debug)]
pub enum PartShape {
    /// Not written.
    Empty,
    /// A plain or quoted scalar.
    Scalar,
    /// A scalar below a `|` or `>`; its bytes are the lines of its text.
    BlockScalar,
    /// `*name`.
    Alias,
    /// A list.
    Sequence {
        /// Whether it is in brackets.
        flow: bool,
    },
    /// A map.
    Mapping {
        /// Whether it is in braces.
        flow: bool,
        /// Its entries, including duplicates and merge keys.
        entries: Vec<OutlineEntry>,
    },
}

/// A key and its value.
#[derive(Debug)]
pub struct OutlineEntry {
    /// The key's text.
    pub name: String,
    /// The key's bytes.
    pub key: Range<usize>,
    /// The offset after the colon, or after the key if there is no colon.
    pub colon: usize,
    /// The value.
    pub value: OutlinePart,
}

impl OutlinePart {
    /// The entries of a map.
    pub fn entries(&self) -> Option<&[OutlineEntry]> {
        match &self.shape {
            PartShape::Mapping { entries, .. } => Some(entries),
            _ => None,
        }
    }

    /// The effective entry of a key, which is the last one.
    pub fn entry(&self, name: &str) -> Option<&OutlineEntry> {
        self.entries()?.iter().rfind(|entry| entry.name == name)
    }

    /// Whether the value is in braces or brackets.
    pub fn is_flow(&self) -> bool {
        matches!(self.shape, PartShape::Mapping { flow: true, .. } | PartShape::Sequence { flow: true, .. })
    }
}

/// The outline of a file without a byte order mark. `None` if it is empty or not valid YAML, or if a key is not a
/// text.
pub fn of(text: &str) -> Option<OutlinePart> {
    let mut builder = OutlineBuilder { text, offsets: offsets(text), open: Vec::new() };
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let bytes = builder.byte(span.start.index())..builder.byte(span.end.index());
        if let Some(part) = builder.take(&event, bytes)? {
            root = Some(part);
        }
    }
    root
}

/// The byte offset of each character, and of the end.
fn offsets(text: &str) -> Vec<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).collect()
}

struct OutlineBuilder<'t> {
    text: &'t str,
    offsets: Vec<usize>,
    open: Vec<OpenPart>,
}

struct OpenPart {
    start: usize,
    flow: bool,
    kind: OpenItems,
}

enum OpenItems {
    Sequence(Vec<OutlinePart>),
    Mapping { entries: Vec<OutlineEntry>, key: Option<(String, Range<usize>)> },
}

impl OutlineBuilder<'_> {
    fn byte(&self, character: usize) -> usize {
        self.offsets.get(character).copied().unwrap_or(self.text.len())
    }

    /// Processes one event. `None` if the file cannot be outlined, and `Some(Some(_))` with the whole document at its
    /// end.
    fn take(&mut self, event: &Event<'_>, bytes: Range<usize>) -> Option<Option<OutlinePart>> {
        let part = match event {
            Event::Scalar(text, style, ..) => {
                let part = self.scalar(text, *style, bytes.clone());
                if let Some(OpenPart { kind: OpenItems::Mapping { key: key @ None, .. }, .. }) =
                    self.open.last_mut()
                {
                    *key = Some((text.clone().into_owned(), bytes));
                    return Some(None);
                }
                part
            }
            Event::Alias(_) => OutlinePart { bytes, shape: PartShape::Alias },
            Event::SequenceStart(..) => {
                let flow = self.text[bytes.clone()].contains('[');
                self.open.push(OpenPart { start: bytes.start, flow, kind: OpenItems::Sequence(Vec::new()) });
                return Some(None);
            }
            Event::MappingStart(..) => {
                let flow = self.text[bytes.clone()].contains('{');
                let kind = OpenItems::Mapping { entries: Vec::new(), key: None };
                self.open.push(OpenPart { start: bytes.start, flow, kind });
                return Some(None);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop()?;
                self.close(open, bytes.start)
            }
            _ => return Some(None),
        };
        let Some(OpenPart { kind, .. }) = self.open.last_mut() else { return Some(Some(part)) };
        match kind {
            OpenItems::Sequence(items) => items.push(part),
            OpenItems::Mapping { entries, key } => {
                let (name, key) = key.take()?;
                let between = &self.text[key.end..];
                let colon = between
                    .trim_start()
                    .strip_prefix(':')
                    .map_or(key.end, |rest| self.text.len() - rest.len());
                // The parser reports an empty value at the position where it noticed that the value is missing.
                let value = match part.shape {
                    PartShape::Empty => OutlinePart { bytes: colon..colon, shape: PartShape::Empty },
                    _ => part,
                };
                entries.push(OutlineEntry { name, key, colon, value });
            }
        }
        Some(None)
    }

    fn scalar(&self, text: &str, style: ScalarStyle, bytes: Range<usize>) -> OutlinePart {
        let written = &self.text[bytes.clone()];
        let (end, shape) = match style {
            ScalarStyle::Literal | ScalarStyle::Folded => (written.trim_end().len(), PartShape::BlockScalar),
            // The parser's end may include white space and a comment after the value.
            ScalarStyle::SingleQuoted => (quoted_end(written, '\''), PartShape::Scalar),
            ScalarStyle::DoubleQuoted => (quoted_end(written, '"'), PartShape::Scalar),
            ScalarStyle::Plain if text.is_empty() && !written.starts_with(['&', '!']) => {
                let end = self.text[..bytes.start].trim_end().len();
                return OutlinePart { bytes: end..end, shape: PartShape::Empty };
            }
            ScalarStyle::Plain => (written.trim_end().len(), PartShape::Scalar),
        };
        OutlinePart { bytes: bytes.start..bytes.start + end, shape }
    }

    fn close(&self, open: OpenPart, end: usize) -> OutlinePart {
        let end = |last: Option<usize>| match open.flow {
            true => end + 1,
            false => last.unwrap_or(open.start),
        };
        match open.kind {
            OpenItems::Sequence(items) => OutlinePart {
                bytes: open.start..end(items.last().map(|item| item.bytes.end)),
                shape: PartShape::Sequence { flow: open.flow },
            },
            OpenItems::Mapping { entries, .. } => OutlinePart {
                bytes: open.start..end(entries.last().map(|entry| entry.value.bytes.end)),
                shape: PartShape::Mapping { flow: open.flow, entries },
            },
        }
    }
}

/// The length of a quoted scalar, including the text before its first quote.
fn quoted_end(written: &str, quote: char) -> usize {
    let Some(open) = written.find(quote) else { return written.len() };
    let mut escaped = false;
    for (at, c) in written[open + 1..].char_indices() {
        if !escaped && c == quote {
            // Two single quotes in sequence are one quote of the text.
            let end = open + 1 + at + 1;
            if quote == '"' || !written[end..].starts_with(quote) {
                return end;
            }
            escaped = true;
        } else {
            escaped = !escaped && quote == '"' && c == '\\';
        }
    }
    written.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_knows_its_bytes() {
        let text = "ä: &x !!str 5 # c\nb:\n  # k\n  c: |  # h\n    t1\n\n    t2\n\n# z\nd: 'q''x'\ne: [1,\n 2] # e\nf:\nl:\n- x\n-\n# q\ng: {a, b: , \"c\":1}\nh: plain\n  more\ni: &m {k: v}\n";
        let root = of(text).unwrap();
        for (name, written) in [
            ("ä", "&x !!str 5"),
            ("b", "c: |  # h\n    t1\n\n    t2"),
            ("d", "'q''x'"),
            ("e", "[1,\n 2]"),
            ("f", ""),
            ("l", "x\n-"),
            ("g", "{a, b: , \"c\":1}"),
            ("h", "plain\n  more"),
        ] {
            assert_eq!(&text[root.entry(name).unwrap().value.bytes.clone()], written, "{name}");
        }
        let g = root.entry("g").unwrap().value.entries().unwrap();
        let written: Vec<_> = g.iter().map(|entry| &text[entry.key.start..entry.value.bytes.end]).collect();
        assert_eq!(written, ["a", "b:", "\"c\":1"]);
        assert!(root.entry("i").unwrap().value.is_flow());
    }
}
