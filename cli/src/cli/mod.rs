//! The words of the command line. Help texts, completions and the man page are generated from here.

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

/// What Claude Code must have before it may edit, run or finish: what is required here, why, and how to
/// satisfy it. Without a command: `status`. `req` is the short name of `stanchion`.
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
    /// Show which requirements are open and what is wrong with the configuration
    Status(StatusArgs),
    /// Satisfy requirements for this session, or for the whole branch
    #[command(visible_alias = "approve")]
    Satisfy(SatisfyArgs),
    /// Say that a skill's work is done; only a session that used the skill can
    Done(DoneArgs),
    /// Take satisfactions back; what was edited stays to be verified when the turn ends
    Clear(ClearArgs),
    /// Tell what would happen to a tool now, and because of which rule; or why the last one was refused
    #[command(
        after_help = "Examples:\n  req why --last\n  req why Edit src/main.rs\n  req why Bash 'git push origin main'\n  req why Write '{\"file_path\": \"a.txt\"}'"
    )]
    Why(WhyArgs),
    /// Take recorded decisions again, with this configuration or another: which would differ?
    #[command(
        after_help = "Examples:\n  req replay --since 7d --config stricter.yaml\n  req replay --session cad0ac4d"
    )]
    Replay(ReplayArgs),
    /// List or check the files that refusals take their words from
    Messages(MessagesArgs),
    /// List the branches that have requirement state
    List(JsonArgs),
    /// Remove the state of branches that no longer exist
    Prune(JsonArgs),
    /// List the live sessions: what each is doing, where, and since when
    Sessions(SessionsArgs),
    /// Watch all sessions on a screen that changes when they do
    Watch,
    /// Keep derived-state.json up to date for other programs, without a screen
    Serve,
    /// Tell what happened in a session, event by event, and what each meant
    Timeline(TimelineArgs),
    /// List the commits that sessions and people made here
    Commits(CommitsArgs),
    /// List the last runs of tests here, and whether they passed
    Tests(OutcomesArgs),
    /// List the failures of tools that came most often here, and what helped
    Errors(OutcomesArgs),
    /// Look for what code must not have: the rules under `guards.patterns`
    Patterns(PatternsArgs),
    /// Show this session's number, or note by hand that a session begins or ends
    Session(SessionNumberArgs),
    /// Show or save what a session must not lose over a compaction or a crash
    Handoff(HandoffArgs),
    /// Remove the records of sessions that ended long ago, and make long logs short
    Gc(GcArgs),
    /// Let a session's tools pass whatever is open, until `req resume` or its end
    Pause(PauseArgs),
    /// End a pause
    Resume(ResumeArgs),
    /// Let exactly one refused use of a tool through, once; only a person can
    #[command(
        after_help = "The code stands in the refusal. What is let through is this very command in this very folder, by this\nsession, within ten minutes.\n\nExamples:\n  req allow-once K7Q4MX --reason 'hotfix, agreed with Ana'\n  req allow-once          what was refused lately, with the codes"
    )]
    AllowOnce(AllowOnceArgs),
    /// Show or change what hooks and `req` log
    Logging(LoggingArgs),
    /// Show the configuration as it is in force, or change one file of it
    #[command(
        after_help = "Examples:\n  req config\n  req config commit_plan\n  req config commit_plan --scope branch --message 'Plan first.'\n  req config commit_plan --set 'evidence.dirs=[\"docs\"]' --yes\n  req config --set hooks.stop.verify_requirements=false --project"
    )]
    Config(ConfigArgs),
    /// Switch the gates on, or one requirement
    Enable(SwitchArgs),
    /// Switch the gates off, or one requirement
    Disable(SwitchArgs),
    /// Tell which features the configuration uses, and add others
    Upgrade(UpgradeArgs),
    /// Keep track of the branches you work on, across projects
    Wip(WipArgs),
    /// Show what sessions taught memories, skills and commands of this repository
    Learning(LearningArgs),
    /// Say what a session did before it ends: write a checkpoint, check it, commit it
    #[command(
        after_help = "Examples:\n  req checkpoint new 'Parser rewritten'\n  req checkpoint verify\n  req checkpoint commit"
    )]
    Checkpoint(CheckpointArgs),
    /// Print a justfile whose recipes call `req`; `> justfile` replaces one that is there, `>> justfile` adds to it
    Justfile(JustfileArgs),
    /// Write a first configuration
    Init(InitArgs),
    /// Print every file that Stanchion reads or writes here
    Paths(JsonArgs),
    /// Bring everything that is derived from the session logs up to date
    Sync(JsonArgs),
    /// Print completions for a shell
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the script through which your shell tells where it is, for tools that show it
    #[command(arg_required_else_help = true, after_help = SHELL_LINES)]
    ShellInit {
        /// The shell
        shell: InitShell,
    },
    /// Print the man page
    Man,
    /// Add our hooks to Claude Code's settings; everything else in the file keeps its bytes
    Install(InstallArgs),
    /// Take our hooks out again; an otherwise unchanged file gets its original bytes back
    Uninstall(UninstallArgs),
    /// Run the wired executables, measure them, and name whatever keeps hooks from working
    Doctor(DoctorArgs),
    /// Check the configuration that the repository holds, and nothing of this machine
    Verify(VerifyArgs),
}

