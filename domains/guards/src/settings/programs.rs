//! Programs that change a file in a way that [`shell`] does not count as a write.

use std::path::PathBuf;

use platform::path::resolve;
use platform::text::fact;
use shell::programs::{self, Roles};
use shell::{Command, Word, Write};

use super::files::{self, SettingsFileKind, SettingsFiles};
use super::reach::{LEAVE_IT, USE_EDIT, is_likely};
use crate::examined::ExaminedUse;
use crate::objection::Objection;

/// Whether a command may change a file that it names.
pub(super) fn may_change(command: &Command) -> bool {
    is_changing(command) || !outputs(command).is_empty()
}

/// The finding over a program that changes a file that it names.
pub(super) fn changing(
    command: &Command,
    files: &SettingsFiles,
    examined: &ExaminedUse<'_>,
) -> Option<Objection> {
    let program = command.program()?;
    let folder = command.git().map_or_else(|| command.folder.clone(), |git| git.folder);
    let place = |word: &Word| -> Option<PathBuf> {
        let write = Write::tree(word, &folder, "");
        let paths = examined.tool_use.targets(&write, examined.home()).into_iter().flatten();
        let decides = |path: &PathBuf| {
            files.kind(path).is_some_and(|kind| kind != SettingsFileKind::OptOut)
                || files.is_folder(path)
                || files.is_state(path)
        };
        paths.map(|path| resolve(&path)).find(decides)
    };
    let mut words = if is_changing(command) { changed(command) } else { Vec::new() };
    words.extend(outputs(command));
    if words.is_empty() {
        return None;
    }
    let Some(path) = words.iter().find_map(place).or_else(|| linked(command, &words, files, examined)) else {
        let may_be_one = |word: &Word| is_likely(&Write::tree(word, &folder, ""), command, examined);
        let what =
            || format!("{} would change what decides about hooks and gates, as it seems", fact(program));
        return words.iter().any(may_be_one).then(|| Objection::doubtful(what(), USE_EDIT));
    };
    let (by, shown) = (fact(program), fact(&examined.shown(&path)));
    let is_about_rights = programs::is(program, Roles::RIGHTS);
    Some(if files.is_state(&path) {
        Objection::sure(format!("{by} would change {shown}, which is Stanchion's own"), LEAVE_IT)
    } else if is_about_rights {
        Objection::doubtful(
            format!("{by} would change who may read and write {shown}, which decides about hooks and gates"),
            "leave its rights as they are, or ask the user to change them",
        )
    } else if program == "git" {
        Objection::doubtful(
            format!(
                "{by} would put something else in the place of {shown}, which decides about hooks and gates"
            ),
            "leave it out of what git is given",
        )
    } else {
        Objection::doubtful(
            format!("{by} would change {shown}, which decides about hooks and gates"),
            USE_EDIT,
        )
    })
}

/// The words after an option for the output file: `-o x`, `--output=x`, `-out x`.
fn outputs(command: &Command) -> Vec<Word> {
    const NAMES: [&str; 5] = ["-o", "-O", "-out", "--output", "--output-file"];
    let words = command.arguments();
    let behind =
        words.windows(2).filter(|pair| NAMES.contains(&pair[0].text.as_str())).map(|pair| pair[1].clone());
    let within = words.iter().filter_map(|word| {
        let (name, value) = word.text.split_once('=')?;
        NAMES.contains(&name).then(|| Word { text: value.to_owned(), ..word.clone() })
    });
    behind.chain(within).collect()
}

/// The words that name the files that a program changes.
fn changed(command: &Command) -> Vec<Word> {
    let given = || command.arguments().iter();
    let operands = || given().filter(|word| !word.text.starts_with('-'));
    match command.program() {
        Some("sed" | "gsed") => given().filter_map(|word| written_by_sed(&word.text)).collect(),
        Some("git") => {
            let is_left_out = |at: usize| {
                let before = at.checked_sub(1).map(|before| command.arguments()[before].text.as_str());
                // Patterns that `clean` keeps, and the message of a stash.
                matches!(before, Some("-e" | "--exclude" | "-m" | "--message"))
            };
            let named =
                given().enumerate().filter(|(at, word)| !word.text.starts_with('-') && !is_left_out(*at));
            named.map(|(_, word)| as_git_reads(word)).collect()
        }
        _ => operands().cloned().collect(),
    }
}

