//! What only a person may do. An agent that gets past its hook, with a script or a program of its own, is stopped here.

use config::Policy;
use hooks_common::owner;
use hooks_common::paths::Paths;
use platform::env_vars;

use crate::cli::{Cli, CliCommand, UpgradeCommand};
use crate::current_project::CurrentProject;
use crate::error::{CliError, CliResult};

/// Refuses a command that changes the gates of a session, where `protect_cli` is set and an agent runs the command.
pub fn check(cli: &Cli) -> CliResult {
    if !cli.command.as_ref().is_some_and(changes_gates) {
        return Ok(());
    }
    let place = CurrentProject::here()?;
    let Some(policy) = place.project.policy(&place.paths).filter(Policy::protects_cli) else {
        return Ok(());
    };
    if is_called_by_agent(&place.paths) {
        let (file, line) = policy.protect_cli().cloned().unwrap_or_default();
        let setting = format!("`protect_cli`, {}:{line}", place.shown(&file).display());
        return Err(CliError::user(format_args!("an agent may not change its own gates ({setting})"))
            .next("run this yourself in a terminal that Claude Code did not start"));
    }
    Ok(())
}

/// Whether Claude Code started this process, or no person typed the command. Not detected: a process that detached from
/// its client, cleared its environment and opened a terminal of its own.
pub fn is_called_by_agent(paths: &Paths) -> bool {
    let marks = [env_vars::CLAUDECODE, env_vars::CLAUDE_CODE_SESSION_ID];
    marks.into_iter().any(|mark| env_vars::get_os(mark).is_some())
        || owner::is_below_client(paths)
        // A detached process has no terminal; a person who types has one.
        || !has_terminal()
}

#[allow(
    clippy::disallowed_methods,
    reason = "a terminal is what is asked about, and opening ours does not wait"
)]
fn has_terminal() -> bool {
    std::fs::File::open("/dev/tty").is_ok()
}

/// Whether a command satisfies, disables or reconfigures anything. `req done` checks for itself that the session used the skill.
fn changes_gates(command: &CliCommand) -> bool {
    match command {
        CliCommand::Satisfy(_)
        | CliCommand::Clear(_)
        | CliCommand::Pause(_)
        | CliCommand::Resume(_)
        | CliCommand::Prune(_)
        | CliCommand::Enable(_)
        | CliCommand::Disable(_)
        | CliCommand::Init(_) => true,
        CliCommand::Config(arguments) => arguments.change.is_any(),
        CliCommand::Upgrade(arguments) => matches!(arguments.command, Some(UpgradeCommand::Apply { .. })),
        CliCommand::Logging(arguments) => {
            arguments.level.is_some() || !arguments.dest.is_empty() || arguments.file.is_some()
        }
        _ => false,
    }
}
