//! Keeps what Stanchion writes below `.claude/` out of `git status`: a marked block in the clone's own
//! `info/exclude`, which git never commits.

use std::io;
use std::path::PathBuf;

use git::Repository;
use platform::store::{self, Durability};

const BEGIN: &str = "# begin stanchion: session files of this clone";
const END: &str = "# end stanchion";
/// At the end of the first line, when the line before it had no end of its own.
const LINE_END_ADDED: &str = " (after a line end that it added)";

/// The files, wherever in the work tree a client was launched.
const FILES: [&str; 17] = [
    "**/.claude/hooks/.session-state.json*",
    "**/.claude/hooks/.context-tracking-state.json*",
    "**/.claude/hooks/.auto-save-state.json*",
    "**/.claude/hooks/.commit-tracker-state.json*",
    "**/.claude/hooks/.session-agents.json*",
    "**/.claude/state/handoff.json*",
    "**/.claude/state/commit-log.jsonl*",
    "**/.claude/state/commit-failures.jsonl*",
    "**/.claude/state/agent-invocations.jsonl*",
    "**/.claude/state/test-runs.jsonl*",
    "**/.claude/state/error-fingerprints.json*",
    "**/.claude/state/warned-files.json*",
    "**/.claude/state/checkpoints/",
    "**/.claude/haios-events.jsonl*",
    "**/.claude/governance-events.jsonl*",
    "**/.claude/validation.jsonl*",
    "**/.claude/pending-alerts.json*",
];

fn path(repository: &Repository) -> PathBuf {
    repository.common_dir().join("info/exclude")
}

/// A larger file is not one that people write.
const LARGEST: u64 = 16 * 1024 * 1024;

fn read(repository: &Repository) -> io::Result<Vec<u8>> {
    Ok(store::read_regular(&path(repository), LARGEST)?.unwrap_or_default())
}

/// Adds the block, or brings an older version's up to date; whether anything changed. Everything else in the file
/// keeps its bytes.
///
/// # Errors
/// When the file cannot be read or written.
pub fn add(repository: &Repository) -> io::Result<bool> {
    let file = path(repository);
    let text = read(repository)?;
    let mut wanted = without(&text).unwrap_or_else(|| text.clone());
    // A last line without its end gets one, and the block remembers that it did.
    let begin = if wanted.is_empty() || wanted.ends_with(b"\n") {
        BEGIN.to_owned()
    } else {
        wanted.push(b'\n');
        format!("{BEGIN}{LINE_END_ADDED}")
    };
    wanted.extend_from_slice(format!("{begin}\n{}\n{END}\n", FILES.join("\n")).as_bytes());
    if wanted == text {
        return Ok(false);
    }
    if let Some(folder) = file.parent() {
        store::create_dir(folder)?;
    }
    store::replace(&file, &wanted, Durability::Rebuildable, 0o644)?;
    Ok(true)
}

/// Whether the block is there.
pub fn is_there(repository: &Repository) -> bool {
    read(repository).is_ok_and(|text| without(&text).is_some())
}

/// Takes the block out again; whether it was there.
///
/// # Errors
/// As [`add`].
pub fn remove(repository: &Repository) -> io::Result<bool> {
    let file = path(repository);
    let Some(text) = without(&read(repository)?) else { return Ok(false) };
    store::replace(&file, &text, Durability::Rebuildable, 0o644)?;
    Ok(true)
}

/// The text without the block; `None` when there is none. Of a block that somebody has edited only the lines go that
/// are known to be ours.
fn without(text: &[u8]) -> Option<Vec<u8>> {
    let mut kept: Vec<u8> = Vec::with_capacity(text.len());
    let (mut is_inside, mut was_there, mut added_end) = (false, false, false);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let words = line.trim_ascii_end();
        if let Some(rest) = words.strip_prefix(BEGIN.as_bytes()) {
            (is_inside, was_there) = (true, true);
            added_end |= rest == LINE_END_ADDED.as_bytes();
            continue;
        }
        if is_inside && words == END.as_bytes() {
            is_inside = false;
            continue;
        }
        if is_inside && FILES.iter().any(|file| words == file.as_bytes()) {
            continue;
        }
        is_inside = false;
        added_end = false;
        kept.extend_from_slice(line);
    }
    // What follows the block would be glued to the user's last line.
    if added_end && kept.ends_with(b"\n") {
        kept.pop();
    }
    was_there.then_some(kept)
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
        for (before, after) in [
            (&b""[..], &b"later\n"[..]),
            (b"# mine\n*.log\n", b"later\n"),
            (b"no end", b""),
            (b"\xff\n", b""),
        ] {
            std::fs::write(&file, before).unwrap();
            assert!(add(&repository).unwrap() && !add(&repository).unwrap());
            std::fs::write(&file, [&std::fs::read(&file).unwrap(), after].concat()).unwrap();
            assert!(!before.is_empty() || !add(&repository).unwrap() || is_there(&repository));
            assert!(remove(&repository).unwrap() && !remove(&repository).unwrap());
            assert_eq!(std::fs::read(&file).unwrap(), [before, after].concat());
        }
    }

    #[test]
    fn an_edited_block_costs_no_line_of_the_users() {
        let own = format!("{BEGIN}\n{}\n", FILES.join("\n"));
        for (text, left) in [
            (format!("{own}my-secret.env\n{own}{END}\nlast\n"), "my-secret.env\nlast\n"),
            (
                format!("first\n{BEGIN}\nmine\n{}\n{END}\n", FILES[0]),
                &*format!("first\nmine\n{}\n{END}\n", FILES[0]),
            ),
        ] {
            assert_eq!(String::from_utf8(without(text.as_bytes()).unwrap()).unwrap(), left);
        }
    }
}
