//! Which branches are merged, and their deletion. Git is asked, with names as arguments of their own.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use git::Repository;

/// Branches that others grow from; they are never finished.
pub const TRUNKS: [&str; 3] = ["main", "master", "develop"];

/// Those of `branches` that are merged into the trunk: the remote's default branch, else `main` or `master`,
/// here or at `origin`. A branch that some work tree is on, a trunk, and a branch without commits of its own
/// are not merged. What was squashed or rebased by the merge is not seen.
pub fn merged(repository: &Repository, branches: &[&str]) -> Vec<String> {
    let git = Git(repository.top());
    let Ok(in_use) = repository.branches_in_use() else { return Vec::new() };
    let trunks = git.trunks();
    let is_merged = |branch: &&&str| {
        !TRUNKS.contains(branch)
            && in_use.iter().all(|used| used.name() != **branch)
            && trunks.iter().all(|trunk| trunk != **branch)
            && trunks.iter().any(|trunk| git.is_merged(branch, trunk))
    };
    branches.iter().filter(is_merged).map(|branch| (*branch).to_owned()).collect()
}

/// Deletes a local branch if git finds it merged; whether it was there.
///
/// # Errors
/// What git says against it.
pub fn delete(repository: &Repository, branch: &str) -> Result<bool, String> {
    let git = Git(repository.top());
    if git.commit(&format!("refs/heads/{branch}")).is_none() {
        return Ok(false);
    }
    if TRUNKS.contains(&branch) || git.trunks().iter().any(|trunk| trunk == branch) {
        return Err("others grow from it".to_owned());
    }
    match git.run(&["branch", "-d", "--", branch]) {
        Some(output) if output.status.success() => Ok(true),
        Some(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let line = text.lines().find(|line| line.starts_with("error: ")).unwrap_or("error: git failed");
            Err(line.trim_start_matches("error: ").to_owned())
        }
        None => Err("git cannot be run".to_owned()),
    }
}

struct Git<'a>(&'a Path);

