//! `.claude/state/warned-files.json`: the first warning for each file and rule.
//!
//! The format comes from an older system: `"<file>::<rule>"` and an ISO time. Other keys are kept unchanged.
//! Numbers, which that system wrote for a while, count as a warning at the time when the file was last
//! written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use hooks_common::paths::{in_project, warned_files_lock};
use hooks_common::project::Project;
use memchr::memmem;
use platform::store::document::prepare;
use platform::store::lock::{self, Lock};
use platform::store::{self, Durability, quarantine};
use platform::time::rfc3339;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

use super::graduation::Terms;
use crate::error::GuardsError;

/// A larger file was not written by Stanchion.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The stored warnings, locked for a change.
#[derive(Debug)]
pub struct WarnedFiles {
    root: PathBuf,
    file: PathBuf,
    document: Map<String, Value>,
    /// When the file was last written.
    written: DateTime<Utc>,
    is_changed: bool,
    /// Notes about the file for the user.
    notes: Vec<String>,
    _lock: Lock,
}

impl WarnedFiles {
    /// Opens and locks the project's file. A file that cannot be parsed is moved aside, and no warning is
    /// known then.
    ///
    /// # Errors
    /// If it cannot be read, moved aside or locked, or a symbolic link leads to it.
    pub fn open(project: &Project, wait: Duration, now: DateTime<Utc>) -> Result<Self, GuardsError> {
        let (root, file) = (project.root().to_owned(), in_project::warned_files(project.root()));
        let failed = |error| GuardsError::file(&file, error);
        prepare(&root, &file).map_err(failed)?;
        let side = warned_files_lock(project.stores()[0]);
        if let Some(folder) = side.parent() {
            store::create_dir(folder).map_err(|error| GuardsError::file(folder, error))?;
        }
        let lock = lock::exclusive(&side, wait)?;
        let (bytes, written) = read(&file).map_err(failed)?.unwrap_or_default();
        let mut notes = Vec::new();
        let document = document(&bytes).map_or_else(
            || {
                let kept = quarantine::keep_copy(&file).map_err(failed)?;
                store::remove(&file).map_err(failed)?;
                let kept = kept.unwrap_or_default();
                notes.push(format!(
                    "{} could not be read: what it held is kept in {}, and what was warned of before is only warned of again",
                    in_project::warned_files(Path::new("")).display(),
                    kept.file_name().unwrap_or_default().to_string_lossy()
                ));
                Ok::<_, GuardsError>(Map::new())
            },
            Ok,
        )?;
        let written = written.unwrap_or(now);
        Ok(Self { root, file, document, written, is_changed: false, notes, _lock: lock })
    }

    /// The time of the first warning about a rule in a file.
    pub fn first(&self, file: &str, rule: &str) -> Option<DateTime<Utc>> {
        self.time(self.document.get(&key(file, rule))?)
    }

    /// Stores a first warning.
    pub fn record(&mut self, file: &str, rule: &str, now: DateTime<Utc>) {
        self.document.insert(key(file, rule), rfc3339(now).into());
        self.is_changed = true;
    }

    /// Removes the warning about a rule in a file, which no longer breaks it.
    pub fn forget(&mut self, file: &str, rule: &str) {
        self.is_changed |= self.document.remove(&key(file, rule)).is_some();
    }

    /// All files and rules with a warning.
    pub fn warned(&self) -> Vec<(String, String)> {
        let warned = self.document.iter().filter(|(_, value)| self.time(value).is_some());
        warned
            .filter_map(|(key, _)| key.rsplit_once("::"))
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .collect()
    }

    /// Writes the changes: at most `most` warnings, without expired ones. Returns notes for the user.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn close(mut self, most: u32, terms: &Terms) -> Result<Vec<String>, GuardsError> {
        if !self.is_changed {
            return Ok(self.notes);
        }
        let mut dated: Vec<(DateTime<Utc>, String)> = Vec::new();
        for (key, value) in std::mem::take(&mut self.document) {
            match self.time(&value).filter(|_| key.contains("::")) {
                Some(first) if terms.is_forgotten(first) => {}
                Some(first) => {
                    // A number refers to the time of the file, which this write changes, so it becomes a time
                    // of its own.
                    let value = if value.is_number() { rfc3339(first).into() } else { value };
                    self.document.insert(key.clone(), value);
                    dated.push((first, key));
                }
                None => drop(self.document.insert(key, value)),
            }
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        if dated.len() > most {
            dated.sort();
            let dropped = dated.len() - most;
            for (_, key) in dated.drain(..dropped) {
                self.document.remove(&key);
            }
            self.notes.push(format!(
                "{dropped} of the oldest warnings of patterns were forgotten: {most} are kept (`most`)"
            ));
        }
        self.write().map_err(|error| GuardsError::file(&self.file, error))?;
        Ok(self.notes)
    }

