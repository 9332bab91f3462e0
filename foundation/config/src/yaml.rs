//! Parses YAML into nodes with positions.
//!
//! The dialect follows YAML 1.1 where users rely on it. Plain `yes`, `no`, `on` and `off` are booleans where a
//! boolean is expected, and `<<` merges. The last of duplicate keys wins, with a warning. JSON is accepted, a byte
//! order mark is skipped, and a file must contain one document.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

/// The largest configuration file, in bytes.
pub(crate) const LARGEST: usize = 1024 * 1024;
/// The most nodes, with aliases expanded.
const MOST_NODES: usize = 50_000;
/// The deepest nesting of nodes.
const DEEPEST: usize = 64;

/// The position of a node: an index into the list of files, and a line and column counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// The index of the file.
    pub source: usize,
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A node of the document tree.
#[derive(Debug, Clone, PartialEq)]
pub struct YamlNode {
    /// Its value.
    pub value: YamlValue,
    /// Its start.
    pub mark: Mark,
}

/// The kinds of nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum YamlValue {
    /// A scalar. The expected type determines how a plain one is read.
    Scalar {
        /// Its text.
        text: String,
        /// Whether it has no quotes, no block indicator and no `!!str`.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<YamlNode>),
    /// A map in document order. Keys are scalars; merge keys are already merged.
    Mapping(Vec<(YamlNode, YamlNode)>),
}

/// An error in a file, or a warning about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {message}", .mark.line, .mark.column)]
pub struct YamlProblem {
    /// Its position.
    pub mark: Mark,
    /// Its text.
    pub message: String,
}

impl YamlNode {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            YamlValue::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether this is YAML's null: empty, `~` or `null`, unquoted.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, YamlValue::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The boolean value of a plain scalar in YAML 1.1.
    pub fn as_bool(&self) -> Option<bool> {
        let YamlValue::Scalar { text, plain: true } = &self.value else { return None };
        match text.as_str() {
            "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
            "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
            _ => None,
        }
    }

    /// A key's value in a mapping.
    pub fn get(&self, key: &str) -> Option<&YamlNode> {
        self.entry(key).map(|(_, value)| value)
    }

    /// A key and its value in a mapping.
    pub fn entry(&self, key: &str) -> Option<(&YamlNode, &YamlNode)> {
        let YamlValue::Mapping(entries) = &self.value else { return None };
        entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(name, value)| (name, value))
    }

    /// A key's value in a mapping, for changes.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut YamlNode> {
        let YamlValue::Mapping(entries) = &mut self.value else { return None };
        entries.iter_mut().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// Removes a key from a mapping.
    pub fn remove(&mut self, key: &str) -> Option<YamlNode> {
        let YamlValue::Mapping(entries) = &mut self.value else { return None };
        let at = entries.iter().position(|(name, _)| name.text() == Some(key))?;
        Some(entries.remove(at).1)
    }

    /// Removes the value at a path of keys. Returns whether it existed.
    pub fn remove_path(&mut self, path: &[impl AsRef<str>]) -> bool {
        match path {
            [] => false,
            [key] => self.remove(key.as_ref()).is_some(),
            [key, rest @ ..] => {
                let YamlValue::Mapping(entries) = &mut self.value else { return false };
                let child = entries.iter_mut().find(|(name, _)| name.text() == Some(key.as_ref()));
                child.is_some_and(|(_, child)| child.remove_path(rest))
            }
        }
    }

    /// Removes an item of a list on the path of keys: the item that contains the position `mark`. Returns whether one
    /// was removed.
    pub fn remove_item(&mut self, path: &[impl AsRef<str>], mark: Mark) -> bool {
        match (&mut self.value, path) {
            (YamlValue::Sequence(items), _) => {
                let at = items.iter().position(|item| item.holds(mark));
                at.map(|at| items.remove(at)).is_some()
            }
            (YamlValue::Mapping(entries), [key, rest @ ..]) => {
                let child = entries.iter_mut().find(|(name, _)| name.text() == Some(key.as_ref()));
                child.is_some_and(|(_, child)| child.remove_item(rest, mark))
            }
            _ => false,
        }
    }

    /// Whether the node or one inside it is at `mark`.
    fn holds(&self, mark: Mark) -> bool {
        self.mark == mark
            || match &self.value {
                YamlValue::Scalar { .. } => false,
                YamlValue::Sequence(items) => items.iter().any(|item| item.holds(mark)),
                YamlValue::Mapping(entries) => {
                    entries.iter().any(|(name, value)| name.holds(mark) || value.holds(mark))
                }
            }
    }

    /// Merges `over` into this node: maps key by key, other values by replacement. A key on both levels gets the
    /// position of the higher level.
    pub fn merge(&mut self, over: YamlNode) {
        match (&mut self.value, over.value) {
            (YamlValue::Mapping(base), YamlValue::Mapping(entries)) => {
                self.mark = over.mark;
                for (key, value) in entries {
                    match base.iter_mut().find(|(name, _)| name.text() == key.text()) {
                        Some((name, existing)) => {
                            *name = key;
                            existing.merge(value);
                        }
                        None => base.push((key, value)),
                    }
                }
            }
            (_, value) => *self = YamlNode { value, mark: over.mark },
        }
    }
}