impl Git<'_> {
    fn run(&self, arguments: &[&str]) -> Option<Output> {
        let mut git = Command::new("git");
        git.arg("-C").arg(self.0).args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).output().ok()
    }

    fn ask(&self, arguments: &[&str]) -> Option<String> {
        let output = self.run(arguments).filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
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

    /// The trunk's name, here and at `origin`, where it exists.
    fn trunks(&self) -> Vec<String> {
        let remote = self.ask(&["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]);
        let named = remote.as_deref().and_then(|name| name.strip_prefix("origin/")).map(str::to_owned);
        let names = named.into_iter().chain(["main", "master"].map(str::to_owned));
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
            // Where it began, or a fast-forward: only work that was done on it tells.
            return self.has_own_work(&moves, &tip);
        }
        // A side line of the trunk: its own, unless it was only started there.
        match moves.as_slice() {
            [Move { what, .. }] if what.starts_with("branch: Created from") => {
                what.ends_with(&format!("/{branch}"))
            }
            _ => true,
        }
    }

    fn is_ancestor(&self, commit: &str, of: &str) -> bool {
        let output = self.run(&["merge-base", "--is-ancestor", commit, of]);
        output.is_some_and(|output| output.status.success())
    }

    /// Whether the trunk itself was once at `tip`.
    fn is_on_first_parents(&self, tip: &str, trunk: &str) -> bool {
        if tip == trunk {
            return true;
        }
        let list = self.ask(&["rev-list", "--first-parent", "--parents", &format!("{tip}..{trunk}")]);
        let oldest = list.as_deref().and_then(|list| list.lines().last());
        oldest.and_then(|line| line.split(' ').nth(1)) == Some(tip)
    }

    /// The branch's reflog, the oldest first.
    fn moves(&self, branch: &str) -> Vec<Move> {
        let reference = format!("refs/heads/{branch}");
        let log =
            self.ask(&["log", "--walk-reflogs", "--format=%H %gs", &reference, "--"]).unwrap_or_default();
        let of_line = |line: &str| {
            let (commit, what) = line.split_once(' ')?;
            Some(Move { commit: commit.to_owned(), what: what.to_owned() })
        };
        log.lines().rev().filter_map(of_line).collect()
    }

    /// Whether a commit that was made on the branch is still in it.
    fn has_own_work(&self, moves: &[Move], tip: &str) -> bool {
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

/// A line of a reflog.
struct Move {
    commit: String,
    what: String,
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    struct Repo(tempfile::TempDir);

    impl Repo {
        fn new() -> Self {
            let repo = Self(tempfile::tempdir().unwrap());
            repo.git("init -q -b main");
            repo.commit("first");
            repo
        }

        #[track_caller]
        fn git(&self, arguments: &str) {
            let name = ["-c", "user.name=dev", "-c", "user.email=dev@example.invalid"];
            let mut git = Command::new("git");
            git.args(name).args(arguments.split(' ')).current_dir(self.0.path()).env("HOME", self.0.path());
            let output = git.output().unwrap();
            assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stderr));
        }

        fn commit(&self, message: &str) {
            self.git(&format!("commit -q --allow-empty -m {message}"));
        }

        fn merged(&self, branch: &str) -> bool {
            let repository = Repository::discover(&self.0.path().canonicalize().unwrap()).unwrap();
            !merged(&repository, &[branch]).is_empty()
        }
    }

    #[test]
    fn a_branch_without_work_is_not_merged() {
        let repo = Repo::new();
        repo.git("branch fresh");
        assert!(!repo.merged("fresh"));
        repo.commit("second");
        assert!(!repo.merged("fresh"), "the trunk moved on");
        repo.git("checkout -q fresh");
        repo.git("merge -q main");
        repo.git("checkout -q main");
        assert!(!repo.merged("fresh"), "it followed the trunk");
        repo.git("checkout -q -b thrown");
        repo.commit("lost");
        repo.git("reset -q --hard main");
        repo.git("checkout -q main");
        assert!(!repo.merged("thrown"), "its work is nowhere");
        assert!(!repo.merged("main") && !repo.merged("nowhere"));
    }

    #[test]
    fn merge_commits_and_fast_forwards_are_seen() {
        let repo = Repo::new();
        for (branch, merge) in [("commits", "merge -q --no-ff"), ("forward", "merge -q --ff-only")] {
            repo.git(&format!("checkout -q -b {branch}"));
            repo.commit(branch);
            assert!(!repo.merged(branch), "{branch}");
            repo.git("checkout -q main");
            assert!(!repo.merged(branch), "{branch}");
            repo.git(&format!("{merge} {branch}"));
            assert!(repo.merged(branch), "{branch}");
            repo.git(&format!("checkout -q {branch}"));
            assert!(!repo.merged(branch), "somebody is on it");
            repo.git("checkout -q main");
        }
        repo.git("branch later commits");
        assert!(!repo.merged("later"), "started at another's merged work");
        repo.commit("on");
        assert!(repo.merged("commits") && repo.merged("forward"));
    }

    #[test]
    fn names_are_arguments_and_never_more() {
        let repo = Repo::new();
        let repository = Repository::discover(&repo.0.path().canonicalize().unwrap()).unwrap();
        for name in ["$(touch x)", "; touch x", "-D", "--help", "x y"] {
            assert!(merged(&repository, &[name]).is_empty());
            assert_eq!(delete(&repository, name), Ok(false), "{name}");
        }
        assert!(!repo.0.path().join("x").exists());
        repo.git("checkout -q -b work");
        repo.commit("work");
        repo.git("checkout -q main");
        assert!(delete(&repository, "work").unwrap_err().contains("not fully merged"));
        assert!(delete(&repository, "main").is_err());
        repo.git("merge -q work");
        assert_eq!(delete(&repository, "work"), Ok(true));
    }
}
