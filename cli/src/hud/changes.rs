//! File notification: which folders are watched, and what a change in one means.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};

use hooks_common::paths::Paths;
use hooks_common::project::Project;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use sessions::derived::DerivedState;

use super::signal::{Signal, TouchedFiles};

/// How many folders are watched; the kernel bounds them for each user.
const MOST: usize = 1024;

/// A folder's device and inode: a folder that was removed and created again has another one.
type Identity = (u64, u64);

/// The watched folders.
#[derive(Debug)]
pub struct FileWatch {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeMap<PathBuf, Identity>,
    /// Removed folders. A folder created again at the same path is not watched yet, even if it gets the same inode.
    removed: Arc<Mutex<BTreeSet<PathBuf>>>,
    trouble: Option<String>,
}

impl FileWatch {
    /// Starts to watch the folders in which new sessions appear; changes are sent to `signals`.
    pub fn start(paths: &Paths, signals: Sender<Signal>) -> Self {
        let known = WatchedPaths {
            sessions: paths.sessions_dir(),
            registry: paths.registry(),
            clients: paths.client_sessions(),
            derived: paths.derived_state(),
            shells: paths.shell_cwd(),
        };
        let removed: Arc<Mutex<BTreeSet<PathBuf>>> = Arc::default();
        let gone = Arc::clone(&removed);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let touched = match event {
                Ok(event) => {
                    if matches!(event.kind, EventKind::Remove(_)) {
                        gone.lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .extend(event.paths.iter().cloned());
                    }
                    known.touched(&event)
                }
                // The queue overflowed: anything may have changed.
                Err(_) => Some(TouchedFiles::All),
            };
            if let Some(touched) = touched {
                // The receiver is gone when the HUD has ended.
                let _ = signals.send(Signal::Files(touched));
            }
        });
        let mut changes = Self { watcher: None, watched: BTreeMap::new(), removed, trouble: None };
        match watcher {
            Ok(watcher) => changes.watcher = Some(watcher),
            Err(error) => changes.fail(&error),
        }
        // A folder that does not exist cannot be watched, so the first session would not be noticed.
        let _ = platform::store::create_private_dir(&paths.sessions_dir());
        changes.watch(&paths.sessions_dir());
        changes.watch(paths.claude_dir());
        changes
    }

    /// Whether changes are reported.
    pub fn is_watching(&self) -> bool {
        self.watcher.is_some()
    }

    /// Why they are not, if they are not.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    /// Watches the directories of the sessions that have not ended, their repositories and requirement states. Returns
    /// the sessions whose directories were not watched before; `None` when no folder is new.
    pub fn follow(&mut self, paths: &Paths, state: &DerivedState) -> Option<Vec<String>> {
        let mut wanted = BTreeSet::from([
            paths.sessions_dir(),
            paths.claude_dir().to_owned(),
            paths.client_sessions(),
            paths.stanchion_dir().to_owned(),
        ]);
        for session in state.sessions.iter().filter(|session| session.ended.is_none()) {
            if wanted.len() + 3 > MOST {
                break;
            }
            if let Some(id) = hooks_common::session_id::SessionId::new(&session.session_id) {
                wanted.insert(paths.session_dir(&id));
            }
            let folder = if session.cwd.is_dir() { &session.cwd } else { &session.project_dir };
            let project = Project::of_event(paths, None, folder);
            if let Some(repository) = project.repository() {
                wanted.insert(repository.git_dir().to_owned());
            }
            wanted.insert(project.state().path().to_owned());
        }
        let removed = std::mem::take(&mut *self.removed.lock().unwrap_or_else(PoisonError::into_inner));
        let gone: Vec<PathBuf> = self
            .watched
            .iter()
            .filter(|(folder, known)| {
                !wanted.contains(*folder) || removed.contains(*folder) || identity(folder) != Some(**known)
            })
            .map(|(folder, _)| folder.clone())
            .collect();
        for folder in gone {
            self.watched.remove(&folder);
            if let Some(watcher) = &mut self.watcher {
                // The kernel forgets a folder that is removed; the library must, too.
                let _ = watcher.unwatch(&folder);
            }
        }
        let sessions = paths.sessions_dir();
        let new: Vec<PathBuf> = wanted.into_iter().filter(|folder| self.watch(folder)).collect();
        let name = |folder: &PathBuf| folder.file_name()?.to_str().map(str::to_owned);
        let names = new.iter().filter(|folder| folder.parent() == Some(&sessions)).filter_map(name);
        (!new.is_empty()).then(|| names.collect())
    }

    /// Watches an existing folder. Returns whether it was not watched before.
    fn watch(&mut self, folder: &Path) -> bool {
        let Some(identity) = identity(folder).filter(|_| !self.watched.contains_key(folder)) else {
            return false;
        };
        let Some(watcher) = &mut self.watcher else { return false };
        match watcher.watch(folder, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.watched.insert(folder.to_owned(), identity);
                return true;
            }
            // The folder was removed meanwhile.
            Err(error) if !folder.is_dir() => drop(error),
            Err(error) => {
                self.watcher = None;
                self.fail(&error);
            }
        }
        false
    }

    fn fail(&mut self, error: &notify::Error) {
        self.trouble = Some(format!("files cannot be watched ({error}); looking every two seconds"));
    }
}

fn identity(folder: &Path) -> Option<Identity> {
    let meta = std::fs::metadata(folder).ok().filter(std::fs::Metadata::is_dir)?;
    Some((meta.dev(), meta.ino()))
}

/// The watched paths by their meaning.
#[derive(Debug)]
struct WatchedPaths {
    sessions: PathBuf,
    registry: PathBuf,
    clients: PathBuf,
    derived: PathBuf,
    shells: PathBuf,
}

impl WatchedPaths {
    fn touched(&self, event: &Event) -> Option<TouchedFiles> {
        // Reads are not changes. Our own reads would wake the HUD without end.
        if matches!(event.kind, EventKind::Access(_)) {
            return None;
        }
        if event.need_rescan() {
            return Some(TouchedFiles::All);
        }
        // The document was deleted. Our own renames over it are other events.
        if matches!(event.kind, EventKind::Remove(_)) && event.paths.contains(&self.derived) {
            return Some(TouchedFiles::Around);
        }
        event.paths.iter().find_map(|path| self.meaning(path))
    }

    fn meaning(&self, path: &Path) -> Option<TouchedFiles> {
        if *path == self.registry {
            return Some(TouchedFiles::All);
        }
        let name = path.file_name()?.to_str()?;
        if let Ok(below) = path.strip_prefix(&self.sessions) {
            let mut parts = below.components();
            let session = parts.next()?.as_os_str().to_str()?;
            let file = parts.next().map(|file| file.as_os_str());
            let matters = file.is_none_or(|file| {
                ["events.jsonl", "meta.json", "context.json"].iter().any(|known| file == *known)
            });
            return (matters && !session.starts_with('.')).then(|| TouchedFiles::Session(session.to_owned()));
        }
        let is_client = path.parent() == Some(&self.clients) && name.ends_with(".json");
        let is_around = is_client
            || *path == self.shells
            || name == "HEAD"
            || (name.ends_with(".json") && path.parent()?.ends_with("requirements"));
        is_around.then_some(TouchedFiles::Around)
    }
}
