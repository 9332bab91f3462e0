//! Arguments of the commands about sessions.

use clap::Args;

use super::JsonArgs;

/// Arguments of `sessions`.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// Only sessions of this project
    #[arg(long)]
    pub project: bool,
    /// Also sessions that ended or went silent within the last day
    #[arg(short, long)]
    pub all: bool,
    /// Compare each project's state with the stores of Capacitor, and explain the differences
    ///
    /// Read from ~/.capacitor, or from STANCHION_LEGACY_HOME. Nothing there is changed.
    #[arg(long, conflicts_with_all = ["project", "all"])]
    pub compare_legacy: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `timeline`.
#[derive(Debug, Args)]
pub struct TimelineArgs {
    /// The session, by its id or its first eight characters; found automatically inside Claude Code
    #[arg(value_name = "ID")]
    pub session: Option<String>,
    /// How many of the last events
    #[arg(short, default_value_t = 50, value_name = "N", conflicts_with = "all")]
    pub number: usize,
    /// All events
    #[arg(short, long)]
    pub all: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `gc`.
#[derive(Debug, Args)]
pub struct GcArgs {
    /// Keep ended sessions for so many days; 14, or what `sessions.retention_days` says in ~/.claude/requirements.yaml
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub days: Option<u16>,
    /// Only print what would be removed
    #[arg(long)]
    pub dry_run: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}
