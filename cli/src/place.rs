//! Where `req` stands: the project, its branch, its policy.

use std::path::PathBuf;

use anyhow::{Context, bail};
use config::{Policy, Rule};
use gates::Gates;
use git::Branch;
use hooks_common::paths::{Paths, StateDir};
use hooks_common::project::Project;
use hooks_common::session_id::SessionKey;
use platform::time::Moment;

/// The project of the current folder.
pub struct Place {
    /// The roots of everything on disk.
    pub paths: Paths,
    /// The project, found as hooks find it.
    pub project: Project,
    /// Now.
    pub now: Moment,
}

impl Place {
    /// The place of the current folder.
    pub fn here() -> anyhow::Result<Self> {
        let folder = std::env::current_dir().context("the current folder is gone")?;
        let paths = Paths::from_env();
        Ok(Self { project: Project::of_event(&paths, None, &folder), paths, now: Moment::now() })
    }

    /// The branch that was named, else the current one.
    pub fn branch(&self, named: Option<&str>) -> Branch {
        match named.filter(|name| !name.is_empty()) {
            Some(name) => Branch::named(name),
            None => self.project.branch(),
        }
    }

    /// The folder of requirement state.
    pub fn state(&self) -> StateDir {
        self.project.state()
    }

    /// The gates for a session; an error where nothing is configured.
    pub fn gates(&self, branch: Branch, session: Option<SessionKey>) -> anyhow::Result<Gates> {
        match Gates::of(&self.project, &self.paths, branch, session, self.now.epoch()) {
            Some(gates) => Ok(gates),
            None => bail!(
                "{} has no requirements; `req init` writes a first configuration",
                self.project.root().display()
            ),
        }
    }

    /// The rules in force, with what is wrong in the configuration.
    pub fn rules(policy: &Policy) -> anyhow::Result<Vec<Rule>> {
        Ok(policy.rules()?)
    }

    /// A path of the project as a person reads it.
    pub fn shown(&self, path: &std::path::Path) -> PathBuf {
        path.strip_prefix(self.project.root()).map_or_else(|_| path.to_owned(), PathBuf::from)
    }
}
