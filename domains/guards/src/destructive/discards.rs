//! Git calls that discard uncommitted work: resets, checkouts, cleans, dropped stashes.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use platform::path::{expand, resolve};
use platform::shell_word;
use platform::text::fact;
use shell::options::Options;
use shell::{GitCall, Word};

use super::given::CommandArguments;
use super::saved::{STASH, Saved, entry_number};
use super::unsaved::{RecoverableFrom, UnsavedWork, is_made_again, named};
use super::work_tree::WorkTree;
use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;

const CHECKOUT: Options = Options::new("bB", "orphan conflict pathspec-from-file");
const RESTORE: Options = Options::new("s", "source conflict pathspec-from-file");
const SWITCH: Options = Options::new("cC", "create force-create orphan conflict");
const CLEAN: Options = Options::new("e", "exclude");

/// Returns the work that a call would discard, and a way to keep it.
///
/// # Errors
/// If git fails.
pub fn find(
    call: &GitCall<'_>,
    tree: &WorkTree,
    saved: &Saved,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    match call.subcommand() {
        "clean" => clean(call, tree, saved, examined),
        "stash" => stash(call, tree, saved, examined),
        "worktree" => worktree(call, tree, examined),
        _ => match Discard::of(call, tree) {
            Some(discard) => discard.examine(call, tree, saved, examined),
            None => Ok(None),
        },
    }
}

/// Whether a subcommand may discard work.
pub fn is_candidate(subcommand: &str) -> bool {
    matches!(
        subcommand,
        "clean"
            | "stash"
            | "worktree"
            | "reset"
            | "checkout"
            | "restore"
            | "switch"
            | "rm"
            | "read-tree"
            | "checkout-index"
    )
}

/// Files that a call overwrites with their state in git.
struct Discard<'a> {
    /// The files, as pathspecs; empty means all.
    paths: Vec<&'a Word>,
    left: RecoverableFrom,
}

impl<'a> Discard<'a> {
    fn of(call: &'a GitCall<'a>, tree: &WorkTree) -> Option<Self> {
        let words = call.arguments();
        let all = Some(Self { paths: Vec::new(), left: RecoverableFrom::Commits });
        let some =
            |paths: Vec<&'a Word>, left: RecoverableFrom| (!paths.is_empty()).then_some(Self { paths, left });
        match call.subcommand() {
            "reset" => CommandArguments::of(words, Options::NONE).has(&["hard"]).then_some(all)?,
            "switch" => {
                CommandArguments::of(words, SWITCH).has(&["f", "force", "discard-changes"]).then_some(all)?
            }
            "read-tree" => {
                let given = CommandArguments::of(words, Options::new("", "prefix index-output"));
                (given.has(&["reset"]) && given.has(&["u"])).then_some(all)?
            }
            "checkout-index" => {
                let given = CommandArguments::of(words, Options::new("", "prefix stage"));
                let is_forced = given.has(&["f", "force"]) && given.value(&["prefix"]).is_none();
                let is_all = given.has(&["a", "all"]);
                match is_forced {
                    true if is_all => Some(Self { paths: Vec::new(), left: RecoverableFrom::Index }),
                    true => some(given.all().collect(), RecoverableFrom::Index),
                    false => None,
                }
            }
            "rm" => {
                let given = CommandArguments::of(words, Options::new("", "pathspec-from-file"));
                let is_forced = given.has(&["f", "force"]) && !given.has(&["n", "dry-run", "cached"]);
                is_forced.then(|| some(given.all().collect(), RecoverableFrom::Commits))?
            }
            "restore" => {
                let given = CommandArguments::of(words, RESTORE);
                if is_resolution(&given) {
                    return None;
                }
                let (staged, files) = (given.has(&["S", "staged"]), given.has(&["W", "worktree"]));
                let from_commit = staged || given.value(&["s", "source"]).is_some();
                let left = if from_commit { RecoverableFrom::Commits } else { RecoverableFrom::Index };
                (files || !staged).then(|| some(given.all().collect(), left))?
            }
            "checkout" => {
                let given = CommandArguments::of(words, CHECKOUT);
                if is_resolution(&given) {
                    return None;
                }
                let has_commit = match (given.behind, given.operands.first()) {
                    (Some(_), first) => first.is_some(),
                    (None, Some(first)) => !is_path(first, tree),
                    (None, None) => false,
                };
                let left = if has_commit { RecoverableFrom::Commits } else { RecoverableFrom::Index };
                let paths: Vec<&Word> = given.all().skip(usize::from(has_commit)).collect();
                if paths.is_empty() && given.has(&["f", "force"]) { all } else { some(paths, left) }
            }
            _ => None,
        }
    }

