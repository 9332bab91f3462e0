//! Determines the destinations of a push from its refspecs, or else from the configuration.

use git::Repository;

use super::arguments::PushArguments;
use super::course::{Position, RepositoryState};
use super::refspec::{HEADS, Refspec, branch_of, is_head, star};
use super::told::{UNKNOWN, is_unknown};
use crate::repository::Protected;
use git::GitConfig;

/// An effect of a push on a remote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// It writes this branch; [`UNKNOWN`] replaces the unknown parts of its name.
    Branch(String),
    /// It removes this branch.
    Removed(String),
    /// It writes or removes several branches, including this one.
    Among(String),
    /// It makes the remote identical to the repository.
    Mirror,
    /// It writes branches that are known only at run time.
    Unknown,
}

/// A push, with everything that determines its destinations.
pub(super) struct Push<'a> {
    /// Its arguments.
    pub(super) arguments: &'a PushArguments,
    /// The remote, if it is given and known.
    pub(super) remote: Option<String>,
    /// Its refspecs.
    pub(super) refspecs: &'a [String],
    /// The repository, if it is known.
    pub(super) place: Option<&'a RepositoryState>,
    /// The git configuration.
    pub(super) config: &'a GitConfig,
    /// The protected branches.
    pub(super) protected: &'a Protected<'a>,
}

