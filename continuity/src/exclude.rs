//! Keeps what Stanchion writes below `.claude/` out of `git status`: a marked block in the clone's own
//! `info/exclude`, which git never commits.

use std::io;
use std::path::{Path, PathBuf};

use hooks_common::git::Repository;
use hooks_common::store::{self, Durability};

const BEGIN: &str = "# begin stanchion: session files of this clone";
const END: &str = "# end stanchion";

/// The files, wherever in the work tree a client was launched.
const FILES: [&str; 12] = [
    "**/.claude/hooks/.session-state.json*",
    "**/.claude/hooks/.context-tracking-state.json*",
    "**/.claude/hooks/.auto-save-state.json*",
    "**/.claude/hooks/.commit-tracker-state.json*",
    "**/.claude/hooks/.session-agents.json*",
    "**/.claude/state/handoff.json*",
    "**/.claude/state/commit-log.jsonl*",
    "**/.claude/state/commit-failures.jsonl*",
    "**/.claude/state/agent-invocations.jsonl*",
    "**/.claude/state/checkpoints/",
    "**/.claude/haios-events.jsonl*",
    "**/.claude/governance-events.jsonl*",
];

fn path(repository: &Repository) -> PathBuf {
    repository.common_dir().join("info/exclude")
}

fn block() -> String {
    format!("{BEGIN}\n{}\n{END}\n", FILES.join("\n"))
}

/// Adds the block, or brings an older version's up to date; whether anything changed. Everything else in the file
/// keeps its bytes.
///
/// # Errors
/// When the file cannot be read or written.
pub fn add(repository: &Repository) -> io::Result<bool> {
    let file = path(repository);
    let text = read(&file)?;
    let mut wanted = without(&text).unwrap_or_else(|| text.clone());
    // What was added to the end goes back to exactly what was there.
    let needs_newline = !wanted.is_empty() && !wanted.ends_with('\n');
    if needs_newline {
        return Ok(false);
    }
    wanted.push_str(&block());
    if wanted == text {
        return Ok(false);
    }
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    store::replace(&file, wanted.as_bytes(), Durability::Rebuildable, 0o644)?;
    Ok(true)
}

/// Takes the block out again; whether it was there.
///
/// # Errors
/// As [`add`].
pub fn remove(repository: &Repository) -> io::Result<bool> {
    let file = path(repository);
    let Some(text) = without(&read(&file)?) else { return Ok(false) };
    store::replace(&file, text.as_bytes(), Durability::Rebuildable, 0o644)?;
    Ok(true)
}

fn read(file: &Path) -> io::Result<String> {
    let bytes = store::read(file)?.unwrap_or_default();
    String::from_utf8(bytes).map_err(|_| io::Error::other(format!("{} is not UTF-8", file.display())))
}

/// The text without the block; `None` when there is none.
fn without(text: &str) -> Option<String> {
    let start = text.find(BEGIN)?;
    let end = start + text[start..].find(END)? + END.len();
    let rest = text[end..].strip_prefix('\n').unwrap_or(&text[end..]);
    Some(format!("{}{rest}", &text[..start]))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    #[test]
    fn a_block_comes_and_goes_without_a_trace() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join(".git/info")).unwrap();
        std::fs::write(dir.path().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        let repository = Repository::at(dir.path()).unwrap();
        let file = path(&repository);
        for before in ["", "# mine\n*.log\n"] {
            std::fs::write(&file, before).unwrap();
            assert!(add(&repository).unwrap() && !add(&repository).unwrap());
            std::fs::write(&file, std::fs::read_to_string(&file).unwrap() + "later\n").unwrap();
            assert!(remove(&repository).unwrap() && !remove(&repository).unwrap());
            assert_eq!(std::fs::read_to_string(&file).unwrap(), format!("{before}later\n"));
        }
        std::fs::write(&file, "no newline").unwrap();
        assert!(!add(&repository).unwrap(), "nothing is glued to the user's last line");
    }
}
