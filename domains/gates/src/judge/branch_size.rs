//! `branch_size_calculator`: how many lines a branch changes against the branch it came from.

use std::path::Path;

use git::{GitError, LineCount};
use serde_json::{Map, Value, json};

use super::judged::Computed;

/// The size of the current branch, as [`git::branch_size`] counts it.
///
/// # Errors
/// When git fails or takes too long, or the configured base does not exist.
pub fn compute(root: &Path, branch: &str, base: Option<&str>) -> Result<Option<Computed>, GitError> {
    let size = git::branch_size(root, branch, base)?;
    let Some(size) = size else { return Ok(None) };
    let untracked = LineCount { added: size.untracked, removed: 0 };
    let mut summary = format!("committed: {}+/{}-", size.committed.added, size.committed.removed);
    for (name, lines) in [("staged", size.staged), ("unstaged", size.unstaged), ("untracked", untracked)] {
        if lines.total() > 0 {
            summary.push_str(&format!(" | {name}: {}+/{}-", lines.added, lines.removed));
        }
    }
    let total = size.total();
    let facts = Map::from_iter(
        [
            ("total", Value::from(total)),
            ("base_branch", size.base.into()),
            ("committed", json!({"ins": size.committed.added, "del": size.committed.removed})),
            ("staged", size.staged.total().into()),
            ("unstaged", size.unstaged.total().into()),
            ("untracked", size.untracked.into()),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    );
    #[allow(clippy::cast_precision_loss, reason = "no branch has 2^53 lines")]
    Ok(Some(Computed { value: total as f64, summary, facts }))
}