/// Parses one file. The second list contains warnings, such as duplicate keys.
///
/// # Errors
/// When the file is not valid YAML, with the position where parsing stopped.
pub fn parse(text: &str, source: usize) -> Result<(YamlNode, Vec<YamlProblem>), YamlProblem> {
    let at = |line: usize, column: usize| Mark { source, line, column };
    if text.len() > LARGEST {
        return Err(YamlProblem {
            mark: at(1, 1),
            message: format!("the file is larger than {LARGEST} bytes"),
        });
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = &*json_as_yaml(text);
    let empty = YamlNode { value: YamlValue::Mapping(Vec::new()), mark: at(1, 1) };
    let mut builder =
        TreeBuilder { source, stack: Vec::new(), anchors: HashMap::new(), nodes: 0, complaints: Vec::new() };
    let mut documents = 0;
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| YamlProblem {
            mark: at(error.marker().line(), error.marker().col() + 1),
            message: error.info().to_owned(),
        })?;
        let mark = at(span.start.line(), span.start.col() + 1);
        if matches!(event, Event::DocumentStart(_)) {
            documents += 1;
            if documents > 1 {
                return Err(YamlProblem {
                    mark,
                    message: "a configuration must be one document; a second one starts here".into(),
                });
            }
        }
        if let Some(node) = builder.take(event, mark)? {
            root = Some(node);
        }
    }
    let root = root.filter(|root| !root.is_null()).unwrap_or(empty);
    if !matches!(root.value, YamlValue::Mapping(_)) {
        return Err(YamlProblem { mark: root.mark, message: "a configuration must be a map of keys".into() });
    }
    Ok((root, builder.complaints))
}

