//! Arguments of `wip` and `learning`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use gates::wip::WipStatus;

use super::JsonArgs;

/// Arguments of `wip`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct WipArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<WipCommand>,
    /// Without a command: what `list` takes.
    #[command(flatten)]
    pub list: WipListArgs,
}

/// What can be done with work in progress.
#[derive(Debug, Subcommand)]
pub enum WipCommand {
    /// List branches, the latest first; finished ones only with --all or --status done
    List(WipListArgs),
    /// Show the record of the current branch
    Status(JsonArgs),
    /// Set the status of the current branch
    Set {
        /// The status
        status: StatusName,
        /// How to print.
        #[command(flatten)]
        json: JsonArgs,
    },
    /// Set the summary of the current branch
    Summary {
        /// One line
        text: String,
        /// How to print.
        #[command(flatten)]
        json: JsonArgs,
    },
    /// Mark merged branches of this project as done, then forget what is done, in every project
    ///
    /// A branch is merged when its commits are in the default branch, by a merge commit or a fast-forward.
    /// The current branch and a branch without commits of its own never are. Merges that squash or rebase
    /// are not detected: run `req wip set done` on such branches.
    Clean {
        /// Also delete those branches, as `git branch -d` does; what git refuses stays
        #[arg(long)]
        delete_branches: bool,
        /// How to print.
        #[command(flatten)]
        json: JsonArgs,
    },
}

/// Arguments of `wip list`.
#[derive(Debug, Default, Args)]
pub struct WipListArgs {
    /// Only this status
    #[arg(short, long)]
    pub status: Option<StatusName>,
    /// Only this project, by its folder or its folder's name
    #[arg(short, long, value_name = "FOLDER")]
    pub project: Option<PathBuf>,
    /// Finished ones too
    #[arg(short, long)]
    pub all: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// The statuses on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum StatusName {
    /// In progress
    Wip,
    /// Merged or abandoned
    Done,
    /// Paused
    Paused,
    /// Not started
    Todo,
}

impl StatusName {
    /// The status.
    pub fn status(self) -> WipStatus {
        match self {
            Self::Wip => WipStatus::Wip,
            Self::Done => WipStatus::Done,
            Self::Paused => WipStatus::Paused,
            Self::Todo => WipStatus::Todo,
        }
    }
}

/// Arguments of `learning`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LearningArgs {
    /// What to show.
    #[command(subcommand)]
    pub command: Option<LearningCommand>,
    /// Without a command: what `list` takes.
    #[command(flatten)]
    pub list: LearningListArgs,
}

/// What can be shown of what was learned.
#[derive(Debug, Subcommand)]
pub enum LearningCommand {
    /// List the updates, the latest first
    List(LearningListArgs),
    /// Count them
    Stats(JsonArgs),
}

/// Arguments of `learning list`.
#[derive(Debug, Args)]
pub struct LearningListArgs {
    /// How many
    #[arg(short, default_value_t = 10, value_name = "N")]
    pub number: usize,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}