/// A path as git reads it: git expands patterns itself, and `:/` is the root.
fn as_git_reads(word: &Word) -> Word {
    let text = word.text.strip_prefix(":/").or_else(|| word.text.strip_prefix(":(top)"));
    let text = text.unwrap_or(&word.text).to_owned();
    let is_literal = word.is_literal && !text.contains(['*', '?', '[']);
    Word { text, is_literal, ..word.clone() }
}

/// The target of a symbolic link, relative to the link.
fn linked(
    command: &Command,
    words: &[Word],
    files: &SettingsFiles,
    examined: &ExaminedUse<'_>,
) -> Option<PathBuf> {
    let (link, targets) = words.split_last().filter(|_| matches!(command.program(), Some("ln" | "gln")))?;
    let write = Write::tree(link, &command.folder, "");
    let link = examined.tool_use.targets(&write, examined.home()).into_iter().next()??;
    let folder = if link.is_dir() { link.as_path() } else { link.parent()? };
    let mut leads = targets.iter().map(|word| resolve(&folder.join(&word.text)));
    leads.find(|path| files.kind(path).is_some() || files.is_folder(path))
}

/// The file that the `w` command of a `sed` script writes.
fn written_by_sed(script: &str) -> Option<Word> {
    let is_command = |at: usize| {
        let before = script[..at].chars().next_back();
        before.is_none_or(|c| c.is_ascii_digit() || c.is_whitespace() || "/|#,$;{}!gpIMe".contains(c))
    };
    let mut files = script.match_indices("w ").filter(|(at, _)| is_command(*at));
    files.find_map(|(at, _)| {
        let path = script[at + 2..].lines().next().unwrap_or_default().trim();
        let is_path = !path.ends_with('/') && files::names_one(path) || files::keeps_state(path);
        is_path.then(|| Word { text: path.to_owned(), is_literal: true, ..Word::default() })
    })
}

fn operands_of(command: &Command) -> usize {
    command.arguments().iter().filter(|word| !word.text.starts_with('-')).count()
}

/// Whether a program changes the files that it names; some do only with an option.
pub(super) fn is_changing(command: &Command) -> bool {
    let has = |names: &[&str]| command.arguments().iter().any(|word| names.contains(&word.text.as_str()));
    let has_letter = |letter: char| {
        let is_short = |text: &str| text.starts_with('-') && !text.starts_with("--");
        command.arguments().iter().any(|word| is_short(&word.text) && word.text.contains(letter))
    };
    match command.program() {
        Some("shred" | "sd" | "script") => true,
        // With this option they only show the file.
        Some("ed" | "ex" | "vi" | "vim" | "nvim") if has(&["-R"]) => false,
        Some(name) if programs::is(name, Roles::EDITOR) => true,
        Some(name) if programs::is(name, Roles::RIGHTS) => true,
        Some("mount") => has(&["--bind", "-B", "--rbind", "-R"]),
        Some("uniq" | "xxd") => operands_of(command) > 1,
        // A second name would hide which file is changed later.
        Some("ln" | "gln") => true,
        Some("cp") => has_letter('l') || has(&["--link"]),
        Some("yq" | "jaq") => has_letter('i') || has(&["--inplace", "--in-place"]),
        Some("dasel") => has(&["put", "delete"]),
        Some("prettier" | "biome") => has(&["--write", "-w"]),
        Some("git") => command.git().is_some_and(|git| match git.subcommand() {
            // Only `push` takes paths.
            "stash" => has(&["push"]),
            "clean" => has_letter('f') && !has_letter('n') && !has(&["--dry-run"]) || has(&["--force"]),
            "rm" => !has(&["--cached", "-n", "--dry-run"]),
            "restore" => !has(&["--staged", "-S"]) || has(&["--worktree", "-W", "-SW", "-WS"]),
            subcommand => subcommand == "checkout",
        }),
        Some("sed" | "gsed") => command.arguments().iter().any(|word| written_by_sed(&word.text).is_some()),
        _ => false,
    }
}
