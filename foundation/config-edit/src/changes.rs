//! Computes the byte changes that set or remove a value, in the style of the text around it.

use std::ops::Range;

use super::outline::{self, OutlineEntry, OutlinePart, PartShape};
use super::render::{self, WrittenForm};
use config::yaml::YamlNode;

/// Bytes replaced by a text.
#[derive(Debug)]
pub struct ByteChange {
    /// The bytes.
    pub bytes: Range<usize>,
    /// The text.
    pub text: String,
}

impl ByteChange {
    fn insert(at: usize, text: String) -> Self {
        Self { bytes: at..at, text }
    }
}

/// A file, and the style in which it is written.
pub struct EditedFile<'t> {
    text: &'t str,
    root: Option<OutlinePart>,
    newline: &'static str,
    /// The indentation of a map relative to its key, in spaces.
    step: usize,
}

/// The style of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Block,
    Flow { json: bool },
}

impl Style {
    /// The style of a map inside a map of style `around`, or of a whole file.
    fn of(part: &OutlinePart, around: Option<Self>, text: &str) -> Self {
        if !part.is_flow() {
            return Self::Block;
        }
        let json = match (part.entries().and_then(<[OutlineEntry]>::first), around) {
            (Some(first), _) => text[first.key.clone()].starts_with('"'),
            (None, Some(Self::Flow { json })) => json,
            (None, Some(Self::Block)) => false,
            (None, None) => true,
        };
        Self::Flow { json }
    }
}

impl<'t> EditedFile<'t> {
    /// Analyses a file without a byte order mark.
    pub fn of(text: &'t str) -> Self {
        let root = outline::of(text);
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let step = root.as_ref().and_then(|root| first_step(text, root)).unwrap_or(2);
        Self { text, root, newline, step }
    }

    /// The possible changes that set a value, best first. Each is a list in the order of the file.
    pub fn ways_to_set(&self, path: &[&str], source: &str, node: &YamlNode) -> Vec<Vec<ByteChange>> {
        let forms = |style| match style {
            Style::Block => render::block_forms(source, node),
            Style::Flow { json } => render::flow_forms(source, node, json),
        };
        let each = |style: Style,
                    way: &dyn Fn(&WrittenForm) -> Option<Vec<ByteChange>>|
         -> Vec<Vec<ByteChange>> { forms(style).iter().filter_map(way).collect() };
        let Some(root) = &self.root else {
            return each(Style::Block, &|form| Some(vec![self.append(self.text.len(), path, form, 0)]));
        };
        let (mut map, mut style, mut holder) =
            (root, Style::of(root, None, self.text), None::<&OutlineEntry>);
        for (depth, key) in path.iter().enumerate() {
            let (rest, below) = (&path[depth..], &path[depth + 1..]);
            let Some(entry) = map.entry(key) else {
                let mut ways = Vec::new();
                // Empty braces are a placeholder. A value that needs several lines replaces them.
                if let (Some(holder), Some([])) = (holder, map.entries())
                    && (rest.len() > 1 || source.contains('\n'))
                {
                    ways = each(Style::Block, &|form| self.replace_in_block(holder, rest, form));
                }
                ways.extend(match style {
                    Style::Block => each(style, &|form| self.insert_in_block(map, rest, form)),
                    Style::Flow { json } => each(style, &|form| self.insert_in_flow(map, rest, form, json)),
                });
                if map.bytes == root.bytes && style == Style::Block {
                    ways.splice(
                        0..0,
                        each(style, &|form| Some(vec![self.append(self.text.len(), rest, form, 0)])),
                    );
                }
                return ways;
            };
            if below.is_empty() || entry.value.entries().is_none() {
                return match style {
                    Style::Block => each(style, &|form| self.replace_in_block(entry, below, form)),
                    Style::Flow { json } => {
                        each(style, &|form| self.replace_in_flow(entry, below, form, json))
                    }
                };
            }
            holder = (style == Style::Block).then_some(entry);
            (map, style) = (&entry.value, Style::of(&entry.value, Some(style), self.text));
        }
        Vec::new()
    }

