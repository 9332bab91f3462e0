//! What only a person may do, from our side: an agent that gets past its hook, by a script or a program of its own,
//! still meets this.

use anyhow::bail;
use config::Policy;
use hooks_common::owner;
use hooks_common::paths::Paths;
use platform::env_vars;

use crate::cli::{Cli, Command, UpgradeCommand};
use crate::place::Place;

/// Refuses a command that changes what gates a session, where the configuration keeps agents from that and an
/// agent is the one who calls.
pub fn check(cli: &Cli) -> anyhow::Result<()> {
    if !cli.command.as_ref().is_some_and(changes_gates) {
        return Ok(());
    }
    let place = Place::here()?;
    let Some(policy) = place.project.policy(&place.paths).filter(Policy::protects_cli) else {
        return Ok(());
    };
    if is_called_by_agent(&place.paths) {
        let (file, line) = policy.protect_cli().cloned().unwrap_or_default();
        bail!(
            "Claude Code started this, or nobody typed it, and `protect_cli` keeps agents from their own gates ({}:{line}); a person runs it in a terminal of their own",
            place.shown(&file).display()
        );
    }
    Ok(())
}

/// Whether Claude Code started this process, or nobody typed it. Not seen: a process that cut itself loose from its
/// client, emptied its environment and opened a terminal of its own.
pub fn is_called_by_agent(paths: &Paths) -> bool {
    let marks = [env_vars::CLAUDECODE, env_vars::CLAUDE_CODE_SESSION_ID];
    marks.into_iter().any(|mark| env_vars::get_os(mark).is_some())
        || owner::is_below_client(paths)
        // A process that was cut loose from its agent has no terminal; a person who types has one.
        || std::fs::File::open("/dev/tty").is_err()
}

/// Whether a command satisfies, disables or reconfigures anything. `req done` looks for itself.
fn changes_gates(command: &Command) -> bool {
    match command {
        Command::Satisfy(_)
        | Command::Clear(_)
        | Command::Pause(_)
        | Command::Resume(_)
        | Command::Prune(_)
        | Command::Enable(_)
        | Command::Disable(_)
        | Command::Init(_) => true,
        Command::Config(arguments) => arguments.change.is_any(),
        Command::Upgrade(arguments) => matches!(arguments.command, Some(UpgradeCommand::Apply { .. })),
        Command::Logging(arguments) => {
            arguments.level.is_some() || !arguments.dest.is_empty() || arguments.file.is_some()
        }
        _ => false,
    }
}
