//! The findings over a push.

use std::path::Path;

use platform::path::resolve;
use platform::text::fact;
use redact::redact;

use super::destinations::Destination;
use super::told::{UNKNOWN, is_unknown};
use crate::objection::Objection;
use crate::repository::Protected;

/// Whether a remote is a repository in a temporary folder, which is not shared.
fn is_thrown_away(remote: &str) -> bool {
    let path = remote.strip_prefix("file://").unwrap_or(remote);
    let path = resolve(Path::new(path));
    path.is_absolute()
        && [Path::new("/tmp"), Path::new("/var/tmp")].iter().any(|folder| path.starts_with(folder))
}

/// The finding over a destination, if any.
pub(super) fn objection(
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