    /// A new entry on separate lines, after the line that contains `at`.
    fn append(&self, at: usize, keys: &[&str], form: &WrittenForm, indent: usize) -> ByteChange {
        let lines = self.entry_lines(keys, form, indent).join(self.newline);
        if at < self.text.len() {
            return ByteChange::insert(at, format!("{}{lines}", self.newline));
        }
        let gap = if self.text.is_empty() || self.text.ends_with('\n') { "" } else { self.newline };
        ByteChange::insert(at, format!("{gap}{lines}{}", self.newline))
    }

    fn insert_in_block(
        &self,
        map: &OutlinePart,
        keys: &[&str],
        form: &WrittenForm,
    ) -> Option<Vec<ByteChange>> {
        let indent = self.indent(map.entries()?.first()?.key.start)?;
        let lines = self.entry_lines(keys, form, indent).join(self.newline);
        let at = self.line_end(map.bytes.end);
        Some(vec![ByteChange::insert(at, format!("{}{lines}", self.newline))])
    }

    fn insert_in_flow(
        &self,
        map: &OutlinePart,
        keys: &[&str],
        form: &WrittenForm,
        json: bool,
    ) -> Option<Vec<ByteChange>> {
        let (key, below) = keys.split_first()?;
        let entry = format!("{}: {}", render::key(key, json), one_line(below, form, json)?);
        let Some(last) = map.entries()?.last() else {
            let inside = map.bytes.start + 1..map.bytes.end - 1;
            let is_blank = self.text[inside.clone()].trim().is_empty();
            let bytes = if is_blank { inside } else { inside.start..inside.start };
            return Some(vec![ByteChange { bytes, text: entry }]);
        };
        let (end, line_end) = (last.value.bytes.end, self.line_end(last.value.bytes.end));
        let Some(indent) = self.indent(last.key.start) else {
            return Some(vec![ByteChange::insert(end, format!(", {entry}"))]);
        };
        let own_line = format!("{}{}{entry}", self.newline, " ".repeat(indent));
        let after = self.text[end..line_end].trim_start();
        let (has_comma, after) = after.strip_prefix(',').map_or((false, after), |rest| (true, rest));
        if !after.trim_start().is_empty() && !after.trim_start().starts_with('#') {
            return Some(vec![ByteChange::insert(end, format!(", {entry}"))]);
        }
        Some(if has_comma {
            vec![ByteChange::insert(line_end, format!("{own_line},"))]
        } else {
            vec![ByteChange::insert(end, ",".to_owned()), ByteChange::insert(line_end, own_line)]
        })
    }

    fn replace_in_block(
        &self,
        entry: &OutlineEntry,
        below: &[&str],
        form: &WrittenForm,
    ) -> Option<Vec<ByteChange>> {
        let (head, lines) = self.value_lines(below, form, self.indent(entry.key.start)? + self.step);
        let (colon, value) = (entry.colon, &entry.value.bytes);
        let first_line_end = self.line_end(colon);
        let starts_here = value.start <= first_line_end;
        let (head_end, end) = match entry.value.shape {
            PartShape::Empty => (colon, colon),
            PartShape::BlockScalar => (self.content_end(colon), value.end.max(first_line_end)),
            PartShape::Sequence { flow: false, .. } | PartShape::Mapping { flow: false, .. } => {
                (self.content_end(colon), value.end)
            }
            _ if starts_here => (value.end, value.end),
            _ => (colon, value.end),
        };
        let head = if head.is_empty() { head } else { format!(" {head}") };
        let from = self.line_end(head_end);
        let to = if end > from { self.line_end(end) } else { from };
        let tail: String = lines.iter().map(|line| format!("{}{line}", self.newline)).collect();
        Some(vec![
            ByteChange { bytes: colon..head_end, text: head },
            ByteChange { bytes: from..to, text: tail },
        ])
    }

    fn replace_in_flow(
        &self,
        entry: &OutlineEntry,
        below: &[&str],
        form: &WrittenForm,
        json: bool,
    ) -> Option<Vec<ByteChange>> {
        let value = one_line(below, form, json)?;
        if !matches!(entry.value.shape, PartShape::Empty) {
            // Anchors and tags before the value are removed with it.
            let after = &self.text[entry.colon..entry.value.bytes.end];
            let start = entry.value.bytes.end - after.trim_start().len();
            return Some(vec![ByteChange { bytes: start..entry.value.bytes.end, text: value }]);
        }
        let colon = if self.text[entry.key.end..entry.colon].contains(':') { "" } else { ":" };
        Some(vec![if colon.is_empty() && self.text[entry.colon..].starts_with(' ') {
            ByteChange::insert(entry.colon + 1, value)
        } else {
            ByteChange::insert(entry.colon, format!("{colon} {value}"))
        }])
    }

