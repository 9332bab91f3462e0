//! The arguments of the command line. Help texts, completions and the man page are generated from here.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::catalog::presets::presets;

mod change;
mod checkpoint;
mod continuity;
mod install;
mod outcomes;
mod patterns;
mod session;
mod sessions;
mod upgrade;
mod work;

pub use change::{ConfigChangeArgs, SwitchArgs, TargetArgs};
pub use checkpoint::{
    CheckpointArgs, CheckpointCommand, CheckpointCommitArgs, CheckpointListArgs, CheckpointNewArgs,
    CheckpointVerifyArgs, JustfileArgs,
};
pub use continuity::{CommitsArgs, CommitsCommand, CommitsListArgs};
pub use install::{DoctorArgs, InstallArgs, UninstallArgs};
pub use outcomes::OutcomesArgs;
pub use patterns::{PatternsArgs, PatternsCheckArgs, PatternsCommand};
pub use session::{HandoffArgs, HandoffCommand, SessionNumberArgs, SessionNumberCommand};
pub use sessions::{GcArgs, SessionsArgs, TimelineArgs};
pub use upgrade::{UpgradeArgs, UpgradeCommand, UpgradeStatusArgs};
pub use work::{LearningArgs, LearningCommand, LearningListArgs, WipArgs, WipCommand, WipListArgs};

/// Show and satisfy what your project requires before Claude Code edits, runs commands or ends a turn
///
/// Without a command: `status`. `req` is the short name of `stanchion`; both run every command.
#[derive(Debug, Parser)]
#[command(name = "req", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Show open requirements and errors in the configuration
    Status(StatusArgs),
    /// Satisfy requirements for this session or for the whole branch
    #[command(visible_alias = "approve")]
    Satisfy(SatisfyArgs),
    /// Satisfy requirements whose skill this session used
    Done(DoneArgs),
    /// Clear satisfied requirements; edits are still verified when the turn ends
    Clear(ClearArgs),
    /// Explain what would happen to a tool use now, or why the last one was refused
    #[command(
        after_help = "Examples:\n  req why --last\n  req why Edit src/main.rs\n  req why Bash 'git push origin main'\n  req why Write '{\"file_path\": \"a.txt\"}'"
    )]
    Why(WhyArgs),
    /// Re-run recorded decisions with this or another configuration, and show which differ
    #[command(
        after_help = "Examples:\n  req replay --since 7d --config stricter.yaml\n  req replay --session cad0ac4d"
    )]
    Replay(ReplayArgs),
    /// List or validate the files that override the text of refusals
    Messages(MessagesArgs),
    /// List the branches that have requirement state
    List(JsonArgs),
    /// Remove the state of branches that no longer exist
    Prune(JsonArgs),
    /// List the live sessions: state, place and age
    Sessions(SessionsArgs),
    /// Watch all sessions on a screen that updates itself
    Watch,
    /// Keep derived-state.json up to date for other programs, without a screen
    Serve,
    /// List the events of a session, and what each means
    Timeline(TimelineArgs),
    /// List the recorded commits and the session of each
    Commits(CommitsArgs),
    /// List the latest test runs, and whether they passed
    Tests(OutcomesArgs),
    /// List the most frequent tool failures, and what fixed them
    Errors(OutcomesArgs),
    /// Check files against the rules under `guards.patterns`
    Patterns(PatternsArgs),
    /// Show this session's number, or record the start or end of a session
    Session(SessionNumberArgs),
    /// Show or save the hand-off of a session, for a compaction or a crash
    Handoff(HandoffArgs),
    /// Remove sessions that ended long ago, and compact long logs
    Gc(GcArgs),
    /// Pause the gates of a session until `resume` or its end
    Pause(PauseArgs),
    /// End a pause
    Resume(ResumeArgs),
    /// Allow one refused tool use once; only a person can
    #[command(
        after_help = "The refusal shows the code. The exception holds for the same command in the same folder, by the same\nsession, within ten minutes.\n\nExamples:\n  req allow-once K7Q4MX --reason 'hotfix, agreed with Ana'\n  req allow-once          list the latest refusals and their codes"
    )]
    AllowOnce(AllowOnceArgs),
    /// Show or change what is logged
    Logging(LoggingArgs),
    /// Show the configuration in force, or change one of its files
    #[command(
        after_help = "Examples:\n  req config\n  req config commit_plan\n  req config commit_plan --scope branch --message 'Plan first.'\n  req config commit_plan --set 'evidence.dirs=[\"docs\"]' --yes\n  req config --set hooks.stop.verify_requirements=false --project"
    )]
    Config(ConfigArgs),
    /// Switch on all gates, or one requirement
    Enable(SwitchArgs),
    /// Switch off all gates, or one requirement
    Disable(SwitchArgs),
    /// Show the features that the configuration uses, and add others
    Upgrade(UpgradeArgs),
    /// Track the branches you work on, across projects
    Wip(WipArgs),
    /// Show what sessions changed in memories, skills and commands
    Learning(LearningArgs),
    /// Write, verify, commit or list checkpoints of sessions
    #[command(
        after_help = "Examples:\n  req checkpoint new 'Parser rewritten'\n  req checkpoint verify\n  req checkpoint commit"
    )]
    Checkpoint(CheckpointArgs),
    /// Print a justfile whose recipes call `req`; `> justfile` replaces an existing one, `>> justfile` adds to it
    Justfile(JustfileArgs),
    /// Write a first configuration
    Init(InitArgs),
    /// Print every file that Stanchion reads or writes for this project
    Paths(JsonArgs),
    /// Update every file that is derived from the session logs
    Sync(JsonArgs),
    /// Print completions for a shell
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the script with which your shell reports its folder
    #[command(arg_required_else_help = true, after_help = SHELL_LINES)]
    ShellInit {
        /// The shell
        shell: InitShell,
    },
    /// Print the man page
    Man,
    /// Add our hooks to Claude Code's settings; the rest of the file keeps its bytes
    Install(InstallArgs),
    /// Remove our hooks; restores the original file byte for byte unless it was edited since
    Uninstall(UninstallArgs),
    /// Check the installation: run the executables, and name what keeps hooks from working
    Doctor(DoctorArgs),
    /// Check only the configuration of the repository, for CI
    Verify(VerifyArgs),
}

