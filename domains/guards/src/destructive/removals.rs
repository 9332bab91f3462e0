//! Programs that remove or empty files: the content that neither a commit nor the index has.
//!
//! A file that the line names is removed on purpose. So only three things count: changes in tracked files;
//! new files in a folder that is removed as a whole; and many new files that a pattern matches.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use git::Repository;
use platform::budget;
use platform::path::{normalise, resolve};
use platform::text::fact;
use shell::options::{Argument, Options};
use shell::{Command, Folder, Word, Write};

use super::discards::put_away;
use super::history::counted;
use super::roots;
use super::saved::Saved;
use super::unsaved::{RecoverableFrom, UnsavedWork};
use super::work_tree::WorkTree;
use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;

/// From how many new files on a pattern is reported. Fewer are probably one's own scratch files.
const MANY: usize = 3;
/// Up to how many files git is asked about each by its name.
const MOST_NAMED: usize = 64;
/// How many repositories are asked about one command.
const MOST_TREES: usize = 8;

/// A path that is removed.
#[derive(Debug)]
struct Goner {
    /// The path; symbolic links are resolved except in its last part.
    path: PathBuf,
    /// Whether it is a folder with its content, or lies in a folder whose whole content is removed.
    is_tree: bool,
    /// Whether the line names it; otherwise a pattern matches it.
    is_named: bool,
}

/// Whether a command may remove or empty files.
pub fn is_candidate(command: &Command) -> bool {
    match command.program() {
        Some("rm" | "grm" | "unlink" | "shred" | "truncate" | "find" | "gfind") => true,
        _ => !command.redirections.is_empty() && is_silent(command),
    }
}

/// The work that the removals of one command would lose.
///
/// # Errors
/// If git fails.
pub fn find(
    command: &Command,
    saved: &Saved,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let Goners { all, is_cut } = goners(command, examined);
    let mut trees: Vec<(WorkTree, Vec<Goner>)> = Vec::new();
    // Most files of a command share a folder, and finding its repository costs system calls.
    let mut known: HashMap<PathBuf, Option<usize>> = HashMap::new();
    for goner in all {
        let folder = folder_of(&goner);
        let at = match known.get(&folder) {
            Some(at) => *at,
            None => {
                let found = tree_at(&folder, examined);
                let at = found.map(|tree| {
                    let at = trees.iter().position(|(other, _)| other.top() == tree.top());
                    at.unwrap_or_else(|| {
                        trees.push((tree, Vec::new()));
                        trees.len() - 1
                    })
                });
                known.insert(folder, at);
                at
            }
        };
        if let Some(at) = at {
            trees[at].1.push(goner);
        }
    }
    for (asked, (tree, inside)) in trees.iter().enumerate() {
        if asked == MOST_TREES {
            return Err(GuardsError::TooManyRepositories(MOST_TREES));
        }
        if let Some(objection) = lost(inside, tree, command, saved, examined)? {
            return Ok(Some(objection));
        }
    }
    Ok(is_cut.then(|| {
        Objection::doubtful(
            format!("{} takes more files than are looked at", by(command)),
            "name one folder, or fewer files at a time",
        )
    }))
}

/// The folder whose repository would bring a file back: for a repository, itself.
fn folder_of(goner: &Goner) -> PathBuf {
    let is_repository = goner.is_tree && Repository::at(&goner.path).is_some();
    let parent = goner.path.parent().filter(|_| !is_repository);
    parent.unwrap_or(&goner.path).to_owned()
}

/// The repository that git would bring the files of a folder back from. One in a temporary folder counts only when it is
/// the project's own.
fn tree_at(folder: &Path, examined: &ExaminedUse<'_>) -> Option<WorkTree> {
    let tree = WorkTree::around(folder)?;
    let is_own = examined.root().starts_with(tree.top()) || tree.top().starts_with(examined.root());
    let temporary = resolve(&std::env::temp_dir());
    let is_temporary = [Path::new("/tmp"), Path::new("/var/tmp"), &temporary]
        .iter()
        .any(|folder| tree.top().starts_with(folder));
    (is_own || !is_temporary).then_some(tree)
}

/// The paths that git is asked about. It compares each file of the index with each of them, so many become their folders.
fn asked_paths(goners: &[Goner]) -> BTreeSet<&Path> {
    let paths = goners.iter().map(|goner| goner.path.as_path());
    if goners.len() <= MOST_NAMED {
        return paths.collect();
    }
    paths.filter_map(Path::parent).collect()
}