    fn examine(
        &self,
        call: &GitCall<'_>,
        tree: &WorkTree,
        saved: &Saved,
        examined: &ExaminedUse<'_>,
    ) -> Result<Option<Objection>, GuardsError> {
        let is_told = self.paths.iter().all(|word| word.is_literal || !word.text.contains(['$', '`']));
        let paths: Vec<Cow<'_, str>> = match is_told {
            true => self.paths.iter().map(|word| shown_to_git(word, examined.home())).collect(),
            false => Vec::new(),
        };
        let unsaved = UnsavedWork::of(tree, paths.iter().map(|path| &**path), self.left, false)?;
        let unsaved = saved.without(unsaved, &call.folder, tree.top());
        if unsaved.is_empty() {
            return Ok(None);
        }
        let what = format!("`git {}` would throw away {}", call.subcommand(), unsaved.told());
        Ok(Some(objection(is_told && tree.is_told, what, put_away(&unsaved, tree, examined))))
    }
}

/// Certain only if the line determines the folder and the files.
fn objection(is_told: bool, what: String, way_out: String) -> Objection {
    match is_told {
        true => Objection::sure(what, way_out),
        false => Objection::doubtful(what, way_out),
    }
}

/// Whether the call resolves a conflict, or a person selects what to discard.
fn is_resolution(given: &CommandArguments<'_>) -> bool {
    given.has(&["p", "patch", "ours", "theirs", "2", "3", "m", "merge", "conflict"])
}

/// Whether the first operand of a checkout is a path. Like git, it prefers a branch of that name.
fn is_path(word: &Word, tree: &WorkTree) -> bool {
    let text = word.text.as_str();
    if text == "." || text.starts_with(['/', ':', '*']) || text.starts_with("./") || text.starts_with("../") {
        return true;
    }
    let is_there = std::fs::symlink_metadata(tree.folder().join(text)).is_ok();
    let is_branch = || tree.repository().branches().is_ok_and(|names| names.iter().any(|name| name == text));
    (is_there || text.contains('*')) && !is_branch()
}

/// A word as git receives it, with `~` expanded.
fn shown_to_git<'w>(word: &'w Word, home: &Path) -> Cow<'w, str> {
    match word.is_at_home {
        true => Cow::Owned(expand(home, Path::new(&word.text)).to_string_lossy().into_owned()),
        false => Cow::Borrowed(&word.text),
    }
}

/// The advice how to save the work at risk: only these files if they can be named. Files that configure
/// guards are excluded, because a stash would disable the guards.
pub fn put_away(unsaved: &UnsavedWork, tree: &WorkTree, examined: &ExaminedUse<'_>) -> String {
    /// A longer list would be inconvenient to type.
    const MOST: usize = 5;
    let files = unsaved.changed.iter().chain(&unsaved.new);
    let (kept, files): (Vec<&String>, Vec<&String>) = files.partition(|file| sets_guards(file));
    let kept: Vec<String> = kept.into_iter().cloned().collect();
    let commit = format!("commit {}", named(&kept));
    if files.is_empty() {
        return format!("{commit} first");
    }
    let new = if unsaved.new.iter().any(|file| !sets_guards(file)) { " -u" } else { "" };
    let stash = if files.len() > MOST || files.iter().any(|file| file.contains(char::is_control)) {
        stash_all(new, tree, examined)
    } else {
        let (git, is_at_top) = git_there(tree, examined);
        let files: Vec<String> =
            files.into_iter().map(|file| shell_word::plain(&pathspec(file, is_at_top))).collect();
        format!("{git} stash push{new} -- {}", files.join(" "))
    };
    match kept.is_empty() {
        true => format!("put them away first: {stash}"),
        false => format!("put them away first: {stash}; and {commit}"),
    }
}

