//! File notification: which files are watched, and what a change to one means.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use hooks_common::paths::Paths;
use hooks_common::project::Project;
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use sessions::derived::DerivedState;

use super::{Signal, Touched};

/// How many folders are watched; the kernel bounds them for each user.
const MOST: usize = 1024;

/// The watched folders.
#[derive(Debug)]
pub struct Changes {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    trouble: Option<String>,
}

impl Changes {
    /// Begins to watch what tells of new sessions; changes are sent to `signals`.
    pub fn start(paths: &Paths, signals: Sender<Signal>) -> Self {
        let known = Known { sessions: paths.sessions_dir(), registry: paths.registry() };
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let touched = match event {
                Ok(event) => known.touched(&event),
                // The queue overflowed: anything may have changed.
                Err(_) => Some(Touched::All),
            };
            if let Some(touched) = touched {
                // Nobody listens when the HUD has ended.
                let _ = signals.send(Signal::Files(touched));
            }
        });
        let mut changes = Self { watcher: None, watched: BTreeSet::new(), trouble: None };
        match watcher {
            Ok(watcher) => changes.watcher = Some(watcher),
            Err(error) => changes.fail(&error),
        }
        // A first session would otherwise begin unseen.
        let _ = hooks_common::store::create_private_dir(&paths.sessions_dir());
        changes.watch(&paths.sessions_dir());
        changes.watch(paths.claude_dir());
        changes
    }

    /// Whether changes are told.
    pub fn is_watching(&self) -> bool {
        self.watcher.is_some()
    }

    /// Why they are not, if so.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    /// Watches the directories of the sessions that may go on, and what they are shown with.
    pub fn follow(&mut self, paths: &Paths, state: &DerivedState) {
        let mut wanted = BTreeSet::from([paths.sessions_dir(), paths.claude_dir().to_owned()]);
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
        for gone in self.watched.difference(&wanted).cloned().collect::<Vec<_>>() {
            self.watched.remove(&gone);
            if let Some(watcher) = &mut self.watcher {
                let _ = watcher.unwatch(&gone);
            }
        }
        for folder in wanted {
            self.watch(&folder);
        }
    }

    fn watch(&mut self, folder: &Path) {
        if self.watched.contains(folder) || !folder.is_dir() {
            return;
        }
        let Some(watcher) = &mut self.watcher else { return };
        match watcher.watch(folder, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.watched.insert(folder.to_owned());
            }
            // The folder went away meanwhile.
            Err(error) if !folder.is_dir() => drop(error),
            Err(error) => {
                self.watcher = None;
                self.fail(&error);
            }
        }
    }

    fn fail(&mut self, error: &notify::Error) {
        self.trouble = Some(format!("files cannot be watched ({error}); looking every two seconds"));
    }
}

/// What a path means.
#[derive(Debug)]
struct Known {
    sessions: PathBuf,
    registry: PathBuf,
}

impl Known {
    fn touched(&self, event: &Event) -> Option<Touched> {
        // Reading is no change; our own would wake us for ever.
        if matches!(event.kind, EventKind::Access(_)) {
            return None;
        }
        if event.need_rescan() {
            return Some(Touched::All);
        }
        event.paths.iter().find_map(|path| self.meaning(path))
    }

    fn meaning(&self, path: &Path) -> Option<Touched> {
        if *path == self.registry {
            return Some(Touched::All);
        }
        let name = path.file_name()?.to_str()?;
        if let Ok(below) = path.strip_prefix(&self.sessions) {
            let mut parts = below.components();
            let session = parts.next()?.as_os_str().to_str()?;
            let file = parts.next().map(|file| file.as_os_str());
            let matters = file.is_none_or(|file| {
                ["events.jsonl", "meta.json", "context.json"].iter().any(|known| file == *known)
            });
            return (matters && !session.starts_with('.')).then(|| Touched::Session(session.to_owned()));
        }
        let is_around =
            name == "HEAD" || (name.ends_with(".json") && path.parent()?.ends_with("requirements"));
        is_around.then_some(Touched::Around)
    }
}
