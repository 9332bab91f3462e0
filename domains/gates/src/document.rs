//! JSON files in Claude Code's folder that other tools write too: `{"version": "1.0", "<collection>": {…}}`.
//! They are changed under their lock, and whatever is not ours stays.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use platform::store::lock::{self, LockError};
use platform::store::{self, Durability, replace};
use serde_json::{Map, Value};

/// Why a document could not be read or changed; then nothing was.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Its lock is held or cannot be made.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It cannot be read or written.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// The reason.
        error: io::Error,
    },
    /// It does not have the expected shape.
    #[error("{path} has an unexpected shape: {message}; fix it or move it away")]
    Foreign {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
}

/// One such file.
#[derive(Debug, Clone)]
pub struct SharedDocument {
    path: PathBuf,
    collection: &'static str,
}

impl SharedDocument {
    /// The document at `path`, whose items are below the key `collection`.
    pub fn new(path: PathBuf, collection: &'static str) -> Self {
        Self { path, collection }
    }

    /// The items; none where there is no file.
    ///
    /// # Errors
    /// When it cannot be read or is something else.
    pub fn items(&self) -> Result<Map<String, Value>, DocumentError> {
        let mut whole = self.read()?;
        self.take_items(&mut whole)
    }

    /// Changes the items under the lock. `change` sees the whole document without them, too. Nothing is
    /// written when nothing differs.
    ///
    /// # Errors
    /// When the lock stays busy for `wait`, or the document cannot be read or written or is something else.
    pub fn change<T>(
        &self,
        wait: Duration,
        change: impl FnOnce(&mut Map<String, Value>, &mut Map<String, Value>) -> T,
    ) -> Result<T, DocumentError> {
        let io_error = |error| self.io_error(error);
        if let Some(folder) = self.path.parent() {
            store::create_private_dir(folder).map_err(io_error)?;
        }
        let _lock = lock::exclusive(&self.path.with_extension("lock"), wait)?;
        let before = self.read()?;
        let mut whole = before.clone();
        let mut items = self.take_items(&mut whole)?;
        let result = change(&mut items, &mut whole);
        whole.insert(self.collection.to_owned(), Value::Object(items));
        if whole != before {
            whole.entry("version").or_insert_with(|| "1.0".into());
            let bytes = serde_json::to_vec_pretty(&whole).map_err(io::Error::from).map_err(io_error)?;
            replace(&self.path, &bytes, Durability::Durable, 0o600).map_err(io_error)?;
        }
        Ok(result)
    }

    fn read(&self) -> Result<Map<String, Value>, DocumentError> {
        let bytes = store::read(&self.path).map_err(|error| self.io_error(error))?;
        match bytes.as_deref().filter(|bytes| !bytes.trim_ascii().is_empty()).map(serde_json::from_slice) {
            None => Ok(Map::new()),
            Some(Ok(Value::Object(whole))) => Ok(whole),
            Some(Ok(_)) => Err(self.foreign("it is no JSON object".to_owned())),
            Some(Err(error)) => Err(self.foreign(error.to_string())),
        }
    }

    fn take_items(&self, whole: &mut Map<String, Value>) -> Result<Map<String, Value>, DocumentError> {
        match whole.remove(self.collection) {
            None => Ok(Map::new()),
            Some(Value::Object(items)) => Ok(items),
            Some(_) => Err(self.foreign(format!("`{}` is no object", self.collection))),
        }
    }

    fn io_error(&self, error: io::Error) -> DocumentError {
        DocumentError::Io { path: self.path.display().to_string(), error }
    }

    fn foreign(&self, message: String) -> DocumentError {
        DocumentError::Foreign { path: self.path.display().to_string(), message }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_stays_and_what_is_foreign_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/items.json");
        let document = SharedDocument::new(path.clone(), "items");
        assert_eq!(document.items().unwrap(), Map::new());
        document.change(lock::PATIENT, |_, _| ()).unwrap();
        document.change(lock::PATIENT, |items, _| items.insert("a".into(), 1.into())).unwrap();
        let whole: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(whole, serde_json::json!({"version": "1.0", "items": {"a": 1}}));
        std::fs::write(&path, r#"{"items": {"b": {"x": 1}}, "theirs": [2]}"#).unwrap();
        document.change(lock::PATIENT, |items, _| items.insert("a".into(), 1.into())).unwrap();
        let whole: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((&whole["theirs"][0], &whole["items"]["b"]["x"]), (&2.into(), &1.into()));
        for foreign in ["{", "[]", r#"{"items": []}"#] {
            std::fs::write(&path, foreign).unwrap();
            let result = document.change(lock::PATIENT, |items, _| items.clear());
            assert!(matches!(result, Err(DocumentError::Foreign { .. })), "{foreign}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), foreign);
        }
    }
}