/// The command that stashes the whole work tree except files that configure guards.
fn stash_all(new: &str, tree: &WorkTree, examined: &ExaminedUse<'_>) -> String {
    let (git, is_at_top) = git_there(tree, examined);
    let (all, but) = if is_at_top { (".", ":!") } else { (":/", ":(top,exclude)") };
    let of_project = resolve(examined.root()).join(".claude");
    let of_project = of_project.strip_prefix(tree.top()).ok().and_then(Path::to_str).unwrap_or(".claude");
    format!("{git} stash push{new} -- {all} {}", shell_word::plain(&format!("{but}{of_project}")))
}

/// The git command for this work tree from where the line starts, and whether that folder is its root.
fn git_there(tree: &WorkTree, examined: &ExaminedUse<'_>) -> (String, bool) {
    let start = resolve(&examined.tool_use.folder);
    match start.starts_with(tree.top()) {
        true => ("git".to_owned(), start == tree.top()),
        false => (format!("git -C {}", shell_word::plain(&tree.top().to_string_lossy())), true),
    }
}

/// A path relative to the root, as a pathspec.
fn pathspec(file: &str, is_at_top: bool) -> String {
    match file.starts_with(':') || file.contains(['*', '?', '[', '\\']) {
        true => format!(":(top,literal){file}"),
        false if is_at_top => file.to_owned(),
        // `:/` makes it relative to the root, in whatever folder git runs.
        false => format!(":/{file}"),
    }
}

/// Whether a file configures guards.
fn sets_guards(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let name = parts.next().unwrap_or_default();
    let is_one = |begin: &str, end: &str| name.starts_with(begin) && name.ends_with(end);
    (is_one("requirements", ".yaml") || is_one("settings", ".json")) && parts.next() == Some(".claude")
}

/// The files that configure the guards of the project.
fn guard_files(examined: &ExaminedUse<'_>) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(resolve(examined.root()).join(".claude")) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    paths.filter(|path| path.to_str().is_some_and(sets_guards)).collect()
}

/// Asks git what it would remove.
fn clean(
    call: &GitCall<'_>,
    tree: &WorkTree,
    saved: &Saved,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let given = CommandArguments::of(call.arguments(), CLEAN);
    let is_unforced = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("clean.requireForce")
            && matches!(value.as_str(), "false" | "no" | "off" | "0")
    };
    let is_forced = given.has(&["f", "force"]) || call.settings.iter().any(is_unforced);
    if !is_forced || given.has(&["n", "dry-run", "i", "interactive"]) {
        return Ok(None);
    }
    let is_told = call.arguments().iter().all(|word| word.is_literal || !word.text.contains(['$', '`']));
    let (only_ignored, ignored) = (given.has(&["X"]), given.has(&["x"]));
    let guard_files = guard_files(examined);
    let folder = resolve(tree.folder());
    let takes_guards = |path: &String| guard_files.iter().any(|file| file.starts_with(folder.join(path)));
    let mut guards = Vec::new();
    let mut gone = Vec::new();
    if !only_ignored {
        gone = would_remove(call, tree, is_told, None)?;
        gone.retain(|path| !(is_made_again(path) || path.ends_with('/') && is_bare(&folder.join(path))));
        guards.extend(gone.iter().filter(|path| takes_guards(path)).cloned());
        // A single file that the line names is removed on purpose.
        if given.all().any(|word| gone.len() == 1 && word.text == gone[0]) && !gone[0].ends_with('/') {
            gone.clear();
        }
        let unsaved = UnsavedWork { changed: Vec::new(), new: gone };
        gone = saved.without(unsaved, &call.folder, tree.folder()).new;
    }
    if only_ignored || ignored {
        let kind = if only_ignored { "-X" } else { "-x" };
        let secrets = would_remove(call, tree, is_told, Some(kind))?.into_iter();
        gone.extend(secrets.filter(|path| is_secret(path) || takes_guards(path)));
        gone.dedup();
    }
    // Nothing justifies the removal of files that configure guards, so they are always reported, and first.
    gone.retain(|path| !guards.contains(path));
    gone.extend(guards);
    gone.sort_by_key(|path| !takes_guards(path));
    if gone.is_empty() {
        return Ok(None);
    }
    let mut spare = String::new();
    if gone.iter().any(takes_guards) {
        spare.push_str("leave what sets guards where it is: -e .claude; ");
    }
    // A stash does not include it, because it is ignored.
    if let Some(secret) = gone.iter().find(|path| is_secret(path)) {
        let name = secret.rsplit('/').next().unwrap_or(secret);
        spare.push_str(&format!("leave what holds secrets where it is: -e {}; ", shell_word::plain(name)));
    }
    let what = format!("`git clean` would remove {}, which no commit has", named(&gone));
    Ok(Some(objection(
        is_told && tree.is_told,
        what,
        format!(
            "{spare}look first with `git clean -n` and the same options, then remove by name what is not needed, or put it \
             away: {}",
            stash_all(" -u", tree, examined)
        ),
    )))
}

