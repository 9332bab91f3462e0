//! Completions and the man page, generated from the command line's definition.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::error::CliResult;
use crate::name::called_as;

/// Prints completions.
pub fn completions(shell: Shell, out: &mut impl Write) -> CliResult {
    // The generator takes a closed pipe for the end of the world.
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), called_as(), &mut text);
    out.write_all(&text)?;
    Ok(())
}

/// Prints the man page, with a section for each command.
pub fn man(out: &mut impl Write) -> CliResult {
    let called = called_as();
    let mut command = Cli::command().name(called).bin_name(called);
    command.build();
    clap_mangen::Man::new(command.clone()).render(out)?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        clap_mangen::Man::new(sub.clone().bin_name(format!("{called} {}", sub.get_name()))).render(out)?;
    }
    Ok(())
}
