//! Arguments of `upgrade`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use config::sources::Level;

use super::JsonArgs;

/// Arguments of `upgrade`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct UpgradeArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<UpgradeCommand>,
    /// Without a command: what `status` takes.
    #[command(flatten)]
    pub status: UpgradeStatusArgs,
}

/// What can be done with features.
#[derive(Debug, Subcommand)]
pub enum UpgradeCommand {
    /// Show used and available features, and errors in the configuration
    Status(UpgradeStatusArgs),
    /// Print the YAML of features that are not used yet
    Recommend {
        /// Another project than this one
        path: Option<PathBuf>,
        /// Only this feature
        #[arg(short, long, value_name = "NAME")]
        feature: Vec<String>,
        /// How to print.
        #[command(flatten)]
        json: JsonArgs,
    },
    /// Add features to a configuration file; a copy stays beside it as .yaml.bak
    Apply {
        /// The feature
        #[arg(short, long, required = true, value_name = "NAME")]
        feature: Vec<String>,
        /// Which file
        #[arg(short, long, default_value = "project")]
        to: LevelName,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// How to print.
        #[command(flatten)]
        json: JsonArgs,
    },
    /// Find configured projects and remember them, for `status --all`
    ///
    /// Searches four folders deep, without hidden folders and folders of packages or build results.
    Scan {
        /// Where; ~/Projects, ~/Work, ~/Code, ~/Developer, ~/dev and ~/Tools without one
        paths: Vec<PathBuf>,
        /// How to print.
        #[command(flatten)]
        json: JsonArgs,
    },
}

/// Arguments of `upgrade status`.
#[derive(Debug, Default, Args)]
pub struct UpgradeStatusArgs {
    /// Another project than this one
    pub path: Option<PathBuf>,
    /// Every project that `scan` found
    #[arg(short, long, conflicts_with = "path")]
    pub all: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// The configuration files on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LevelName {
    /// .claude/requirements.yaml, which the team shares
    Project,
    /// .claude/requirements.local.yaml, this clone's own
    Local,
    /// ~/.claude/requirements.yaml
    Global,
}

impl LevelName {
    /// The level.
    pub fn level(self) -> Level {
        match self {
            Self::Project => Level::Project,
            Self::Local => Level::Local,
            Self::Global => Level::Global,
        }
    }
}