/// The shells that can tell where they are.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum InitShell {
    /// Z shell
    Zsh,
    /// Bash
    Bash,
    /// fish
    Fish,
}

/// What a person adds to a start-up file.
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
    /// The session, by its id or its first eight characters; found by itself inside Claude Code
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
    /// Everything: satisfied requirements, sessions, notes on the configuration
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
    /// Facts to keep with it, a JSON object
    #[arg(short, long, value_name = "JSON")]
    pub metadata: Option<String>,
    /// How long it lasts, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub ttl: Option<u32>,
    /// Also record names that no requirement has
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
    /// Only this session's satisfaction; without it every session's and the branch's
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
    /// All sessions of this project since a date (2026-11-21), a moment, or for so long (7d, 12h)
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// A configuration in the place of the project's
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
    /// List the message files and which of them count
    List,
    /// Say what is wrong with them; exit 1 when a message cannot be said
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
    /// Why, kept with the mark
    #[arg(short, long, default_value = "manual")]
    pub reason: String,
    /// How to print.
    #[command(flatten)]
    pub json: JsonArgs,
}

/// Arguments of `allow-once`.
#[derive(Debug, Args)]
pub struct AllowOnceArgs {
    /// The code of the refusal; without it, what was refused lately is listed
    pub code: Option<String>,
    /// Why, kept in the session's log
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

/// Levels of the log, as one types them.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LogLevelName {
    /// Every step
    Debug,
    /// What was done
    Info,
    /// What did less than meant
    Warning,
    /// What failed
    Error,
}

/// Arguments of `logging`.
#[derive(Debug, Args)]
pub struct LoggingArgs {
    /// The least that is logged
    #[arg(short, long)]
    pub level: Option<LogLevelName>,
    /// Where to: `file`; `stdout` is accepted, and hooks never use it
    #[arg(short, long, value_parser = ["file", "stdout"])]
    pub dest: Vec<String>,
    /// The log file
    #[arg(short, long)]
    pub file: Option<PathBuf>,
    /// Write to the local file (default)
    #[arg(long, conflicts_with = "project")]
    pub local: bool,
    /// Write to the file the team shares
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
    /// A requirement, or `show` for the whole
    pub name: Option<String>,
    /// Show each level by itself, then the whole
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
    /// Where to start; on a terminal you are asked, elsewhere it is `relaxed`
    #[arg(short, long, value_parser = preset_names())]
    pub preset: Option<String>,
    /// Write the file of this clone alone
    #[arg(long, conflicts_with_all = ["project", "global"])]
    pub local: bool,
    /// Write the file the team shares (default)
    #[arg(long, conflicts_with = "global")]
    pub project: bool,
    /// Write ~/.claude/requirements.yaml
    #[arg(long)]
    pub global: bool,
    /// Replace a file that exists; a copy is kept beside it
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
