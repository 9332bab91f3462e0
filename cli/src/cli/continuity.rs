//! Arguments of `commits`.

use clap::{Args, Subcommand};

use super::JsonArgs;

/// Arguments of `commits`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CommitsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<CommitsCommand>,
    /// Without a command: what `list` takes.
    #[command(flatten)]
    pub list: CommitsListArgs,
}

/// What can be done with the log of commits.
#[derive(Debug, Subcommand)]
pub enum CommitsCommand {
    /// List recorded commits, the latest first
    List(CommitsListArgs),
    /// Append those of the last 50 commits that the log lacks
    Sync(JsonArgs),
}

/// Arguments of `commits list`.
#[derive(Debug, Args)]
pub struct CommitsListArgs {
    /// How many of the last commits
    #[arg(short, default_value_t = 20, value_name = "N")]
    pub number: usize,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}
