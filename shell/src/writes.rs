//! Which files a command creates or changes.

use crate::command::{Command, Folder, Operator, Word};
use crate::files::{Write, is_device, last_part, path};
use crate::globals;
use crate::options::{Argument, Options};

const COPY: Options =
    Options::new("tSgmo", &["target-directory", "suffix", "group", "mode", "owner", "context"]);
const SED: Options = Options::new("efl", &["expression", "file", "line-length"]).attached("i");
const PERL: Options = Options::new("eE", &[]).attached("iMmIlF0xCdD");
const AWK: Options = Options::new("fvFie", &["file", "assign", "field-separator", "include", "source"]);
const CURL: Options = Options::new(
    "oDcAbdeEFHKmPQrtTuUwxXyYzC",
    &[
        "output",
        "output-dir",
        "dump-header",
        "cookie-jar",
        "header",
        "data",
        "data-raw",
        "data-binary",
        "data-urlencode",
        "request",
        "user",
        "user-agent",
        "url",
        "proxy",
        "form",
        "cookie",
        "max-time",
        "retry",
        "connect-timeout",
        "cacert",
        "cert",
        "key",
        "referer",
        "upload-file",
        "write-out",
        "json",
        "retry-delay",
        "max-redirs",
        "resolve",
        "config",
        "range",
        "continue-at",
        "interface",
        "limit-rate",
    ],
);
const WGET: Options = Options::new(
    "OoPaiUTtQwBDIlRAXe",
    &[
        "output-document",
        "output-file",
        "append-output",
        "directory-prefix",
        "input-file",
        "user-agent",
        "header",
        "timeout",
        "tries",
        "user",
        "password",
        "post-data",
        "post-file",
        "level",
        "reject",
        "accept",
        "wait",
    ],
);
const TAR: Options = Options::new(
    "fCTXbgHIKNV",
    &[
        "file",
        "directory",
        "exclude",
        "files-from",
        "exclude-from",
        "transform",
        "strip-components",
        "use-compress-program",
    ],
);
const RSYNC: Options = Options::new(
    "efTBM@",
    &[
        "rsh",
        "filter",
        "exclude",
        "include",
        "exclude-from",
        "include-from",
        "files-from",
        "temp-dir",
        "log-file",
        "bwlimit",
        "timeout",
        "port",
        "suffix",
        "backup-dir",
        "compare-dest",
        "copy-dest",
        "link-dest",
        "chmod",
        "chown",
        "max-size",
        "min-size",
        "rsync-path",
        "partial-dir",
    ],
);
const SCP: Options = Options::new("cDFiJloPSX", &[]);
const PATCH: Options = Options::new(
    "pidorBDFgVxYz",
    &["strip", "input", "directory", "output", "reject-file", "prefix", "suffix", "fuzz"],
);
const GIT_RESTORE: Options = Options::new("s", &["source", "pathspec-from-file", "conflict"]);

