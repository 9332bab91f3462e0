//! Requirement state: which requirements are satisfied, in which session, until when. One file per branch in the git
//! common directory, in a format that other tools share. Each change is one transaction under the branch's lock.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::types::Scope;
use serde_json::{Map, Value, json};

use crate::ended;
use crate::paths::StateDir;
use crate::seal;
use crate::session_id::SessionKey;
use git::Branch;
use platform::store::lock::{self, LockError};
use platform::store::{self, Durability, quarantine, replace};

mod entry;
mod view;

pub use view::View;

use entry::{is_true, time};
use view::sealed_parts;

/// The version of the file's shape.
const VERSION: &str = "1.0";
/// An additive key: when the file was made anew because it was damaged, seconds since 1970.
const REMADE_AT: &str = "remade_at";

/// A branch's requirement state. It is read without a lock, because a replacement is atomic.
#[derive(Debug, Clone)]
pub struct BranchState {
    document: Map<String, Value>,
    /// Why the file could not be read, where it is there and could not be.
    problem: Option<String>,
}

impl BranchState {
    /// The state of `branch`: empty when there is none, or when the file belongs to another branch that shares its name.
    /// One that is corrupt (the next change keeps a copy) or cannot be read is empty too, and has a [`problem`].
    ///
    /// [`problem`]: BranchState::problem
    pub fn read(dir: &StateDir, branch: &Branch) -> Self {
        let (plain, distinct) = (dir.branch(branch), dir.distinct_branch(branch));
        let own = match load(&plain) {
            Ok(Some(state)) if !state.belongs_to(branch) => load(&distinct)
                .map(|state| state.filter(|state| state.belongs_to(branch)))
                .map_err(|error| (distinct, error)),
            state => state.map_err(|error| (plain, error)),
        };
        match own {
            Ok(state) => state.unwrap_or_else(Self::nothing),
            Err((path, error)) => {
                Self { problem: Some(format!("{} {error}", path.display())), ..Self::nothing() }
            }
        }
    }

    fn nothing() -> Self {
        Self { document: Map::new(), problem: None }
    }

    /// Whether the file holds less than was marked: it cannot be read, or was made anew after damage. The logs of sessions
    /// then tell what these triggered.
    pub fn needs_log(&self) -> bool {
        self.problem.is_some() || self.document.contains_key(REMADE_AT)
    }

    /// Why the state is not known: a sentence about its file. What it says of satisfactions is then empty, which keeps
    /// gates closed; whether something was triggered must be looked up elsewhere.
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    /// The state of a branch without any entry.
    pub fn empty_of(branch: &Branch) -> Self {
        Self::empty(branch, Path::new(""), 0)
    }

    fn empty(branch: &Branch, project: &Path, now: i64) -> Self {
        let document = json!({
            "version": VERSION, "branch": branch.name(), "project": project,
            "created_at": now, "updated_at": now, "requirements": {},
        });
        Self { document: object(document), problem: None }
    }

    fn belongs_to(&self, branch: &Branch) -> bool {
        self.document.get("branch").and_then(Value::as_str).is_none_or(|name| name == branch.name())
    }

    /// The branch's name in the file.
    pub fn branch_name(&self) -> Option<&str> {
        self.document.get("branch")?.as_str()
    }

    /// The names of all requirements in the state.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.requirements().into_iter().flat_map(|all| all.keys().map(String::as_str))
    }

    fn requirements(&self) -> Option<&Map<String, Value>> {
        self.document.get("requirements")?.as_object()
    }

    /// One requirement as `session` sees it.
    pub fn view<'a>(&'a self, name: &'a str, session: Option<&'a SessionKey>) -> View<'a> {
        let requirement = self.requirements().and_then(|all| all.get(name)?.as_object());
        let mine = requirement.zip(session).and_then(|(requirement, session)| {
            let sessions = requirement.get("sessions")?.as_object()?;
            // Older tools wrote the full id. Of several entries of a session, the one satisfied last counts.
            let same = |id: &str| SessionKey::new(id).as_ref() == Some(session);
            let entries =
                sessions.iter().filter(|(id, _)| same(id)).filter_map(|(_, entry)| entry.as_object());
            entries.max_by_key(|entry| time(entry, "satisfied_at"))
        });
        View { name, session, requirement, mine, sealed: None }
    }

    /// The sessions with an entry for `name`, with their ids as in the file.
    pub fn sessions_of(&self, name: &str) -> Vec<(&str, &Map<String, Value>)> {
        let sessions = self.requirements().and_then(|all| all.get(name)?.get("sessions")?.as_object());
        sessions
            .into_iter()
            .flatten()
            .filter_map(|(id, entry)| Some((id.as_str(), entry.as_object()?)))
            .collect()
    }
}