fn lost(
    goners: &[Goner],
    tree: &WorkTree,
    command: &Command,
    saved: &Saved,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let with_new = goners.iter().any(|goner| goner.is_tree || !goner.is_named);
    let asked = asked_paths(goners);
    let literally: Vec<String> =
        asked.iter().filter_map(|path| Some(format!(":(literal){}", path.to_str()?))).collect();
    let mut unsaved =
        UnsavedWork::of(tree, literally.iter().map(String::as_str), RecoverableFrom::Index, with_new)?;
    let of = |is_of: fn(&Goner) -> bool| -> HashSet<&Path> {
        goners.iter().filter(|goner| is_of(goner)).map(|goner| goner.path.as_path()).collect()
    };
    let (any, trees, patterns) = (of(|_| true), of(|goner| goner.is_tree), of(|goner| !goner.is_named));
    let is_in = |path: &String, of: &HashSet<&Path>| {
        tree.top().join(path).ancestors().any(|folder| of.contains(folder))
    };
    let met = unsaved.new.iter().filter(|path| !is_in(path, &trees) && is_in(path, &patterns)).count();
    unsaved.new.retain(|path| is_in(path, &trees) || (met >= MANY && is_in(path, &patterns)));
    unsaved.changed.retain(|path| is_in(path, &any));
    let unsaved = saved.without(unsaved, &command.folder, tree.top());
    if !unsaved.is_empty() {
        let what = format!("{} would lose {}", by(command), unsaved.told());
        // Changes in tracked files count even if the file is named, so naming it is not suggested for them.
        let by_name = match unsaved.changed.is_empty() {
            true => "; what is not needed can be removed by its name",
            false => "",
        };
        let way_out = format!("{}{by_name}", put_away(&unsaved, tree, examined));
        return Ok(Some(Objection::sure(what, way_out)));
    }
    let takes_history = |goner: &&Goner| {
        goner.is_tree && (goner.path == tree.top() || goner.path == tree.repository().common_dir())
    };
    let Some(repository) = goners.iter().find(takes_history) else { return Ok(None) };
    if tree.repository().is_linked_worktree() {
        return Ok(None);
    }
    match tree.count(&["--branches", "--not", "--remotes", "--"])? {
        0 => Ok(None),
        unpushed => Ok(Some(Objection::doubtful(
            format!(
                "{} would take along {} of {} that no remote has",
                by(command),
                counted(unpushed),
                fact(&repository.path.to_string_lossy())
            ),
            "push them first, or keep them in a file: git bundle create ../kept.bundle --all",
        ))),
    }
}

fn by(command: &Command) -> String {
    command.program().map_or_else(|| "`>`".to_owned(), fact)
}

/// What a command removes or empties.
#[derive(Debug, Default)]
struct Goners {
    all: Vec<Goner>,
    /// Whether it takes more than was looked at.
    is_cut: bool,
}

fn goners(command: &Command, examined: &ExaminedUse<'_>) -> Goners {
    let words = command.arguments();
    let (writes, is_recursive) = match command.program() {
        Some("rm" | "grm") => (command.removes(), roots::is_recursive(words)),
        Some("find" | "gfind") if roots::deletes_all(words) => (found(command), true),
        Some("unlink") => (command.removes(), false),
        Some("shred") => (command.writes(), false),
        Some("truncate") if empties(words) => (command.writes(), false),
        _ if is_silent(command) => (command.writes(), false),
        _ => return Goners::default(),
    };
    let mut goners = Goners::default();
    // The files that a pattern meets lie in few folders.
    let mut folder: Option<(PathBuf, PathBuf)> = None;
    for write in writes.iter().filter(|write| !matches!(write.by, ">>" | "&>>" | "<>")) {
        let last = write.pattern.as_deref().map(|pattern| pattern.rsplit('/').next().unwrap_or_default());
        let targets = examined.tool_use.targets(write, examined.home());
        // A pattern that meets nothing takes nothing.
        goners.is_cut |= targets.len() > 1 && targets.contains(&None);
        for path in targets.into_iter().flatten() {
            if budget::is_spent() {
                goners.is_cut = true;
                return goners;
            }
            let path = real(&path, &mut folder);
            let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
            // `x/*/` meets folders alone, and `x/*` is all of x.
            if last == Some("") && !metadata.is_dir() {
                continue;
            }
            let is_tree = is_recursive && (metadata.is_dir() || last == Some("*"));
            goners.all.push(Goner { path, is_tree, is_named: write.target.is_some() });
        }
    }
    goners
}

/// The folders from which `find` deletes everything that it meets.
fn found(command: &Command) -> Vec<Write> {
    let roots = roots::roots_of_find(command.arguments()).into_iter().filter(|root| root.is_literal);
    let tree = |root: Word| Write {
        target: Some(root.text),
        pattern: None,
        folder: command.folder.clone(),
        by: "find",
        may_be_folder: true,
        inside: None,
    };
    roots.map(tree).collect()
}

/// A path as a removal takes it: a symbolic link itself, not what it points to. `folder` is the last folder, as written
/// and free of links.
fn real(path: &Path, folder: &mut Option<(PathBuf, PathBuf)>) -> PathBuf {
    let path = if path.is_absolute() { path.to_owned() } else { normalise(path) };
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => {
            if folder.as_ref().is_none_or(|(known, _)| known != parent) {
                *folder = Some((parent.to_owned(), resolve(parent)));
            }
            folder.as_ref().map_or_else(|| resolve(&path), |(_, real)| real.join(name))
        }
        _ => resolve(&path),
    }
}

/// Whether `truncate` empties its file.
fn empties(words: &[Word]) -> bool {
    Options::new("sr", "size reference").read(words, 0).any(|argument| {
        matches!(argument, Argument::Option("s" | "size", Some(value)) if value.text.trim_start_matches('0').is_empty())
    })
}

/// Whether a command prints nothing, so that a redirection only empties its file: `> f`, `: > f`, `cat
/// /dev/null > f`.
fn is_silent(command: &Command) -> bool {
    let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
    let has_input = command.redirections.iter().any(|one| one.operator == shell::Operator::HereDocument);
    match words.as_slice() {
        [] => !has_input && command.folder != Folder::Unknown,
        [":" | "true"] | ["cat", "/dev/null"] | ["echo", "-n"] | ["echo", "-n", ""] | ["printf", ""] => true,
        _ => false,
    }
}
