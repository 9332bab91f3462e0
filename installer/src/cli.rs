//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use health::entry;
use health::settings::Level;

/// Wires Stanchion into Claude Code, takes it back exactly, and tells what keeps it from working.
#[derive(Debug, Parser)]
#[command(name = "stanchion", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add our hooks to Claude Code's settings; everything else in the file keeps its bytes
    Install(Install),
    /// Take our hooks out again; an otherwise unchanged file gets its original bytes back
    Uninstall(Uninstall),
    /// Run the wired executables, measure them, and name whatever keeps hooks from working
    Doctor(Doctor),
    /// Print completions for a shell
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the man page
    Man,
}

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