/// A configuration written as JSON, such as `json.dump` writes it, in the part of JSON that is YAML: characters beyond the
/// first plane are written out instead of as two surrogates, and tabs between values are spaces. Any other text stays.
fn json_as_yaml(text: &str) -> Cow<'_, str> {
    let is_odd = |text: &str| text.contains('\t') || text.contains("\\u");
    let is_json = text.trim_start().starts_with('{')
        && is_odd(text)
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if !is_json {
        return Cow::Borrowed(text);
    }
    let mut yaml = String::with_capacity(text.len());
    let mut is_string = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let taken = match (c, is_string) {
            ('\\', true) => match unescaped(rest) {
                Some((character, length)) => {
                    yaml.push(character);
                    length
                }
                None => {
                    let length = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                    yaml.push_str(&rest[..length]);
                    length
                }
            },
            ('\t', false) => {
                yaml.push(' ');
                1
            }
            _ => {
                is_string ^= c == '"';
                yaml.push(c);
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    Cow::Owned(yaml)
}

/// The character that the surrogates at the beginning of a text stand for, and how long they are. One without the other
/// stands for none.
fn unescaped(text: &str) -> Option<(char, usize)> {
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    let first = unit(text)?;
    if !(0xD800..0xE000).contains(&first) {
        return None;
    }
    let pair = text.get(6..).and_then(unit).map(|second| [first, second]);
    let character = pair.and_then(|pair| char::decode_utf16(pair).next()?.ok());
    Some(character.map_or((char::REPLACEMENT_CHARACTER, 6), |character| (character, 12)))
}

struct TreeBuilder {
    source: usize,
    stack: Vec<OpenCollection>,
    anchors: HashMap<usize, YamlNode>,
    nodes: usize,
    complaints: Vec<YamlProblem>,
}

/// A collection whose end was not read yet.
struct OpenCollection {
    mark: Mark,
    anchor: usize,
    kind: CollectionItems,
}

enum CollectionItems {
    Sequence(Vec<YamlNode>),
    Mapping { entries: Vec<(YamlNode, YamlNode)>, key: Option<YamlNode> },
}

impl TreeBuilder {
    /// Processes one event. Returns the root node when the event completes it.
    fn take(&mut self, event: Event<'_>, mark: Mark) -> Result<Option<YamlNode>, YamlProblem> {
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let plain = style == ScalarStyle::Plain && !is_text;
                (YamlNode { value: YamlValue::Scalar { text: text.into_owned(), plain }, mark }, anchor)
            }
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(YamlProblem {
                        mark,
                        message: "this alias refers to itself or to nothing".into(),
                    });
                };
                // Nested aliases can expand to a very large tree, so the expanded nodes are counted.
                self.count(size(&node), mark)?;
                (node, 0)
            }
            Event::SequenceStart(anchor, _) => {
                self.open(OpenCollection { mark, anchor, kind: CollectionItems::Sequence(Vec::new()) })?;
                return Ok(None);
            }
            Event::MappingStart(anchor, _) => {
                self.open(OpenCollection {
                    mark,
                    anchor,
                    kind: CollectionItems::Mapping { entries: Vec::new(), key: None },
                })?;
                return Ok(None);
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.stack.pop() else { return Ok(None) };
                let value = match open.kind {
                    CollectionItems::Sequence(items) => YamlValue::Sequence(items),
                    CollectionItems::Mapping { entries, .. } => YamlValue::Mapping(self.settle(entries)?),
                };
                (YamlNode { value, mark: open.mark }, open.anchor)
            }
            _ => return Ok(None),
        };
        self.count(1, mark)?;
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut() {
            None => Ok(Some(node)),
            Some(OpenCollection { kind: CollectionItems::Sequence(items), .. }) => {
                items.push(node);
                Ok(None)
            }
            Some(OpenCollection { kind: CollectionItems::Mapping { entries, key }, .. }) => {
                match key.take() {
                    Some(name) => entries.push((name, node)),
                    None if node.text().is_some() => *key = Some(node),
                    None => return Err(YamlProblem { mark, message: "a key must be plain text".into() }),
                }
                Ok(None)
            }
        }
    }

    fn open(&mut self, open: OpenCollection) -> Result<(), YamlProblem> {
        if self.stack.len() >= DEEPEST {
            return Err(YamlProblem {
                mark: open.mark,
                message: format!("nested deeper than {DEEPEST} levels"),
            });
        }
        self.stack.push(open);
        Ok(())
    }

    fn count(&mut self, nodes: usize, mark: Mark) -> Result<(), YamlProblem> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return Err(YamlProblem {
                mark,
                message: format!("more than {MOST_NODES} values, aliases unfolded"),
            });
        }
        Ok(())
    }

    /// Expands merge keys, and keeps the last of duplicate keys.
    fn settle(
        &mut self,
        entries: Vec<(YamlNode, YamlNode)>,
    ) -> Result<Vec<(YamlNode, YamlNode)>, YamlProblem> {
        let mut settled: Vec<(YamlNode, YamlNode)> = Vec::with_capacity(entries.len());
        let mut merged = Vec::new();
        for (key, value) in entries {
            let is_merge = matches!(&key.value, YamlValue::Scalar { text, plain: true } if text == "<<");
            if is_merge {
                merged.push(value);
                continue;
            }
            if let Some((earlier, existing)) = settled.iter_mut().find(|(name, _)| name.text() == key.text())
            {
                let name = key.text().unwrap_or_default();
                self.complaints.push(YamlProblem {
                    mark: key.mark,
                    message: format!(
                        "`{name}` is set twice; this value counts, the one in line {} does not",
                        earlier.mark.line
                    ),
                });
                (*earlier, *existing) = (key, value);
            } else {
                settled.push((key, value));
            }
        }
        // A merged key never overrides a key of the map itself.
        for source in merged {
            let maps = match source.value {
                YamlValue::Sequence(items) => items,
                _ => vec![source],
            };
            for map in maps {
                let YamlValue::Mapping(entries) = map.value else {
                    return Err(YamlProblem { mark: map.mark, message: "`<<` merges maps only".into() });
                };
                for (key, value) in entries {
                    if !settled.iter().any(|(name, _)| name.text() == key.text()) {
                        settled.push((key, value));
                    }
                }
            }
        }
        debug_assert!(settled.iter().all(|(key, _)| key.mark.source == self.source));
        Ok(settled)
    }
}

