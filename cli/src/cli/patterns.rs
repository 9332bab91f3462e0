//! Arguments of `patterns`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::JsonArgs;

/// Arguments of `patterns`.
#[derive(Debug, Args)]
pub struct PatternsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PatternsCommand,
}

/// What can be done with patterns.
#[derive(Debug, Subcommand)]
pub enum PatternsCommand {
    /// Check the files that differ from HEAD; exit 1 when something is refused, 2 when nothing could be checked
    #[command(
        after_help = "Examples:\n  req patterns check\n  req patterns check --staged\n  req patterns check --all --json --no-record\n  req patterns check src/server.js"
    )]
    Check(PatternsCheckArgs),
}

/// Arguments of `patterns check`.
#[derive(Debug, Args)]
pub struct PatternsCheckArgs {
    /// These files of the project
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What is staged; only lines that the commit adds are refused
    #[arg(long, conflicts_with_all = ["all", "files"])]
    pub staged: bool,
    /// All files that git does not ignore
    #[arg(long, conflicts_with = "files")]
    pub all: bool,
    /// Do not update the record of warnings
    #[arg(long)]
    pub no_record: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}
