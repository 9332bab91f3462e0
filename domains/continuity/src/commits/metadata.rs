//! What git knows about commits: two processes for all of them.

use std::collections::{HashMap, HashSet};
use std::io;
use std::process::Command;
use std::time::Duration;

use git::Repository;
use platform::child;
use platform::text::one_line;
use redact::redact;

/// How long git may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many paths a line of the log names.
const MOST_PATHS: usize = 30;
/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 500;
/// The longest name, branch or path, in characters.
const LONGEST_NAME: usize = 300;
/// What stands between two commits' fields is what ends each of them.
const FORMAT: &str = "--format=tformat:%H%x00%h%x00%an%x00%ad%x00%P%x00%ct%x00%s";
const FIELDS: usize = 7;

/// A commit as git tells it, every text of it redacted.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// As short as git shows it.
    pub short_hash: String,
    /// The author's name.
    pub author: String,
    /// Strict ISO 8601.
    pub author_date: String,
    /// The commits it follows.
    pub parents: Vec<String>,
    /// When it was committed, seconds since 1970.
    pub at: i64,
    /// Its subject.
    pub subject: String,
    /// How many files it changed, against its first parent.
    pub files: usize,
    /// The first of them.
    pub paths: Vec<String>,
}

/// Asks git about commits. Those that it does not know are left out.
///
/// # Errors
/// When git fails or takes too long.
pub fn of(repository: &Repository, hashes: &[&str]) -> io::Result<HashMap<String, Metadata>> {
    if hashes.is_empty() {
        return Ok(HashMap::new());
    }
    let output = match log(repository, hashes) {
        Ok(output) => output,
        // One that was pruned fails all.
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
        let metadata = Metadata {
            short_hash: short_hash.to_string(),
            author: clean(author, LONGEST_NAME),
            author_date: author_date.to_string(),
            parents: parents.split_whitespace().map(str::to_owned).collect(),
            at: at.parse().unwrap_or(0),
            subject: clean(subject, LONGEST_SUBJECT),
            ..Metadata::default()
        };
        all.insert(hash.to_string(), metadata);
    }
    // Who changed more than is read keeps its line in the log.
    if let Ok(output) = files(repository, &order, &all) {
        count_files(&output, &order, &mut all);
    }
    Ok(all)
}

/// A text from git for one line of the log: redacted, then cut.
pub fn clean(text: &str, most: usize) -> String {
    let line = one_line(text);
    redact(&line).chars().take(most).collect()
}

fn log(repository: &Repository, hashes: &[&str]) -> io::Result<Vec<u8>> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let arguments =
        ["log", "--no-walk=unsorted", "--stdin", "-z", "--date=iso-strict", "--no-show-signature", FORMAT];
    ask(repository, &arguments, hashes.join("\n"))
}

/// Each commit is asked about with its first parent: of a merge git would tell what differs from every one of them.
fn files(repository: &Repository, hashes: &[String], all: &HashMap<String, Metadata>) -> io::Result<Vec<u8>> {
    let arguments = ["diff-tree", "--stdin", "-z", "--root", "--name-only", "-r", "--no-renames", "--always"];
    let with_parent = |hash: &String| {
        let parent = all.get(hash).and_then(|metadata| metadata.parents.first());
        parent.map_or_else(|| hash.clone(), |parent| format!("{hash} {parent}"))
    };
    let input: Vec<_> = hashes.iter().map(with_parent).collect();
    ask(repository, &arguments, input.join("\n"))
}

/// Each commit's name comes before its paths, in the order that was asked.
fn count_files(output: &[u8], order: &[String], all: &mut HashMap<String, Metadata>) {
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
            metadata.paths.push(clean(&String::from_utf8_lossy(part), LONGEST_NAME));
        }
    }
}

fn existing(repository: &Repository, hashes: &[&str]) -> io::Result<HashSet<String>> {
    let output = ask(repository, &["cat-file", "--batch-check"], hashes.join("\n"))?;
    let of_line = |line: &str| Some(line.split_once(" commit ")?.0.to_owned());
    Ok(String::from_utf8_lossy(&output).lines().filter_map(of_line).collect())
}

fn ask(repository: &Repository, arguments: &[&str], input: String) -> io::Result<Vec<u8>> {
    let mut git = Command::new("git");
    git.arg("--git-dir").arg(repository.git_dir());
    git.args(["-c", "core.quotePath=false", "-c", "i18n.logOutputEncoding=UTF-8"]).args(arguments);
    let (status, output) = child::output_of(&mut git, (input + "\n").into_bytes(), PATIENCE)?;
    match status.success() {
        true => Ok(output),
        false => Err(io::Error::other(format!("git {} failed", arguments[0]))),
    }
}
