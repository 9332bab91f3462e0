//! The project that a command is about: its branch, its policy, its gates.

use std::path::PathBuf;

use config::{Policy, Rule};
use gates::Gates;
use git::Branch;
use hooks_common::paths::{Paths, StateDir};
use hooks_common::project::Project;
use hooks_common::session_id::SessionKey;
use platform::time::Moment;

use crate::error::{CliError, CliResult, Context};

/// The folder that the command runs in.
pub fn current_folder() -> CliResult<PathBuf> {
    std::env::current_dir().context("the current folder no longer exists")
}

/// The project of the current folder.
pub struct CurrentProject {
    /// The roots of everything on disk.
    pub paths: Paths,
    /// The project, found as hooks find it.
    pub project: Project,
    /// Now.
    pub now: Moment,
}

impl CurrentProject {
    /// The project of the current folder.
    pub fn here() -> CliResult<Self> {
        let folder = current_folder()?;
        let paths = Paths::from_env();
        Ok(Self { project: Project::of_event(&paths, None, &folder), paths, now: Moment::now() })
    }

    /// The error of a command that needs a configuration.
    pub fn not_configured(&self) -> CliError {
        CliError::user(format_args!("{} has no configuration", self.project.root().display()))
            .next("run `req init` to write one")
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
    pub fn gates(&self, branch: Branch, session: Option<SessionKey>) -> CliResult<Gates> {
        match Gates::of(&self.project, &self.paths, branch, session, self.now.epoch()) {
            Some(gates) => Ok(gates),
            None => Err(self.not_configured()),
        }
    }

    /// The rules in force.
    pub fn rules(policy: &Policy) -> CliResult<Vec<Rule>> {
        Ok(policy.rules()?)
    }

    /// A path of the project as a person reads it.
    pub fn shown(&self, path: &std::path::Path) -> PathBuf {
        path.strip_prefix(self.project.root()).map_or_else(|_| path.to_owned(), PathBuf::from)
    }
}