fn size(node: &YamlNode) -> usize {
    1 + match &node.value {
        YamlValue::Scalar { .. } => 0,
        YamlValue::Sequence(items) => items.iter().map(size).sum(),
        YamlValue::Mapping(entries) => entries.iter().map(|(key, value)| size(key) + size(value)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tree(text: &str) -> YamlNode {
        parse(text, 0).unwrap().0
    }

    /// What `json.dump` writes, with and without `indent`.
    #[test]
    fn json_is_read_as_it_is_written() {
        let read = |text: &str| {
            let (tree, complaints) = parse(text, 0).unwrap();
            assert!(complaints.is_empty(), "{text}");
            tree.get("a").unwrap().text().unwrap().to_owned()
        };
        for (text, expected) in [
            (r#"{"a": "\ud83d\udeab plan"}"#, "\u{1f6ab} plan"),
            (r#"{"a": "\uD83D\uDEAB\u00e9\/\"\\ud83d"}"#, "\u{1f6ab}é/\"\\ud83d"),
            (r#"{"a": "x\ud83d y"}"#, "x\u{fffd} y"),
            (r#"{"a": "\udeab\ud83d\udeab"}"#, "\u{fffd}\u{1f6ab}"),
            ("{\n\t\"a\":\t\"b\"\n}\n", "b"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        // In YAML single quotes escape nothing.
        assert_eq!(read(r"a: '\ud83d\udeab'"), r"\ud83d\udeab");
        assert_eq!(read(r"{a: '\ud83d\udeab'}"), r"\ud83d\udeab");
    }

    #[test]
    fn words_of_yaml_1_1_are_booleans() {
        for (text, expected) in [
            ("yes", Some(true)),
            ("Off", Some(false)),
            ("TRUE", Some(true)),
            ("'yes'", None),
            ("y", None),
            ("!!str no", None),
        ] {
            assert_eq!(tree(&format!("a: {text}")).get("a").unwrap().as_bool(), expected, "{text}");
        }
    }

    #[test]
    fn merge_keys_fill_in_and_duplicates_are_told() {
        let (root, complaints) =
            parse("base: &b {x: 1, y: 2}\na:\n  <<: *b\n  x: 3\na2: 1\na2: 2\n", 0).unwrap();
        let a = root.get("a").unwrap();
        assert_eq!((a.get("x").unwrap().text(), a.get("y").unwrap().text()), (Some("3"), Some("2")));
        assert_eq!(root.get("a2").unwrap().text(), Some("2"));
        assert_eq!(complaints.len(), 1);
        assert_eq!(complaints[0].mark, Mark { source: 0, line: 6, column: 1 });
    }

    #[test]
    fn broken_files_say_where() {
        for (text, line) in [
            ("a: [1, 2\nb: 3\n", 2),
            ("a:\n  b: 1\n c: 2\n", 3),
            ("- 1\n", 1),
            ("a: 1\n---\nb: 2\n", 2),
            ("a: *x\n", 1),
        ] {
            assert_eq!(parse(text, 0).unwrap_err().mark.line, line, "{text:?}");
        }
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let before = level - 1;
            let items = vec![format!("*a{before}"); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        assert!(parse(&text, 0).unwrap_err().message.contains("more than"));
        assert!(parse(&"[".repeat(500), 0).is_err());
    }

    #[test]
    fn nothing_a_byte_order_mark_and_json_are_files() {
        assert_eq!(tree("").value, YamlValue::Mapping(Vec::new()));
        assert_eq!(tree("# only a comment\n").value, YamlValue::Mapping(Vec::new()));
        assert_eq!(tree("\u{feff}{\"a\": true}").get("a").unwrap().as_bool(), Some(true));
    }

    #[test]
    fn merging_levels_replaces_lists_and_keeps_the_rest() {
        let mut base = tree("r: {list: [1, 2], keep: x}\n");
        base.merge(parse("r:\n  list: [3]\n", 1).unwrap().0);
        let r = base.get("r").unwrap();
        assert!(matches!(&r.get("list").unwrap().value, YamlValue::Sequence(items) if items.len() == 1));
        assert_eq!(r.get("keep").unwrap().text(), Some("x"));
        assert_eq!(base.entry("r").unwrap().0.mark.source, 1);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[-a-z:{}\\[\\],&*<'\"#| \\n\\t!]{0,120}") {
            let _ = parse(&text, 0);
        }

        #[test]
        fn the_higher_level_wins_key_by_key(
            low in proptest::collection::btree_map("[a-d]", "[0-9]{1,2}", 0..4),
            high in proptest::collection::btree_map("[a-d]", "[0-9]{1,2}", 0..4),
        ) {
            let text = |map: &std::collections::BTreeMap<String, String>| {
                map.iter().fold("r:\n  keep: x\n".to_owned(), |text, (key, value)| text + &format!("  {key}: [{value}]\n"))
            };
            let mut merged = tree(&text(&low));
            merged.merge(tree(&text(&high)));
            let merged = merged.get("r").unwrap();
            for key in ["a", "b", "c", "d"] {
                let expected = high.get(key).or(low.get(key));
                let found = merged.get(key).map(|node| match &node.value {
                    YamlValue::Sequence(items) => (items.len(), items[0].text().unwrap().to_owned()),
                    _ => unreachable!("a list stays a list"),
                });
                prop_assert_eq!(found, expected.map(|value| (1, value.clone())));
            }
        }

        #[test]
        fn merging_nothing_changes_nothing(keys in proptest::collection::vec("[a-e]{1,2}", 0..6)) {
            let text: String = keys.iter().enumerate().map(|(at, key)| format!("{key}: {at}\n")).collect();
            let base = tree(&text);
            let mut merged = base.clone();
            merged.merge(tree(""));
            prop_assert_eq!(base.value, merged.value);
        }
    }
}
