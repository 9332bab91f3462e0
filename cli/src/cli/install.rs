//! The words of `install`, `uninstall` and `doctor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use installer::entry;
use installer::install::{Installation, Removal};
use installer::settings::Level;

/// Whose settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scope {
    /// .claude/settings.json of the repository
    Project,
    /// .claude/settings.local.json of the repository
    Local,
    /// ~/.claude/settings.json, for every folder
    User,
}

/// How Claude Code starts an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Directly; the fastest, and a path of this machine
    Exec,
    /// Through a shell that does nothing where the executable is missing; about a millisecond more
    Shell,
}

impl Scope {
    /// The level of the settings.
    pub fn level(self) -> Level {
        match self {
            Self::Project => Level::Project,
            Self::Local => Level::Local,
            Self::User => Level::User,
        }
    }
}

impl From<Form> for entry::Form {
    fn from(form: Form) -> Self {
        match form {
            Form::Exec => Self::Exec,
            Form::Shell => Self::Shell,
        }
    }
}

/// Arguments of `install`.
#[derive(Debug, Args)]
pub struct Install {
    /// The repository
    #[arg(default_value = ".")]
    pub repo: PathBuf,
    /// Which settings file
    #[arg(long, value_enum, default_value = "project")]
    pub scope: Scope,
    /// Where the executables are [default: ~/.stanchion/bin]
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,
    /// How they are started [default: exec; shell when git tracks the settings file]
    #[arg(long, value_enum)]
    pub form: Option<Form>,
    /// Leave the status line as it is, without ours
    #[arg(long)]
    pub no_status_line: bool,
    /// Also where the settings keep hooks from running
    #[arg(long)]
    pub force: bool,
    /// Show what would change
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `uninstall`.
#[derive(Debug, Args)]
pub struct Uninstall {
    /// The repository
    #[arg(default_value = ".")]
    pub repo: PathBuf,
    /// Which settings file
    #[arg(long, value_enum, default_value = "project")]
    pub scope: Scope,
    /// Show what would change
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct Doctor {
    /// The repository
    #[arg(default_value = ".")]
    pub repo: PathBuf,
    /// Also tell what passed
    #[arg(short, long)]
    pub verbose: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Fail on warnings too
    #[arg(long)]
    pub ci: bool,
}

impl Install {
    /// What the installer is asked for.
    pub fn wanted(&self) -> Installation {
        Installation {
            repo: self.repo.clone(),
            level: self.scope.level(),
            bin_dir: self.bin_dir.clone(),
            form: self.form.map(entry::Form::from),
            has_status_line: !self.no_status_line,
            force: self.force,
            dry_run: self.dry_run,
        }
    }
}

impl Uninstall {
    /// What the installer is to take back.
    pub fn wanted(&self) -> Removal {
        Removal { repo: self.repo.clone(), level: self.scope.level(), dry_run: self.dry_run }
    }
}
