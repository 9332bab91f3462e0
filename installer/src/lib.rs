//! Wires Stanchion into Claude Code's settings and takes it back exactly; the doctor tells what keeps hooks
//! from working.
//!
//! Exit codes: 0 done, 1 refused or failed with a reason on stderr and nothing half-written, 2 usage.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command for people")]

mod cli;
mod doctor;
mod install;
mod record;
mod settings;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::cli::{Cli, Command};

/// Parses the command line, runs the command, and says what went wrong.
pub fn command_main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("stanchion: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let out = &mut std::io::stdout().lock();
    match &cli.command {
        Command::Install(arguments) => install::install(arguments, out)?,
        Command::Uninstall(arguments) => install::uninstall(arguments, out)?,
        Command::Doctor(arguments) => return doctor::run(arguments, out),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "stanchion", out);
        }
        Command::Man => {
            let mut command = Cli::command();
            command.build();
            clap_mangen::Man::new(command.clone()).render(out)?;
            for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
                clap_mangen::Man::new(sub.clone().bin_name(format!("stanchion {}", sub.get_name())))
                    .render(out)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
