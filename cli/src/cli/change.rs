//! Arguments of the commands that change a configuration file.

use clap::{Args, ValueEnum};
use config::types::Scope;

use super::JsonArgs;

/// Which configuration file is changed.
#[derive(Debug, Default, Args)]
pub struct TargetArgs {
    /// Write to this clone's own file, .claude/requirements.local.yaml (default)
    #[arg(long, conflicts_with_all = ["project", "global"])]
    pub local: bool,
    /// Write to the file that the team shares, .claude/requirements.yaml
    #[arg(long, conflicts_with = "global")]
    pub project: bool,
    /// Write to ~/.claude/requirements.yaml
    #[arg(long)]
    pub global: bool,
}

/// Arguments of `enable` and `disable`.
#[derive(Debug, Args)]
pub struct SwitchArgs {
    /// A requirement; without one, all gates
    pub name: Option<String>,
    /// Where to.
    #[command(flatten)]
    pub target: TargetArgs,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// The scopes on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ScopeName {
    /// Each session separately
    Session,
    /// Every session on the branch
    Branch,
    /// Every session on every branch, permanently
    Permanent,
    /// The next matching command only
    SingleUse,
}

impl ScopeName {
    /// The scope.
    pub fn scope(self) -> Scope {
        match self {
            Self::Session => Scope::Session,
            Self::Branch => Scope::Branch,
            Self::Permanent => Scope::Permanent,
            Self::SingleUse => Scope::SingleUse,
        }
    }
}

/// What `config` changes.
#[derive(Debug, Default, Args)]
pub struct ConfigChangeArgs {
    /// Switch the requirement on
    #[arg(long, conflicts_with = "disable", requires = "name")]
    pub enable: bool,
    /// Switch the requirement off
    #[arg(long, requires = "name")]
    pub disable: bool,
    /// For whom and how long a satisfaction holds
    #[arg(long, requires = "name")]
    pub scope: Option<ScopeName>,
    /// The text of a refusal
    #[arg(long, value_name = "TEXT", requires = "name")]
    pub message: Option<String>,
    /// Any key, dotted for nested ones; VALUE is JSON, a YAML list or map, else text.
    /// Without NAME the key starts at the root
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Where to.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

impl ConfigChangeArgs {
    /// Whether any change is requested.
    pub fn is_any(&self) -> bool {
        self.enable || self.disable || self.scope.is_some() || self.message.is_some() || !self.set.is_empty()
    }
}
