//! Wires Stanchion into Claude Code's settings and takes it back exactly; the doctor of `health` tells what
//! keeps hooks from working.
//!
//! Exit codes: 0 done, 1 refused or failed with a reason on stderr and nothing half-written, 2 usage.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is a command for people")]

mod cli;
mod install;
mod record;
mod settings;
mod status_line;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser};
use hooks_common::paths::Paths;

use crate::cli::{Cli, Command, Doctor};

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
        Command::Doctor(arguments) => return doctor(arguments, out),
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

/// Exit code 1 when something does not work.
fn doctor(arguments: &Doctor, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let folder = arguments.repo.canonicalize().with_context(|| arguments.repo.display().to_string())?;
    let report = health::doctor::examine(&Paths::from_env(), &folder);
    if arguments.json {
        serde_json::to_writer_pretty(&mut *out, &report.json(arguments.ci))?;
        writeln!(out)?;
    } else {
        write!(out, "{}", report.text(arguments.verbose))?;
    }
    Ok(ExitCode::from(report.exit_code(arguments.ci)))
}