/// The files that a clean with the same options and paths would remove; ignored files only with an option
/// that includes them.
fn would_remove(
    call: &GitCall<'_>,
    tree: &WorkTree,
    is_told: bool,
    kind: Option<&'static str>,
) -> Result<Vec<String>, GuardsError> {
    let mut arguments = vec![Cow::Borrowed("clean"), Cow::Borrowed("-n")];
    arguments.extend(kind.map(Cow::Borrowed));
    if is_told {
        arguments.extend(call.arguments().iter().map(|word| without_kind(&word.text)));
    } else {
        arguments.push(Cow::Borrowed("-d"));
    }
    let arguments = arguments.iter().map(|word| &**word).filter(|word| *word != "-");
    let told = tree.ask(arguments)?.ok_or(GuardsError::UnsavedUnknown)?;
    Ok(told.lines().filter_map(|line| line.strip_prefix("Would remove ")).map(str::to_owned).collect())
}

/// An option of `clean` without the letters that select ignored files, and without `q`, which suppresses the
/// list.
fn without_kind(word: &str) -> Cow<'_, str> {
    if !word.starts_with('-') || word.starts_with("--") {
        return Cow::Borrowed(if word == "--quiet" { "-" } else { word });
    }
    // The text after an `e` is a pattern.
    let (letters, pattern) = word.split_at(word.find('e').unwrap_or(word.len()));
    Cow::Owned(letters.replace(['x', 'X', 'q'], "") + pattern)
}

/// Whether a folder holds only folders. A folder with very many entries counts as not empty.
fn is_bare(folder: &Path) -> bool {
    const MOST: usize = 256;
    let mut folders = vec![folder.to_owned()];
    for looked_at in 0.. {
        let Some(folder) = folders.pop() else { break };
        let Ok(entries) = std::fs::read_dir(folder) else { return false };
        if looked_at == MOST {
            return false;
        }
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_ok_and(|kind| kind.is_dir()) => folders.push(entry.path()),
                _ => return false,
            }
        }
    }
    true
}

/// Whether an ignored file holds secrets: no tool can generate it again.
fn is_secret(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == ".env" || (name.starts_with(".env.") && !name.contains("example") && !name.contains("sample"))
}

fn stash(
    call: &GitCall<'_>,
    tree: &WorkTree,
    saved: &Saved,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let given = CommandArguments::of(call.arguments(), STASH);
    let mut operands = given.all();
    let is_clear = match operands.next().map(|word| word.text.as_str()) {
        Some("clear") => true,
        Some("drop") => false,
        None | Some("push" | "save") => return stashed_guards(&given, tree, examined),
        _ => return Ok(None),
    };
    let asked = operands.next().map_or("stash@{0}", |word| word.text.as_str());
    let dropped = entry_number(asked);
    if !is_clear && saved.applied.as_deref() == Some(dropped) {
        return Ok(None);
    }
    if is_clear || dropped == "0" {
        let own = saved.stashed(tree)?;
        if !own.is_empty() {
            let verb = if is_clear { "clear" } else { "drop" };
            let what = format!("`git stash {verb}` would drop what this line stashes: {}", own.told());
            return Ok(Some(objection(tree.is_told, what, "leave it stashed, or commit it".to_owned())));
        }
    }
    let entries = tree.ask(["stash", "list"])?.unwrap_or_default();
    let entries: Vec<String> = entries.lines().map(str::to_owned).collect();
    let (what, at) = match (entries.first(), is_clear) {
        (None, _) => return Ok(None),
        (Some(_), true) => {
            (format!("`git stash clear` would drop all that is stashed: {}", named(&entries)), "stash@{0}")
        }
        (Some(first), false) => {
            let wanted = if asked.contains('{') { asked.to_owned() } else { format!("stash@{{{asked}}}") };
            let entry =
                entries.iter().find(|entry| entry.split(':').next() == Some(&wanted)).unwrap_or(first);
            (format!("`git stash drop` would drop {}", fact(entry)), asked)
        }
    };
    let way_out = format!(
        "look at it with `git stash show -p {at}`, apply it, or keep it on a branch: git stash branch kept {at}"
    );
    Ok(Some(objection(tree.is_told, what, way_out)))
}

