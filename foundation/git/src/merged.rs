//! Finds merged branches and deletes them. It runs git, and passes each name as a separate argument.

use std::path::Path;

use crate::command::GitCommand;
use crate::error::GitError;
use crate::repository::Repository;
use crate::trunks::{LONG_LIVED, TRUNKS};

/// The branches in `branches` that are merged into the trunk. The trunk is the remote's default branch, or `main` or
/// `master`, locally or at `origin`. Trunks, branches in use by a work tree, and branches without own commits are
/// excluded. A branch that was squashed or rebased by its merge is not found.
pub fn merged(repository: &Repository, branches: &[&str]) -> Vec<String> {
    let git = MergeQuestions(repository.top());
    let Ok(in_use) = repository.branches_in_use() else { return Vec::new() };
    let trunks = git.trunks();
    let is_merged = |branch: &&&str| {
        !LONG_LIVED.contains(branch)
            && in_use.iter().all(|used| used.name() != **branch)
            && trunks.iter().all(|trunk| trunk != **branch)
            && trunks.iter().any(|trunk| git.is_merged(branch, trunk))
    };
    branches.iter().filter(is_merged).map(|branch| (*branch).to_owned()).collect()
}

/// Deletes a local branch if git considers it merged. Returns whether it existed.
///
/// # Errors
/// When the branch is long-lived, or git refuses the deletion.
pub fn delete_merged(repository: &Repository, branch: &str) -> Result<bool, GitError> {
    let git = MergeQuestions(repository.top());
    if git.commit(&format!("refs/heads/{branch}")).is_none() {
        return Ok(false);
    }
    if LONG_LIVED.contains(&branch) || git.trunks().iter().any(|trunk| trunk == branch) {
        return Err(GitError::BranchKept("others grow from it".to_owned()));
    }
    // With `-d` git refuses to delete a branch that is not merged.
    match git.command(&["branch", "-d", "--", branch]).text() {
        Ok(_) => Ok(true),
        Err(GitError::Failed { message, .. }) => Err(GitError::BranchKept(message)),
        Err(error) => Err(error),
    }
}

/// Git commands about merges in one repository.
struct MergeQuestions<'a>(&'a Path);

impl MergeQuestions<'_> {
    fn command(&self, arguments: &[&str]) -> GitCommand {
        GitCommand::in_folder(self.0).args(arguments)
    }

    fn ask(&self, arguments: &[&str]) -> Option<String> {
        Some(self.command(arguments).text().ok()?.trim().to_owned())
    }

    fn commit(&self, reference: &str) -> Option<String> {
        self.ask(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &format!("{reference}^{{commit}}"),
        ])
    }

    /// The trunk's names, local and at `origin`, as far as they exist.
    fn trunks(&self) -> Vec<String> {
        let remote = self.ask(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]);
        let named = remote.as_deref().and_then(|name| name.strip_prefix("origin/")).map(str::to_owned);
        let names = named.into_iter().chain(TRUNKS.map(str::to_owned));
        let known = |reference: &str| self.commit(reference).is_some();
        for name in names {
            let (here, there) = (format!("refs/heads/{name}"), format!("refs/remotes/origin/{name}"));
            let found: Vec<_> = [(here, name.clone()), (there, format!("origin/{name}"))]
                .into_iter()
                .filter(|(reference, _)| known(reference))
                .map(|(_, short)| short)
                .collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    fn is_merged(&self, branch: &str, trunk: &str) -> bool {
        let trunk = match trunk.strip_prefix("origin/") {
            Some(name) => format!("refs/remotes/origin/{name}"),
            None => format!("refs/heads/{trunk}"),
        };
        let (Some(tip), Some(trunk)) = (self.commit(&format!("refs/heads/{branch}")), self.commit(&trunk))
        else {
            return false;
        };
        if !self.is_ancestor(&tip, &trunk) {
            return false;
        }
        let moves = self.moves(branch);
        if self.is_on_first_parents(&tip, &trunk) {
            // The tip is the branch's start, or the result of a fast-forward. Only commits made on the branch
            // distinguish them.
            return self.has_own_work(&moves, &tip);
        }
        // The tip is on a side line of the trunk. It is the branch's own work, unless the branch was only created
        // there.
        match moves.as_slice() {
            [BranchMove { what, .. }] if what.starts_with("branch: Created from") => {
                what.ends_with(&format!("/{branch}"))
            }
            _ => true,
        }
    }

    fn is_ancestor(&self, commit: &str, of: &str) -> bool {
        self.command(&["merge-base", "--is-ancestor", commit, of]).succeeds().unwrap_or(false)
    }

    /// Whether the trunk itself once pointed at `tip`.
    fn is_on_first_parents(&self, tip: &str, trunk: &str) -> bool {
        if tip == trunk {
            return true;
        }
        let list = self.ask(&["rev-list", "--first-parent", "--parents", &format!("{tip}..{trunk}")]);
        let oldest = list.as_deref().and_then(|list| list.lines().last());
        oldest.and_then(|line| line.split(' ').nth(1)) == Some(tip)
    }

    /// The branch's reflog, oldest entry first.
    fn moves(&self, branch: &str) -> Vec<BranchMove> {
        let reference = format!("refs/heads/{branch}");
        let log =
            self.ask(&["log", "--walk-reflogs", "--format=%H %gs", &reference, "--"]).unwrap_or_default();
        let of_line = |line: &str| {
            let (commit, what) = line.split_once(' ')?;
            Some(BranchMove { commit: commit.to_owned(), what: what.to_owned() })
        };
        log.lines().rev().filter_map(of_line).collect()
    }

    /// Whether the branch still contains a commit that was made on it.
    fn has_own_work(&self, moves: &[BranchMove], tip: &str) -> bool {
        let mut worked = false;
        moves.iter().any(|step| {
            let makes =
                ["commit", "cherry-pick", "revert", "am:"].iter().any(|word| step.what.starts_with(word))
                    || (step.what.starts_with("merge ") && step.what.contains("Merge made"));
            worked |= makes;
            let moves_work = worked && step.what.starts_with("rebase");
            (makes || moves_work) && self.is_ancestor(&step.commit, tip)
        })
    }
}

