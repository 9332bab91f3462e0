//! Guard `push`: nobody pushes to a branch that is shared. Read from the calls of git that a line runs, from what git
//! is configured to do, and from the branch that the repository is on, or will be when the line comes to the push.
//!
//! The way of a line: `reader` takes its calls of git, as `call` knows them, in their order; `course` follows those that
//! change the branch or the configuration; `arguments`, `told` and `refspec` read a push; `destinations` finds where it
//! goes; `doubt` looks at what could not be followed.

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

/// Whether a line may push: a call of git that does, or that may be an alias, or one that cannot be followed.
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

/// The protected branches that a line pushes to.
///
/// # Errors
/// Never: what cannot be read is taken for absent, as git would.
pub fn examine(settings: &Settings, examined: &ExaminedUse<'_>) -> Result<Vec<Objection>, GuardsError> {
    Ok(Reader::read(settings, examined))
}
