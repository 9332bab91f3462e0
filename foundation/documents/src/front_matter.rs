//! The YAML between two `---` at the beginning of a document. Only keys of the first level are read, errors are
//! tolerated, and single values can be changed.

/// The value of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrontMatterValue {
    /// Text, without its quotes.
    Scalar(String),
    /// `[a, b]` or a block of `- a`.
    List(Vec<String>),
}

/// A key of the first level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: FrontMatterValue,
    /// Its line, from 1.
    pub line: usize,
}

/// Parses the front matter: the lines between two `---` at the beginning of a text. Returns its fields, and the
/// number of its last line. `None` if there is no front matter or it has no end. A byte order mark and `\r\n` are
/// accepted.
pub fn read(text: &str) -> Option<(Vec<Field>, usize)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate();
    if lines.next()?.1.trim_end() != "---" {
        return None;
    }
    let mut fields: Vec<Field> = Vec::new();
    for (at, line) in lines {
        if matches!(line.trim_end(), "---" | "...") {
            return Some((fields, at + 1));
        }
        if let Some(item) = line.trim_start().strip_prefix("- ").or((line.trim() == "-").then_some("")) {
            if let Some(field) = fields.last_mut() {
                push(&mut field.value, unquoted(item));
            }
        } else if let Some((key, value)) = key_and_value(line) {
            fields.push(Field { key: key.to_owned(), value: value_of(value), line: at + 1 });
        }
    }
    None
}

/// A key's text. Empty if the key is missing or its value is a list.
pub fn scalar<'f>(fields: &'f [Field], key: &str) -> &'f str {
    match value(fields, key) {
        Some(FrontMatterValue::Scalar(text)) => text,
        _ => "",
    }
}

/// A key's items. A single value is a list with one item.
pub fn items<'f>(fields: &'f [Field], key: &str) -> Vec<&'f str> {
    match value(fields, key) {
        Some(FrontMatterValue::List(items)) => items.iter().map(String::as_str).collect(),
        Some(FrontMatterValue::Scalar(text)) if !text.is_empty() => vec![text],
        _ => Vec::new(),
    }
}

fn value<'f>(fields: &'f [Field], key: &str) -> Option<&'f FrontMatterValue> {
    fields.iter().find(|field| field.key == key).map(|field| &field.value)
}

/// Adds an item to a value. An empty scalar is the beginning of a block list.
fn push(value: &mut FrontMatterValue, item: String) {
    match value {
        FrontMatterValue::List(items) => items.push(item),
        FrontMatterValue::Scalar(text) if text.is_empty() => *value = FrontMatterValue::List(vec![item]),
        FrontMatterValue::Scalar(_) => {}
    }
}

/// A key of the first level, which is not indented, and the text after its colon.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let is_key = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    (is_key && (value.is_empty() || value.starts_with([' ', '\t', '\r']))).then_some((key, value))
}

fn value_of(text: &str) -> FrontMatterValue {
    let text = text.trim();
    let inner = text.strip_prefix('[').and_then(|rest| rest[..comment_at(rest)].trim_end().strip_suffix(']'));
    match inner {
        Some(inner) if !inner.starts_with("fill:") => {
            FrontMatterValue::List(inner.split(',').map(unquoted).filter(|item| !item.is_empty()).collect())
        }
        _ => FrontMatterValue::Scalar(unquoted(text)),
    }
}

/// The start of a comment, or the end of the text.
fn comment_at(text: &str) -> usize {
    if text.starts_with('#') { 0 } else { text.find(" #").unwrap_or(text.len()) }
}

fn unquoted(text: &str) -> String {
    let text = text.trim();
    for quote in ['\'', '"'] {
        let Some(rest) = text.strip_prefix(quote) else { continue };
        let doubled = format!("{quote}{quote}");
        let mut end = 0;
        // Inside single quotes a quote is doubled. Inside double quotes it is escaped, and the escape is kept.
        while let Some(at) = rest[end..].find(quote) {
            end += at;
            if quote == '\'' && rest[end..].starts_with(&doubled) {
                end += 2;
            } else if quote == '"' && rest[..end].ends_with('\\') {
                end += 1;
            } else {
                return if quote == '\'' { rest[..end].replace("''", "'") } else { rest[..end].to_owned() };
            }
        }
    }
    let text = text[..comment_at(text)].trim_end();
    if matches!(text, "null" | "~") { String::new() } else { text.to_owned() }
}

