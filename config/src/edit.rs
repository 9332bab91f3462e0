//! Single values of a configuration file changed in place: every other byte stays.

use std::io::{self, Write};
use std::path::Path;

use hooks_common::store::{self, replace::link_target};

use crate::yaml::{self, Node, Value};

/// Why a file was left alone.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file is no YAML.
    #[error("line {line}: {message}")]
    Broken {
        /// Where.
        line: usize,
        /// What.
        message: String,
    },
    /// The place cannot be changed without touching anything else.
    #[error("`{0}` is written in a way that cannot be changed in place; edit the file by hand")]
    ByHand(String),
}

/// `text` with `section.key` set to `value`, which must be a valid YAML flow value on one line. A section that
/// is missing is added at the end, a key that is missing first in its section.
///
/// # Errors
/// When the file is broken, or the result would not read back as just that change.
pub fn set(text: &str, section: &str, key: &str, value: &str) -> Result<String, EditError> {
    let (tree, _) = parse(text)?;
    let by_hand = || EditError::ByHand(format!("{section}.{key}"));
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let edited = match tree.entry(section) {
        None => {
            let gap = if text.is_empty() || text.ends_with('\n') { "" } else { newline };
            format!("{text}{gap}{section}:{newline}  {key}: {value}{newline}")
        }
        Some((_, node)) => match node.entry(key) {
            Some((_, old)) => replace_scalar(text, old, value).ok_or_else(by_hand)?,
            None => insert_first(text, node, key, value, newline).ok_or_else(by_hand)?,
        },
    };
    // The only proof that counts: read it back, and compare it with the tree that was meant.
    let mut meant = tree;
    let (wanted, _) = parse(&format!("{section}: {{{key}: {value}}}"))?;
    meant.merge(wanted);
    let (found, _) = parse(&edited).map_err(|_| by_hand())?;
    if same(&meant, &found) { Ok(edited) } else { Err(by_hand()) }
}

/// Replaces a file that a person edits, for `req` and the installer: synced with its folder, through a symbolic
/// link, with the permissions it had. What killed writers left in the folder goes. Hooks never do this: it
/// costs several milliseconds.
///
/// # Errors
/// When the folder cannot be made or the file not be written; the old content is untouched then.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let target = link_target(path);
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder)?;
        store::sweep(folder);
    }
    let permissions = std::fs::metadata(&target).ok().map(|meta| meta.permissions());
    let file = atomicwrites::AtomicFile::new(&target, atomicwrites::AllowOverwrite);
    let written = file.write(|file| {
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.write_all(text.as_bytes())
    });
    written.map_err(io::Error::from)
}

fn parse(text: &str) -> Result<(Node, Vec<yaml::Complaint>), EditError> {
    yaml::parse(text, 0).map_err(|error| EditError::Broken { line: error.mark.line, message: error.message })
}

/// Byte offset of a node's start.
fn offset(text: &str, node: &Node) -> Option<usize> {
    let text_start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut at = text_start;
    for _ in 1..node.mark.line {
        at += text[at..].find('\n')? + 1;
    }
    let line = &text[at..];
    let column = line.char_indices().map(|(at, _)| at).nth(node.mark.column - 1).unwrap_or(line.len());
    Some(at + column)
}

fn replace_scalar(text: &str, old: &Node, value: &str) -> Option<String> {
    let start = offset(text, old)?;
    let rest = &text[start..];
    let length = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].find(quote)? + 2,
        '[' => rest.find(']')? + 1,
        _ => {
            let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
            let end =
                [line.find(" #"), line.find([',', '}'])].into_iter().flatten().min().unwrap_or(line.len());
            line[..end].trim_end().len()
        }
    };
    Some(format!("{}{value}{}", &text[..start], &rest[length..]))
}

fn insert_first(text: &str, section: &Node, key: &str, value: &str, newline: &str) -> Option<String> {
    let start = offset(text, section)?;
    match &section.value {
        Value::Mapping(_) if text[start..].starts_with('{') => {
            let empty = matches!(&section.value, Value::Mapping(entries) if entries.is_empty());
            let comma = if empty { "" } else { ", " };
            Some(format!("{}{{{key}: {value}{comma}{}", &text[..start], text[start + 1..].trim_start()))
        }
        Value::Mapping(_) => {
            let indent = " ".repeat(section.mark.column - 1);
            Some(format!("{}{key}: {value}{newline}{indent}{}", &text[..start], &text[start..]))
        }
        _ => None,
    }
}

/// Equality of content; places and quotes do not count.
fn same(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Scalar { text: a, .. }, Value::Scalar { text: b, .. }) => a == b,
        (Value::Sequence(a), Value::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Mapping(a), Value::Mapping(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| {
                    b.iter().find(|(name, _)| name.text() == key.text()).is_some_and(|(_, b)| same(a, b))
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_changes_and_every_other_byte_stays() {
        for (before, after) in [
            ("", "logging:\n  level: debug\n"),
            ("a: 1 # x", "a: 1 # x\nlogging:\n  level: debug\n"),
            ("logging:\n  level: info  # why\n  file: x\n", "logging:\n  level: debug  # why\n  file: x\n"),
            ("logging: {file: x, level: 'info'}\nb: 2\n", "logging: {file: x, level: debug}\nb: 2\n"),
            ("logging: {}\n", "logging: {level: debug}\n"),
            ("logging: {file: x}\n", "logging: {level: debug, file: x}\n"),
            (
                "logging:\n    # first\n    file: x\n",
                "logging:\n    # first\n    level: debug\n    file: x\n",
            ),
            ("a: 1\r\nlogging:\r\n  file: x\r\n", "a: 1\r\nlogging:\r\n  level: debug\r\n  file: x\r\n"),
        ] {
            assert_eq!(set(before, "logging", "level", "debug").unwrap(), after, "{before:?}");
        }
    }

    #[test]
    fn what_cannot_be_changed_safely_is_refused() {
        for text in
            ["logging: &a {file: x}\nother: *a\n", "logging: 5\n", "logging:\n  level: |\n    debug\n"]
        {
            assert!(matches!(set(text, "logging", "level", "info"), Err(EditError::ByHand(_))), "{text:?}");
        }
        assert!(matches!(set("a: [", "logging", "level", "info"), Err(EditError::Broken { .. })));
    }
}
