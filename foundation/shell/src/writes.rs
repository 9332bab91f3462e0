//! Finds the files that a command creates or changes.

use crate::command::{Command, Folder, Operator, Script, Word};
use crate::copies::{self, copies, transfers};
use crate::downloads::{curl, tar, unzip, wget};
use crate::files::{Write, below, is_device};
use crate::options::{Argument, Options};
use crate::programs;

const SED: Options = Options::new("efl", "expression file line-length").attached("i");
const PERL: Options = Options::new("eE", "").attached("iMmIlF0xCdD");
const AWK: Options = Options::new("fvFie", "file assign field-separator include source");
const PATCH: Options =
    Options::new("pidorBDFgVxYz", "strip input directory output reject-file prefix suffix fuzz");
const GIT_RESTORE: Options = Options::new("s", "source pathspec-from-file conflict");

impl Script {
    /// All files that the line creates or changes, as far as the arguments of its commands name them.
    pub fn writes(&self) -> Vec<Write> {
        self.commands.iter().flat_map(Command::writes).collect()
    }
}

impl Command {
    /// The files that the command itself creates or changes, as far as its words and redirections name them.
    pub fn writes(&self) -> Vec<Write> {
        let mut writes: Vec<Write> = redirected(self).collect();
        if let Some(name) = self.program() {
            by_program(name, &self.words, &self.folder, &mut writes);
        }
        // Devices and standard output (`-`) are not files.
        writes.retain(|write| {
            !write.target.as_deref().is_some_and(|target| is_device(target) || target == "-")
        });
        writes
    }
}

fn redirected(command: &Command) -> impl Iterator<Item = Write> {
    command.redirections.iter().filter_map(|redirection| {
        let by = match redirection.operator {
            Operator::Write => ">",
            Operator::Append => ">>",
            Operator::Clobber => ">|",
            Operator::ReadWrite => "<>",
            Operator::Both => "&>",
            Operator::BothAppend => "&>>",
            _ => return None,
        };
        // `> >(…)` writes to a process.
        let is_process = !redirection.target.is_literal && redirection.target.text.starts_with(['<', '>']);
        (!is_process).then(|| Write::file(&redirection.target, &command.folder, by))
    })
}

fn by_program(name: &str, words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    match name {
        "tee" => files(words, Options::new("", "output-error"), folder, "tee", writes),
        "sponge" => files(words, Options::NONE, folder, "sponge", writes),
        "touch" => {
            files(words, Options::new("dtrA", "date reference time"), folder, "touch", writes);
        }
        "truncate" => files(words, Options::new("sr", "size reference"), folder, "truncate", writes),
        "shred" => files(words, Options::new("ns", "iterations size random-source"), folder, "shred", writes),
        "sed" | "gsed" => in_place(words, SED, &["e", "f", "expression", "file"], folder, "sed", writes),
        "perl" | "ruby" => in_place(words, PERL, &["e", "E"], folder, "perl", writes),
        "awk" | "gawk" => awk(words, folder, writes),
        "cp" | "gcp" => copies(words, copies::COPY, folder, "cp", writes),
        "mv" | "gmv" => copies(words, copies::COPY, folder, "mv", writes),
        "install" | "ginstall" => copies(words, copies::COPY, folder, "install", writes),
        "ln" | "gln" => copies(words, copies::COPY, folder, "ln", writes),
        "rsync" => transfers(words, copies::RSYNC, folder, "rsync", writes),
        "scp" => transfers(words, copies::SCP, folder, "scp", writes),
        "dd" => {
            let of =
                |word: &Word| Some(Word { text: word.text.strip_prefix("of=")?.to_owned(), ..word.clone() });
            writes.extend(words[1..].iter().filter_map(of).map(|file| Write::file(&file, folder, "dd")));
        }
        "sort" => named(
            words,
            Options::new("okStT", "output key field-separator"),
            &["o", "output"],
            folder,
            "sort",
            writes,
        ),
        "shuf" => named(words, Options::new("oin", "output"), &["o", "output"], folder, "shuf", writes),
        "patch" => patch(words, folder, writes),
        "git" => git(words, folder, writes),
        "curl" => curl(words, folder, writes),
        "wget" => wget(words, folder, writes),
        "tar" | "gtar" | "bsdtar" => tar(words, folder, writes),
        "unzip" => unzip(words, folder, writes),
        "zip" => {
            let operands = Options::new("bixntO", "out").operands(words, 1);
            writes.extend(operands.first().map(|file| Write::file(file, folder, "zip")));
        }
        "find" => {
            let is_print = |word: &Word| matches!(&*word.text, "-fprint" | "-fprint0" | "-fprintf" | "-fls");
            let printed = words.windows(2).filter(|pair| is_print(&pair[0]));
            writes.extend(printed.map(|pair| Write::file(&pair[1], folder, "find")));
        }
        _ => {}
    }
}

/// A program whose operands are the files.
fn files(words: &[Word], options: Options, folder: &Folder, by: &'static str, writes: &mut Vec<Write>) {
    writes.extend(options.operands(words, 1).into_iter().map(|file| Write::file(file, folder, by)));
}

