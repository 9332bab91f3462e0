//! Which project an event belongs to. One resolver for every hook and for `req`.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use git::Branch;
use git::Repository;
use crate::paths::{self, Paths, StateDir, in_project};

/// The project of an event: gates, guards and requirement state use it.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
    repository: Option<Repository>,
    config: Vec<ConfigFile>,
    store: PathBuf,
    common: PathBuf,
}

/// A level of the configuration cascade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The user's, for every project.
    Global,
    /// The team's, in the repository.
    Project,
    /// One clone's.
    Local,
}

/// A configuration file of the cascade, present or not.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// Its level.
    pub level: Level,
    /// Where it is or would be.
    pub path: PathBuf,
    /// Which version of it is there; `None` when there is none.
    pub identity: Option<FileIdentity>,
}

/// What tells one version of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileIdentity {
    inode: u64,
    size: u64,
    modified_ns: i128,
    changed_ns: i128,
}

impl ConfigFile {
    /// The user's configuration for every project.
    pub fn global(paths: &Paths) -> Self {
        let path = paths.global_config();
        Self { level: Level::Global, identity: FileIdentity::of(&path), path }
    }
}

impl FileIdentity {
    /// The identity of what stands at `path`, links followed; `None` when nothing does. A link that leads
    /// nowhere has the link's own: somebody meant a file to be there.
    pub fn of(path: &Path) -> Option<Self> {
        let mut meta = std::fs::symlink_metadata(path).ok()?;
        if meta.is_symlink() {
            meta = std::fs::metadata(path).unwrap_or(meta);
        }
        let ns =
            |seconds: i64, nanoseconds: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        Some(Self {
            inode: meta.ino(),
            size: meta.len(),
            modified_ns: ns(meta.mtime(), meta.mtime_nsec()),
            changed_ns: ns(meta.ctime(), meta.ctime_nsec()),
        })
    }

    /// Nanoseconds since 1970 of the last change of content or metadata.
    pub fn changed_ns(&self) -> i128 {
        self.changed_ns.max(self.modified_ns)
    }
}

impl Project {
    /// The project that an event belongs to: the repository of the edited file, else of `cwd`. A nested
    /// repository without a configuration of its own belongs to the configured one around it; a linked work
    /// tree stands for itself and borrows the main work tree's configuration files where it lacks them.
    /// Outside git it is the nearest folder at or above `cwd` with a configuration, else `cwd`.
    pub fn of_event(paths: &Paths, edited: Option<&Path>, cwd: &Path) -> Self {
        let cwd = platform::path::resolve(cwd);
        if let Some(file) = edited {
            let file = platform::path::resolve(&cwd.join(file));
            let folder = file.parent().unwrap_or(&file);
            if let Some(project) = Self::in_repository(paths, folder) {
                return project;
            }
        }
        Self::in_repository(paths, &cwd).unwrap_or_else(|| Self::outside_git(paths, &cwd))
    }

    fn in_repository(paths: &Paths, folder: &Path) -> Option<Self> {
        let innermost = Repository::discover(folder)?;
        let own = cascade(paths, innermost.top(), innermost.main_worktree().as_deref());
        if is_configured(&own) || innermost.is_linked_worktree() {
            return Some(Self::new(innermost.top().to_owned(), innermost, own));
        }
        let around = innermost.top().parent().into_iter().flat_map(Path::ancestors);
        for outer in around.filter_map(Repository::at) {
            let config = cascade(paths, outer.top(), outer.main_worktree().as_deref());
            if is_configured(&config) {
                return Some(Self::new(outer.top().to_owned(), outer, config));
            }
        }
        Some(Self::new(innermost.top().to_owned(), innermost, own))
    }

    fn outside_git(paths: &Paths, cwd: &Path) -> Self {
        let nearest = cwd.ancestors().find(|dir| is_configured(&cascade(paths, dir, None)));
        let root = nearest.unwrap_or(cwd).to_owned();
        let store = paths.project_store(&root);
        let config = cascade(paths, &root, None);
        Self { root, repository: None, config, common: store.clone(), store }
    }

    fn new(root: PathBuf, repository: Repository, config: Vec<ConfigFile>) -> Self {
        let (store, common) = (repository.git_dir().to_owned(), repository.common_dir().to_owned());
        Self { root, repository: Some(repository), config, store, common }
    }

    /// The same project seen from a folder inside it, where a client was launched.
    pub fn rooted_at(self, root: PathBuf) -> Self {
        Self { root, ..self }
    }

    /// The project's root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The repository, when there is one.
    pub fn repository(&self) -> Option<&Repository> {
        self.repository.as_ref()
    }

    /// The branch that requirement state belongs to.
    pub fn branch(&self) -> Branch {
        self.repository.as_ref().map_or_else(Branch::outside_git, Repository::branch)
    }

    /// The files of the configuration cascade, lowest level first.
    pub fn config_files(&self) -> &[ConfigFile] {
        &self.config
    }

    /// Whether the project has a configuration of its own. The global file alone gates nothing.
    pub fn is_configured(&self) -> bool {
        is_configured(&self.config)
    }

    /// The folder of requirement state, which all work trees share.
    pub fn state(&self) -> StateDir {
        StateDir::new(&self.common)
    }

    /// The compiled policy of this work tree.
    pub fn policy(&self) -> PathBuf {
        paths::policy(&self.store)
    }

    /// What a person let through once in this work tree.
    pub fn allowed(&self) -> PathBuf {
        paths::allowed(&self.store)
    }

    /// What dynamic requirements computed lately in this work tree.
    pub fn values(&self) -> PathBuf {
        paths::values(&self.store)
    }

    /// The folders that git or a stand-in keeps for this work tree: what gates remember lies there.
    pub fn stores(&self) -> [&Path; 2] {
        [&self.store, &self.common]
    }
}

/// The project that a session belongs to, fixed at its first event: the folder Claude Code was launched in if
/// it contains `cwd`, else the event's project. The second value names the source, as `meta.json` records it.
pub fn of_session(launched_in: Option<&Path>, cwd: &Path, event: &Project) -> (PathBuf, &'static str) {
    if let Some(dir) = launched_in
        && platform::path::resolve(cwd).starts_with(platform::path::resolve(dir))
    {
        return (platform::path::normalise(dir), "env");
    }
    (event.root().to_owned(), "cwd")
}

fn is_configured(config: &[ConfigFile]) -> bool {
    config.iter().any(|file| file.identity.is_some() && file.level != Level::Global)
}

fn cascade(paths: &Paths, root: &Path, main_worktree: Option<&Path>) -> Vec<ConfigFile> {
    let global = paths.global_config();
    let mut files = vec![ConfigFile::global(paths)];
    for (level, file) in [
        (Level::Project, in_project::config as fn(&Path) -> PathBuf),
        (Level::Local, in_project::local_config),
    ] {
        let mut path = file(root);
        // A repository at the home folder would otherwise take the global file for its own.
        let mut identity = if path == global { None } else { FileIdentity::of(&path) };
        if let (None, Some(main)) = (identity, main_worktree) {
            let borrowed = file(main);
            if let Some(found) = FileIdentity::of(&borrowed).filter(|_| borrowed != global) {
                (path, identity) = (borrowed, Some(found));
            }
        }
        files.push(ConfigFile { level, path, identity });
    }
    files
}