/// The files that a command creates or changes.
pub(crate) fn of(command: &Command) -> Vec<Write> {
    let mut writes: Vec<Write> = redirected(command).collect();
    if let Some(name) = command.program() {
        by_program(name, &command.words, &command.folder, &mut writes);
    }
    writes.retain(|write| !write.target.as_deref().is_some_and(|target| is_device(target) || target == "-"));
    writes
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
        "tee" => files(words, Options::new("", &["output-error"]), folder, "tee", writes),
        "sponge" => files(words, Options::NONE, folder, "sponge", writes),
        "touch" => {
            files(words, Options::new("dtrA", &["date", "reference", "time"]), folder, "touch", writes);
        }
        "truncate" => files(words, Options::new("sr", &["size", "reference"]), folder, "truncate", writes),
        "sed" | "gsed" => in_place(words, SED, &["e", "f", "expression", "file"], folder, "sed", writes),
        "perl" | "ruby" => in_place(words, PERL, &["e", "E"], folder, "perl", writes),
        "awk" | "gawk" => awk(words, folder, writes),
        "cp" | "gcp" => copies(words, COPY, folder, "cp", writes),
        "mv" | "gmv" => copies(words, COPY, folder, "mv", writes),
        "install" | "ginstall" => copies(words, COPY, folder, "install", writes),
        "ln" | "gln" => copies(words, COPY, folder, "ln", writes),
        "rsync" => transfers(words, RSYNC, folder, "rsync", writes),
        "scp" => transfers(words, SCP, folder, "scp", writes),
        "dd" => {
            let of =
                |word: &Word| Some(Word { text: word.text.strip_prefix("of=")?.to_owned(), ..word.clone() });
            writes.extend(words[1..].iter().filter_map(of).map(|file| Write::file(&file, folder, "dd")));
        }
        "sort" => named(
            words,
            Options::new("okStT", &["output", "key", "field-separator"]),
            &["o", "output"],
            folder,
            "sort",
            writes,
        ),
        "shuf" => named(words, Options::new("oin", &["output"]), &["o", "output"], folder, "shuf", writes),
        "patch" => patch(words, folder, writes),
        "git" => git(words, folder, writes),
        "curl" => curl(words, folder, writes),
        "wget" => wget(words, folder, writes),
        "tar" | "gtar" | "bsdtar" => tar(words, folder, writes),
        "unzip" => unzip(words, folder, writes),
        "zip" => {
            let operands = Options::new("bixntO", &["out"]).operands(words, 1);
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

/// A program that is told its output by an option.
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

/// `sed -i` and `perl -i`: the operands but the script, unless an option among `scripts` gave that.
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
            // BSD's `-i ''`.
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

/// `cp`, `mv`, `install` and `ln`.
fn copies(words: &[Word], options: Options, folder: &Folder, by: &'static str, writes: &mut Vec<Write>) {
    let mut operands: Vec<&Word> = Vec::new();
    let mut into = None;
    let mut is_never_folder = false;
    for argument in options.read(words, 1) {
        match argument {
            Argument::Option("t" | "target-directory", Some(value)) => into = Some(value.to_word()),
            Argument::Option("T" | "no-target-directory", _) => is_never_folder = true,
            Argument::Option("d" | "directory", _) if by == "install" => return,
            Argument::Option(..) => {}
            Argument::Operand(at) => operands.push(&words[at]),
        }
    }
    let last = match into {
        Some(into) => into,
        None if by == "ln" && operands.len() == 1 => Word::literal("./"),
        None if operands.len() < 2 => return,
        None => match operands.pop() {
            Some(last) if operands.len() == 1 && !last.text.ends_with('/') && operands[0].is_literal => {
                let inside = path(operands[0]).as_deref().and_then(last_part).map(str::to_owned);
                let target = Write::file(last, folder, by);
                writes.push(if is_never_folder {
                    target
                } else {
                    Write { may_be_folder: true, inside, ..target }
                });
                return;
            }
            Some(last) => last.clone(),
            None => return,
        },
    };
    let Some(base) = path(&last) else {
        writes.push(Write::unknown(folder, by));
        return;
    };
    for source in operands {
        let name = path(source).as_deref().and_then(last_part).map(str::to_owned);
        writes.push(match name {
            Some(name) => {
                let base = if base == "./" { "" } else { base.trim_end_matches('/') };
                let target = if base.is_empty() && !last.text.starts_with('/') {
                    name
                } else {
                    format!("{base}/{name}")
                };
                let target = Some(target);
                Write { target, folder: folder.clone(), by, may_be_folder: false, inside: None }
            }
            None => Write::tree(&last, folder, by),
        });
    }
}

/// `rsync` and `scp`: the last operand, unless it is on another machine.
fn transfers(words: &[Word], options: Options, folder: &Folder, by: &'static str, writes: &mut Vec<Write>) {
    let mut operands = options.operands(words, 1);
    let Some(last) = operands.pop().filter(|_| !operands.is_empty()) else { return };
    let host = last.text.find(':').filter(|colon| !last.text[..*colon].contains('/'));
    if host.is_none() && !words.iter().any(|word| word.text == "--dry-run") {
        let inside = operands.first().filter(|_| operands.len() == 1).and_then(|source| {
            last_part(source.text.rsplit(':').next()?).filter(|_| source.is_literal).map(str::to_owned)
        });
        writes.push(Write { inside, ..Write::tree(last, folder, by) });
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

/// The folder that a word names, seen from this one.
fn below(folder: &Folder, word: &Word) -> Folder {
    path(word).map_or(Folder::Unknown, |path| folder.join(&path))
}

/// The place of git's subcommand, and the folder that `-C` moves it to.
pub(crate) fn git_subcommand(words: &[Word], folder: &Folder) -> Option<(usize, Folder)> {
    let mut folder = folder.clone();
    for argument in globals::options_of("git")?.read(words, 1) {
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
            let options = Options::new(if rest[0].text == "archive" { "o" } else { "" }, &["output"]);
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

fn curl(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut inside = folder.clone();
    let mut keeps_name = false;
    let mut files = Vec::new();
    let mut addresses = Vec::new();
    for argument in CURL.read(words, 1) {
        match argument {
            Argument::Option("o" | "output", Some(value)) => files.push((value.to_word(), true)),
            Argument::Option("D" | "dump-header" | "c" | "cookie-jar", Some(value)) => {
                files.push((value.to_word(), false));
            }
            Argument::Option("O" | "remote-name" | "remote-name-all", _) => keeps_name = true,
            Argument::Option("output-dir", Some(value)) => inside = below(folder, &value.to_word()),
            Argument::Option("url", Some(value)) => addresses.push(value.to_word()),
            Argument::Option(..) => {}
            Argument::Operand(at) => addresses.push(words[at].clone()),
        }
    }
    for (file, is_output) in &files {
        writes.push(Write::file(file, if *is_output { &inside } else { folder }, "curl"));
    }
    if keeps_name {
        writes.extend(addresses.iter().map(|address| downloaded(address, &inside, "curl")));
    }
}

fn wget(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut inside = folder.clone();
    let mut is_named = false;
    let mut addresses = Vec::new();
    for argument in WGET.read(words, 1) {
        match argument {
            Argument::Option("O" | "output-document", Some(value)) => {
                is_named = true;
                writes.push(Write::file(&value.to_word(), folder, "wget"));
            }
            Argument::Option("o" | "output-file" | "a" | "append-output", Some(value)) => {
                writes.push(Write::file(&value.to_word(), folder, "wget"));
            }
            Argument::Option("P" | "directory-prefix", Some(value)) => {
                inside = below(folder, &value.to_word());
            }
            Argument::Option("spider", _) => is_named = true,
            Argument::Option(..) => {}
            Argument::Operand(at) => addresses.push(&words[at]),
        }
    }
    if !is_named {
        writes.extend(addresses.into_iter().map(|address| downloaded(address, &inside, "wget")));
    }
}

/// The file that a download is named after.
fn downloaded(address: &Word, folder: &Folder, by: &'static str) -> Write {
    let (_, rest) = address.text.split_once("://").unwrap_or(("", &address.text));
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    let name = rest.split_once('/').and_then(|(_, path)| path.rsplit('/').next());
    match name.filter(|name| address.is_literal && !name.is_empty()) {
        Some(name) => Write::file(&Word::literal(name), folder, by),
        None => Write::unknown(folder, by),
    }
}

fn tar(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut words = words.to_vec();
    // `tar xzf file`: the dash may be missing.
    if let Some(first) = words.get_mut(1).filter(|word| !word.text.starts_with('-')) {
        first.text.insert(0, '-');
    }
    let mut inside = folder.clone();
    let mut archive = None;
    let (mut extracts, mut creates, mut prints) = (false, false, false);
    for argument in TAR.read(&words, 1) {
        match argument {
            Argument::Option("x" | "extract" | "get", _) => extracts = true,
            Argument::Option("c" | "create" | "r" | "append" | "u" | "update" | "A", _) => creates = true,
            Argument::Option("O" | "to-stdout", _) => prints = true,
            Argument::Option("f" | "file", Some(value)) => archive = Some(value.to_word()),
            Argument::Option("C" | "directory", Some(value)) => inside = below(&inside, &value.to_word()),
            _ => {}
        }
    }
    if creates {
        writes.extend(archive.map(|archive| Write::file(&archive, folder, "tar")));
    } else if extracts && !prints {
        writes.push(Write::unknown(&inside, "tar"));
    }
}

fn unzip(words: &[Word], folder: &Folder, writes: &mut Vec<Write>) {
    let mut inside = folder.clone();
    for argument in Options::new("dxP", &[]).read(words, 1) {
        match argument {
            Argument::Option("l" | "p" | "t" | "v" | "Z" | "c", _) => return,
            Argument::Option("d", Some(value)) => inside = below(folder, &value.to_word()),
            _ => {}
        }
    }
    writes.push(Write::unknown(&inside, "unzip"));
}
