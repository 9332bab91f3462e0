//! Root, home and project folders: removing one as a whole is refused.

use std::path::{Path, PathBuf};

use platform::path::{expand, normalise, resolve};
use platform::text::fact;
use shell::{Command, Folder, Word};

use super::context::RunContext;
use super::options::{has_long, has_short, options};
use super::pieces::{self, Piece};

/// Whether the options of `rm` make it remove folders.
pub fn is_recursive(arguments: &[Word]) -> bool {
    has_short(arguments, &['r', 'R'])
        || options(arguments).any(|word| word.len() > 3 && "--recursive".starts_with(word))
}

/// What vital folder a command removes, or gives another owner or mode.
pub fn find(command: &Command, context: RunContext<'_>) -> Option<String> {
    let (program, arguments) = (command.program()?, command.arguments());
    let is_find = matches!(program, "find" | "gfind");
    let is_recursive = match program {
        "rm" | "grm" => is_recursive(arguments),
        "chmod" | "chown" | "chgrp" => has_short(arguments, &['R']) || has_long(arguments, "--recursive"),
        _ if is_find => deletes_all(arguments),
        _ => return None,
    };
    if has_long(arguments, "--no-preserve-root") {
        return Some(format!("`{program}` is told not to spare the root"));
    }
    if !is_recursive {
        return None;
    }
    let removes = !program.starts_with("ch");
    let roots = if is_find { roots_of_find(arguments) } else { operands(arguments) };
    let vital = roots.into_iter().find(|word| is_vital(word, &command.folder, context, removes))?;
    Some(format!("`{program}` would reach {} and everything in it", shown(&vital)))
}

/// The words that are not options.
fn operands(arguments: &[Word]) -> Vec<Word> {
    let end = arguments.iter().position(|word| word.text == "--").unwrap_or(arguments.len());
    let (before, behind) = arguments.split_at(end);
    let before = before.iter().filter(|word| !word.text.starts_with('-'));
    before.chain(behind.iter().skip(1)).cloned().collect()
}

/// The folders in which `find` starts: the words before its first test.
pub fn roots_of_find(arguments: &[Word]) -> Vec<Word> {
    let is_mode = |word: &&Word| matches!(&*word.text, "-H" | "-L" | "-P");
    let is_test = |word: &&Word| word.text.starts_with('-') || matches!(&*word.text, "(" | "!");
    let roots: Vec<Word> =
        arguments.iter().skip_while(is_mode).take_while(|word| !is_test(word)).cloned().collect();
    match roots.is_empty() {
        true => vec![Word { text: ".".to_owned(), is_literal: true, ..Word::default() }],
        false => roots,
    }
}

/// Whether `find` deletes everything that it meets, because no test selects.
pub fn deletes_all(arguments: &[Word]) -> bool {
    let is_exec = |word: &Word| matches!(&*word.text, "-exec" | "-execdir" | "-ok" | "-okdir");
    let end = arguments.iter().position(is_exec).unwrap_or(arguments.len());
    let (tests, action) = arguments.split_at(end);
    let by_program = action.get(1).is_some_and(|program| {
        matches!(program.text.rsplit('/').next(), Some("rm" | "grm" | "unlink" | "shred"))
    });
    let is_plain = |word: &Word| {
        !word.text.starts_with('-')
            || matches!(
                &*word.text,
                "-delete"
                    | "-depth"
                    | "-xdev"
                    | "-mount"
                    | "-mindepth"
                    | "-maxdepth"
                    | "-type"
                    | "-print"
                    | "-print0"
                    | "-H"
                    | "-L"
                    | "-P"
            )
    };
    (by_program || tests.iter().any(|word| word.text == "-delete")) && tests.iter().all(is_plain)
}

fn shown(word: &Word) -> String {
    fact(&word.text)
}