/// A program whose output file is the value of an option.
fn named(
    words: &[Word],
    options: Options,
    names: &[&str],
    folder: &Folder,
    by: &'static str,
    writes: &mut Vec<Write>,
) {
    for argument in options.read(words, 1) {
        if let Argument::Option(name, Some(value)) = argument
            && names.contains(&name)
        {
            writes.push(Write::file(&value.to_word(), folder, by));
        }
    }
}

/// `sed -i` and `perl -i`: the operands without the script. An option in `scripts` replaces the script operand.
fn in_place(
    words: &[Word],
    options: Options,
    scripts: &[&str],
    folder: &Folder,
    by: &'static str,
    writes: &mut Vec<Write>,
) {
    let mut is_in_place = false;
    let mut has_script = false;
    let mut operands = Vec::new();
    for argument in options.read(words, 1) {
        match argument {
            Argument::Option("i" | "in-place", _) => is_in_place = true,
            Argument::Option(name, _) => has_script |= scripts.contains(&name),
            // The `-i ''` of BSD.
            Argument::Operand(at) if words[at].text.is_empty() && words[at].is_quoted => {}
            Argument::Operand(at) => operands.push(&words[at]),
        }
    }
    if is_in_place {
        let first = usize::from(!has_script);
        writes.extend(operands.into_iter().skip(first).map(|file| Write::file(file, folder, by)));
    }
}

fn awk(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut is_in_place = false;
    let mut has_script = false;
    let mut operands = Vec::new();
    for argument in AWK.read(words, 1) {
        match argument {
            Argument::Option("i" | "include", Some(value)) => is_in_place |= value.text == "inplace",
            Argument::Option("f" | "file", _) => has_script = true,
            Argument::Option(..) => {}
            Argument::Operand(at) => operands.push(&words[at]),
        }
    }
    if is_in_place {
        let files =
            operands.into_iter().skip(usize::from(!has_script)).filter(|word| !word.text.contains('='));
        writes.extend(files.map(|file| Write::file(file, folder, "awk")));
    }
}

fn patch(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut folder = folder.clone();
    let mut file = None;
    for argument in PATCH.read(words, 1) {
        match argument {
            Argument::Option("dry-run" | "C" | "check", _) => return,
            Argument::Option("d" | "directory", Some(value)) => folder = below(&folder, &value.to_word()),
            Argument::Option("o" | "output", Some(value)) => file = Some(value.to_word()),
            Argument::Operand(at) if file.is_none() => file = Some(words[at].clone()),
            _ => {}
        }
    }
    writes.push(match file {
        Some(file) => Write::file(&file, &folder, "patch"),
        None => Write::unknown(&folder, "patch"),
    });
}

/// The index of git's subcommand, and the folder after `-C`.
pub(crate) fn git_subcommand(words: &[Word], folder: &Folder) -> Option<(usize, Folder)> {
    let mut folder = folder.clone();
    for argument in programs::global_options_of("git")?.read(words, 1) {
        match argument {
            Argument::Option("C", Some(value)) => folder = below(&folder, &value.to_word()),
            Argument::Option("work-tree" | "git-dir", _) => folder = Folder::Unknown,
            Argument::Option(..) => {}
            Argument::Operand(at) => return Some((at, folder)),
        }
    }
    None
}

fn git(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let Some((at, folder)) = git_subcommand(words, folder) else { return };
    let rest = &words[at..];
    let has = |names: &[&str]| rest.iter().any(|word| names.contains(&&*word.text));
    match &*rest[0].text {
        "apply" | "am" if !has(&["--check", "--stat", "--numstat", "--summary", "--cached"]) => {
            writes.push(Write::unknown(&folder, "git apply"));
        }
        "checkout" => {
            let paths: Vec<&Word> = match rest.iter().position(|word| word.text == "--") {
                Some(at) => rest[at + 1..].iter().collect(),
                None if has(&["-b", "-B", "--orphan", "-t", "--track"]) => Vec::new(),
                // The first operand is a commit, unless it looks like a path.
                None => {
                    let operands = Options::NONE.operands(rest, 1);
                    let is_path = |word: &&Word| {
                        word.text == "." || word.text.starts_with(['/', ':']) || word.text.starts_with("./")
                    };
                    let skipped = usize::from(!operands.first().is_some_and(is_path));
                    operands.into_iter().skip(skipped).collect()
                }
            };
            writes.extend(paths.into_iter().map(|path| Write::tree(path, &folder, "git checkout")));
        }
        "restore" if !has(&["--staged", "-S"]) || has(&["--worktree", "-W", "-SW", "-WS"]) => {
            let paths = GIT_RESTORE.operands(rest, 1);
            writes.extend(paths.into_iter().map(|path| Write::tree(path, &folder, "git restore")));
        }
        "mv" if !has(&["-n", "--dry-run"]) => copies(rest, Options::NONE, &folder, "git mv", writes),
        "archive" | "bundle" | "diff" | "log" | "show" | "format-patch" => {
            let options = Options::new(if rest[0].text == "archive" { "o" } else { "" }, "output");
            named(
                rest,
                options,
                if rest[0].text == "archive" { &["o", "output"] } else { &["output"] },
                &folder,
                "git",
                writes,
            );
        }
        _ => {}
    }
}
