//! Programs that change a file in a way of their own, which [`shell`] does not count as a write.

use std::path::PathBuf;

use hooks_common::paths::resolve;
use hooks_common::text::fact;
use shell::{Command, Folder, Input, Word, Write};

use super::files::{self, Files, Kind};
use super::line::{self, LEAVE_IT, USE_EDIT};
use crate::objection::Objection;
use crate::sight::Sight;

/// Programs that run a text in a language of their own.
const INTERPRETERS: [&str; 12] =
    ["python", "perl", "ruby", "node", "deno", "bun", "php", "lua", "awk", "gawk", "osascript", "pypy"];
/// What such a text says when it changes files.
const CHANGES: [&str; 15] = [
    "write",
    "'w",
    "\"w",
    "'a'",
    "\"a\"",
    "'r+",
    "\"r+",
    "dump(",
    "unlink",
    "remove",
    "rename",
    "rmtree",
    "rmSync",
    "copyfile",
    "os.replace",
];

/// A program that changes a file it is given.
pub(super) fn changing(command: &Command, files: &Files, sight: &Sight<'_>) -> Option<Objection> {
    let program = command.program().filter(|_| is_changing(command))?;
    let place = |word: &Word| -> Option<PathBuf> {
        let write = Write::tree(word, &command.folder, "");
        let paths = sight.tool_use.targets(&write, sight.home()).into_iter().flatten();
        let decides = |path: &PathBuf| {
            files.kind(path).is_some_and(|kind| kind != Kind::OptOut)
                || files.is_folder(path)
                || files.is_state(path)
        };
        paths.map(|path| resolve(&path)).find(decides)
    };
    let words = || command.arguments().iter().filter(|word| !word.text.starts_with('-'));
    let Some(path) = words().find_map(place) else {
        let is_likely = |word: &Word| line::is_likely(&Write::tree(word, &command.folder, ""), command, sight);
        let what =
            || format!("{} would change what decides about hooks and gates, as it seems", fact(program));
        return words().any(is_likely).then(|| Objection::doubtful(what(), USE_EDIT));
    };
    let (by, shown) = (fact(program), fact(&sight.shown(&path)));
    Some(if files.is_state(&path) {
        Objection::sure(format!("{by} would change {shown}, which is Stanchion's own"), LEAVE_IT)
    } else {
        Objection::doubtful(
            format!("{by} would change {shown}, which decides about hooks and gates"),
            USE_EDIT,
        )
    })
}

/// Whether a program is one that changes the files it is given; some do with an option only.
pub(super) fn is_changing(command: &Command) -> bool {
    let has = |names: &[&str]| command.arguments().iter().any(|word| names.contains(&word.text.as_str()));
    let has_letter = |letter: char| {
        let is_short = |text: &str| text.starts_with('-') && !text.starts_with("--");
        command.arguments().iter().any(|word| is_short(&word.text) && word.text.contains(letter))
    };
    match command.program() {
        Some("chmod" | "chown" | "chgrp" | "chattr" | "setfacl" | "shred" | "sd") => true,
        Some("ed" | "ex" | "vi" | "vim" | "nvim") => true,
        // A second name would not be known for what it is.
        Some("ln") => !has_letter('s') && !has(&["--symbolic"]),
        Some("cp") => has_letter('l') || has(&["--link"]),
        Some("yq" | "jaq") => has_letter('i') || has(&["--inplace", "--in-place"]),
        Some("dasel") => has(&["put", "delete"]),
        Some("prettier" | "biome") => has(&["--write", "-w"]),
        Some("git") => command.git().is_some_and(|git| match git.subcommand() {
            "stash" => has(&["--"]),
            subcommand => subcommand == "checkout",
        }),
        _ => false,
    }
}

/// A text in another language that names one of the files and changes some.
pub(super) fn speaking(command: &Command) -> Option<Objection> {
    let program = command.program().filter(|program| runs_texts(program))?;
    let redirects = matches!(program, "perl" | "awk" | "gawk");
    let is_inside = matches!(&command.folder, Folder::In(folder) if folder.contains(".claude"));
    let changes = |text: &str| {
        files::quotes_one(text, is_inside)
            && (CHANGES.iter().any(|change| text.contains(change)) || redirects && text.contains('>'))
    };
    let is_code = |word: &&Word| word.text.contains(['(', ' ', ';', '{']);
    let is_given = matches!(&command.input, Input::Text(text) if changes(text));
    (is_given || command.arguments().iter().filter(is_code).any(|word| changes(&word.text))).then(|| {
        let what = format!(
            "{} runs a text that changes files, and names what decides about hooks and gates",
            fact(program)
        );
        Objection::doubtful(what, USE_EDIT)
    })
}

/// Whether a program is an interpreter, of whatever version: `python3.12`.
fn runs_texts(program: &str) -> bool {
    let is_version = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    INTERPRETERS.iter().any(|name| program.strip_prefix(name).is_some_and(is_version))
}
