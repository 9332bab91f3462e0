//! `.claude/state/error-fingerprints.json`: each distinct failure, its count, and its fix.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use hooks_common::paths::in_project;
use platform::store::{self, Durability, document};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The format version.
const FORMAT: u64 = 1;
/// How many sessions of a failure are kept; the oldest are dropped first.
const MOST_SESSIONS: usize = 10;

/// The file. Keys of other tools are kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FailureBook {
    version: u64,
    errors: BTreeMap<String, BookItem>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

/// An entry, or a foreign value in its place, which is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum BookItem {
    Entry(Box<FailureEntry>),
    Foreign(Value),
}

/// A failure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FailureEntry {
    /// The tool that failed.
    pub tool: String,
    /// The kind of command.
    #[serde(default)]
    pub family: String,
    /// The most significant line of the output.
    #[serde(default)]
    pub message: String,
    /// How often it occurred.
    #[serde(default)]
    pub count: u64,
    /// When it first occurred, RFC 3339.
    #[serde(default)]
    pub first_seen: String,
    /// When it last occurred, RFC 3339.
    #[serde(default)]
    pub last_seen: String,
    /// The sessions in which it occurred, by number or short id.
    #[serde(default)]
    pub sessions: Vec<Value>,
    /// The fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_by: Option<Fix>,
    /// Other keys, which are kept.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// The fix of a failure.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fix {
    /// When the same kind of command succeeded, RFC 3339.
    pub at: String,
    /// The session.
    pub session: Value,
    /// The command; empty for other tools than Bash.
    pub command: String,
    /// The files that were edited since the failure, relative to the project's root.
    pub files: Vec<String>,
}

impl Default for FailureBook {
    fn default() -> Self {
        Self { version: FORMAT, errors: BTreeMap::new(), other: Map::new() }
    }
}

impl FailureBook {
    /// Reads a project's file. A file that cannot be parsed is moved aside, and an empty one is returned.
    ///
    /// # Errors
    /// If it exists and can be neither read nor moved aside.
    pub fn read(root: &Path) -> io::Result<Self> {
        document::read(&in_project::error_fingerprints(root))
    }

    /// Reads a project's file and moves nothing aside.
    ///
    /// # Errors
    /// If it exists and cannot be read or parsed.
    pub fn peek(root: &Path) -> io::Result<Self> {
        match store::read(&in_project::error_fingerprints(root))? {
            Some(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::from),
            None => Ok(Self::default()),
        }
    }

    /// Writes at most `most` entries. A file of a newer version is not changed.
    ///
    /// # Errors
    /// If it cannot be written, or a symbolic link leads to it.
    pub fn write(mut self, root: &Path, most: usize) -> io::Result<()> {
        if self.version > FORMAT {
            return Ok(());
        }
        self.drop_oldest(most);
        // A larger file would be rejected by the next read.
        while document::pretty(&self)?.len() as u64 > document::LARGEST && self.entries().count() > 0 {
            self.drop_oldest(self.entries().count() / 2);
        }
        document::replace(root, &in_project::error_fingerprints(root), &self, Durability::Rebuildable)
            .map(drop)
    }

    /// The entry of a fingerprint.
    pub fn entry(&self, fingerprint: &str) -> Option<&FailureEntry> {
        match self.errors.get(fingerprint)? {
            BookItem::Entry(entry) => Some(entry),
            BookItem::Foreign(_) => None,
        }
    }

    /// All entries with their fingerprints.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &FailureEntry)> {
        self.errors.keys().filter_map(|fingerprint| Some((&**fingerprint, self.entry(fingerprint)?)))
    }

    /// Counts a failure, unless it was counted before.
    pub fn count(&mut self, fingerprint: &str, session: &Value, failure: FailureEntry) {
        let known = self.errors.entry(fingerprint.to_owned());
        let fresh = || {
            BookItem::Entry(Box::new(FailureEntry {
                first_seen: failure.last_seen.clone(),
                ..failure.clone()
            }))
        };
        let BookItem::Entry(entry) = known.or_insert_with(fresh) else { return };
        let is_counted = entry.last_seen >= failure.last_seen && entry.sessions.contains(session);
        if is_counted {
            return;
        }
        entry.count += 1;
        entry.message = failure.message;
        entry.last_seen = failure.last_seen.max(std::mem::take(&mut entry.last_seen));
        entry.sessions.retain(|known| known != session);
        entry.sessions.push(session.clone());
        let surplus = entry.sessions.len().saturating_sub(MOST_SESSIONS);
        entry.sessions.drain(..surplus);
    }

    /// Records a fix. A fix without files does not replace a fix with files.
    pub fn fix(&mut self, fingerprint: &str, fix: Fix) {
        let Some(BookItem::Entry(entry)) = self.errors.get_mut(fingerprint) else { return };
        let is_better =
            entry.fixed_by.as_ref().is_none_or(|old| old.files.is_empty() || !fix.files.is_empty());
        if is_better && !(fix.files.is_empty() && fix.command.is_empty()) {
            entry.fixed_by = Some(fix);
        }
    }

    fn drop_oldest(&mut self, most: usize) {
        let mut ages: Vec<(String, String)> = self
            .entries()
            .map(|(fingerprint, entry)| (entry.last_seen.clone(), fingerprint.to_owned()))
            .collect();
        ages.sort_unstable();
        for (_, fingerprint) in ages.iter().take(ages.len().saturating_sub(most)) {
            self.errors.remove(fingerprint);
        }
    }
}
