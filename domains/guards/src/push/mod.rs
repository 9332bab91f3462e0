//! Guard `push`: pushes to shared branches. It reads the git calls of a line and the git configuration.
//! It tracks which branch the repository is on when the line comes to the push.
//!
//! `reader` takes the git calls, recognised by `call`, in order; `course` tracks those that change the branch
//! or the configuration; `arguments`, `told` and `refspec` parse a push; `destinations` determines where it
//! goes; `doubt` covers what cannot be parsed.

mod arguments;
mod call;
mod course;
mod destinations;
mod doubt;
mod objection;
mod reader;
mod refspec;
#[cfg(test)]
mod tests;
mod told;

use config::types::guards::Push as Settings;
use shell::Command;
use shell::programs::pushes_nothing;

use self::reader::Reader;
use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;

/// Whether a line may push: it has a push, a possible alias, or a git call that cannot be parsed.
pub fn concerns(examined: &ExaminedUse<'_>) -> bool {
    let script = examined.script();
    script.doubt.is_some() && doubt::names_push(examined.tool_use.command)
        || script.commands.iter().any(may_push)
}

fn may_push(command: &Command) -> bool {
    match command.program() {
        Some("git" | "hub") => {
            command.without_global_options().get(1).is_some_and(|word| !pushes_nothing(&word.text))
        }
        Some(name) => matches!(name, "git-push" | "git-send-pack" | "git-subtree"),
        None => false,
    }
}

/// Returns findings over pushes to protected branches.
///
/// # Errors
/// Never: a file that cannot be read counts as missing, as in git.
pub fn examine(settings: &Settings, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    Ok(Reader::read(settings, examined))
}
