//! Arguments of the commands about one session's number and its hand-off.

use clap::{Args, Subcommand};
use continuity::number::GREATEST;

use super::SessionArgs;

/// Arguments of `session`.
#[derive(Debug, Args)]
pub struct SessionNumberArgs {
    /// What to do; without a command: show.
    #[command(subcommand)]
    pub command: Option<SessionNumberCommand>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// What `session` does.
#[derive(Debug, Subcommand)]
pub enum SessionNumberCommand {
    /// Show this session's number, the sessions without an end, and what is wrong with the ledger
    Show,
    /// Note that a session begins; hooks do that by themselves
    Start {
        /// Its number, at most 999999; the next one if none is given
        #[arg(value_parser = clap::value_parser!(u64).range(..=GREATEST))]
        number: Option<u64>,
        /// Also a number that is smaller than the last, or another session's
        #[arg(long)]
        force: bool,
        /// Whose.
        #[command(flatten)]
        session: SessionArgs,
    },
    /// Note that a session ends
    End {
        /// Its number; this session's if none is given
        number: Option<u64>,
        /// Whose.
        #[command(flatten)]
        session: SessionArgs,
    },
}

/// Arguments of `handoff`.
#[derive(Debug, Args)]
pub struct HandoffArgs {
    /// What to do; without a command: show.
    #[command(subcommand)]
    pub command: Option<HandoffCommand>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// What `handoff` does.
#[derive(Debug, Subcommand)]
pub enum HandoffCommand {
    /// Show what was saved last: as the model would get it, or whole with --json
    Show {
        /// Whose; the one that this project's sessions saved last if none is given.
        #[command(flatten)]
        session: SessionArgs,
    },
    /// Save now what a session knows
    Save {
        /// Whose.
        #[command(flatten)]
        session: SessionArgs,
    },
}