/// The shells with a script.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum InitShell {
    /// Z shell
    Zsh,
    /// Bash
    Bash,
    /// fish
    Fish,
}

/// The line for a start-up file.
const SHELL_LINES: &str = "\
Add one line to the end of your shell's start-up file:
  ~/.zshrc                    eval \"$(req shell-init zsh)\"
  ~/.bashrc                   eval \"$(req shell-init bash)\"
  ~/.config/fish/config.fish  req shell-init fish | source";

/// Output for programs.
#[derive(Debug, Default, Args)]
pub struct JsonArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Which session is meant.
#[derive(Debug, Default, Args)]
pub struct SessionArgs {
    /// The session, by its id or its first eight characters; found automatically inside Claude Code
    #[arg(short, long, value_name = "ID")]
    pub session: Option<String>,
}

/// Arguments of `status`.
#[derive(Debug, Default, Args)]
pub struct StatusArgs {
    /// Whose requirements.
    #[command(flatten)]
    pub session: SessionArgs,
    /// Another branch than the current one
    #[arg(short, long)]
    pub branch: Option<String>,
    /// One line
    #[arg(long)]
    pub summary: bool,
    /// Also satisfied requirements, sessions and notes on the configuration
    #[arg(short, long)]
    pub verbose: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `satisfy`.
#[derive(Debug, Args)]
pub struct SatisfyArgs {
    /// The requirements
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// For whom.
    #[command(flatten)]
    pub session: SessionArgs,
    /// For every session on a branch, the current one if none is named
    #[arg(short, long, num_args = 0..=1, default_missing_value = "", value_name = "BRANCH")]
    pub branch: Option<String>,
    /// Facts to store with it, a JSON object
    #[arg(short, long, value_name = "JSON")]
    pub metadata: Option<String>,
    /// How long it lasts, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub ttl: Option<u32>,
    /// Also record names without a requirement
    #[arg(long)]
    pub force: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `clear`.
#[derive(Debug, Args)]
pub struct ClearArgs {
    /// The requirements
    #[arg(value_name = "NAME", required_unless_present = "all")]
    pub names: Vec<String>,
    /// Every requirement
    #[arg(short, long, conflicts_with = "names")]
    pub all: bool,
    /// Only for this session; by default for every session and the branch
    #[arg(short, long, value_name = "ID")]
    pub session: Option<String>,
    /// Another branch than the current one
    #[arg(short, long)]
    pub branch: Option<String>,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `done`.
#[derive(Debug, Args)]
pub struct DoneArgs {
    /// The requirements
    #[arg(required = true, value_name = "NAME")]
    pub names: Vec<String>,
    /// For whom.
    #[command(flatten)]
    pub session: SessionArgs,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Which one; the current one if neither this nor a date is given.
    #[command(flatten)]
    pub session: SessionArgs,
    /// All sessions of this project since a date (2026-11-21), a time, or an age (7d, 12h)
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// A configuration to use instead of the project's
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `messages`.
#[derive(Debug, Args)]
pub struct MessagesArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: MessagesCommand,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// What `messages` does.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum MessagesCommand {
    /// List the message files and which of them are used
    List,
    /// Validate them; exit 1 when a message cannot be shown
    Validate,
}

/// Arguments of `why`.
#[derive(Debug, Args)]
pub struct WhyArgs {
    /// The tool, as Claude Code names it
    #[arg(required_unless_present = "last")]
    pub tool: Option<String>,
    /// Its input: JSON if it starts with `{`, else the command for Bash, else a path
    pub input: Option<String>,
    /// Explain the session's last refusal, or its last decision if nothing was refused, from its log
    #[arg(long, conflicts_with_all = ["tool", "input"])]
    pub last: bool,
    /// For whom.
    #[command(flatten)]
    pub session: SessionArgs,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `pause`.
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// Which one.
    #[command(flatten)]
    pub session: SessionArgs,
    /// The reason, stored with the pause
    #[arg(short, long, default_value = "manual")]
    pub reason: String,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `allow-once`.
#[derive(Debug, Args)]
pub struct AllowOnceArgs {
    /// The code of the refusal; without it, the latest refusals are listed
    pub code: Option<String>,
    /// The reason, stored in the session's log
    #[arg(short, long, default_value = "manual")]
    pub reason: String,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Which one.
    #[command(flatten)]
    pub session: SessionArgs,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// The levels of the log on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogLevelName {
    /// Every step
    Debug,
    /// What a hook did
    Info,
    /// What did less than intended
    Warning,
    /// What failed
    Error,
}

/// Arguments of `logging`.
#[derive(Debug, Args)]
pub struct LoggingArgs {
    /// The lowest level that is logged
    #[arg(short, long)]
    pub level: Option<LogLevelName>,
    /// The destination: `file`; `stdout` is accepted, but hooks never use it
    #[arg(short, long, value_parser = ["file", "stdout"])]
    pub dest: Vec<String>,
    /// The log file; this writes to the global file, because no project chooses where hooks write
    #[arg(short, long, conflicts_with_all = ["local", "project"])]
    pub file: Option<PathBuf>,
    /// Write to the local file (default)
    #[arg(long, conflicts_with = "project")]
    pub local: bool,
    /// Write to the file that the team shares
    #[arg(long)]
    pub project: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// A requirement, or `show` for everything
    pub name: Option<String>,
    /// Show each level separately, then the merged configuration
    #[arg(long)]
    pub sources: bool,
    /// What to change.
    #[command(flatten)]
    pub change: ConfigChangeArgs,
    /// How to print; the whole is JSON anyway.
    #[command(flatten)]
    pub json: JsonArgs,
}

fn preset_names() -> PossibleValuesParser {
    PossibleValuesParser::new(presets().iter().map(|preset| preset.name.as_str()))
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The preset; asked on a terminal, elsewhere `relaxed`
    #[arg(short, long, value_parser = preset_names())]
    pub preset: Option<String>,
    /// Write the file of this clone only
    #[arg(long, conflicts_with_all = ["project", "global"])]
    pub local: bool,
    /// Write the file that the team shares (default)
    #[arg(long, conflicts_with = "global")]
    pub project: bool,
    /// Write ~/.claude/requirements.yaml
    #[arg(long)]
    pub global: bool,
    /// Replace an existing file; a copy is kept beside it
    #[arg(short, long)]
    pub force: bool,
    /// Print the file instead of writing it
    #[arg(long)]
    pub preview: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Fail on warnings too
    #[arg(long)]
    pub ci: bool,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}
