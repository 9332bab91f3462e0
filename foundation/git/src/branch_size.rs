//! Counts the lines that a branch changes against its parent branch.

use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use platform::store;

use crate::command::GitCommand;
use crate::error::GitError;
use crate::trunks::{TRUNKS, is_trunk};

/// The time limit for all git commands together.
const PATIENCE: Duration = Duration::from_secs(3);
/// Prefixes of branches that can be the parent of another branch.
const STACKED: [&str; 2] = ["refs/heads/feature/", "refs/heads/fix/"];
/// The most untracked files that are counted, and the largest one in bytes.
const MOST_UNTRACKED: usize = 2_000;
const LARGEST_UNTRACKED: u64 = 4 * 1024 * 1024;
/// The bytes of a file that are searched for a zero byte. A file with one counts as binary.
const LOOKED_AT: usize = 8_000;

/// The lines added and removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineCount {
    /// Added.
    pub added: u64,
    /// Removed.
    pub removed: u64,
}

impl LineCount {
    /// The sum of both.
    pub fn total(self) -> u64 {
        self.added + self.removed
    }
}

/// The size of a branch's changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BranchSize {
    /// The branch or commit that the lines are counted against.
    pub base: String,
    /// Lines changed in the branch's commits.
    pub committed: LineCount,
    /// Lines changed in the index.
    pub staged: LineCount,
    /// Lines changed in the work tree.
    pub unstaged: LineCount,
    /// Lines of files that git does not track.
    pub untracked: u64,
}

impl BranchSize {
    /// The sum of all lines.
    pub fn total(&self) -> u64 {
        self.committed.total() + self.staged.total() + self.unstaged.total() + self.untracked
    }
}

/// The size of the current branch. `None` if it has no base: it is a trunk or the base itself, or the repository has
/// no commit or no base.
///
/// # Errors
/// When git fails or takes too long, or `base` does not exist.
pub fn branch_size(root: &Path, branch: &str, base: Option<&str>) -> Result<Option<BranchSize>, GitError> {
    if is_trunk(branch) {
        return Ok(None);
    }
    let asked = Asked { root, until: Instant::now() + PATIENCE };
    let Some(head) = asked.answer(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])? else {
        return Ok(None);
    };
    let base = match base {
        Some(base) => base.to_owned(),
        None => match asked.parent(branch, &head)? {
            Some(parent) => parent,
            None => return Ok(None),
        },
    };
    if base == branch {
        return Ok(None);
    }
    // The base comes from the configuration and must not be read as an option.
    let Some(from) = asked.answer(&["merge-base", "--end-of-options", "HEAD", &base])? else {
        return Err(GitError::UnrelatedBase(base));
    };
    Ok(Some(BranchSize {
        committed: asked.lines(&["--shortstat", &from, "HEAD"])?,
        staged: asked.lines(&["--shortstat", "--cached"])?,
        unstaged: asked.lines(&["--shortstat"])?,
        untracked: asked.untracked()?,
        base,
    }))
}

/// Git commands that share one deadline.
struct Asked<'a> {
    root: &'a Path,
    until: Instant,
}