    fn write(&self) -> std::io::Result<()> {
        let mut text = Vec::new();
        let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"  "));
        serde::Serialize::serialize(&self.document, &mut serializer)?;
        text.push(b'\n');
        prepare(&self.root, &self.file)?;
        store::replace(&self.file, &text, Durability::Rebuildable, 0o644)
    }

    fn time(&self, value: &Value) -> Option<DateTime<Utc>> {
        match value {
            Value::String(time) => Some(DateTime::parse_from_rfc3339(time).ok()?.with_timezone(&Utc)),
            Value::Number(_) => Some(self.written),
            _ => None,
        }
    }
}

/// The rules with a warning by file, read without a lock; empty if the file cannot be read.
pub fn known(root: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let Ok(Some((bytes, _))) = read(&in_project::warned_files(root)) else { return known };
    for key in document(&bytes).unwrap_or_default().keys() {
        if let Some((file, rule)) = key.rsplit_once("::") {
            known.entry(file.to_owned()).or_default().insert(rule.to_owned());
        }
    }
    known
}

/// The rules with a warning in one file, read without a lock; empty if the file cannot be read.
pub fn known_of(root: &Path, path: &str) -> BTreeSet<String> {
    let Ok(Some((bytes, _))) = read(&in_project::warned_files(root)) else { return BTreeSet::new() };
    let quoted = Value::from(path).to_string();
    // Most files have no warning, so a text search avoids the parsing.
    if memmem::find(&bytes, quoted.trim_end_matches('"').as_bytes()).is_none() {
        return BTreeSet::new();
    }
    let of_file = |key: &String| {
        let (_, rule) = key.rsplit_once("::").filter(|(file, _)| *file == path)?;
        Some(rule.to_owned())
    };
    document(&bytes).unwrap_or_default().keys().filter_map(of_file).collect()
}

fn key(file: &str, rule: &str) -> String {
    format!("{file}::{rule}")
}

type Content = (Vec<u8>, Option<DateTime<Utc>>);

