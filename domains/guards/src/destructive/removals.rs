//! Programs that remove or empty files: what of them no commit has, and the index neither.
//!
//! A file that is removed by its name is meant. So only three things count: changes in tracked files; new files in a
//! folder that goes as a whole; and many new files that a pattern meets.

use std::path::{Path, PathBuf};

use git::Repository;
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

/// From how many new files on a pattern that meets them is no slip of one's own scratch files.
const MANY: usize = 3;
/// How many repositories are asked about one command.
const MOST_TREES: usize = 8;

/// Something that goes.
#[derive(Debug)]
struct Goner {
    /// Free of symbolic links, but for its last part.
    path: PathBuf,
    /// Whether it is a folder with all that is in it, or part of all that is in one.
    is_tree: bool,
    /// Whether the line names it; a pattern meets it otherwise.
    is_named: bool,
}

/// Whether a command may remove or empty files.
pub fn is_candidate(command: &Command) -> bool {
    match command.program() {
        Some("rm" | "grm" | "unlink" | "shred" | "truncate" | "find" | "gfind") => true,
        _ => !command.redirections.is_empty() && is_silent(command),
    }
}

/// What the removals of one command would lose.
///
/// # Errors
/// When git cannot tell.
pub fn find(
    command: &Command,
    saved: &Saved,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let mut goners = goners(command, examined);
    goners.retain(|goner| std::fs::symlink_metadata(&goner.path).is_ok());
    let mut asked = 0;
    while let Some(first) = goners.first() {
        let Some(tree) = tree_of(first, examined) else {
            goners.remove(0);
            continue;
        };
        let is_inside =
            |goner: &Goner| tree_of(goner, examined).is_some_and(|other| other.top() == tree.top());
        let (inside, others): (Vec<_>, Vec<_>) = goners.into_iter().partition(is_inside);
        goners = others;
        asked += 1;
        if asked > MOST_TREES {
            return Err(GuardsError::TooManyRepositories(MOST_TREES));
        }
        if let Some(objection) = lost(&inside, &tree, command, saved, examined)? {
            return Ok(Some(objection));
        }
    }
    Ok(None)
}

/// The repository that git would bring a file back from. One in a temporary folder counts only when it is the
/// project's own.
fn tree_of(goner: &Goner, examined: &ExaminedUse<'_>) -> Option<WorkTree> {
    let is_repository = goner.is_tree && Repository::at(&goner.path).is_some();
    let folder = if is_repository { &goner.path } else { goner.path.parent()? };
    let tree = WorkTree::around(folder)?;
    let is_own = examined.root().starts_with(tree.top()) || tree.top().starts_with(examined.root());
    let temporary = resolve(&std::env::temp_dir());
    let is_temporary = [Path::new("/tmp"), Path::new("/var/tmp"), &temporary]
        .iter()
        .any(|folder| tree.top().starts_with(folder));
    (is_own || !is_temporary).then_some(tree)
}

fn lost(
    goners: &[Goner],
    tree: &WorkTree,
    command: &Command,
    saved: &Saved,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let paths: Vec<&str> = goners.iter().filter_map(|goner| goner.path.to_str()).collect();
    let with_new = goners.iter().any(|goner| goner.is_tree || !goner.is_named);
    let literally = paths.iter().map(|path| format!(":(literal){path}")).collect::<Vec<_>>();
    let mut unsaved =
        UnsavedWork::of(tree, literally.iter().map(String::as_str), RecoverableFrom::Index, with_new)?;
    let is_in = |path: &str, goner: &Goner| tree.top().join(path).starts_with(&goner.path);
    let in_tree = |path: &String| goners.iter().any(|goner| goner.is_tree && is_in(path, goner));
    let by_pattern = |path: &String| goners.iter().any(|goner| !goner.is_named && is_in(path, goner));
    let met = unsaved.new.iter().filter(|path| !in_tree(path) && by_pattern(path)).count();
    unsaved.new.retain(|path| in_tree(path) || (met >= MANY && by_pattern(path)));
    let unsaved = saved.without(unsaved, &command.folder, tree.top());
    if !unsaved.is_empty() {
        let what = format!("{} would lose {}", by(command), unsaved.told());
        // Changes in tracked files count by whatever name they go.
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

fn goners(command: &Command, examined: &ExaminedUse<'_>) -> Vec<Goner> {
    let words = command.arguments();
    let (writes, is_recursive) = match command.program() {
        Some("rm" | "grm") => (command.removes(), roots::is_recursive(words)),
        Some("find" | "gfind") if roots::deletes_all(words) => (found(command), true),
        Some("unlink") => (command.removes(), false),
        Some("shred") => (command.writes(), false),
        Some("truncate") if empties(words) => (command.writes(), false),
        _ if is_silent(command) => (command.writes(), false),
        _ => return Vec::new(),
    };
    let mut goners = Vec::new();
    for write in writes.iter().filter(|write| !matches!(write.by, ">>" | "&>>" | "<>")) {
        let last = write.pattern.as_deref().map(|pattern| pattern.rsplit('/').next().unwrap_or_default());
        for path in examined.tool_use.targets(write, examined.home()).into_iter().flatten() {
            let path = real(&path);
            let is_folder = path.is_dir() && !path.is_symlink();
            // `x/*/` meets folders alone, and `x/*` is all of x.
            if last == Some("") && !is_folder {
                continue;
            }
            let is_tree = is_recursive && (is_folder || last == Some("*"));
            goners.push(Goner { path, is_tree, is_named: write.target.is_some() });
        }
    }
    goners
}

/// Where `find` begins to delete all that it meets.
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

/// A path as a removal takes it: a symbolic link itself, not what it points to.
fn real(path: &Path) -> PathBuf {
    let path = if path.is_absolute() { path.to_owned() } else { normalise(path) };
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => resolve(parent).join(name),
        _ => resolve(&path),
    }
}

/// Whether `truncate` leaves nothing.
fn empties(words: &[Word]) -> bool {
    Options::new("sr", "size reference").read(words, 0).any(|argument| {
        matches!(argument, Argument::Option("s" | "size", Some(value)) if value.text.trim_start_matches('0').is_empty())
    })
}

/// Whether a command says nothing, so that a redirection only empties its file: `> f`, `: > f`, `cat /dev/null > f`.
fn is_silent(command: &Command) -> bool {
    let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
    let has_input = command.redirections.iter().any(|one| one.operator == shell::Operator::HereDocument);
    match words.as_slice() {
        [] => !has_input && command.folder != Folder::Unknown,
        [":" | "true"] | ["cat", "/dev/null"] | ["echo", "-n"] | ["echo", "-n", ""] | ["printf", ""] => true,
        _ => false,
    }
}
