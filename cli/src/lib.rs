//! The command line for people and scripts.
//!
//! Exit codes: 0 done, 1 refused or failed with a reason on stderr and nothing half-written, 2 usage, or a check that
//! could not be made.

mod catalog;
mod change;
mod cli;
mod commands;
mod current_project;
mod error;
mod guarded;
mod hud;
mod interrupts;
mod name;
mod overview;
mod scan;
mod session;
mod wizard;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use config::finding::Severity;
use platform::text::{PrintableWriter, printable};

use crate::cli::{Cli, CliCommand};
use crate::error::CliResult;

/// Parses the command line, runs the command, and prints its error.
pub fn command_main() -> ExitCode {
    let called = name::called_as();
    let cli = Cli::command().name(called).bin_name(called).try_get_matches();
    let cli = match cli.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            if !error.use_stderr() {
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            // It quotes what was typed, which may come from anywhere.
            let _ = write!(std::io::stderr(), "{}", printable(&error.render().to_string()));
            return ExitCode::from(2);
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

/// Prints which configuration file is not valid YAML, before a command whose answer would otherwise lack its content
/// without a reason.
fn print_unreadable(command: Option<&CliCommand>) -> CliResult {
    let depends_on_files = matches!(
        command,
        Some(
            CliCommand::Why(_)
                | CliCommand::Config(_)
                | CliCommand::Upgrade(_)
                | CliCommand::Enable(_)
                | CliCommand::Disable(_)
                | CliCommand::Satisfy(_)
        )
    );
    if depends_on_files {
        let place = current_project::CurrentProject::here()?;
        let loaded = config::cascade::load(place.project.config_files());
        for finding in loaded
            .findings
            .iter()
            .filter(|finding| finding.subject == "yaml" && finding.severity == Severity::Error)
        {
            error::print_finding(finding);
        }
    }
    Ok(())
}

fn run(cli: Cli) -> CliResult {
    guarded::check(&cli)?;
    print_unreadable(cli.command.as_ref())?;
    // Whatever a command quotes, a terminal is left alone.
    let out = &mut PrintableWriter::new(std::io::stdout().lock());
    match cli.command.unwrap_or(CliCommand::Status(cli::StatusArgs::default())) {
        CliCommand::Status(arguments) => commands::status::run(&arguments, out),
        CliCommand::Satisfy(arguments) => commands::satisfy::run(&arguments, out),
        CliCommand::Done(arguments) => commands::done::run(&arguments, out),
        CliCommand::Replay(arguments) => commands::replay::run(&arguments, out),
        CliCommand::Messages(arguments) => commands::messages::run(&arguments, out),
        CliCommand::Clear(arguments) => commands::clear::run(&arguments, out),
        CliCommand::Why(arguments) => commands::why::run(&arguments, out),
        CliCommand::List(arguments) => commands::branches::list(&arguments, out),
        CliCommand::Prune(arguments) => commands::branches::prune(&arguments, out),
        CliCommand::Sessions(arguments) => commands::sessions::run(&arguments, out),
        CliCommand::Watch => commands::watch::watch(),
        CliCommand::Serve => commands::watch::serve(),
        CliCommand::Timeline(arguments) => commands::timeline::run(&arguments, out),
        CliCommand::Commits(arguments) => commands::commits::run(&arguments, out),
        CliCommand::Tests(arguments) => commands::tests::run(&arguments, out),
        CliCommand::Errors(arguments) => commands::errors::run(&arguments, out),
        CliCommand::Patterns(arguments) => commands::patterns::run(&arguments, out),
        CliCommand::Session(arguments) => commands::session::run(&arguments, out),
        CliCommand::Handoff(arguments) => commands::handoff::run(&arguments, out),
        CliCommand::Gc(arguments) => commands::gc::run(&arguments, out),
        CliCommand::Pause(arguments) => commands::pause::pause(&arguments, out),
        CliCommand::Resume(arguments) => commands::pause::resume(&arguments, out),
        CliCommand::AllowOnce(arguments) => commands::allow_once::run(&arguments, out),
        CliCommand::Logging(arguments) => commands::logging::run(&arguments, out),
        CliCommand::Config(arguments) => commands::config::run(&arguments, out),
        CliCommand::Enable(arguments) => commands::switch::run(&arguments, true, out),
        CliCommand::Disable(arguments) => commands::switch::run(&arguments, false, out),
        CliCommand::Upgrade(arguments) => commands::upgrade::run(&arguments, out),
        CliCommand::Wip(arguments) => commands::wip::run(&arguments, out),
        CliCommand::Learning(arguments) => commands::learning::run(&arguments, out),
        CliCommand::Checkpoint(arguments) => commands::checkpoint::run(&arguments, out),
        CliCommand::Justfile(arguments) => commands::justfile::run(&arguments, out),
        CliCommand::Init(arguments) => commands::init::run(&arguments, out),
        CliCommand::Paths(arguments) => commands::paths::run(&arguments, out),
        CliCommand::Sync(arguments) => commands::sync::run(&arguments, out),
        CliCommand::Completions { shell } => commands::generated::completions(shell, out),
        CliCommand::ShellInit { shell } => commands::shell_init::run(shell, out),
        CliCommand::Man => commands::generated::man(out),
        CliCommand::Install(arguments) => commands::install::install(&arguments, out),
        CliCommand::Uninstall(arguments) => commands::install::uninstall(&arguments, out),
        CliCommand::Doctor(arguments) => commands::doctor::doctor(&arguments, out),
        CliCommand::Verify(arguments) => commands::doctor::verify(&arguments, out),
    }
}
