//! `branch_size_calculator`: how many lines a branch changes against the branch it came from.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use platform::child;
use serde_json::{Map, Value, json};

use super::limit::Computed;

/// How long all of git's work may take.
const LIMIT: Duration = Duration::from_secs(3);
/// Branches that a branch may have been stacked on.
const STACKED: [&str; 2] = ["refs/heads/feature/", "refs/heads/fix/"];
/// Where a branch comes from otherwise; the first that exists counts.
const TRUNKS: [&str; 4] = ["origin/main", "origin/master", "main", "master"];
/// The most untracked files that are counted, and the largest, in bytes.
const MOST_UNTRACKED: usize = 2_000;
const LARGEST_UNTRACKED: u64 = 4 * 1024 * 1024;

/// The size of the current branch; `None` where there is nothing to count against: on `main` and `master`, on the
/// base itself, in a repository without commits or without a base.
///
/// # Errors
/// When git fails or takes too long, or the configured base does not exist.
pub fn compute(root: &Path, branch: &str, base: Option<&str>) -> Result<Option<Computed>, String> {
    if matches!(branch, "main" | "master") {
        return Ok(None);
    }
    let git = Git { root, until: Instant::now() + LIMIT };
    let Some(head) = git.try_run(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])? else {
        return Ok(None);
    };
    let base = match base {
        Some(base) => base.to_owned(),
        None => match git.parent(branch, &head)? {
            Some(parent) => parent,
            None => return Ok(None),
        },
    };
    if base == branch {
        return Ok(None);
    }
    let Some(from) = git.try_run(&["merge-base", "--end-of-options", "HEAD", &base])? else {
        return Err(format!("the base `{base}` has nothing in common with this branch, or does not exist"));
    };
    let committed = git.lines(&["diff", "--shortstat", &from, "HEAD"])?;
    let staged = git.lines(&["diff", "--shortstat", "--cached"])?;
    let unstaged = git.lines(&["diff", "--shortstat"])?;
    let untracked = git.untracked()?;
    let total: u64 =
        [committed, staged, unstaged].iter().map(|(added, removed)| added + removed).sum::<u64>() + untracked;
    let mut summary = format!("committed: {}+/{}-", committed.0, committed.1);
    for (name, (added, removed)) in
        [("staged", staged), ("unstaged", unstaged), ("untracked", (untracked, 0))]
    {
        if added + removed > 0 {
            summary.push_str(&format!(" | {name}: {added}+/{removed}-"));
        }
    }
    let counts = |(added, removed): (u64, u64)| json!({"ins": added, "del": removed});
    let facts = Map::from_iter(
        [
            ("total", Value::from(total)),
            ("base_branch", base.into()),
            ("committed", counts(committed)),
            ("staged", (staged.0 + staged.1).into()),
            ("unstaged", (unstaged.0 + unstaged.1).into()),
            ("untracked", untracked.into()),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    );
    #[allow(clippy::cast_precision_loss, reason = "no branch has 2^53 lines")]
    Ok(Some(Computed { value: total as f64, summary, facts }))
}

struct Git<'a> {
    root: &'a Path,
    until: Instant,
}

impl Git<'_> {
    /// Runs git; `None` when it says no.
    fn try_run(&self, arguments: &[&str]) -> Result<Option<String>, String> {
        let mut git = Command::new("git");
        // No lock for a mere question, and none of the repository's own programs.
        git.current_dir(self.root)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .args(["-c", "core.fsmonitor=false"])
            .args(arguments);
        let left = self.until.saturating_duration_since(Instant::now());
        let (status, output) =
            child::output(&mut git, left).map_err(|error| format!("git {}: {error}", arguments[0]))?;
        let text = String::from_utf8_lossy(&output).trim_end().to_owned();
        Ok(status.success().then_some(text))
    }

    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        self.try_run(arguments)?.ok_or_else(|| format!("git {} failed", arguments.join(" ")))
    }

    /// Lines added and removed.
    fn lines(&self, arguments: &[&str]) -> Result<(u64, u64), String> {
        let mut all = vec![arguments[0], "--no-ext-diff", "--no-textconv"];
        all.extend(&arguments[1..]);
        let text = self.run(&all)?;
        let of = |what: &str| {
            let part = text.split(',').find(|part| part.contains(what))?;
            part.trim().split(' ').next()?.parse().ok()
        };
        Ok((of("insertion").unwrap_or(0), of("deletion").unwrap_or(0)))
    }

    fn untracked(&self) -> Result<u64, String> {
        let names = self.run(&["ls-files", "--others", "--exclude-standard", "-z"])?;
        let mut lines = 0;
        for name in names.split('\0').filter(|name| !name.is_empty()).take(MOST_UNTRACKED) {
            let path = self.root.join(name);
            let is_small = std::fs::symlink_metadata(&path)
                .is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST_UNTRACKED);
            let Some(bytes) = is_small.then(|| std::fs::read(&path).ok()).flatten() else { continue };
            let is_binary = bytes.iter().take(8_000).any(|byte| *byte == 0);
            if !is_binary && !bytes.is_empty() {
                lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                lines += u64::from(!bytes.ends_with(b"\n"));
            }
        }
        Ok(lines)
    }

    /// The branch this one came from: the trunk, or a nearer branch whose tip is a strict ancestor. A branch at
    /// the same commit is a copy, not a parent.
    fn parent(&self, branch: &str, head: &str) -> Result<Option<String>, String> {
        let mut candidates = Vec::new();
        for trunk in TRUNKS {
            if self.try_run(&["rev-parse", "--verify", "--quiet", &format!("{trunk}^{{commit}}")])?.is_some()
            {
                candidates.push(trunk.to_owned());
                break;
            }
        }
        let mut arguments = vec!["for-each-ref", "--merged", "HEAD", "--format=%(objectname) %(refname)"];
        arguments.extend(STACKED);
        for line in self.run(&arguments)?.lines() {
            let Some((tip, reference)) = line.split_once(' ') else { continue };
            let name = reference.strip_prefix("refs/heads/").unwrap_or(reference);
            if tip != head && name != branch {
                candidates.push(name.to_owned());
            }
        }
        let mut nearest: Option<(u64, String)> = None;
        for candidate in candidates {
            let range = format!("{candidate}..HEAD");
            let Some(count) = self.try_run(&["rev-list", "--count", &range])? else { continue };
            let count: u64 = count.parse().unwrap_or(u64::MAX);
            if nearest.as_ref().is_none_or(|(least, _)| count < *least) {
                nearest = Some((count, candidate));
            }
        }
        Ok(nearest.map(|(_, name)| name))
    }
}
