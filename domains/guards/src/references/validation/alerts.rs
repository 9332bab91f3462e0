//! The two files for other tools: `.claude/validation.jsonl`, a line for each check with a result, and
//! `.claude/pending-alerts.json`, the invalid documents.
//!
//! The formats come from an older system, with RFC 3339 times; keys and entries of other tools are kept.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hooks_common::paths::{in_project, validation_lock};
use hooks_common::project::Project;
use platform::store::document::{self, prepare};
use platform::store::lock::{self, Lock, LockError};
use platform::store::{self, Durability, append};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::check::Checked;

/// The format version of the alerts.
const FORMAT: u64 = 1;
/// How many alerts are kept; the oldest are dropped first.
const MOST: usize = 100;
/// The size from which the log is rotated, in bytes; one older log is kept.
const ROTATE_AT: u64 = 5 * 1024 * 1024;

/// An invalid document.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The absolute path.
    pub file: String,
    /// Its template.
    #[serde(rename = "type", default)]
    pub template: Option<String>,
    /// The errors of the document.
    #[serde(default)]
    pub errors: Vec<String>,
    /// When the errors were first found, RFC 3339.
    #[serde(default)]
    since: String,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// An alert, or a foreign value in its place, which is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum AlertItem {
    Alert(Box<Alert>),
    Foreign(Value),
}

/// `pending-alerts.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct AlertsDocument {
    version: u64,
    /// When it last changed, RFC 3339.
    timestamp: String,
    validation_failures: Vec<AlertItem>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl Default for AlertsDocument {
    fn default() -> Self {
        Self { version: FORMAT, timestamp: String::new(), validation_failures: Vec::new(), other: Map::new() }
    }
}

/// Whether a project may have alerts: one system call.
pub fn are_pending(root: &Path) -> bool {
    std::fs::symlink_metadata(in_project::pending_alerts(root)).is_ok()
}

/// The alerts of a project, locked for a change.
#[derive(Debug)]
pub struct Alerts {
    root: PathBuf,
    now: String,
    book: AlertsDocument,
    before: AlertsDocument,
    _lock: Lock,
}

impl Alerts {
    /// Opens and locks the project's alerts; `None` while another process holds the lock. A file that cannot
    /// be parsed is moved aside, and no alert is known then.
    ///
    /// # Errors
    /// If the file cannot be read, moved aside or locked, or a symbolic link leads to it.
    pub fn open(project: &Project, wait: Duration, now: String) -> io::Result<Option<Self>> {
        let (root, file) = (project.root().to_owned(), in_project::pending_alerts(project.root()));
        prepare(&root, &file)?;
        let side = validation_lock(project.stores()[0]);
        if let Some(folder) = side.parent() {
            store::create_dir(folder)?;
        }
        let lock = match lock::exclusive(&side, wait) {
            Ok(lock) => lock,
            Err(LockError::Busy { .. }) => return Ok(None),
            Err(error) => return Err(io::Error::other(error)),
        };
        let book: AlertsDocument = document::read(&file)?;
        Ok(Some(Self { root, now, before: book.clone(), book, _lock: lock }))
    }

    /// All alerts, oldest first.
    pub fn all(&self) -> impl Iterator<Item = &Alert> {
        self.book.validation_failures.iter().filter_map(|known| match known {
            AlertItem::Alert(alert) => Some(&**alert),
            AlertItem::Foreign(_) => None,
        })
    }

    /// Whether a document has an alert.
    pub fn has(&self, file: &Path) -> bool {
        self.all().any(|alert| self.root.join(&alert.file) == file)
    }

    /// Stores the errors of a document in place of the earlier ones.
    pub fn raise(&mut self, file: &Path, checked: &Checked) {
        let root = &self.root;
        let known = self.book.validation_failures.iter_mut().find_map(|known| match known {
            AlertItem::Alert(alert) if root.join(&alert.file) == file => Some(alert),
            _ => None,
        });
        let template = Some(checked.template.clone());
        if let Some(alert) = known {
            (alert.template, alert.errors) = (template, checked.errors.clone());
            return;
        }
        self.book.validation_failures.push(AlertItem::Alert(Box::new(Alert {
            file: file.to_string_lossy().into_owned(),
            template,
            errors: checked.errors.clone(),
            since: self.now.clone(),
            other: Map::new(),
        })));
        let surplus = self.all().count().saturating_sub(MOST);
        let mut dropped = 0;
        self.book.validation_failures.retain(|known| {
            let is_dropped = matches!(known, AlertItem::Alert(_)) && dropped < surplus;
            dropped += usize::from(is_dropped);
            !is_dropped
        });
    }

    /// Removes the alert of a document.
    pub fn clear(&mut self, file: &Path) {
        let root = &self.root;
        self.book
            .validation_failures
            .retain(|known| !matches!(known, AlertItem::Alert(alert) if root.join(&alert.file) == file));
    }

    /// Appends a line about a check to the log.
    ///
    /// # Errors
    /// If it cannot be written, or a symbolic link leads to the log.
    pub fn log(&self, shown: &str, checked: &Checked) -> io::Result<()> {
        let line = json!({
            "timestamp": self.now,
            "file": shown,
            "valid": checked.errors.is_empty(),
            "type": checked.template,
            "errors": checked.errors,
            "warnings": [],
        });
        let file = in_project::validations(&self.root);
        prepare(&self.root, &file)?;
        if std::fs::metadata(&file).is_ok_and(|meta| meta.len() > ROTATE_AT) {
            std::fs::rename(&file, file.with_extension("jsonl.1"))?;
        }
        append::append_held(&file, line.to_string().as_bytes())
    }

    /// Writes the changes. The file is removed if no alert is left. A file of a newer version is not changed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn close(mut self) -> io::Result<()> {
        if self.book == self.before || self.book.version > FORMAT {
            return Ok(());
        }
        let file = in_project::pending_alerts(&self.root);
        if self.book.validation_failures.is_empty() && self.book.other.is_empty() {
            return store::remove(&file).map(drop);
        }
        self.book.timestamp.clone_from(&self.now);
        document::replace(&self.root, &file, &self.book, Durability::Rebuildable).map(drop)
    }
}