    /// The changes that remove a value.
    pub fn removal(&self, path: &[&str]) -> Option<Vec<ByteChange>> {
        let mut map = self.root.as_ref()?;
        let mut holder = None;
        let (last, way) = path.split_last()?;
        for key in way {
            let entry = map.entry(key)?;
            (map, holder) = (&entry.value, Some(entry));
        }
        let entries = map.entries()?;
        let at = entries.iter().rposition(|entry| entry.name == *last)?;
        let entry = &entries[at];
        if map.is_flow() {
            let bytes = if let Some(next) = entries.get(at + 1) {
                entry.key.start..next.key.start
            } else if let Some(previous) = at.checked_sub(1) {
                entries[previous].value.bytes.end..entry.value.bytes.end
            } else {
                map.bytes.start + 1..map.bytes.end - 1
            };
            return Some(vec![ByteChange { bytes, text: String::new() }]);
        }
        if let (1, Some(holder)) = (entries.len(), holder) {
            return self.replace_in_block(holder, &[], &WrittenForm::Line("{}".to_owned()));
        }
        let start = entry.key.start - self.indent(entry.key.start)?;
        let end = self.line_end(entry.value.bytes.end.max(entry.colon));
        let newline = self.text[end..].find('\n').map_or(0, |at| at + 1);
        Some(vec![ByteChange { bytes: start..end + newline, text: String::new() }])
    }

    /// The lines of an entry whose first key has the indentation `indent`.
    fn entry_lines(&self, keys: &[&str], form: &WrittenForm, indent: usize) -> Vec<String> {
        let Some((key, below)) = keys.split_first() else { return Vec::new() };
        let (head, mut lines) = self.value_lines(below, form, indent + self.step);
        let gap = if head.is_empty() { "" } else { " " };
        lines.insert(0, format!("{}{}:{gap}{head}", " ".repeat(indent), render::key(key, false)));
        lines
    }

    /// The text after a key and the lines below it, for a value inside the maps `keys`.
    fn value_lines(&self, keys: &[&str], form: &WrittenForm, indent: usize) -> (String, Vec<String>) {
        if !keys.is_empty() {
            return (String::new(), self.entry_lines(keys, form, indent));
        }
        match form {
            WrittenForm::Line(line) => (line.clone(), Vec::new()),
            WrittenForm::Below(head, lines) => {
                let indented = |line: &String| match line.as_str() {
                    "" => String::new(),
                    line => format!("{}{line}", " ".repeat(indent)),
                };
                ((*head).to_owned(), lines.iter().map(indented).collect())
            }
        }
    }

    /// The indentation of a key that is the first one in its line.
    fn indent(&self, at: usize) -> Option<usize> {
        indent(self.text, at)
    }

    /// The end of the line that contains `at`, before its newline.
    fn line_end(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// The end of the text after a colon, before a comment or the line end.
    fn content_end(&self, colon: usize) -> usize {
        let line = &self.text[colon..self.line_end(colon)];
        let content = line.find(" #").map_or(line, |comment| &line[..comment]);
        colon + content.trim_end().len()
    }
}

fn indent(text: &str, at: usize) -> Option<usize> {
    let line = &text[..at][text[..at].rfind('\n').map_or(0, |newline| newline + 1)..];
    line.bytes().all(|byte| byte == b' ').then_some(line.len())
}

/// The relative indentation of the first block map below a key.
fn first_step(text: &str, part: &OutlinePart) -> Option<usize> {
    part.entries()?.iter().find_map(|entry| {
        let inner = entry.value.entries().filter(|_| !entry.value.is_flow())?.first()?;
        let (inner, outer) = (indent(text, inner.key.start)?, indent(text, entry.key.start)?);
        inner.checked_sub(outer).filter(|step| *step > 0)
    })
}

/// A value inside the maps `keys`, on one line.
fn one_line(keys: &[&str], form: &WrittenForm, json: bool) -> Option<String> {
    let WrittenForm::Line(value) = form else { return None };
    let nest = |value: String, key: &&str| format!("{{{}: {value}}}", render::key(key, json));
    Some(keys.iter().rev().fold(value.clone(), nest))
}
