//! What an installation changed, as data: the command line prints it.

use std::path::PathBuf;

use git::Repository;

/// A settings file before and after; `None` where it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsChange {
    /// The file, as the level names it.
    pub file: PathBuf,
    /// Its text before.
    pub before: Option<String>,
    /// Its text after.
    pub after: Option<String>,
    /// Whether the file was left as it is, because only a preview was asked for.
    pub is_dry_run: bool,
}

impl SettingsChange {
    /// Whether the texts differ.
    pub fn is_any(&self) -> bool {
        self.before != self.after
    }
}

/// What [`install`](super::install) did.
#[derive(Debug)]
pub struct InstallReport {
    /// The settings file.
    pub change: SettingsChange,
    /// What a person should know, warnings first.
    pub notes: Vec<InstallNote>,
}

/// What [`uninstall`](super::uninstall) did.
#[derive(Debug)]
pub struct UninstallReport {
    /// The settings file.
    pub change: SettingsChange,
    /// The git repository, when no settings file of it starts our hooks any more.
    pub unwired: Option<Repository>,
}

/// What a person should know about an installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallNote {
    /// The file is JSON with comments: a client that reads strict JSON runs none of its hooks.
    NotStrictJson(String),
    /// The existing status line is not a command, so ours cannot chain it; with the reason.
    StatusLineIsBroken(&'static str),
    /// The folder lies inside this repository, and a client launched there does not load its settings.
    InsideRepository(PathBuf),
    /// The existing status line is chained: ours runs it.
    StatusLineIsChained,
    /// The existing status line already runs ours in a form of its own.
    StatusLineRunsOurs,
    /// The file as it was before is kept here.
    OriginalIsKept(PathBuf),
    /// Entries start the executables in this folder directly.
    StartsDirectly(PathBuf),
    /// The same, and git tracks the settings file: on other machines the folder may not exist.
    StartsDirectlyForAll(PathBuf),
    /// Entries start the executables through a guarded shell line.
    StartsThroughShell,
    /// The hooks run in every folder.
    RunsEverywhere,
    /// The hooks run for clients that are launched in this very folder.
    RunsIn(PathBuf),
}

impl InstallNote {
    /// Whether something may not work.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::NotStrictJson(_)
                | Self::StatusLineIsBroken(_)
                | Self::InsideRepository(_)
                | Self::StartsDirectlyForAll(_)
        )
    }
}
