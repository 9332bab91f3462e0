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
mod reader;
mod refspec;
#[cfg(test)]
mod tests;
mod told;

use std::path::Path;

use config::types::guards::Push as Settings;
use platform::path::resolve;
use platform::text::fact;
use redact::redact;
use shell::Command;

use self::destinations::Destination;
use self::reader::Reader;
use self::told::{UNKNOWN, is_unknown};
use crate::objection::Objection;
use crate::repository::Protected;
use crate::sight::Sight;

/// Subcommands of git that push nothing and that no alias can stand for.
const HARMLESS: &str = "add am annotate apply archive bisect blame branch bundle cat-file check-attr check-ignore \
    checkout checkout-index cherry cherry-pick clean clone commit commit-tree config count-objects describe diff \
    diff-files diff-index diff-tree difftool fast-export fetch for-each-ref format-patch fsck gc grep hash-object \
    help init log ls-files ls-remote ls-tree maintenance merge merge-base merge-file merge-tree mergetool mv \
    name-rev notes pack-refs prune pull range-diff read-tree rebase reflog remote replace rerere reset restore \
    rev-list rev-parse revert rm shortlog show show-branch show-ref sparse-checkout stash status submodule switch \
    symbolic-ref tag update-index update-ref var verify-commit version whatchanged worktree write-tree";

/// Whether a line may push: a call of git that does, or that may be an alias, or one that cannot be followed.
pub fn concerns(sight: &Sight<'_>) -> bool {
    let script = sight.script();
    script.doubt.is_some() && doubt::names_push(sight.tool_use.command)
        || script.commands.iter().any(may_push)
}

fn may_push(command: &Command) -> bool {
    match command.program() {
        Some("git" | "hub") => {
            command.without_global_options().get(1).is_some_and(|word| !is_harmless(&word.text))
        }
        Some(name) => matches!(name, "git-push" | "git-send-pack" | "git-subtree"),
        None => false,
    }
}

fn is_harmless(subcommand: &str) -> bool {
    HARMLESS.split(' ').any(|harmless| harmless == subcommand)
}

/// The protected branches that a line pushes to.
///
/// # Errors
/// Never: what cannot be read is taken for absent, as git would.
pub fn examine(settings: &Settings, sight: &Sight<'_>) -> Result<Vec<Objection>, String> {
    Ok(Reader::read(settings, sight))
}

/// Whether a remote is a repository in a temporary folder, which nobody shares.
fn is_thrown_away(remote: &str) -> bool {
    let path = remote.strip_prefix("file://").unwrap_or(remote);
    let path = resolve(Path::new(path));
    path.is_absolute()
        && [Path::new("/tmp"), Path::new("/var/tmp")].iter().any(|folder| path.starts_with(folder))
}

/// What is wrong with a destination, if anything is.
fn objection(
    destination: &Destination,
    remote: Option<&str>,
    protected: &Protected<'_>,
    is_certain: bool,
) -> Option<Objection> {
    let is_plain = |remote: &&str| remote.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let plain = remote.filter(is_plain).unwrap_or("origin");
    let shown = remote.map_or_else(|| "a remote".to_owned(), |remote| fact(&redact(remote)));
    let new_branch = format!(
        "push a branch of its own and open a pull request: git push -u {plain} HEAD:refs/heads/<a-new-name>"
    );
    let written_out = format!("write the branch out: git push {plain} HEAD:refs/heads/<branch>");
    if remote.is_some_and(is_thrown_away) {
        return None;
    }
    let unknown = || {
        if matches!(destination, Destination::Removed(_)) {
            let what = format!("this removes a branch from {shown}, and which is known only when it runs");
            return Some(Objection::doubtful(
                what,
                format!("write it out: git push {plain} --delete <branch>"),
            ));
        }
        let what = format!("this pushes to {shown}, and to which branch is known only when it runs");
        Some(Objection::doubtful(what, written_out.clone()))
    };
    let found = match destination {
        Destination::Unknown => return unknown(),
        Destination::Branch(name) | Destination::Removed(name) if is_unknown(name) => return unknown(),
        Destination::Branch(name) | Destination::Removed(name) if name.contains(UNKNOWN) => {
            let (start, rest) = name.split_once(UNKNOWN)?;
            let end = rest.rsplit_once(UNKNOWN).map_or(rest, |(_, end)| end);
            let name = fact(&name.replace(UNKNOWN, "…"));
            let what = format!("this pushes to {name} on {shown}, a branch that is known only when it runs");
            return protected.may_be(start, end).then(|| Objection::doubtful(what, written_out));
        }
        Destination::Branch(name) => {
            let reason = protected.reason(name)?;
            Objection::sure(
                format!("this pushes to {} on {shown}, which is {reason}", fact(name)),
                new_branch,
            )
        }
        Destination::Removed(name) => {
            let reason = protected.reason(name)?;
            Objection::sure(
                format!("this removes {} from {shown}, which is {reason}", fact(name)),
                "leave that branch to a person, who can remove it where it is hosted",
            )
        }
        Destination::Among(name) => {
            let reason = protected.reason(name)?;
            Objection::sure(
                format!("this pushes many branches to {shown}, among them {}, which is {reason}", fact(name)),
                format!("push the branch that is meant, by its name: git push {plain} <branch>"),
            )
        }
        Destination::Mirror => Objection::sure(
            format!("this makes {shown} a mirror of the repository, its protected branches included"),
            new_branch,
        ),
    };
    Some(if is_certain { found } else { Objection::doubtful(found.what, found.way_out) })
}