impl Asked<'_> {
    fn command(&self, arguments: &[&str]) -> GitCommand {
        let left = self.until.saturating_duration_since(Instant::now());
        GitCommand::in_folder(self.root).args(arguments).within(left)
    }

    fn answer(&self, arguments: &[&str]) -> Result<Option<String>, GitError> {
        Ok(self.command(arguments).answer()?.map(|text| text.trim_end().to_owned()))
    }

    /// The lines that a diff adds and removes.
    fn lines(&self, arguments: &[&str]) -> Result<LineCount, GitError> {
        // The repository may configure programs for diffs. They must not run.
        let text = self.command(&["diff", "--no-ext-diff", "--no-textconv"]).args(arguments).text()?;
        let of = |what: &str| {
            let part = text.split(',').find(|part| part.contains(what))?;
            part.trim().split(' ').next()?.parse().ok()
        };
        Ok(LineCount { added: of("insertion").unwrap_or(0), removed: of("deletion").unwrap_or(0) })
    }

    fn untracked(&self) -> Result<u64, GitError> {
        let names = self.command(&["ls-files", "--others", "--exclude-standard", "-z"]).text()?;
        let names = names.split('\0').filter(|name| !name.is_empty()).take(MOST_UNTRACKED);
        Ok(names.filter_map(|name| lines_of(&self.root.join(name))).sum())
    }

    /// The parent of this branch: the trunk, or a nearer branch whose tip is a strict ancestor. A branch at the same
    /// commit is a copy and not a parent.
    fn parent(&self, branch: &str, head: &str) -> Result<Option<String>, GitError> {
        let mut candidates = Vec::new();
        // The remote's trunk comes first, because the local one may be behind.
        let remote = TRUNKS.map(|trunk| format!("origin/{trunk}"));
        for trunk in remote.into_iter().chain(TRUNKS.map(str::to_owned)) {
            let name = format!("{trunk}^{{commit}}");
            if self.answer(&["rev-parse", "--verify", "--quiet", &name])?.is_some() {
                candidates.push(trunk);
                break;
            }
        }
        let asked = ["for-each-ref", "--merged", "HEAD", "--format=%(objectname) %(refname)"];
        for line in self.command(&asked).args(STACKED).text()?.lines() {
            let Some((tip, reference)) = line.split_once(' ') else { continue };
            let name = reference.strip_prefix("refs/heads/").unwrap_or(reference);
            if tip != head && name != branch {
                candidates.push(name.to_owned());
            }
        }
        let mut nearest: Option<(u64, String)> = None;
        for candidate in candidates {
            let Some(count) = self.answer(&["rev-list", "--count", &format!("{candidate}..HEAD")])? else {
                continue;
            };
            let count: u64 = count.parse().unwrap_or(u64::MAX);
            if nearest.as_ref().is_none_or(|(least, _)| count < *least) {
                nearest = Some((count, candidate));
            }
        }
        Ok(nearest.map(|(_, name)| name))
    }
}

/// The number of lines in a text file. `None` if it is binary, too large, or not a regular file.
fn lines_of(path: &Path) -> Option<u64> {
    if !std::fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let (file, about) =
        store::open_regular(path).ok().filter(|(_, about)| about.len() <= LARGEST_UNTRACKED)?;
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or(0) + 1);
    file.take(LARGEST_UNTRACKED).read_to_end(&mut bytes).ok()?;
    if bytes.iter().take(LOOKED_AT).any(|byte| *byte == 0) {
        return None;
    }
    let unfinished = u64::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
    Some(bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + unfinished)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Repo;

    #[test]
    fn a_branch_is_counted_against_where_it_came_from() {
        let repo = Repo::new();
        let size = |branch: &str, base: Option<&str>| branch_size(repo.root(), branch, base);
        assert_eq!(size("side", None).unwrap(), None, "no commit yet");
        repo.write("a", "1\n2\n");
        repo.git(&["add", "."]);
        repo.git(&["commit", "-qm", "one"]);
        assert_eq!(size("main", None).unwrap(), None);
        repo.git(&["checkout", "-qb", "side"]);
        repo.write("a", "1\n3\n4\n");
        repo.git(&["commit", "-qam", "two"]);
        repo.write("b", "x");
        repo.write("c", "\0\n");
        let found = size("side", None).unwrap().unwrap();
        assert_eq!((found.base.as_str(), found.untracked, found.total()), ("main", 1, 4));
        assert_eq!(found.committed, LineCount { added: 2, removed: 1 });
        assert_eq!(size("side", Some("side")).unwrap(), None);
        let error = size("side", Some("none")).unwrap_err();
        assert!(matches!(error, GitError::UnrelatedBase(_)), "{error}");
    }
}
