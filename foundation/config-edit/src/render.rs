//! Values as text: as one line, and below their key.

use config::yaml::{self, Node, Value};

/// How a value can be written.
#[derive(Debug, Clone)]
pub enum Form {
    /// On the line of its key.
    Line(String),
    /// Something on the line of its key, perhaps nothing, and lines below it, not yet indented.
    Below(&'static str, Vec<String>),
}

/// Reads a value: anything that may stand behind `key:`, or in lines of its own below it.
///
/// # Errors
/// Why it is no YAML.
pub fn parse(source: &str) -> Result<Node, String> {
    let text = if is_below(source) {
        source.lines().fold("value:\n".to_owned(), |text, line| format!("{text}  {line}\n"))
    } else {
        format!("value: {source}\n")
    };
    let (mut tree, _) = yaml::parse(&text, 0).map_err(|complaint| complaint.message)?;
    match &tree.value {
        Value::Mapping(entries) if entries.len() == 1 => {}
        _ => return Err("it is more than one value".to_owned()),
    }
    tree.remove("value").ok_or_else(|| "it is no value".to_owned())
}

fn is_below(source: &str) -> bool {
    source.contains('\n')
}

/// The forms of a value below a key of a block map, the best first.
pub fn block_forms(source: &str, node: &Node) -> Vec<Form> {
    let mut forms = Vec::new();
    match &node.value {
        Value::Scalar { text, plain: false } => forms.extend(literal(text)),
        Value::Scalar { .. } => {}
        _ if is_below(source) && !source.starts_with(['{', '[']) => {
            forms.push(Form::Below("", source.trim_end().lines().map(str::to_owned).collect()));
        }
        _ => {}
    }
    if !is_below(source) {
        forms.push(Form::Line(source.trim().to_owned()));
    }
    forms.push(Form::Line(flow(node, false)));
    forms
}

/// The forms of a value inside braces, the best first.
pub fn flow_forms(source: &str, node: &Node, json: bool) -> Vec<Form> {
    let mut forms = Vec::new();
    if !json && !is_below(source) {
        forms.push(Form::Line(source.trim().to_owned()));
    }
    forms.push(Form::Line(flow(node, json)));
    forms
}

/// A text of several lines below a `|`. A text that would need more than that is left to a quoted line.
fn literal(text: &str) -> Option<Form> {
    let body = text.strip_suffix('\n');
    let head = if body.is_some() { "|" } else { "|-" };
    let body = body.unwrap_or(text);
    let is_plain = text.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.chars().all(|c| c == '\n' || c == '\t' || !c.is_control());
    is_plain.then(|| Form::Below(head, body.split('\n').map(str::to_owned).collect()))
}

/// A key; `json` puts it in double quotes whatever it is.
pub fn key(name: &str, json: bool) -> String {
    if !json && is_word(name) { name.to_owned() } else { quoted(name) }
}

/// A value on one line.
fn flow(node: &Node, json: bool) -> String {
    match &node.value {
        Value::Scalar { text, plain: false } => quoted(text),
        Value::Scalar { text, .. } => {
            let is_number = text.parse::<serde_json::Number>().is_ok();
            match node.as_bool() {
                Some(value) if json => value.to_string(),
                None if node.is_null() => "null".to_owned(),
                None if !is_number && (json || !is_word(text)) => quoted(text),
                _ => text.clone(),
            }
        }
        Value::Sequence(items) => {
            format!("[{}]", items.iter().map(|item| flow(item, json)).collect::<Vec<_>>().join(", "))
        }
        Value::Mapping(entries) => {
            let entry = |(name, value): &(Node, Node)| {
                format!("{}: {}", key(name.text().unwrap_or_default(), json), flow(value, json))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
    }
}

/// JSON text is a YAML scalar, whatever it holds.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Whether a text stands for itself anywhere without quotes, and for nothing but a text.
fn is_word(text: &str) -> bool {
    let node = Node { value: Value::Scalar { text: text.to_owned(), plain: true }, mark: Default::default() };
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && node.as_bool().is_none()
        && !node.is_null()
}
