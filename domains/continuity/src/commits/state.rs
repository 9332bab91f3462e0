//! `.claude/hooks/.commit-tracker-state.json`: which commit was seen last, in each work tree.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use git::is_commit_id;
use platform::store::{self, Durability, quarantine};
use platform::time::Moment;
use serde_json::{Map, Value, json};

use super::tree::Tree;

/// A larger file is not ours.
const LARGEST: u64 = 1024 * 1024;

/// What the file says; unknown keys are kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    document: Map<String, Value>,
}

/// How a work tree was when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenTree {
    /// The commit that HEAD was at.
    pub head: String,
    /// How long git's journal was, in bytes, if that is known.
    pub reflog_size: Option<u64>,
}

/// What is held back of a work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// How the work tree was before: git's journal is read again from there.
    pub since: SeenTree,
    /// The session of each commit, by hash: when the rebase is over it is no longer known which tool ran.
    pub sessions: BTreeMap<String, u64>,
}

impl SeenTree {
    fn read(entry: &Map<String, Value>) -> Option<Self> {
        let head = entry.get("lastHead")?.as_str().filter(|head| is_commit_id(head))?;
        Some(Self { head: head.to_owned(), reflog_size: entry.get("reflogSize").and_then(Value::as_u64) })
    }

    fn write(&self, entry: &mut Map<String, Value>) {
        entry.insert("lastHead".into(), self.head.as_str().into());
        match self.reflog_size {
            Some(size) => entry.insert("reflogSize".into(), size.into()),
            None => entry.remove("reflogSize"),
        };
    }
}

impl State {
    /// The file at `path`; `None` when it is damaged.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(path: &Path) -> std::io::Result<Option<Self>> {
        let file = match store::open_regular(path) {
            Ok((file, _)) => file,
            Err(error) if store::is_absent(&error) => return Ok(Some(Self::default())),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::with_capacity(1024);
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let is_ours = bytes.len() as u64 <= LARGEST;
        Ok(serde_json::from_slice(text).ok().filter(|_| is_ours).map(|document| Self { document }))
    }

    /// [`State::read`]; a damaged file is kept aside, and nothing is known.
    ///
    /// # Errors
    /// When it cannot be read, or not be kept.
    pub fn read_or_keep_aside(path: &Path) -> std::io::Result<Self> {
        match Self::read(path)? {
            Some(state) => Ok(state),
            None => quarantine::keep_copy(path).map(|_| Self::default()),
        }
    }

    /// How a work tree was seen last: the project's own without a key, others by their git directory.
    pub fn seen(&self, key: Option<&str>) -> Option<SeenTree> {
        SeenTree::read(self.entry(key)?)
    }

    /// What is held back of a work tree until its rebase is over.
    pub fn held(&self, key: Option<&str>) -> Option<HeldBack> {
        let held = self.entry(key)?.get("rebase")?.as_object()?;
        let sessions = held.get("sessions").and_then(Value::as_object).into_iter().flatten();
        let sessions = sessions.filter_map(|(hash, session)| Some((hash.clone(), session.as_u64()?)));
        Some(HeldBack { since: SeenTree::read(held)?, sessions: sessions.collect() })
    }

    fn entry(&self, key: Option<&str>) -> Option<&Map<String, Value>> {
        match key {
            None => Some(&self.document),
            Some(key) => self.document.get("worktrees")?.get(key)?.as_object(),
        }
    }

    fn entry_mut(&mut self, key: Option<&str>) -> &mut Map<String, Value> {
        match key {
            None => &mut self.document,
            Some(key) => object(object(self.document.entry("worktrees")).entry(key)),
        }
    }

    /// Whether nothing has happened in a work tree since it was seen. A file that another tool wrote tells only
    /// where HEAD was.
    pub fn is_current(&self, tree: &Tree) -> bool {
        // A rebase that was left as it is writes no line into the journal.
        if !tree.is_rebasing() && self.held(tree.key()).is_some() {
            return false;
        }
        self.seen(tree.key()).is_some_and(|seen| {
            seen.head == tree.head() && seen.reflog_size.is_none_or(|size| Some(size) == tree.reflog_size())
        })
    }

    /// Remembers how a work tree is now, and forgets those that are gone.
    pub fn see(&mut self, tree: &Tree, now: Moment) {
        if tree.key().is_some() {
            object(self.document.entry("worktrees")).retain(|git_dir, _| Path::new(git_dir).exists());
        }
        let seen = SeenTree { head: tree.head().to_owned(), reflog_size: tree.reflog_size() };
        seen.write(self.entry_mut(tree.key()));
        self.document.insert("updatedAt".into(), now.rfc3339().into());
    }

    /// Remembers what is held back of a work tree; with `None`, that nothing is.
    pub fn hold(&mut self, tree: &Tree, held: Option<&HeldBack>) {
        let Some(held) = held else {
            if self.held(tree.key()).is_some() {
                self.entry_mut(tree.key()).remove("rebase");
            }
            return;
        };
        let mut entry = Map::new();
        held.since.write(&mut entry);
        entry.insert("sessions".into(), json!(held.sessions));
        self.entry_mut(tree.key()).insert("rebase".into(), entry.into());
    }

    /// When anything was seen last, RFC 3339.
    pub fn updated_at(&self) -> Option<&str> {
        self.document.get("updatedAt")?.as_str()
    }

    /// Replaces the file at `path`. Lost in a power cut, it is made again from git and the log.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, path: &Path) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(&self.document)?;
        store::replace(path, &text, Durability::Rebuildable, 0o600)
    }
}

fn object(entry: serde_json::map::Entry<'_>) -> &mut Map<String, Value> {
    let value = entry.or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made an object above"),
    }
}