/// Why state could not be changed. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The branch's lock is held or cannot be created.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The state cannot be read or written.
    #[error("cannot change {path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// The reason.
        error: io::Error,
    },
}

/// Changes a branch's state under its lock, and replaces the file durably if the state changed. Older spellings of
/// session keys are rewritten. A corrupt file is copied before it is replaced.
///
/// # Errors
/// When the lock stays busy for `wait`, or the file cannot be read or written. The file is unchanged then.
pub fn transaction<T>(
    dir: &StateDir,
    branch: &Branch,
    project: &Path,
    now: i64,
    wait: Duration,
    change: impl FnOnce(&mut Changes<'_>) -> T,
) -> Result<T, StateError> {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |error| StateError::Io { path, error }
    };
    store::create_dir(dir.path()).map_err(failed(dir.path()))?;
    let _lock = lock::exclusive(&dir.branch_lock(branch), wait)?;
    let StateFile { path, found, was_damaged } =
        own_file(dir, branch).map_err(failed(&dir.branch(branch)))?;
    let before = found.as_ref().map(|state| state.document.clone());
    let mut state = found.unwrap_or_else(|| BranchState::empty(branch, project, now));
    if was_damaged {
        state.document.insert(REMADE_AT.into(), now.into());
    }
    migrate_keys(&mut state);
    let mut changes = Changes { state: &mut state, now, dir, branch, ended: Vec::new() };
    let result = change(&mut changes);
    let ended = changes.ended;
    if before.as_ref() == Some(&state.document) {
        return Ok(result);
    }
    // A change that adds nothing does not create a file.
    if before.is_none() && state.requirements().is_none_or(Map::is_empty) {
        return Ok(result);
    }
    state.document.insert("updated_at".into(), now.into());
    let bytes = serde_json::to_vec_pretty(&state.document).map_err(io::Error::from).map_err(failed(&path))?;
    // An approval must survive a power cut.
    replace(&path, &bytes, Durability::Durable, 0o644).map_err(failed(&path))?;
    // A copy of the file as it was must not satisfy again what was taken back.
    for seal in ended {
        let _ = ended::end(dir.paths(), &seal);
    }
    Ok(result)
}

/// The file that holds a branch's state.
struct StateFile {
    path: PathBuf,
    /// The state, if it is there and sound.
    found: Option<BranchState>,
    /// Whether it was damaged; a copy is kept.
    was_damaged: bool,
}

fn own_file(dir: &StateDir, branch: &Branch) -> io::Result<StateFile> {
    let look = |path: PathBuf| match load(&path) {
        Ok(found) => Ok(StateFile { path, found, was_damaged: false }),
        Err(Corrupt::Content) => {
            quarantine::keep_copy(&path)?;
            Ok(StateFile { path, found: None, was_damaged: true })
        }
        Err(Corrupt::Io(error)) => Err(error),
    };
    let plain = look(dir.branch(branch))?;
    if plain.found.as_ref().is_none_or(|state| state.belongs_to(branch)) {
        return Ok(plain);
    }
    let distinct = look(dir.distinct_branch(branch))?;
    Ok(StateFile { found: distinct.found.filter(|state| state.belongs_to(branch)), ..distinct })
}

enum Corrupt {
    Content,
    Io(io::Error),
}

impl fmt::Display for Corrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content => f.write_str("is damaged"),
            Self::Io(error) => write!(f, "cannot be read: {error}"),
        }
    }
}

fn load(path: &Path) -> Result<Option<BranchState>, Corrupt> {
    let Some(bytes) = store::read(path).map_err(Corrupt::Io)? else { return Ok(None) };
    let document: Map<String, Value> = serde_json::from_slice(&bytes).map_err(|_| Corrupt::Content)?;
    let known = document.get("version").and_then(Value::as_str) == Some(VERSION);
    if !known || !document.get("requirements").is_some_and(Value::is_object) {
        return Err(Corrupt::Content);
    }
    Ok(Some(BranchState { document, problem: None }))
}

