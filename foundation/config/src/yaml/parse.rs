//! Builds the tree of one file, with limits.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::json::json_as_yaml;
use super::{LARGEST, Mark, YamlNode, YamlProblem, YamlValue};

/// The most nodes, with aliases expanded.
const MOST_NODES: usize = 50_000;
/// The deepest nesting of nodes.
const DEEPEST: usize = 64;

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