/// An entry of a branch's reflog.
struct BranchMove {
    commit: String,
    what: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::testing::Repo;

    fn git(repo: &Repo, arguments: &str) {
        repo.git(&arguments.split(' ').collect::<Vec<_>>());
    }

    fn is_merged(repo: &Repo, branch: &str) -> bool {
        !merged(&Repository::discover(repo.root()).unwrap(), &[branch]).is_empty()
    }

    fn begun() -> Repo {
        let repo = Repo::new();
        repo.commit("first");
        repo
    }

    #[test]
    fn a_branch_without_work_is_not_merged() {
        let repo = begun();
        git(&repo, "branch fresh");
        assert!(!is_merged(&repo, "fresh"));
        repo.commit("second");
        assert!(!is_merged(&repo, "fresh"), "the trunk moved on");
        git(&repo, "checkout -q fresh");
        git(&repo, "merge -q main");
        git(&repo, "checkout -q main");
        assert!(!is_merged(&repo, "fresh"), "it followed the trunk");
        git(&repo, "checkout -q -b thrown");
        repo.commit("lost");
        git(&repo, "reset -q --hard main");
        git(&repo, "checkout -q main");
        assert!(!is_merged(&repo, "thrown"), "its work is nowhere");
        assert!(!is_merged(&repo, "main") && !is_merged(&repo, "nowhere"));
    }

    #[test]
    fn merge_commits_and_fast_forwards_are_seen() {
        let repo = begun();
        for (branch, merge) in [("commits", "merge -q --no-ff"), ("forward", "merge -q --ff-only")] {
            git(&repo, &format!("checkout -q -b {branch}"));
            repo.commit(branch);
            assert!(!is_merged(&repo, branch), "{branch}");
            git(&repo, "checkout -q main");
            assert!(!is_merged(&repo, branch), "{branch}");
            git(&repo, &format!("{merge} {branch}"));
            assert!(is_merged(&repo, branch), "{branch}");
            git(&repo, &format!("checkout -q {branch}"));
            assert!(!is_merged(&repo, branch), "somebody is on it");
            git(&repo, "checkout -q main");
        }
        git(&repo, "branch later commits");
        assert!(!is_merged(&repo, "later"), "started at another's merged work");
        repo.commit("on");
        assert!(is_merged(&repo, "commits") && is_merged(&repo, "forward"));
    }

    #[test]
    fn names_are_arguments_and_never_more() {
        let repo = begun();
        let repository = Repository::discover(repo.root()).unwrap();
        for name in ["$(touch x)", "; touch x", "-D", "--help", "x y"] {
            assert!(merged(&repository, &[name]).is_empty());
            assert!(!delete_merged(&repository, name).unwrap(), "{name}");
        }
        assert!(!repo.root().join("x").exists());
        git(&repo, "checkout -q -b work");
        repo.commit("work");
        git(&repo, "checkout -q main");
        assert!(delete_merged(&repository, "work").unwrap_err().to_string().contains("not fully merged"));
        assert!(delete_merged(&repository, "main").is_err());
        git(&repo, "merge -q work");
        assert!(delete_merged(&repository, "work").unwrap());
    }
}