/// Rewrites session keys to their short form. Of two entries of one session, the one satisfied later is kept.
fn migrate_keys(state: &mut BranchState) {
    let Some(all) = state.document.get_mut("requirements").and_then(Value::as_object_mut) else { return };
    for requirement in all.values_mut().filter_map(Value::as_object_mut) {
        let Some(sessions) = requirement.get_mut("sessions").and_then(Value::as_object_mut) else { continue };
        if sessions.keys().all(|id| SessionKey::new(id).is_some_and(|key| key.as_str() == id)) {
            continue;
        }
        let mut migrated = Map::new();
        for (id, entry) in std::mem::take(sessions) {
            let key = SessionKey::new(&id).map_or(id, |key| key.to_string());
            let at = |entry: &Value| entry.as_object().map_or(0, |entry| time(entry, "satisfied_at"));
            if migrated.get(&key).is_none_or(|kept| at(kept) < at(&entry)) {
                migrated.insert(key, entry);
            }
        }
        *sessions = migrated;
    }
}

/// The changes that a transaction may make.
#[derive(Debug)]
pub struct Changes<'a> {
    state: &'a mut BranchState,
    now: i64,
    dir: &'a StateDir,
    branch: &'a Branch,
    /// The seals of satisfactions that were taken back.
    ended: Vec<String>,
}

/// The data of a satisfaction.
#[derive(Debug, Clone)]
pub struct Satisfaction<'a> {
    /// `skill`, `cli`, `approval`, `carry_over`, `auto` or `manual`.
    pub by: &'a str,
    /// Additional facts. They are stored if there are any.
    pub metadata: Map<String, Value>,
    /// The expiry, in seconds since 1970.
    pub expires_at: Option<i64>,
}

impl Changes<'_> {
    /// The current state.
    pub fn state(&self) -> &BranchState {
        self.state
    }

    /// Satisfies `name` in `scope`: for `session` if the scope is per session, otherwise for the branch.
    pub fn satisfy(
        &mut self,
        name: &str,
        scope: Scope,
        session: Option<&SessionKey>,
        how: &Satisfaction<'_>,
    ) {
        let (now, dir, branch) = (self.now, self.dir, self.branch);
        let requirement = self.requirement(name, scope);
        let owner = session.filter(|_| scope.is_per_session());
        let target = match session.filter(|_| scope.is_per_session()) {
            Some(session) => entry(requirement, session),
            None => requirement,
        };
        target.insert("satisfied".into(), true.into());
        target.insert("satisfied_at".into(), now.into());
        target.insert("satisfied_by".into(), how.by.into());
        let expires = if scope == Scope::Permanent { None } else { how.expires_at };
        target.insert("expires_at".into(), expires.map_or(Value::Null, Value::from));
        if how.metadata.is_empty() {
            target.remove("metadata");
        } else {
            target.insert("metadata".into(), how.metadata.clone().into());
        }
        let parts = sealed_parts(dir, branch, name, owner, target);
        // Where no key can be made it is a satisfaction all the same, unless `protect_cli` asks for a seal.
        match seal::seal(dir.paths(), &parts.each_ref().map(String::as_str)) {
            Ok(seal) => target.insert("seal".into(), seal.into()),
            Err(_) => target.remove("seal"),
        };
    }

    /// Marks `name` as triggered by `session`. The time of the first trigger is kept.
    pub fn mark_triggered(&mut self, name: &str, scope: Scope, session: &SessionKey) {
        let now = self.now;
        let entry = entry(self.requirement(name, scope), session);
        if !is_true(entry, "triggered") {
            entry.insert("triggered".into(), true.into());
            entry.insert("triggered_at".into(), now.into());
        }
    }

    /// Removes the satisfaction of one session, or of all sessions and the branch. Returns whether one existed. The
    /// trigger mark is kept, because Stop must still verify the edits.
    pub fn clear(&mut self, name: &str, session: Option<&SessionKey>) -> bool {
        let mut ended = Vec::new();
        let Some(requirement) = self.existing(name) else { return false };
        let mut cleared = false;
        if session.is_none() {
            ended.extend(seal_of(requirement));
            cleared |= unsatisfy(requirement);
        }
        if let Some(sessions) = requirement.get_mut("sessions").and_then(Value::as_object_mut) {
            let chosen =
                |id: &str| session.is_none_or(|session| SessionKey::new(id).as_ref() == Some(session));
            for (_, entry) in sessions.iter_mut().filter(|(id, _)| chosen(id)) {
                ended.extend(entry.as_object().and_then(seal_of));
                cleared |= entry.as_object_mut().is_some_and(unsatisfy);
            }
        }
        self.ended.extend(ended);
        cleared
    }

    /// Uses up this session's single-use approval of `name` by removing its entry. Entries of other scopes and
    /// sessions are kept. Returns whether an entry was removed.
    pub fn clear_single_use(&mut self, name: &str, session: &SessionKey) -> bool {
        let Some(requirement) = self.existing(name) else { return false };
        if requirement.get("scope").and_then(Value::as_str) != Some(Scope::SingleUse.name()) {
            return false;
        }
        let entry =
            requirement.get("sessions").and_then(|sessions| sessions.get(session.as_str())?.as_object());
        let ended = entry.and_then(seal_of);
        let is_removed = remove_entry(requirement, session);
        self.ended.extend(ended);
        is_removed
    }

    /// Removes the entry of `session` for `name`. Returns whether it existed.
    pub fn forget(&mut self, name: &str, session: &SessionKey) -> bool {
        self.existing(name).is_some_and(|requirement| remove_entry(requirement, session))
    }

    /// Removes the entries of sessions that were inactive since `before`, except those that `keep` protects.
    pub fn drop_old_sessions(&mut self, before: i64, keep: impl Fn(&SessionKey) -> bool) {
        let Some(all) = self.state.document.get_mut("requirements").and_then(Value::as_object_mut) else {
            return;
        };
        for requirement in all.values_mut().filter_map(Value::as_object_mut) {
            let Some(sessions) = requirement.get_mut("sessions").and_then(Value::as_object_mut) else {
                continue;
            };
            sessions.retain(|id, entry| {
                let latest = entry.as_object().map(|entry| {
                    time(entry, "satisfied_at")
                        .max(time(entry, "triggered_at"))
                        .max(time(entry, "expires_at"))
                });
                latest.is_none_or(|latest| latest >= before)
                    || SessionKey::new(id).is_some_and(|key| keep(&key))
            });
        }
    }

    fn existing(&mut self, name: &str) -> Option<&mut Map<String, Value>> {
        self.state.document.get_mut("requirements")?.get_mut(name)?.as_object_mut()
    }

    fn requirement(&mut self, name: &str, scope: Scope) -> &mut Map<String, Value> {
        let all = child(&mut self.state.document, "requirements");
        let requirement = child(all, name);
        requirement.insert("scope".into(), scope.name().into());
        requirement
    }
}