/// Whether a word names a root, home, the project, a folder around them, or the whole content of one of
/// these.
fn is_vital(word: &Word, folder: &Folder, context: RunContext<'_>, removes: bool) -> bool {
    let text = if word.is_literal { word.text.clone() } else { filled(&word.text, context, 0) };
    let has_pattern = !word.is_literal && text.contains(['*', '?', '[']);
    // `/home/*/` matches all folders in `/home`.
    let text = match text.trim_end_matches('/') {
        trimmed if has_pattern && !trimmed.is_empty() => trimmed.to_owned(),
        _ => text,
    };
    // `x/*` and `x/.*` match the whole content of `x`.
    let base = match text.rsplit_once('/') {
        Some(("", "*" | ".*" | "." | "" | "{*,.*}")) => "/",
        Some((base, "*" | ".*" | "." | "" | "{*,.*}")) => base,
        None if matches!(&*text, "*" | ".*") && !word.is_quoted => ".",
        _ => &text,
    };
    let is_pattern = base.contains(['*', '?', '[']);
    if base.contains(['$', '`']) || (is_pattern && !has_pattern) {
        return false;
    }
    let path = if base.starts_with('~') {
        if base != "~" && !base.starts_with("~/") {
            return !base.contains('/');
        }
        expand(context.home, Path::new(base))
    } else {
        let start = match folder {
            Folder::Start => context.folder.to_owned(),
            Folder::In(dir) if dir.starts_with('~') => expand(context.home, Path::new(dir)),
            Folder::In(dir) => context.folder.join(dir),
            Folder::Unknown if Path::new(base).is_absolute() => PathBuf::new(),
            Folder::Unknown => return false,
        };
        start.join(base)
    };
    if is_pattern {
        // A pattern right below the root such as `/h*`.
        let path = normalise(&path);
        let is_told = path.parent() == Some(Path::new("/")) && !path.to_string_lossy().starts_with("/tmp");
        return is_told;
    }
    // A symbolic link is followed only if its target is affected: `link/*`, not `link`.
    let is_link = removes && *base == *text;
    let real = match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if is_link => resolve(parent).join(name),
        _ => resolve(&path),
    };
    [normalise(&path), real].iter().any(|path| is_vital_path(path, context, removes))
}

/// A text with its known expansions filled in: home, the folder, and the default of an empty variable.
fn filled(text: &str, context: RunContext<'_>, depth: usize) -> String {
    /// Deeper nesting is not written by hand.
    const DEEPEST: usize = 4;
    let home = context.home.to_string_lossy();
    let one = |piece: Piece<'_>| match piece {
        Piece::Output(_, command) if matches!(command.trim(), "pwd" | "pwd -P" | "pwd -L") => ".".to_owned(),
        Piece::Variable(written, name, rest) => {
            let value = match name {
                "HOME" => &*home,
                "PWD" => ".",
                _ => "",
            };
            let instead = [":-", ":=", "-", "="].iter().find_map(|sign| rest.strip_prefix(sign));
            match (rest, instead) {
                ("%/*", _) if value == "." => "..".to_owned(),
                ("%/*", _) if !value.is_empty() => {
                    context.home.parent().map_or_else(String::new, |up| up.to_string_lossy().into_owned())
                }
                ("" | "%/" | "%%/", _) if !value.is_empty() => value.to_owned(),
                (_, Some(_)) if !value.is_empty() => value.to_owned(),
                _ if !value.is_empty() && rest.trim_start_matches(':').starts_with('?') => value.to_owned(),
                (_, Some(instead)) if depth < DEEPEST => {
                    filled(&instead.replace(['"', '\''], ""), context, depth + 1)
                }
                _ => written.to_owned(),
            }
        }
        other => other.written().to_owned(),
    };
    pieces::of(text).into_iter().map(one).collect()
}

fn is_vital_path(path: &Path, context: RunContext<'_>, removes: bool) -> bool {
    /// Folders that a system or a home needs.
    const INNER: [&str; 8] = [
        "/usr/bin",
        "/usr/sbin",
        "/usr/lib",
        "/usr/lib64",
        "/usr/share",
        "/usr/local",
        "/var/lib",
        "/etc/ssh",
    ];
    const OF_HOME: [&str; 5] = [".ssh", ".gnupg", ".config", ".local/share", "Documents"];
    let depth = path.components().count();
    // `/`, and the folders directly below it.
    let is_top = depth <= 2 && path.is_absolute() && path != Path::new("/tmp");
    if is_top || context.home.starts_with(path) {
        return true;
    }
    // Changing owner and mode of deeper folders is common, so only removals count there.
    let git = context.project.join(".git");
    let is_inner = || {
        INNER.iter().any(|inner| path == Path::new(inner))
            || (depth == 3 && (path.starts_with("/home") || path.starts_with("/Users")))
            || OF_HOME.iter().any(|name| path == context.home.join(name))
            || context.project.starts_with(path)
            || path == git
            || ["objects", "refs"].iter().any(|name| path.starts_with(git.join(name)))
    };
    removes && is_inner()
}
