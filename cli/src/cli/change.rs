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
    /// Write to the file the team shares, .claude/requirements.yaml
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

/// The scopes, as one types them.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ScopeName {
    /// Each session for itself
    Session,
    /// Everybody on the branch
    Branch,
    /// Everybody, for ever
    Permanent,
    /// The next matching command
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
    /// How far a satisfaction reaches
    #[arg(long, requires = "name")]
    pub scope: Option<ScopeName>,
    /// What a refusal says
    #[arg(long, value_name = "TEXT", requires = "name")]
    pub message: Option<String>,
    /// Any key, dotted if it lies deeper; JSON or a YAML list or map stands for itself, else it is a text.
    /// Without NAME the key counts from the root
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
    /// Whether anything is to be changed.
    pub fn is_any(&self) -> bool {
        self.enable || self.disable || self.scope.is_some() || self.message.is_some() || !self.set.is_empty()
    }
}
