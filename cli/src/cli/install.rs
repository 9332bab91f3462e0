//! Arguments of `install`, `uninstall` and `doctor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use installer::entry;
use installer::install::{Installation, Removal};
use installer::settings::SettingsLevel;

/// Whose settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SettingsLevelName {
    /// .claude/settings.json of the repository
    Project,
    /// .claude/settings.local.json of the repository
    Local,
    /// ~/.claude/settings.json, for every folder
    User,
}

/// How Claude Code starts an executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FormName {
    /// Directly; the fastest, and a path of this machine
    Exec,
    /// Through a shell line that does nothing where the executable is missing; about 1 ms slower
    Shell,
}

impl SettingsLevelName {
    /// The level of the settings.
    pub fn level(self) -> SettingsLevel {
        match self {
            Self::Project => SettingsLevel::Project,
            Self::Local => SettingsLevel::Local,
            Self::User => SettingsLevel::User,
        }
    }
}

impl From<FormName> for entry::EntryForm {
    fn from(form: FormName) -> Self {
        match form {
            FormName::Exec => Self::Exec,
            FormName::Shell => Self::Shell,
        }
    }
}

/// Arguments of `install`.
#[derive(Debug, Args)]
pub struct InstallArgs {
    /// The repository
    #[arg(default_value = ".")]
    pub repo: PathBuf,
    /// Which settings file
    #[arg(long, value_enum, default_value = "project")]
    pub scope: SettingsLevelName,
    /// Where the executables are [default: ~/.stanchion/bin]
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,
    /// How they are started [default: exec; shell when git tracks the settings file]
    #[arg(long, value_enum)]
    pub form: Option<FormName>,
    /// Do not install our status line
    #[arg(long)]
    pub no_status_line: bool,
    /// Install even where the settings keep hooks from running
    #[arg(long)]
    pub force: bool,
    /// Show what would change
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `uninstall`.
#[derive(Debug, Args)]
pub struct UninstallArgs {
    /// The repository
    #[arg(default_value = ".")]
    pub repo: PathBuf,
    /// Which settings file
    #[arg(long, value_enum, default_value = "project")]
    pub scope: SettingsLevelName,
    /// Show what would change
    #[arg(long)]
    pub dry_run: bool,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The repository
    #[arg(default_value = ".")]
    pub repo: PathBuf,
    /// Also print checks that passed
    #[arg(short, long)]
    pub verbose: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Fail on warnings too
    #[arg(long)]
    pub ci: bool,
}

impl InstallArgs {
    /// What the installer is asked for.
    pub fn wanted(&self) -> Installation {
        Installation {
            repo: self.repo.clone(),
            level: self.scope.level(),
            bin_dir: self.bin_dir.clone(),
            form: self.form.map(entry::EntryForm::from),
            has_status_line: !self.no_status_line,
            force: self.force,
            dry_run: self.dry_run,
        }
    }
}

impl UninstallArgs {
    /// What the installer is asked to remove.
    pub fn wanted(&self) -> Removal {
        Removal { repo: self.repo.clone(), level: self.scope.level(), dry_run: self.dry_run }
    }
}
