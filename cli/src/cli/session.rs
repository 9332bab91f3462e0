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
    /// Show this session's number, the sessions without an end, and problems of the ledger
    Show,
    /// Record the start of a session; hooks do this automatically
    Start {
        /// Its number, at most 999999; the next one if none is given
        #[arg(value_parser = clap::value_parser!(u64).range(..=GREATEST))]
        number: Option<u64>,
        /// Accept a number that is smaller than the last, or another session's
        #[arg(long)]
        force: bool,
        /// Whose.
        #[command(flatten)]
        session: SessionArgs,
    },
    /// Record the end of a session
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
    /// Show the last hand-off as the model would get it, or all of it with --json
    Show {
        /// Whose; the one that this project's sessions saved last if none is given.
        #[command(flatten)]
        session: SessionArgs,
    },
    /// Save the hand-off of a session now
    Save {
        /// Whose.
        #[command(flatten)]
        session: SessionArgs,
    },
}
