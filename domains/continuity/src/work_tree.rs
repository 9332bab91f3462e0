//! A work tree as hand-offs and checkpoints show it.

use std::path::Path;

use git::WorkTreeStatus;
use platform::text::{cut_bytes, one_line};
use redact::redact;

/// The longest subject, in bytes.
const LONGEST_SUBJECT: usize = 500;

/// What git knows of the work tree at `root`, with its last `most` commits, their subjects redacted; empty where git
/// gives no answer.
pub fn look(root: &Path, most: usize) -> WorkTreeStatus {
    let mut tree = WorkTreeStatus::of(root, most).unwrap_or_default();
    for (_, subject) in &mut tree.recent {
        *subject = clean(subject);
    }
    tree
}

/// A subject as it is kept: redacted, one line, bounded.
fn clean(subject: &str) -> String {
    let text = redact(cut_bytes(subject, 4 * LONGEST_SUBJECT));
    cut_bytes(one_line(&text).trim(), LONGEST_SUBJECT).to_owned()
}
