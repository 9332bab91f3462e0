//! Whether a command line really commits, and where.

use std::path::{Path, PathBuf};

use hooks_common::paths::{expand, resolve};
use shell::{Command, Folder, Script};

/// What makes a new commit, if it goes well.
const VERBS: [&str; 5] = ["commit", "cherry-pick", "merge", "revert", "am"];
/// With one of these it makes none.
const HARMLESS: [&str; 6] = ["--abort", "--quit", "--help", "-h", "--dry-run", "--no-commit"];

/// Whether the text can hold such a command at all.
pub fn is_mentioned(line: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    line.contains("git") && line.split(|c| !is_word(c)).any(|word| VERBS.contains(&word))
}

/// Whether a command of the line, started in `folder`, commits into one of these work trees.
pub fn commits(script: &Script, folder: &Path, home: &Path, tops: &[&Path]) -> bool {
    script.commands.iter().filter(|command| is_commit(command)).any(|command| {
        let place = place(command, folder, home);
        place.is_none_or(|place| tops.iter().any(|top| place.starts_with(top)))
    })
}

fn is_commit(command: &Command) -> bool {
    let words = command.without_global_options();
    command.program() == Some("git")
        && words.get(1).is_some_and(|verb| VERBS.contains(&verb.text.as_str()))
        && !words.iter().any(|word| HARMLESS.contains(&word.text.as_str()))
}

/// The folder that git works in; `None` when the line does not tell.
fn place(command: &Command, start: &Path, home: &Path) -> Option<PathBuf> {
    let mut at = match &command.folder {
        Folder::Start => start.to_owned(),
        Folder::In(folder) => start.join(below_home(folder, home)),
        Folder::Unknown => return None,
    };
    let words = command.arguments();
    for pair in words.windows(2).take_while(|pair| !VERBS.contains(&pair[0].text.as_str())) {
        if pair[0].text == "-C" {
            if !pair[1].is_literal {
                return None;
            }
            at = at.join(below_home(&pair[1].text, home));
        }
    }
    Some(resolve(&at))
}

fn below_home(path: &str, home: &Path) -> PathBuf {
    if path == "~" || path.starts_with("~/") { expand(home, Path::new(path)) } else { PathBuf::from(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_no_commit() {
        let is = |line: &str| {
            let (script, top) = (shell::parse(line), Path::new("/nowhere/repo"));
            is_mentioned(line) && commits(&script, &top.join("src"), Path::new("/nowhere"), &[top])
        };
        for line in [
            "git commit -m x",
            "git -C . commit",
            "git -c a.b=c commit",
            "cd x && git merge side",
            "true; /usr/bin/git revert HEAD",
            "bash -c 'git cherry-pick abc'",
            "git -C ~/repo commit",
            "cd \"$DIR\" && git commit",
        ] {
            assert!(is(line), "{line}");
        }
        for line in [
            "echo \"git commit\"",
            "git log --grep 'git commit'",
            "git show commit",
            "git merge --abort",
            "git commit --dry-run",
            "git -C /elsewhere commit",
            "cd ../../other && git commit",
            "make",
        ] {
            assert!(!is(line), "{line}");
        }
    }
}