/// `text` with a new value for a key of the front matter. All other bytes are unchanged, including a comment after
/// the value. `None` if the key does not exist.
pub fn with_value(text: &str, key: &str, value: &str) -> Option<String> {
    let (fields, _) = read(text)?;
    let field = fields.iter().find(|field| field.key == key)?;
    let start: usize = text.split_inclusive('\n').take(field.line - 1).map(str::len).sum();
    let line = text[start..].split_inclusive('\n').next()?;
    let content = line.trim_end_matches(['\n', '\r']);
    let after_key = start + content.find(':')? + 1;
    let old = &text[after_key..start + content.len()];
    let comment = if old.contains(['\'', '"']) { old.len() } else { comment_at(old) };
    let end = after_key + old[..comment].trim_end().len();
    Some(format!("{} {value}{}", &text[..after_key], &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(fields: &[Field], key: &str) -> Option<FrontMatterValue> {
        fields.iter().find(|field| field.key == key).map(|field| field.value.clone())
    }

    #[test]
    fn scalars_and_both_kinds_of_lists_are_read() {
        let text = "\u{feff}---\r\ntemplate: checkpoint # kind\r\ntitle: 'it''s: #1' # x\r\nids: [a, 'b c', ]\r\nrefs:\r\n  - 12\r\n  - \"13\"\r\nempty: []\r\nnone: null\r\nversion: \"1.3\"\r\n nested: x\r\n---\r\nbody: no\r\n";
        let (fields, end) = read(text).unwrap();
        let scalar = |text: &str| Some(FrontMatterValue::Scalar(text.into()));
        let list = |items: &[&str]| {
            Some(FrontMatterValue::List(items.iter().map(|item| (*item).to_owned()).collect()))
        };
        assert_eq!(get(&fields, "template"), scalar("checkpoint"));
        assert_eq!(get(&fields, "title"), scalar("it's: #1"));
        assert_eq!(get(&fields, "ids"), list(&["a", "b c"]));
        assert_eq!(get(&fields, "refs"), list(&["12", "13"]));
        assert_eq!(get(&fields, "empty"), list(&[]));
        assert_eq!(get(&fields, "none"), scalar(""));
        assert_eq!(get(&fields, "version"), scalar("1.3"));
        assert_eq!((get(&fields, "nested"), get(&fields, "body"), end), (None, None, 12));
        assert_eq!((super::scalar(&fields, "template"), super::scalar(&fields, "ids")), ("checkpoint", ""));
        assert_eq!(
            (items(&fields, "template"), items(&fields, "refs")),
            (vec!["checkpoint"], vec!["12", "13"])
        );
        assert!(items(&fields, "none").is_empty() && items(&fields, "absent").is_empty());
        assert_eq!(fields[3].line, 5);
        assert_eq!(read("---\nx: y\n"), None, "it has no end");
        assert_eq!(read("x: y\n---\n"), None);
    }

    #[test]
    fn one_value_changes_and_no_other_byte() {
        let text =
            "\u{feff}---\r\nstatus: draft  # mine\r\nphase:\r\ntitle: 'a # b'\r\n---\r\nphase: body\r\n";
        let changed = with_value(text, "status", "active").unwrap();
        assert_eq!(changed, text.replace("draft", "active"));
        assert_eq!(with_value(text, "phase", "fill").unwrap(), text.replacen("phase:", "phase: fill", 1));
        assert_eq!(with_value(text, "title", "x").unwrap(), text.replace("'a # b'", "x"));
        assert_eq!(with_value(text, "absent", "x"), None);
        assert_eq!(with_value("phase: x\n", "phase", "y"), None, "only in the front matter");
    }
}