fn seal_of(entry: &Map<String, Value>) -> Option<String> {
    Some(entry.get("seal")?.as_str()?.to_owned())
}

fn entry<'a>(requirement: &'a mut Map<String, Value>, session: &SessionKey) -> &'a mut Map<String, Value> {
    child(child(requirement, "sessions"), session.as_str())
}

fn remove_entry(requirement: &mut Map<String, Value>, session: &SessionKey) -> bool {
    requirement
        .get_mut("sessions")
        .and_then(Value::as_object_mut)
        .is_some_and(|sessions| sessions.remove(session.as_str()).is_some())
}

fn unsatisfy(entry: &mut Map<String, Value>) -> bool {
    let was = is_true(entry, "satisfied");
    for key in ["satisfied", "satisfied_at", "satisfied_by", "expires_at", "metadata"] {
        entry.remove(key);
    }
    was
}

/// The object at `key`. It is created if the key is missing or its value is not an object.
fn child<'a>(parent: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let value = parent.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("made an object above"),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The states of branches whose file changed at or after `since`, seconds since 1970.
///
/// # Errors
/// When the folder exists but cannot be listed.
pub fn changed_since(dir: &StateDir, since: i64) -> io::Result<Vec<BranchState>> {
    let entries = match std::fs::read_dir(dir.path()) {
        Ok(entries) => entries,
        Err(error) if store::is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let is_recent =
        |path: &PathBuf| std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.mtime() >= since);
    let paths = entries.flatten().map(|entry| entry.path());
    let states = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    Ok(states.filter(is_recent).filter_map(|path| load(&path).ok().flatten()).collect())
}

/// All branch states of a repository, with their files. Other files in the folder are skipped.
///
/// # Errors
/// When the folder exists but cannot be listed.
pub fn all(dir: &StateDir) -> io::Result<Vec<(PathBuf, BranchState)>> {
    let entries = match std::fs::read_dir(dir.path()) {
        Ok(entries) => entries,
        Err(error) if store::is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut states = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json")
            && let Ok(Some(state)) = load(&path)
            && state.branch_name().is_some()
        {
            states.push((path, state));
        }
    }
    states.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(states)
}

#[cfg(test)]
mod tests;