impl Push<'_> {
    /// The destinations.
    pub(super) fn destinations(&self) -> Vec<Destination> {
        let PushArguments { all, mirror, tags, delete, .. } = *self.arguments;
        let is_mirror = || self.config.is_true(&self.key("mirror"));
        if mirror || self.refspecs.is_empty() && !all && is_mirror() {
            return vec![Destination::Mirror];
        }
        if all {
            return self.through("refs/heads/*", "refs/heads/*", &[]);
        }
        if self.refspecs.is_empty() {
            return if tags || delete { Vec::new() } else { self.by_default() };
        }
        if delete {
            let removed = self.refspecs.iter().filter_map(|name| Some(branch_of(name)?.to_owned()));
            return removed.map(Destination::Removed).collect();
        }
        self.of(self.refspecs, true)
    }

    /// The destinations of these refspecs. The configuration may map those of the command line.
    fn of(&self, refspecs: &[String], is_mapped: bool) -> Vec<Destination> {
        let parsed: Vec<Refspec<'_>> = refspecs.iter().filter_map(|text| Refspec::parse(text)).collect();
        let without: Vec<&str> = parsed
            .iter()
            .filter_map(|refspec| if let Refspec::Without(name) = refspec { Some(*name) } else { None })
            .collect();
        let mut destinations = Vec::new();
        let mut is_tag = false;
        for refspec in parsed {
            if std::mem::take(&mut is_tag) {
                continue;
            }
            match refspec {
                Refspec::Source("tag") => is_tag = true,
                Refspec::Without(_) => {}
                Refspec::Matching => {
                    destinations.extend(self.through("refs/heads/*", "refs/heads/*", &without));
                }
                Refspec::Source(all) if all.contains('*') => {
                    destinations.extend(self.through(all, all, &without));
                }
                Refspec::To(from, to) if to.contains('*') => {
                    destinations.extend(self.through(from, to, &without));
                }
                Refspec::Source(source) => destinations.extend(self.of_source(source, is_mapped)),
                Refspec::Removed(name) => {
                    destinations.extend(self.named(name).map(Destination::Removed));
                }
                Refspec::To(_, name) => destinations.extend(self.named(name).map(Destination::Branch)),
            }
        }
        destinations
    }

    /// The remote branch that a destination names.
    fn named(&self, name: &str) -> Option<String> {
        if is_head(name) {
            return Some(self.protected.default_branch().to_owned());
        }
        branch_of(name).map(str::to_owned)
    }

    /// The destination of a source without one.
    fn of_source(&self, source: &str, is_mapped: bool) -> Option<Destination> {
        if is_unknown(source) {
            return Some(Destination::Unknown);
        }
        if is_head(source) {
            return match self.place.map(|place| &place.position) {
                Some(Position::Branch(branch)) => Some(Destination::Branch(self.real(branch))),
                // git refuses to guess a destination.
                Some(Position::Detached) => None,
                Some(Position::Unknown) | None => Some(Destination::Unknown),
            };
        }
        let branch = branch_of(source)?;
        let mapped = if is_mapped { self.mapped(branch) } else { None };
        let branch = match &mapped {
            Some(mapped) => branch_of(mapped)?.to_owned(),
            None => self.real(branch),
        };
        Some(Destination::Branch(branch))
    }

    /// The destination that the configuration gives a branch without one.
    fn mapped(&self, branch: &str) -> Option<String> {
        let full = format!("{HEADS}{branch}");
        for text in self.config.all(&self.key("push")) {
            if let Some(Refspec::To(from, to)) = Refspec::parse(text)
                && let Some(star) = star(from, &full)
            {
                return Some(to.replacen('*', star, 1));
            }
        }
        self.upstream(branch).filter(|_| self.pushes_upstream())
    }

    fn pushes_upstream(&self) -> bool {
        matches!(self.config.get("push.default"), Some("upstream" | "tracking"))
    }

    fn upstream(&self, branch: &str) -> Option<String> {
        self.config.get(&format!("branch.{branch}.merge")).map(str::to_owned)
    }

    /// The destinations of a push without refspecs.
    fn by_default(&self) -> Vec<Destination> {
        let Some(place) = self.place else { return vec![Destination::Unknown] };
        let configured: Vec<String> = self.config.all(&self.key("push")).map(str::to_owned).collect();
        if !configured.is_empty() {
            return self.of(&configured, false);
        }
        match self.config.get("push.default") {
            Some("nothing") => return Vec::new(),
            Some("matching") => return self.through("refs/heads/*", "refs/heads/*", &[]),
            _ => {}
        }
        match &place.position {
            Position::Detached => Vec::new(),
            Position::Unknown => vec![Destination::Unknown],
            Position::Branch(branch) => {
                let upstream = self.upstream(branch).filter(|_| self.pushes_upstream());
                let name = match &upstream {
                    Some(upstream) => branch_of(upstream).map(str::to_owned),
                    // `simple` refuses an upstream with another name, so the destination has the branch's own
                    // name in any case.
                    None => Some(self.real(branch)),
                };
                name.map(Destination::Branch).into_iter().collect()
            }
        }
    }

    /// The protected branches that a pattern covers.
    fn through(&self, from: &str, to: &str, without: &[&str]) -> Vec<Destination> {
        let Some(place) = self.place else { return vec![Destination::Unknown] };
        let reached = |source: &str| {
            let is_out = without.iter().any(|pattern| star(pattern, source).is_some());
            let name = to.replacen('*', star(from, source).filter(|_| !is_out)?, 1);
            let branch = branch_of(&name)?;
            self.protected.reason(branch).map(|_| Destination::Among(branch.to_owned()))
        };
        // References outside the branches may have any name there, and so may those that are removed.
        let start = &from[..from.find('*').unwrap_or(from.len())];
        let is_of_heads = start.starts_with(HEADS) || HEADS.starts_with(start);
        let is_certain = is_of_heads && !self.arguments.prune;
        let local = place.repository.branches().ok().filter(|_| is_certain);
        match local {
            Some(branches) => {
                let all = branches.iter().chain(&place.created);
                all.filter_map(|branch| reached(&format!("{HEADS}{branch}"))).collect()
            }
            None => {
                let may_be = |name: &&str| star(to, &format!("{HEADS}{name}")).is_some();
                let names = self.protected.names().filter(may_be);
                names.map(|name| Destination::Among(name.to_owned())).collect()
            }
        }
    }

    fn real(&self, branch: &str) -> String {
        let repository: Option<&Repository> = self.place.map(|place| &place.repository);
        match repository.filter(|_| !branch.contains(UNKNOWN)) {
            Some(repository) => repository.real_branch(branch),
            None => branch.to_owned(),
        }
    }

    fn key(&self, name: &str) -> String {
        format!("remote.{}.{name}", self.remote.as_deref().unwrap_or_default())
    }
}

/// The remote of a push that names none.
pub(super) fn default_remote(config: &GitConfig, position: &Position) -> String {
    let of_branch = |name: &str| match position {
        Position::Branch(branch) => config.get(&format!("branch.{branch}.{name}")),
        _ => None,
    };
    let configured =
        of_branch("pushRemote").or_else(|| config.get("remote.pushDefault")).or_else(|| of_branch("remote"));
    let only = || match config.remotes().as_slice() {
        [only] => Some(*only),
        _ => None,
    };
    configured.or_else(only).unwrap_or("origin").to_owned()
}
