//! Whether a command line really commits, and where.

use std::path::{Path, PathBuf};

use git::Repository;
use platform::path::{expand_tilde, resolve};
use shell::{Command, Folder, Script};

/// What makes a new commit, if it goes well.
const VERBS: [&str; 5] = ["commit", "cherry-pick", "merge", "revert", "am"];
/// With one of these it makes none.
const HARMLESS: [&str; 8] =
    ["--abort", "--quit", "--skip", "--help", "-h", "--dry-run", "--no-commit", "--show-current-patch"];
/// The options of a merge that take the next word.
const WITH_VALUE: [&str; 8] =
    ["-m", "-F", "--file", "-s", "--strategy", "-X", "--strategy-option", "--into-name"];
/// How many commits a merge is asked about.
const MOST_MERGED: usize = 8;

/// Whether the text can hold such a command at all.
pub fn is_mentioned(line: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    line.contains("git") && line.split(|c| !is_word(c)).any(|word| VERBS.contains(&word))
}

/// Whether a command of the line, started in `folder`, commits into one of these work trees. Git is asked about merges
/// alone: one of what HEAD holds already commits nothing.
pub fn commits(script: &Script, folder: &Path, home: &Path, trees: &[&Repository]) -> bool {
    script.commands.iter().filter(|command| is_commit(command)).any(|command| {
        match place(command, folder, home) {
            None => true,
            Some(place) => {
                let tree = tree_of(&place, trees);
                tree.is_some_and(|tree| !is_merged_already(command, tree))
            }
        }
    })
}

fn is_commit(command: &Command) -> bool {
    let words = command.without_global_options();
    let Some(verb) = words.get(1).map(|verb| verb.text.as_str()) else { return false };
    let is_harmless = |word: &str| match verb {
        // Of a commit, `-n` skips its hooks; of a merge, the statistics.
        "cherry-pick" | "revert" if is_cluster_with_n(word) => true,
        "merge" if word == "--squash" => true,
        _ => HARMLESS.contains(&word),
    };
    command.program() == Some("git")
        && VERBS.contains(&verb)
        && !words.iter().any(|word| is_harmless(&word.text))
}

/// `-n`, also among other letters that take no value.
fn is_cluster_with_n(word: &str) -> bool {
    word.strip_prefix('-')
        .is_some_and(|letters| letters.contains('n') && letters.chars().all(|c| "nexs".contains(c)))
}

/// The work tree that git works on in a folder: another repository may lie below it.
fn tree_of<'t>(folder: &Path, trees: &[&'t Repository]) -> Option<&'t Repository> {
    let nearest = folder
        .ancestors()
        .find(|at| trees.iter().any(|tree| tree.top() == *at) || Repository::at(at).is_some())?;
    trees.iter().find(|tree| tree.top() == nearest).copied()
}

/// Whether a command merges only what HEAD of the work tree holds.
fn is_merged_already(command: &Command, tree: &Repository) -> bool {
    let words = command.without_global_options();
    if words.get(1).is_none_or(|verb| verb.text != "merge") {
        return false;
    }
    let mut merged = Vec::new();
    let mut rest = words.iter().skip(2);
    while let Some(word) = rest.next() {
        if WITH_VALUE.contains(&word.text.as_str()) {
            rest.next();
        } else if !word.text.starts_with('-') {
            merged.push(word);
        }
    }
    let is_held = |name: &str| tree.ask(&["merge-base", "--is-ancestor", name, "HEAD"]).is_some();
    !merged.is_empty()
        && merged.len() <= MOST_MERGED
        && merged.iter().all(|word| word.is_literal && is_held(&word.text))
}

/// The folder that git works in; `None` when the line does not tell.
fn place(command: &Command, start: &Path, home: &Path) -> Option<PathBuf> {
    let mut at = match &command.folder {
        Folder::Start => start.to_owned(),
        Folder::In(folder) => start.join(expand_tilde(home, folder)),
        Folder::Unknown => return None,
    };
    let words = command.arguments();
    for pair in words.windows(2).take_while(|pair| !VERBS.contains(&pair[0].text.as_str())) {
        if pair[0].text == "-C" {
            if !pair[1].is_literal {
                return None;
            }
            at = at.join(expand_tilde(home, &pair[1].text));
        }
    }
    Some(resolve(&at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_one(line: &str) -> bool {
        shell::parse(line).commands.iter().any(is_commit)
    }

    #[test]
    fn each_verb_commits() {
        let lines = [
            "git commit -m x",
            "git cherry-pick abc",
            "git merge topic",
            "git revert HEAD",
            "git am x.patch",
        ];
        assert_eq!(lines.len(), VERBS.len());
        for line in lines {
            assert!(is_one(line) && is_mentioned(line), "{line}");
        }
        assert!(!is_one("git status") && !is_one("hg commit"));
    }

    #[test]
    fn each_harmless_option_makes_no_commit() {
        let lines = [
            "git merge --abort",
            "git cherry-pick --quit",
            "git am --skip",
            "git commit --help",
            "git revert -h",
            "git commit --dry-run",
            "git merge --no-commit topic",
            "git am --show-current-patch",
        ];
        assert_eq!(lines.len(), HARMLESS.len());
        for line in lines {
            assert!(!is_one(line), "{line}");
        }
        for line in ["git merge --squash topic", "git cherry-pick -n abc", "git revert -xn HEAD"] {
            assert!(!is_one(line), "{line}");
        }
        for line in ["git commit -n -m x", "git merge -n topic", "git commit --squash HEAD~1"] {
            assert!(is_one(line), "{line}");
        }
    }
}
