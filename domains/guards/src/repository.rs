//! The repository that a git call uses, and which of its branches are shared.

use std::fmt;
use std::path::{Path, PathBuf};

use config::globs::matches_branch;
use config::types::Names;
use config::types::guards::Push;
use git::{RemoteHead, Repository, TRUNKS, is_trunk};
use platform::path::{expand_tilde, resolve};
use platform::text::fact;
use shell::{Folder, GitCall};

use crate::examined::ExaminedUse;

/// The folder that a git call in the line uses, with symbolic links resolved. It may not exist.
/// `None` if the line does not determine it.
pub fn git_folder(call: &GitCall<'_>, examined: &ExaminedUse<'_>) -> Option<PathBuf> {
    folder_of(&call.folder, &examined.tool_use.folder, examined.home())
}

/// Resolves a folder of a line that starts in `start`.
pub(crate) fn folder_of(folder: &Folder, start: &Path, home: &Path) -> Option<PathBuf> {
    match folder {
        Folder::Start => Some(resolve(start)),
        Folder::In(path) => Some(resolve(&start.join(expand_tilde(home, path)))),
        Folder::Unknown => None,
    }
}

/// The repository that a git call uses, if the line starts in `start`.
pub(crate) fn repository_of(call: &GitCall<'_>, start: &Path, home: &Path) -> Option<Repository> {
    let folder = folder_of(&call.folder, start, home);
    let Some(git_dir) = &call.git_dir else { return Repository::discover(&folder?) };
    let git_dir = expand_tilde(home, git_dir);
    let git_dir = if git_dir.is_absolute() { git_dir } else { folder.as_ref()?.join(git_dir) };
    let top = folder.unwrap_or_else(|| git_dir.clone());
    Repository::with_git_dir(top, resolve(&git_dir))
}

/// Whether a branch is shared, so that others have its history. The settings of guard `push` apply
/// even if that guard is off.
pub fn is_protected(branch: &str, repository: &Repository, examined: &ExaminedUse<'_>) -> bool {
    let settings = examined.policy.guard::<Push>().ok().flatten().map(|placed| placed.settings);
    let branches = settings.unwrap_or_default().branches;
    Protected::of(&branches, Some(repository), None).reason(branch).is_some()
}

/// The branches of a remote to which pushes are refused.
#[derive(Debug)]
pub(crate) struct Protected<'a> {
    configured: &'a Names,
    heads: Vec<RemoteHead>,
}

/// Why a branch is protected. Its text completes "… is …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Its name.
    Name,
    /// The HEAD of this remote points to it.
    RemoteHead(String),
    /// The configuration.
    Configured,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("protected by name"),
            Self::RemoteHead(remote) => {
                write!(f, "where {} points", fact(&format!("{remote}/HEAD")))
            }
            Self::Configured => f.write_str("protected by `branches` in the configuration"),
        }
    }
}

impl<'a> Protected<'a> {
    /// The protected branches of `remote`. If the HEAD of that remote is unknown, the HEADs of all
    /// remotes count: the remote may be one of them under another name.
    pub(crate) fn of(configured: &'a Names, repository: Option<&Repository>, remote: Option<&str>) -> Self {
        let mut heads = repository.map(Repository::remote_heads).unwrap_or_default();
        if heads.iter().any(|head| Some(&*head.remote) == remote) {
            heads.retain(|head| Some(&*head.remote) == remote);
        }
        Self { configured, heads }
    }

    /// The reason that a branch is protected, if it is.
    pub(crate) fn reason(&self, branch: &str) -> Option<Reason> {
        if is_trunk(branch) {
            return Some(Reason::Name);
        }
        if let Some(head) = self.heads.iter().find(|head| head.branch == branch) {
            return Some(Reason::RemoteHead(head.remote.clone()));
        }
        matches_branch(self.configured, branch).then_some(Reason::Configured)
    }

    /// The protected branches whose names are known.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let configured = self.configured.iter().filter(|glob| !glob.contains(['*', '?', '[', '{', '!']));
        TRUNKS.into_iter().chain(self.heads.iter().map(|head| &*head.branch)).chain(configured)
    }

    /// Whether the name of a protected branch may begin and end in this way.
    pub(crate) fn may_be(&self, start: &str, end: &str) -> bool {
        let fits = |name: &str| {
            name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
        };
        let may_match = |glob: &str| {
            let literal = &glob[..glob.find(['*', '?', '[', '{']).unwrap_or(glob.len())];
            literal.len() < glob.len() && (literal.starts_with(start) || start.starts_with(literal))
        };
        self.names().any(fits) || self.configured.iter().any(may_match)
    }

    /// The branch that the remote's HEAD points to; `main` if it is unknown.
    pub(crate) fn default_branch(&self) -> &str {
        self.heads.first().map_or(TRUNKS[0], |head| &head.branch)
    }
}

#[cfg(test)]
mod tests {
    use git::Repository;

    use super::*;
    use crate::testing::Bench;

    #[test]
    fn a_remote_protects_what_its_head_points_to() {
        let bench = Bench::new("  push: {}");
        bench.git(&["update-ref", "refs/remotes/up/trunk", "HEAD"]);
        bench.git(&["symbolic-ref", "refs/remotes/up/HEAD", "refs/remotes/up/trunk"]);
        bench.git(&["symbolic-ref", "refs/remotes/fork/HEAD", "refs/remotes/fork/dev"]);
        let repository = Repository::discover(&bench.root()).unwrap();
        let globs = Names::of(&["release/*", "prod"]);
        let of = |remote: Option<&str>, branch: &str| {
            Protected::of(&globs, Some(&repository), remote).reason(branch)
        };
        assert_eq!(of(Some("up"), "trunk"), Some(Reason::RemoteHead("up".to_owned())));
        assert_eq!(of(Some("fork"), "trunk"), None);
        assert_eq!(of(Some("git@h:x.git"), "trunk"), Some(Reason::RemoteHead("up".to_owned())));
        assert_eq!(of(Some("fork"), "main"), Some(Reason::Name));
        assert_eq!(of(Some("fork"), "release/1"), Some(Reason::Configured));
        assert_eq!(of(Some("fork"), "Main"), None, "names are case sensitive");
        let protected = Protected::of(&globs, Some(&repository), Some("up"));
        assert!(
            protected.may_be("", "") && protected.may_be("rel", "") && protected.may_be("release/x", "y")
        );
        assert!(
            protected.may_be("tr", "k")
                && !protected.may_be("feature-", "")
                && !protected.may_be("mainn", "")
        );
    }
}
