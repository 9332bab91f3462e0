//! Writes values as text: on one line, or on lines below their key.

use super::error::EditError;
use config::yaml::{self, YamlNode, YamlValue};

/// A written form of a value.
#[derive(Debug, Clone)]
pub enum WrittenForm {
    /// On the line of its key.
    Line(String),
    /// A text on the line of its key, possibly empty, and lines below it without indentation.
    Below(&'static str, Vec<String>),
}

/// Parses a value: text that can follow `key:`, or lines that can follow below it.
///
/// # Errors
/// When the text is not one valid YAML value.
pub fn parse(source: &str) -> Result<YamlNode, EditError> {
    let broken =
        |message: &str| EditError::Value { value: source.trim().to_owned(), message: message.to_owned() };
    let text = if is_below(source) {
        source.lines().fold("value:\n".to_owned(), |text, line| format!("{text}  {line}\n"))
    } else {
        format!("value: {source}\n")
    };
    let (mut tree, _) = yaml::parse(&text, 0).map_err(|problem| broken(&problem.message))?;
    match &tree.value {
        YamlValue::Mapping(entries) if entries.len() == 1 => {}
        _ => return Err(broken("it is more than one value")),
    }
    tree.remove("value").ok_or_else(|| broken("it is empty"))
}

fn is_below(source: &str) -> bool {
    source.contains('\n')
}

/// The forms of a value below a key of a block map, best first.
pub fn block_forms(source: &str, node: &YamlNode) -> Vec<WrittenForm> {
    let mut forms = Vec::new();
    match &node.value {
        YamlValue::Scalar { text, plain: false } => forms.extend(literal(text)),
        YamlValue::Scalar { .. } => {}
        _ if is_below(source) && !source.starts_with(['{', '[']) => {
            forms.push(WrittenForm::Below("", source.trim_end().lines().map(str::to_owned).collect()));
        }
        _ => {}
    }
    if !is_below(source) {
        forms.push(WrittenForm::Line(source.trim().to_owned()));
    }
    forms.push(WrittenForm::Line(flow(node, false)));
    forms
}

/// The forms of a value inside braces, best first.
pub fn flow_forms(source: &str, node: &YamlNode, json: bool) -> Vec<WrittenForm> {
    let mut forms = Vec::new();
    if !json && !is_below(source) {
        forms.push(WrittenForm::Line(source.trim().to_owned()));
    }
    forms.push(WrittenForm::Line(flow(node, json)));
    forms
}

/// A text of several lines below a `|`. A text that needs indentation indicators or escapes gives `None`, and is then
/// quoted.
fn literal(text: &str) -> Option<WrittenForm> {
    let body = text.strip_suffix('\n');
    let head = if body.is_some() { "|" } else { "|-" };
    let body = body.unwrap_or(text);
    let is_plain = text.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
    is_plain.then(|| WrittenForm::Below(head, body.split('\n').map(str::to_owned).collect()))
}

/// A key. With `json` it is always in double quotes.
pub fn key(name: &str, json: bool) -> String {
    if !json && is_word(name) { name.to_owned() } else { quoted(name) }
}

/// A value on one line.
fn flow(node: &YamlNode, json: bool) -> String {
    match &node.value {
        YamlValue::Scalar { text, plain: false } => quoted(text),
        YamlValue::Scalar { text, .. } => {
            let is_number = text.parse::<serde_json::Number>().is_ok();
            match node.as_bool() {
                Some(value) if json => value.to_string(),
                None if node.is_null() => "null".to_owned(),
                None if !is_number && (json || !is_word(text)) => quoted(text),
                _ => text.clone(),
            }
        }
        YamlValue::Sequence(items) => {
            format!("[{}]", items.iter().map(|item| flow(item, json)).collect::<Vec<_>>().join(", "))
        }
        YamlValue::Mapping(entries) => {
            let entry = |(name, value): &(YamlNode, YamlNode)| {
                format!("{}: {}", key(name.text().unwrap_or_default(), json), flow(value, json))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// A text as a JSON string, which is a valid YAML scalar for any text.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a text needs no quotes anywhere and is read as a text only.
fn is_word(text: &str) -> bool {
    let node = YamlNode {
        value: YamlValue::Scalar { text: text.to_owned(), plain: true },
        mark: Default::default(),
    };
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && node.as_bool().is_none()
        && !node.is_null()
}