/// The files of a stash of untracked files that configure guards.
fn stashed_guards(
    given: &CommandArguments<'_>,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let with_ignored = given.has(&["a", "all"]);
    if !with_ignored && !given.has(&["u", "include-untracked"]) {
        return Ok(None);
    }
    let files = guard_files(examined);
    let inside = files.iter().filter_map(|file| file.strip_prefix(tree.top()).ok()?.to_str());
    let inside: Vec<String> = inside.map(|file| format!(":(top,literal){file}")).collect();
    if inside.is_empty() {
        return Ok(None);
    }
    let untracked = |paths: &[String]| -> Result<Vec<String>, GuardsError> {
        let standard = (!with_ignored).then_some("--exclude-standard");
        let asked = ["ls-files", "--others", "--full-name", "-z"].into_iter().chain(standard).chain(["--"]);
        let told = tree.ask(asked.chain(paths.iter().map(String::as_str)))?.unwrap_or_default();
        let files = told.split('\0').filter(|path| sets_guards(path));
        Ok(files.filter(|path| files_has(&inside, path)).map(str::to_owned).collect())
    };
    let mut taken = untracked(&inside)?;
    // The text after `save` is a message.
    let mut operands = given.all();
    let words: Vec<&Word> =
        if operands.next().is_some_and(|verb| verb.text == "push") { operands.collect() } else { Vec::new() };
    let is_told = words.iter().all(|word| word.is_literal || !word.text.contains(['$', '`']));
    if !taken.is_empty() && !words.is_empty() && is_told {
        let paths: Vec<String> =
            words.iter().map(|word| shown_to_git(word, examined.home()).into_owned()).collect();
        taken = untracked(&paths)?;
    }
    if taken.is_empty() || !is_told {
        return Ok(None);
    }
    let what = format!("`git stash` would take away {}, and with it the guards that it sets", named(&taken));
    let new = if with_ignored { " -a" } else { " -u" };
    let way_out = format!("leave it where it is: {}", stash_all(new, tree, examined));
    Ok(Some(objection(tree.is_told, what, way_out)))
}

fn files_has(pathspecs: &[String], path: &str) -> bool {
    pathspecs.iter().any(|one| one.strip_prefix(":(top,literal)") == Some(path))
}

fn worktree(
    call: &GitCall<'_>,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let given = CommandArguments::of(call.arguments(), Options::NONE);
    let operands: Vec<&Word> = given.all().collect();
    let [verb, folder] = operands.as_slice() else { return Ok(None) };
    if verb.text != "remove" || !given.has(&["f", "force"]) {
        return Ok(None);
    }
    let folder: PathBuf = resolve(&tree.folder().join(&*shown_to_git(folder, examined.home())));
    let Some(removed) = WorkTree::around(&folder).filter(|removed| removed.top() == folder) else {
        return Ok(None);
    };
    let unsaved = UnsavedWork::of(&removed, [], RecoverableFrom::Commits, true)?;
    if unsaved.is_empty() {
        return Ok(None);
    }
    let what = format!("the work tree {} holds {}", fact(&folder.to_string_lossy()), unsaved.told());
    let way_out = "commit there first, or remove it without `--force`, which looks first";
    Ok(Some(objection(tree.is_told, what, way_out.to_owned())))
}
