//! Reads details of commits from git: two processes for any number of commits.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::error::GitError;
use crate::repository::Repository;

/// The time limit for git.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most paths of a commit that are named.
const MOST_PATHS: usize = 30;
/// The fields of a commit are separated by the same zero byte that ends a commit.
const FORMAT: &str = "--format=tformat:%H%x00%h%x00%an%x00%ad%x00%P%x00%ct%x00%s";
const FIELDS: usize = 7;

/// The details of a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommitDetails {
    /// The abbreviated hash that git shows.
    pub short_hash: String,
    /// The author's name.
    pub author: String,
    /// The author date in strict ISO 8601.
    pub author_date: String,
    /// The hashes of its parents.
    pub parents: Vec<String>,
    /// The commit time, in seconds since 1970.
    pub at: i64,
    /// Its subject.
    pub subject: String,
    /// The number of files changed against the first parent.
    pub files: usize,
    /// The first thirty of these files.
    pub paths: Vec<String>,
}

/// Reads the details of commits, by their full hashes. Unknown commits are omitted.
///
/// # Errors
/// When git fails or takes too long.
pub fn commits(repository: &Repository, hashes: &[&str]) -> Result<HashMap<String, CommitDetails>, GitError> {
    if hashes.is_empty() {
        return Ok(HashMap::new());
    }
    let output = match log(repository, hashes) {
        Ok(output) => output,
        // A single pruned commit makes git fail for all, so the existing ones are listed first.
        Err(_) => {
            let there = existing(repository, hashes)?;
            log(repository, &hashes.iter().copied().filter(|hash| there.contains(*hash)).collect::<Vec<_>>())?
        }
    };
    let mut all = HashMap::new();
    let fields: Vec<_> = output.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
    let mut order = Vec::new();
    for commit in fields.chunks_exact(FIELDS) {
        let [hash, short_hash, author, author_date, parents, at, subject] = commit else { continue };
        order.push(hash.to_string());
        let metadata = CommitDetails {
            short_hash: short_hash.to_string(),
            author: author.to_string(),
            author_date: author_date.to_string(),
            parents: parents.split_whitespace().map(str::to_owned).collect(),
            at: at.parse().unwrap_or(0),
            subject: subject.to_string(),
            ..CommitDetails::default()
        };
        all.insert(hash.to_string(), metadata);
    }
    // A commit with more paths than the output limit keeps its other details.
    if let Ok(output) = files(repository, &order, &all) {
        count_files(&output, &order, &mut all);
    }
    Ok(all)
}

fn log(repository: &Repository, hashes: &[&str]) -> Result<Vec<u8>, GitError> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let arguments =
        ["log", "--no-walk=unsorted", "--stdin", "-z", "--date=iso-strict", "--no-show-signature", FORMAT];
    ask(repository, &arguments, hashes.join("\n"))
}

/// Lists the files of each commit against its first parent. Without that parent, git lists only a merge's differences
/// from all parents.
fn files(
    repository: &Repository,
    hashes: &[String],
    all: &HashMap<String, CommitDetails>,
) -> Result<Vec<u8>, GitError> {
    let arguments = ["diff-tree", "--stdin", "-z", "--root", "--name-only", "-r", "--no-renames", "--always"];
    let with_parent = |hash: &String| {
        let parent = all.get(hash).and_then(|metadata| metadata.parents.first());
        parent.map_or_else(|| hash.clone(), |parent| format!("{hash} {parent}"))
    };
    let input: Vec<_> = hashes.iter().map(with_parent).collect();
    ask(repository, &arguments, input.join("\n"))
}

/// Counts the files of each commit. The output has a commit's hash before its paths, in the order of the input.
fn count_files(output: &[u8], order: &[String], all: &mut HashMap<String, CommitDetails>) {
    let mut expected = order.iter().peekable();
    let mut current = None;
    for part in output.split(|byte| *byte == 0).filter(|part| !part.is_empty()) {
        if let Some(hash) = expected.next_if(|hash| hash.as_bytes() == part) {
            current = Some(hash);
            continue;
        }
        let Some(metadata) = current.and_then(|hash| all.get_mut(hash)) else { continue };
        metadata.files += 1;
        if metadata.paths.len() < MOST_PATHS {
            metadata.paths.push(String::from_utf8_lossy(part).into_owned());
        }
    }
}

fn existing(repository: &Repository, hashes: &[&str]) -> Result<HashSet<String>, GitError> {
    let output = ask(repository, &["cat-file", "--batch-check"], hashes.join("\n"))?;
    let of_line = |line: &str| Some(line.split_once(" commit ")?.0.to_owned());
    Ok(String::from_utf8_lossy(&output).lines().filter_map(of_line).collect())
}

fn ask(repository: &Repository, arguments: &[&str], input: String) -> Result<Vec<u8>, GitError> {
    repository.command().args(arguments).input(input + "\n").within(PATIENCE).bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Repo;

    #[test]
    fn commits_are_known_with_their_files() {
        let repo = Repo::new();
        repo.write("a", "a\n");
        repo.write("ö b", "b\n");
        repo.git(&["add", "."]);
        repo.git(&["commit", "-qm", "one"]);
        repo.commit("two");
        let hash = |name: &str| repo.git(&["rev-parse", name]);
        let (first, second) = (hash("HEAD~"), hash("HEAD"));
        let repository = Repository::at(repo.root()).unwrap();
        let gone = "f".repeat(40);
        let known = commits(&repository, &[&first, &gone, &second]).unwrap();
        assert_eq!(known.len(), 2, "a commit that is not there costs itself alone");
        assert_eq!(
            (known[&first].files, known[&first].paths.as_slice()),
            (2, &["a", "ö b"].map(str::to_owned)[..])
        );
        assert_eq!((known[&second].files, known[&second].subject.as_str()), (0, "two"));
        assert_eq!((&known[&second].parents, known[&second].author.as_str()), (&vec![first], "dev"));
        assert!(commits(&repository, &[]).unwrap().is_empty());
    }
}
