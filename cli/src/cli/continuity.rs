//! Arguments of the commands about what outlives a session.

use clap::{Args, Subcommand};

use super::Json;

/// Arguments of `commits`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Commits {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<CommitsCommand>,
    /// Without a command: what `list` takes.
    #[command(flatten)]
    pub list: CommitsList,
}

/// What can be done with the log of commits.
#[derive(Debug, Subcommand)]
pub enum CommitsCommand {
    /// List recorded commits, the latest first
    List(CommitsList),
    /// Append commits that the log lacks, of the last fifty; what it holds stays as it is
    Sync(Json),
}

/// Arguments of `commits list`.
#[derive(Debug, Args)]
pub struct CommitsList {
    /// How many of the last commits
    #[arg(short, default_value_t = 20, value_name = "N")]
    pub number: usize,
    /// How to print.
    #[command(flatten)]
    pub json: Json,
}
