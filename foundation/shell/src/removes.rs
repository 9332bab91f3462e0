//! Finds the files that a command removes or moves away.

use crate::command::{Command, Folder, Script, Word};
use crate::files::Write;
use crate::options::{Argument, Options};
use crate::writes::git_subcommand;

const MOVE: Options = Options::new("tS", "target-directory suffix");

impl Script {
    /// All files that the line removes or moves away.
    pub fn removes(&self) -> Vec<Write> {
        self.commands.iter().flat_map(Command::removes).collect()
    }
}

impl Command {
    /// The files that the command removes or moves away.
    pub fn removes(&self) -> Vec<Write> {
        by_program(self.program(), &self.words, &self.folder)
    }
}

fn by_program(program: Option<&str>, words: &[Word], folder: &Folder) -> Vec<Write> {
    match program {
        Some("rm" | "grm") => all(words, Options::NONE, folder, "rm"),
        Some("unlink") => all(words, Options::NONE, folder, "unlink"),
        Some("rmdir") => all(words, Options::NONE, folder, "rmdir"),
        Some("shred")
            if words.iter().any(|word| matches!(&*word.text, "-u" | "--remove" | "-uz" | "-zu")) =>
        {
            all(words, Options::new("ns", "iterations size"), folder, "shred")
        }
        Some("trash" | "trash-put" | "rip") => all(words, Options::NONE, folder, "trash"),
        Some("mv" | "gmv") => moved(words, MOVE, folder, "mv"),
        Some("find" | "gfind") if words.iter().any(|word| word.text == "-delete") => found(words, folder),
        Some("git") => git(words, folder),
        _ => Vec::new(),
    }
}

/// A program that removes its operands, including the content of folders.
fn all(words: &[Word], options: Options, folder: &Folder, by: &'static str) -> Vec<Write> {
    options.operands(words, 1).into_iter().map(|word| Write::tree(word, folder, by)).collect()
}

fn moved(words: &[Word], options: Options, folder: &Folder, by: &'static str) -> Vec<Write> {
    let names_target = |argument| matches!(argument, Argument::Option("t" | "target-directory", _));
    let mut operands = options.operands(words, 1);
    if !options.read(words, 1).any(names_target) {
        operands.pop();
    }
    operands.into_iter().map(|word| Write::tree(word, folder, by)).collect()
}

/// The folders in which `find` deletes. Any file in them may be removed.
fn found(words: &[Word], folder: &Folder) -> Vec<Write> {
    let is_expression = |word: &&Word| {
        word.text.starts_with('-') && !matches!(&*word.text, "-H" | "-L" | "-P")
            || matches!(&*word.text, "(" | "!")
    };
    let roots: Vec<&Word> = words[1..].iter().take_while(|word| !is_expression(word)).collect();
    let roots: Vec<&Word> = roots.into_iter().filter(|word| !word.text.starts_with('-')).collect();
    if roots.is_empty() {
        return vec![Write::tree(&Word::literal("."), folder, "find")];
    }
    roots.into_iter().map(|root| Write::tree(root, folder, "find")).collect()
}

fn git(words: &[Word], folder: &Folder) -> Vec<Write> {
    let Some((at, folder)) = git_subcommand(words, folder) else { return Vec::new() };
    let rest = &words[at..];
    let has = |names: &[&str]| rest.iter().any(|word| names.contains(&&*word.text));
    match &*rest[0].text {
        "rm" if !has(&["--cached", "-n", "--dry-run"]) => all(rest, Options::NONE, &folder, "git rm"),
        "mv" if !has(&["-n", "--dry-run"]) => moved(rest, Options::NONE, &folder, "git mv"),
        "clean" if !has(&["-n", "--dry-run", "-nd", "-dn", "-ndx"]) => {
            vec![Write::unknown(&folder, "git clean")]
        }
        _ => Vec::new(),
    }
}
