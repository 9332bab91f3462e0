//! What the log keeps of what git knows about commits: redacted, in one line, bounded.

use std::collections::HashMap;

use git::{CommitDetails, GitError, Repository};
use platform::text::one_line;
use redact::redact;

/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 500;
/// The longest name, branch or path, in characters.
const LONGEST_NAME: usize = 300;

/// Asks git about commits. Those that it does not know are left out.
///
/// # Errors
/// When git fails or takes too long.
pub fn of(repository: &Repository, hashes: &[&str]) -> Result<HashMap<String, CommitDetails>, GitError> {
    let mut all = git::commits(repository, hashes)?;
    for commit in all.values_mut() {
        commit.author = clean(&commit.author, LONGEST_NAME);
        commit.subject = clean(&commit.subject, LONGEST_SUBJECT);
        for path in &mut commit.paths {
            *path = clean(path, LONGEST_NAME);
        }
    }
    Ok(all)
}

/// A text from git for one line of the log: redacted, then cut.
pub fn clean(text: &str, most: usize) -> String {
    let line = one_line(text);
    redact(&line).chars().take(most).collect()
}
