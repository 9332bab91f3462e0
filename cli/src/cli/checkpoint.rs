//! Arguments of the commands about checkpoints.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use continuity::number::GREATEST;

use super::JsonArgs;

/// Arguments of `checkpoint`.
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CheckpointCommand,
}

/// What `checkpoint` does.
#[derive(Debug, Subcommand)]
pub enum CheckpointCommand {
    /// Write the next checkpoint with the known facts, for you or the model to fill
    New(CheckpointNewArgs),
    /// Check the claims of a checkpoint; exit 1 when one is not supported
    Verify(CheckpointVerifyArgs),
    /// Commit a checkpoint that verifies, and nothing else that is staged
    Commit(CheckpointCommitArgs),
    /// List the checkpoints, the latest last
    List(CheckpointListArgs),
}

/// Arguments of `checkpoint new`.
#[derive(Debug, Args)]
pub struct CheckpointNewArgs {
    /// What the session was about
    pub title: String,
    /// The session's number; found automatically
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=GREATEST))]
    pub session: Option<u64>,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `checkpoint verify`.
#[derive(Debug, Args)]
pub struct CheckpointVerifyArgs {
    /// The checkpoint; this session's latest, else the latest
    pub file: Option<PathBuf>,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `checkpoint commit`.
#[derive(Debug, Args)]
pub struct CheckpointCommitArgs {
    /// The checkpoint; this session's latest, else the latest
    pub file: Option<PathBuf>,
    /// The title in the message; by default the checkpoint's own
    #[arg(long)]
    pub title: Option<String>,
    /// The session whose latest checkpoint it is, and its number in the message; the checkpoint's own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=GREATEST))]
    pub session: Option<u64>,
    /// Commit even if it does not verify
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `checkpoint list`.
#[derive(Debug, Args)]
pub struct CheckpointListArgs {
    /// Only the latest, and only its path
    #[arg(long, conflicts_with = "json")]
    pub latest: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `justfile`.
#[derive(Debug, Args)]
pub struct JustfileArgs {
    /// Print nothing; fail unless the project's justfile has every recipe as printed
    #[arg(long)]
    pub check: bool,
}
