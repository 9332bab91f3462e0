//! The lines that the commits on a command line would add, by file.
//!
//! A commit includes what is staged; with `-a` the content of tracked files; with paths, these files. An
//! earlier `git add` on the same line stages more. None of this has happened when a guard runs, so git is
//! asked for the lines of each. Commits are rare, so a child process is acceptable here, unlike in most
//! hooks.
//!
//! Not covered: aliases, `git stash`, `git merge` and similar commands, and changes by a program between the
//! `git add` and the commit.

mod diff;
mod file;
mod takes;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git::GitCommand;
use memchr::{memchr, memmem};
use platform::budget;
use platform::store;

pub use file::AddedFile;

use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use diff::AddedLines;
use takes::{CommitPlace, CommittedFiles, Take, Untracked};

/// How long git may take for one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// The largest total size that is read, in bytes.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// The largest file that is read, in bytes.
const LARGEST: usize = 1024 * 1024;
/// The largest number of files.
const MOST_FILES: usize = 2_000;
/// The finding over a commit that adds more than is read.
const TOO_MUCH: &str = "the commit adds more files or lines than are looked at";
/// How many bytes git examines to recognise a binary file.
const LOOKED_AT: usize = 8_000;

/// Whether the line commits: a cheap check.
pub fn commits(examined: &ExaminedUse<'_>) -> bool {
    may_commit(examined.tool_use.command.as_bytes())
        && examined.script().commands.iter().any(takes::is_commit)
}

/// Whether a line can contain the word: written out, or split by quotes and expansions.
fn may_commit(line: &[u8]) -> bool {
    memmem::find(line, b"commit").is_some()
        || line.iter().any(|byte| matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'{'))
}

/// The lines that the commits on a command line would add, by file. Several guards need them, and git is
/// asked once for each event. Binary files and files beyond 1 MiB are skipped. The result is marked as cut
/// beyond 8 MiB in total or 2,000 files.
///
/// # Errors
/// If git fails.
pub fn added<'s>(examined: &'s ExaminedUse<'_>) -> Result<&'s [AddedFile], GuardsError> {
    examined.commit(|| asked(examined))
}

fn asked(examined: &ExaminedUse<'_>) -> Result<Vec<AddedFile>, GuardsError> {
    let mut added = Added { files: BTreeMap::new(), room: MOST_BYTES };
    for take in takes::of(examined)? {
        added.take(&take)?;
    }
    Ok(added.files.into_iter().map(|((top, path), lines)| AddedFile { top, path, lines }).collect())
}

/// Whether HEAD contains a text; for several lines, the longest line.
pub fn is_committed(top: &Path, text: &str) -> bool {
    let text = text.lines().max_by_key(|line| line.len()).unwrap_or_default().trim();
    !text.is_empty() && git::is_in_head(top, text)
}

/// The lines found so far.
struct Added {
    files: BTreeMap<(PathBuf, PathBuf), AddedLines>,
    /// How many bytes may still be read.
    room: usize,
}

impl Added {
    fn take(&mut self, take: &Take) -> Result<(), GuardsError> {
        let place = &take.place;
        match &take.files {
            CommittedFiles::Staged => self.diff(place, &["--cached"], &[]),
            CommittedFiles::Named { specs, untracked } => {
                self.forget_superseded(place, specs)?;
                self.diff(place, &[&base(place)?], specs)?;
                self.untracked(place, specs, *untracked)
            }
        }
    }

    /// The lines that a diff adds.
    fn diff(&mut self, place: &CommitPlace, what: &[&str], specs: &[String]) -> Result<(), GuardsError> {
        let git = place.git().args(["diff"]).args(what).args(diff::OPTIONS).args(["--"]).args(specs);
        let output = said(git)?;
        for (path, lines) in diff::added(&output) {
            self.add(place, path, lines);
        }
        Ok(())
    }

    /// Removes files whose work tree content differs from the staged content: they will be staged again, or
    /// removed.
    fn forget_superseded(&mut self, place: &CommitPlace, specs: &[String]) -> Result<(), GuardsError> {
        if self.files.is_empty() {
            return Ok(());
        }
        let asked = ["diff", "--name-only", "-z", "--no-relative", "--no-renames", "--no-ext-diff", "--"];
        for path in said(place.git().args(asked).args(specs))?.split(|byte| *byte == 0) {
            self.files.remove(&(place.top.clone(), diff::path_of(path)));
        }
        Ok(())
    }

    /// Adds the untracked files.
    fn untracked(
        &mut self,
        place: &CommitPlace,
        specs: &[String],
        which: Untracked,
    ) -> Result<(), GuardsError> {
        let ignored = match which {
            Untracked::None => return Ok(()),
            Untracked::NotIgnored => Some("--exclude-standard"),
            Untracked::All => None,
        };
        let git = place.git().args(["ls-files", "-z", "--others", "--full-name"]).args(ignored);
        let names = said(git.args(["--"]).args(specs))?;
        for path in names.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
            if self.files.len() >= MOST_FILES || self.room == 0 || budget::is_spent() {
                budget::cut(TOO_MUCH);
                break;
            }
            let path = diff::path_of(path);
            if let Some(text) = text_of(&place.top.join(&path)) {
                let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.to_owned()));
                self.add(place, path, lines.collect());
            }
        }
        Ok(())
    }

    fn add(&mut self, place: &CommitPlace, path: PathBuf, lines: AddedLines) {
        let bytes: usize = lines.iter().map(|(_, line)| line.len() + 1).sum();
        if lines.is_empty() || bytes > LARGEST {
            return;
        }
        if bytes > self.room || self.files.len() >= MOST_FILES {
            return budget::cut(TOO_MUCH);
        }
        self.room -= bytes;
        self.files.insert((place.top.clone(), path), lines);
    }
}

/// The base of a commit: HEAD, or the empty tree before the first commit.
fn base(place: &CommitPlace) -> Result<String, GuardsError> {
    if place.has_head() {
        return Ok("HEAD".to_owned());
    }
    let tree = said(place.git().args(["hash-object", "-t", "tree", "/dev/null"]))?;
    Ok(String::from_utf8_lossy(&tree).trim().to_owned())
}

/// The output of git, up to the size limit.
fn said(git: GitCommand) -> Result<Vec<u8>, GuardsError> {
    let output = git.within(PATIENCE).at_most(MOST_BYTES).beginning()?;
    if output.len() >= MOST_BYTES {
        budget::cut(TOO_MUCH);
    }
    Ok(output)
}

/// The text of a regular file that is neither too large nor binary.
fn text_of(path: &Path) -> Option<String> {
    let is_file = std::fs::symlink_metadata(path).is_ok_and(|about| about.is_file());
    let (file, _) = is_file.then(|| store::open_regular(path).ok()).flatten()?;
    let mut bytes = Vec::new();
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).ok()?;
    let is_text = bytes.len() <= LARGEST && memchr(0, &bytes[..bytes.len().min(LOOKED_AT)]).is_none();
    is_text.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests;
