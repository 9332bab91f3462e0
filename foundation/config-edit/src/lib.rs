//! Changes single values of a configuration file in place. All other bytes are unchanged.

mod changes;
mod error;
mod outline;
mod render;

use std::io::{self, Write};
use std::path::Path;

use platform::store;
use platform::store::replace::link_target;

pub use self::error::EditError;

use self::changes::{ByteChange, EditedFile};
use config::yaml::{self, YamlNode, YamlValue};

/// `text` with the value at `path` set to `value`. The value is YAML on one line, or lines that can follow below a
/// key.
///
/// Missing maps are created in the style around them, and a missing key becomes the last one of its map. A text of
/// several lines is written below a `|` if the style allows lines.
///
/// # Errors
/// When the file or the value is not valid, or the result would contain other changes.
pub fn set(text: &str, path: &[&str], value: &str) -> Result<String, EditError> {
    let by_hand = || EditError::ByHand(path.join("."));
    let (mark, body) = split_mark(text);
    let tree = parse(body)?;
    let node = render::parse(value)?;
    let mut meant = tree.clone();
    put(&mut meant, path, node.clone()).ok_or_else(by_hand)?;
    // A value that is already set keeps its spelling.
    if is_same(&meant, &tree) {
        return Ok(text.to_owned());
    }
    let file = EditedFile::of(body);
    let ways = file.ways_to_set(path, value, &node);
    let edited = ways.iter().find_map(|changes| proven(body, changes, &meant)).ok_or_else(by_hand)?;
    Ok(format!("{mark}{edited}"))
}

/// `text` without the value at `path`. It is unchanged if there is no such value. A map without further keys becomes
/// `{}`.
///
/// # Errors
/// As [`set`].
pub fn remove(text: &str, path: &[&str]) -> Result<String, EditError> {
    let by_hand = || EditError::ByHand(path.join("."));
    let (mark, body) = split_mark(text);
    let mut meant = parse(body)?;
    if !meant.remove_path(path) {
        return Ok(text.to_owned());
    }
    let changes = EditedFile::of(body).removal(path).ok_or_else(by_hand)?;
    let edited = proven(body, &changes, &meant).ok_or_else(by_hand)?;
    Ok(format!("{mark}{edited}"))
}

/// A text as a value for [`set`]: plain if YAML reads it as this text, otherwise quoted.
pub fn text(text: &str) -> String {
    let is_plain = |node: &YamlNode| {
        node.text() == Some(text)
            && matches!(node.value, YamlValue::Scalar { plain: true, .. })
            && node.as_bool().is_none()
            && !node.is_null()
    };
    match render::parse(text) {
        Ok(node) if is_plain(&node) => text.to_owned(),
        _ => render::quoted(text),
    }
}

/// A person's input as a value for [`set`]. JSON, YAML lists, maps and quoted texts on one line, and YAML's words are
/// used as they are. Any other input is a text.
pub fn typed(typed: &str) -> String {
    let means_itself = serde_json::from_str::<serde_json::Value>(typed).is_ok()
        || match render::parse(typed) {
            Ok(node) if typed.starts_with(['[', '{', '"', '\'']) => !node.is_null(),
            Ok(node) => {
                !typed.is_empty()
                    && node.text() == Some(typed)
                    && (node.as_bool().is_some() || node.is_null())
            }
            Err(_) => false,
        };
    if means_itself { typed.to_owned() } else { text(typed) }
}

/// Replaces a file that a person edits, for `req` and the installer. The file and its folder are synced, a symbolic
/// link is followed, and permissions are kept. Temporary files of killed writers in the folder are removed. Hooks
/// never call this, because it costs several milliseconds.
///
/// # Errors
/// When the folder cannot be created or the file cannot be written. The old content is unchanged then.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let target = link_target(path);
    if let Some(folder) = target.parent() {
        store::create_dir(folder)?;
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

fn parse(text: &str) -> Result<YamlNode, EditError> {
    match yaml::parse(text, 0) {
        Ok((tree, _)) => Ok(tree),
        Err(problem) => Err(EditError::Broken(problem)),
    }
}

fn split_mark(text: &str) -> (&str, &str) {
    text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 })
}

/// Puts a value into a tree. `None` if a value on the path is not a map.
fn put(tree: &mut YamlNode, path: &[&str], value: YamlNode) -> Option<()> {
    let Some((key, rest)) = path.split_first() else {
        *tree = value;
        return Some(());
    };
    if tree.is_null() {
        tree.value = YamlValue::Mapping(Vec::new());
    }
    let YamlValue::Mapping(entries) = &mut tree.value else { return None };
    if let Some((_, child)) = entries.iter_mut().find(|(name, _)| name.text() == Some(key)) {
        return put(child, rest, value);
    }
    let mut child = YamlNode { value: YamlValue::Mapping(Vec::new()), mark: tree.mark };
    put(&mut child, rest, value)?;
    let name = YamlValue::Scalar { text: (*key).to_owned(), plain: true };
    entries.push((YamlNode { value: name, mark: tree.mark }, child));
    Some(())
}

/// The text with its changes, if it parses as the intended tree. Any other result is rejected.
fn proven(text: &str, changes: &[ByteChange], meant: &YamlNode) -> Option<String> {
    let mut edited = text.to_owned();
    for change in changes.iter().rev() {
        edited.replace_range(change.bytes.clone(), &change.text);
    }
    let found = parse(&edited).ok()?;
    is_same(meant, &found).then_some(edited)
}

/// Whether two trees have equal content. Positions, quotes and the order of keys are ignored. A quoted text never
/// equals a boolean.
fn is_same(a: &YamlNode, b: &YamlNode) -> bool {
    match (&a.value, &b.value) {
        (YamlValue::Scalar { text: x, .. }, YamlValue::Scalar { text: y, .. }) => {
            a.as_bool() == b.as_bool()
                && a.is_null() == b.is_null()
                && (x == y || a.as_bool().is_some() || a.is_null())
        }
        (YamlValue::Sequence(a), YamlValue::Sequence(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (YamlValue::Mapping(a), YamlValue::Mapping(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| {
                    b.iter().find(|(name, _)| name.text() == key.text()).is_some_and(|(_, b)| is_same(a, b))
                })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
