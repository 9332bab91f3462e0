//! The command line for people and scripts.
//!
//! Exit codes: 0 done, 1 refused or failed with a reason on stderr and nothing half-written, 2 usage, or a check that
//! could not be made.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command for people")]

mod catalog;
mod change;
mod cli;
mod commands;
mod guarded;
mod hud;
mod interrupts;
mod name;
mod overview;
mod place;
mod scan;
mod session;
mod wizard;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use config::finding::Severity;

use crate::cli::{Cli, Command};

/// Parses the command line, runs the command, and says what went wrong.
pub fn command_main() -> ExitCode {
    let called = name::called_as();
    let cli = Cli::command().name(called).bin_name(called).try_get_matches();
    let cli = match cli.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) if error.is::<commands::doctor::Reported>() => ExitCode::FAILURE,
        Err(error) => {
            let is_unchecked = error.is::<commands::patterns::Unchecked>();
            // Where stderr cannot be written there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "{called}: {error:#}");
            if is_unchecked { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    kind == Some(std::io::ErrorKind::BrokenPipe)
}

/// Says which configuration file is no YAML, before a command that would otherwise seem to know nothing.
fn tell_unreadable(command: Option<&Command>) -> anyhow::Result<()> {
    let is_silent = matches!(
        command,
        Some(
            Command::Why(_)
                | Command::Config(_)
                | Command::Upgrade(_)
                | Command::Enable(_)
                | Command::Disable(_)
                | Command::Satisfy(_)
        )
    );
    if is_silent {
        let place = place::Place::here()?;
        let loaded = config::cascade::load(place.project.config_files());
        for finding in loaded
            .findings
            .iter()
            .filter(|finding| finding.subject == "yaml" && finding.severity == Severity::Error)
        {
            eprintln!("{finding}");
        }
    }
    Ok(())
}

fn run(cli: Cli) -> anyhow::Result<()> {
    guarded::check(&cli)?;
    tell_unreadable(cli.command.as_ref())?;
    let out = &mut std::io::stdout().lock();
    match cli.command.unwrap_or(Command::Status(cli::Status::default())) {
        Command::Status(arguments) => commands::status::run(&arguments, out),
        Command::Satisfy(arguments) => commands::satisfy::run(&arguments, out),
        Command::Done(arguments) => commands::done::run(&arguments, out),
        Command::Replay(arguments) => commands::replay::run(&arguments, out),
        Command::Messages(arguments) => commands::messages::run(&arguments, out),
        Command::Clear(arguments) => commands::clear::run(&arguments, out),
        Command::Why(arguments) => commands::why::run(&arguments, out),
        Command::List(arguments) => commands::branches::list(&arguments, out),
        Command::Prune(arguments) => commands::branches::prune(&arguments, out),
        Command::Sessions(arguments) => commands::sessions::run(&arguments, out),
        Command::Watch => commands::watch::watch(),
        Command::Serve => commands::watch::serve(),
        Command::Timeline(arguments) => commands::timeline::run(&arguments, out),
        Command::Commits(arguments) => commands::commits::run(&arguments, out),
        Command::Tests(arguments) => commands::tests::run(&arguments, out),
        Command::Errors(arguments) => commands::errors::run(&arguments, out),
        Command::Patterns(arguments) => commands::patterns::run(&arguments, out),
        Command::Session(arguments) => commands::session::run(&arguments, out),
        Command::Handoff(arguments) => commands::handoff::run(&arguments, out),
        Command::Gc(arguments) => commands::gc::run(&arguments, out),
        Command::Pause(arguments) => commands::pause::pause(&arguments, out),
        Command::Resume(arguments) => commands::pause::resume(&arguments, out),
        Command::AllowOnce(arguments) => commands::allow_once::run(&arguments, out),
        Command::Logging(arguments) => commands::logging::run(&arguments, out),
        Command::Config(arguments) => commands::config::run(&arguments, out),
        Command::Enable(arguments) => commands::switch::run(&arguments, true, out),
        Command::Disable(arguments) => commands::switch::run(&arguments, false, out),
        Command::Upgrade(arguments) => commands::upgrade::run(&arguments, out),
        Command::Wip(arguments) => commands::wip::run(&arguments, out),
        Command::Learning(arguments) => commands::learning::run(&arguments, out),
        Command::Checkpoint(arguments) => commands::checkpoint::run(&arguments, out),
        Command::Justfile(arguments) => commands::justfile::run(&arguments, out),
        Command::Init(arguments) => commands::init::run(&arguments, out),
        Command::Paths(arguments) => commands::paths::run(&arguments, out),
        Command::Sync(arguments) => commands::sync::run(&arguments, out),
        Command::Completions { shell } => commands::generated::completions(shell, out),
        Command::ShellInit { shell } => commands::shell_init::run(shell, out),
        Command::Man => commands::generated::man(out),
        Command::Install(arguments) => Ok(installer::install::install(&arguments.wanted(), out)?),
        Command::Uninstall(arguments) => Ok(installer::install::uninstall(&arguments.wanted(), out)?),
        Command::Doctor(arguments) => commands::doctor::doctor(&arguments, out),
        Command::Verify(arguments) => commands::doctor::verify(&arguments, out),
    }
}
