//! Parses YAML into nodes with positions.
//!
//! The dialect follows YAML 1.1 where users rely on it. Plain `yes`, `no`, `on` and `off` are booleans where a
//! boolean is expected, and `<<` merges. The last of duplicate keys wins, with a warning. JSON is accepted, a byte
//! order mark is skipped, and a file must contain one document.

mod json;
mod parse;
#[cfg(test)]
mod tests;

pub use parse::parse;

/// The largest configuration file, in bytes.
pub(crate) const LARGEST: usize = 1024 * 1024;

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
