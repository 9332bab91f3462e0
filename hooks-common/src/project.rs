//! Finds the project of an event. All hooks and `req` use the same functions.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::paths::{self, Paths, StateDir, in_project};
use config::Policy;
use config::sources::{ConfigFile, Level, Sources, is_configured};
use git::Branch;
use git::Repository;

/// The project of an event. Gates, guards and requirement state use it.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
    repository: Option<Repository>,
    config: Vec<ConfigFile>,
    store: PathBuf,
    common: PathBuf,
    paths: Paths,
    /// Opened at the first question: the domains of one event ask for it several times. `config` is of the same moment.
    policy: Arc<OnceLock<Option<Policy>>>,
}

impl Project {
    /// The project of an event: the repository of the edited file, or of `cwd`. Outside git it is the nearest
    /// configured folder at or above `cwd`, or `cwd` itself.
    ///
    /// A nested repository without its own configuration belongs to the configured repository around it. A linked
    /// work tree is its own project. It uses configuration files of the main work tree where it has none.
    pub fn of_event(paths: &Paths, edited: Option<&Path>, cwd: &Path) -> Self {
        // Links and `..` are resolved as the kernel does, so that the real project of a file is found.
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
            return Some(Self::new(paths, innermost.top().to_owned(), innermost, own));
        }
        let around = innermost.top().parent().into_iter().flat_map(Path::ancestors);
        for outer in around.filter_map(Repository::at) {
            let config = cascade(paths, outer.top(), outer.main_worktree().as_deref());
            if is_configured(&config) && is_ours(&config, outer.top(), paths) {
                return Some(Self::new(paths, outer.top().to_owned(), outer, config));
            }
        }
        Some(Self::new(paths, innermost.top().to_owned(), innermost, own))
    }

    fn outside_git(paths: &Paths, cwd: &Path) -> Self {
        let nearest = cwd.ancestors().find(|dir| {
            let config = cascade(paths, dir, None);
            is_configured(&config) && is_ours(&config, dir, paths)
        });
        let root = nearest.unwrap_or(cwd).to_owned();
        let store = paths.project_store(&root);
        let config = cascade(paths, &root, None);
        Self {
            root,
            repository: None,
            config,
            common: store.clone(),
            store,
            paths: paths.clone(),
            policy: Arc::default(),
        }
    }

    fn new(paths: &Paths, root: PathBuf, repository: Repository, config: Vec<ConfigFile>) -> Self {
        let (store, common) = (repository.git_dir().to_owned(), repository.common_dir().to_owned());
        let paths = paths.clone();
        Self { root, repository: Some(repository), config, store, common, paths, policy: Arc::default() }
    }

    /// The same project with a folder inside it as its root, where a client was started.
    pub fn rooted_at(self, root: PathBuf) -> Self {
        Self { root, ..self }
    }

    /// The project's root folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The repository, if the project is in one.
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

    /// Whether the project has its own configuration. The global file alone does not enable any gate.
    pub fn is_configured(&self) -> bool {
        is_configured(&self.config)
    }

    /// The folder of requirement state, which all work trees share.
    pub fn state(&self) -> StateDir {
        StateDir::new(&self.paths, &self.common)
    }

    /// The files from which the policy is compiled, and the file that stores it.
    pub fn sources(&self, paths: &Paths) -> Sources {
        Sources {
            files: self.config.clone(),
            policy: self.policy_file(),
            global_policy: paths.global_policy(),
            home: paths.home().to_owned(),
        }
    }

    /// The policy that applies. `None` if the project has no configuration of its own. It is opened once, and copies
    /// of this value share it.
    pub fn policy(&self, paths: &Paths) -> Option<Policy> {
        self.policy.get_or_init(|| Policy::of(&self.sources(paths))).clone()
    }

    /// The compiled policy of this work tree.
    pub fn policy_file(&self) -> PathBuf {
        paths::policy(&self.store)
    }

    /// The folder of the exceptions that a user allowed once in this work tree.
    pub fn allowed(&self) -> PathBuf {
        paths::allowed(&self.store)
    }

    /// The file of values that limits computed recently in this work tree.
    pub fn values(&self) -> PathBuf {
        paths::values(&self.store)
    }

    /// The folders that store gate state for this work tree: git's, or their replacement outside git.
    pub fn stores(&self) -> [&Path; 2] {
        [&self.store, &self.common]
    }
}

/// The project of a session, set at its first event. It is the folder in which Claude Code was started if that
/// contains `cwd`, otherwise the event's project. The second value names the source, as in `meta.json`.
pub fn of_session(launched_in: Option<&Path>, cwd: &Path, event: &Project) -> (PathBuf, &'static str) {
    if let Some(dir) = launched_in
        && platform::path::resolve(cwd).starts_with(platform::path::resolve(dir))
    {
        return (platform::path::normalise(dir), "env");
    }
    (event.root().to_owned(), "cwd")
}

/// Whether a configuration in a folder around counts: it is there, or the folder is the user's own. What another user
/// hides in a folder of theirs is no configuration of this project.
fn is_ours(config: &[ConfigFile], folder: &Path, paths: &Paths) -> bool {
    folder.starts_with(paths.home())
        || config.iter().any(|file| file.identity.is_some() && file.level != Level::Global)
}

fn cascade(paths: &Paths, root: &Path, main_worktree: Option<&Path>) -> Vec<ConfigFile> {
    let global = paths.global_config();
    let mut files = vec![ConfigFile::at(Level::Global, paths.global_config())];
    for (level, file) in [
        (Level::Project, in_project::config as fn(&Path) -> PathBuf),
        (Level::Local, in_project::local_config),
    ] {
        // A repository at the home folder would otherwise take the global file for its own.
        let at = |path: PathBuf| match path == global {
            true => ConfigFile::absent(level, path),
            false => ConfigFile::at(level, path),
        };
        let own = at(file(root));
        let borrowed = main_worktree.filter(|_| !own.is_present()).map(|main| at(file(main)));
        files.push(borrowed.filter(ConfigFile::is_present).unwrap_or(own));
    }
    files
}