/// The content of the file, cut at the size limit, and when it was written; `None` if it is missing.
fn read(file: &Path) -> std::io::Result<Option<Content>> {
    let (open, about) = match store::open_regular(file) {
        Ok(open) => open,
        Err(error) if store::is_absent(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let written = about.modified().ok().map(DateTime::from);
    let mut bytes = Vec::new();
    open.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(Some((bytes, written)))
}

/// The document: empty for an empty file, `None` if it cannot be parsed.
fn document(bytes: &[u8]) -> Option<Map<String, Value>> {
    if bytes.is_empty() {
        return Some(Map::new());
    }
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    serde_json::from_slice(text).ok().filter(|_| bytes.len() as u64 <= LARGEST)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use chrono::TimeDelta;
    use config::types::guards::Patterns;
    use hooks_common::paths::Paths;
    use serde_json::json;

    use super::*;

    struct Place {
        dir: tempfile::TempDir,
        project: Project,
        now: DateTime<Utc>,
    }

    impl Place {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let root = dir.path().canonicalize().unwrap();
            let project = Project::of_event(&Paths::below(&root.join("home")), None, &root.join("p"));
            std::fs::create_dir_all(root.join("p/.claude/state")).unwrap();
            Self { dir, project, now: "2027-01-31T12:00:00Z".parse().unwrap() }
        }

        fn file(&self) -> PathBuf {
            in_project::warned_files(self.project.root())
        }

        fn open(&self) -> WarnedFiles {
            WarnedFiles::open(&self.project, lock::HOT, self.now).unwrap()
        }

        fn close(&self, book: WarnedFiles, most: u32) -> Vec<String> {
            book.close(most, &Terms::of(&Patterns::default(), self.now, None)).unwrap()
        }

        fn written(&self) -> Value {
            serde_json::from_slice(&std::fs::read(self.file()).unwrap()).unwrap()
        }
    }

    #[test]
    fn warnings_are_kept_in_the_older_systems_shape() {
        let place = Place::new();
        std::fs::write(
            place.file(),
            r#"{"$schema": "x", "a::b": ["other"], "old.js::r": "2026-11-21T00:00:00.000Z", "a.js::r": "2027-01-30T00:00:00Z"}"#,
        )
        .unwrap();
        let mut book = place.open();
        assert_eq!(book.first("a.js", "r"), Some("2027-01-30T00:00:00Z".parse().unwrap()));
        assert_eq!((book.first("a.js", "s"), book.first("a", "b")), (None, None));
        book.record("b::c.js", "s", place.now);
        assert_eq!(place.close(book, 200), [""; 0]);
        let expected = json!({
            "$schema": "x", "a::b": ["other"], "a.js::r": "2027-01-30T00:00:00Z",
            "b::c.js::s": "2027-01-31T12:00:00.000Z",
        });
        assert_eq!(place.written(), expected, "what is forgotten goes, what is foreign stays");
        let known = BTreeSet::from(["s".to_owned()]);
        assert_eq!(known_of(place.project.root(), "b::c.js"), known);
        assert_eq!(super::known(place.project.root()).get("b::c.js"), Some(&known));
        let mut book = place.open();
        book.forget("b::c.js", "s");
        place.close(book, 200);
        assert_eq!(place.written()["b::c.js::s"], Value::Null);
    }

    #[test]
    fn what_did_not_change_is_not_written() {
        let place = Place::new();
        let mut book = place.open();
        book.forget("a.js", "r");
        place.close(book, 200);
        assert!(!place.file().exists());
    }

    #[test]
    fn a_number_is_as_old_as_the_file() {
        let place = Place::new();
        std::fs::write(place.file(), r#"{"a.js::r": 2, "a.js::s": 7}"#).unwrap();
        let written = place.now - TimeDelta::hours(5);
        std::fs::File::open(place.file()).unwrap().set_modified(written.into()).unwrap();
        let mut book = place.open();
        assert_eq!(book.first("a.js", "r"), Some(written));
        book.forget("a.js", "r");
        place.close(book, 200);
        assert_eq!(place.written(), json!({"a.js::s": "2027-01-31T07:00:00.000Z"}));
    }

    #[test]
    fn the_oldest_warnings_go_first() {
        let place = Place::new();
        let mut book = place.open();
        for minute in [3, 1, 2] {
            book.record(&format!("{minute}.js"), "r", place.now - TimeDelta::minutes(minute));
        }
        let notes = place.close(book, 2);
        assert!(notes[0].starts_with("1 of the oldest"), "{notes:?}");
        let kept: Vec<_> = place.written().as_object().unwrap().keys().cloned().collect();
        assert_eq!(kept, ["1.js::r", "2.js::r"]);
    }

    #[test]
    fn a_corrupt_file_is_kept_byte_for_byte() {
        for bytes in [&b"{bad"[..], b"[1]", b"\xff\x00", b"{\"a::b\": \"2027"] {
            let place = Place::new();
            std::fs::write(place.file(), bytes).unwrap();
            let book = place.open();
            assert_eq!(book.first("a", "b"), None);
            let notes = place.close(book, 200);
            assert!(notes[0].contains(".corrupt-"), "{notes:?}");
            let files = std::fs::read_dir(place.file().parent().unwrap()).unwrap().flatten();
            let files: Vec<_> = files.map(|file| file.path()).collect();
            assert_eq!(files.len(), 1, "no empty file in its place: {files:?}");
            assert_eq!(std::fs::read(&files[0]).unwrap(), bytes);
            assert_eq!(place.close(place.open(), 200), [""; 0], "it is told once");
        }
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let place = Place::new();
        let outside = place.dir.path().join("outside.json");
        std::fs::write(&outside, "{}").unwrap();
        std::os::unix::fs::symlink(&outside, place.file()).unwrap();
        let refused = WarnedFiles::open(&place.project, lock::HOT, place.now).unwrap_err().to_string();
        assert!(refused.contains("symbolic link"), "{refused}");
        assert_eq!(std::fs::read(&outside).unwrap(), b"{}");
    }

    #[test]
    fn two_at_once_lose_nothing() {
        let place = Place::new();
        std::thread::scope(|scope| {
            for at in 0..8 {
                let place = &place;
                scope.spawn(move || {
                    let mut book = WarnedFiles::open(&place.project, lock::PATIENT, place.now).unwrap();
                    book.record(&format!("{at}.js"), "r", place.now);
                    place.close(book, 200);
                });
            }
        });
        assert_eq!(place.written().as_object().unwrap().len(), 8);
    }
}
