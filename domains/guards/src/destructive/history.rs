//! Rewritten history: forced pushes; amended, rebased and reset commits that others have; removed branches
//! and reflogs that hold the only copy of commits.

use platform::text::fact;
use shell::options::Options;
use shell::{Command, GitCall, Word};

use super::given::CommandArguments;
use super::work_tree::WorkTree;
use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::objection::Objection;

const PUSH: Options = Options::new("o", "push-option receive-pack exec repo");
const COMMIT: Options = Options::new(
    "mFCct",
    "message file reuse-message reedit-message template author date fixup squash cleanup trailer",
)
.attached("Su");
const REBASE: Options =
    Options::new("sXx", "onto exec strategy strategy-option empty whitespace").attached("CSr");
const BRANCH: Options =
    Options::new("u", "set-upstream-to contains no-contains merged no-merged points-at format sort");

/// Whether the line alone shows what such a subcommand rewrites.
pub fn is_of_line(subcommand: &str) -> bool {
    matches!(subcommand, "push" | "filter-branch" | "filter-repo" | "reflog" | "gc" | "prune")
}

/// Whether the repository must be read to decide that.
pub fn is_of_repository(subcommand: &str) -> bool {
    matches!(subcommand, "commit" | "rebase" | "reset" | "branch" | "checkout" | "switch" | "update-ref")
}

/// Whether a program may rewrite history.
pub fn is_program(name: &str) -> bool {
    matches!(name, "bfg" | "git-filter-repo" | "git-filter-branch" | "java")
}

/// What a program other than git rewrites.
pub fn by_program(command: &Command) -> Option<Objection> {
    let program = command.program()?;
    let names_bfg = |word: &Word| {
        let name = word.text.rsplit('/').next().unwrap_or_default();
        name.starts_with("bfg") && name.ends_with(".jar")
    };
    let given = CommandArguments::of(command.arguments(), Options::NONE);
    let is_harmless = given.has(&["help", "h", "version", "analyze", "dry-run"]);
    let is_rewrite = matches!(program, "bfg" | "git-filter-repo" | "git-filter-branch")
        || (program == "java" && command.arguments().iter().any(names_bfg));
    (is_rewrite && !is_harmless).then(|| rewrites_all(program))
}

/// What a git call rewrites, as far as the line alone shows.
pub fn by_line(call: &GitCall<'_>) -> Option<Objection> {
    match call.subcommand() {
        "push" => is_forced_push(call).then(|| {
            Objection::sure(
                "the push would overwrite what others may have pushed",
                "use `--force-with-lease` instead, which looks first",
            )
        }),
        name @ ("filter-branch" | "filter-repo") => {
            let is_harmless = CommandArguments::of(call.arguments(), Options::NONE)
                .has(&["help", "h", "analyze", "dry-run"]);
            (!is_harmless).then(|| rewrites_all(&format!("git {name}")))
        }
        "reflog" => {
            let given = CommandArguments::of(call.arguments(), Options::NONE);
            let is_expire = given.operands.first().is_some_and(|word| word.text == "expire");
            let is_now = |name: &str| given.value(&[name]).is_some_and(is_now);
            let is_meant = is_expire
                && (is_now("expire") || is_now("expire-unreachable"))
                && !given.has(&["n", "dry-run"]);
            is_meant.then(|| forgets("git reflog expire"))
        }
        "gc" => CommandArguments::of(call.arguments(), Options::NONE)
            .value(&["prune"])
            .is_some_and(is_now)
            .then(|| forgets("git gc --prune=now")),
        "prune" => {
            let given = CommandArguments::of(call.arguments(), Options::new("", "expire"));
            let is_later = given.value(&["expire"]).is_some_and(|date| !is_now(date));
            (!is_later && !given.has(&["n", "dry-run"])).then(|| forgets("git prune"))
        }
        _ => None,
    }
}

/// Whether a push overwrites the remote branch, whatever it holds.
pub fn is_forced_push(call: &GitCall<'_>) -> bool {
    let given = CommandArguments::of(call.arguments(), PUSH);
    let by_setting = call.settings.iter().any(|(name, value)| {
        let name = name.to_ascii_lowercase();
        name.starts_with("remote.")
            && (name.ends_with(".mirror") && value != "false"
                || name.ends_with(".push") && value.starts_with('+'))
    });
    let is_forced =
        given.has(&["f", "force", "mirror"]) || given.all().any(|word| word.text.starts_with('+'));
    (is_forced || by_setting) && !given.has(&["n", "dry-run"])
}

fn rewrites_all(program: &str) -> Objection {
    Objection::sure(
        format!("`{program}` rewrites commits that others have"),
        "ask the user to run it, on a fresh clone that keeps the old history",
    )
}

fn forgets(program: &str) -> Objection {
    Objection::sure(
        format!("`{program}` deletes at once what would bring back lost commits and stashes"),
        "leave it to `git gc`, which keeps them for two weeks",
    )
}

fn is_now(date: &str) -> bool {
    matches!(date, "now" | "all" | "0")
}

/// What a git call rewrites, according to the repository.
///
/// # Errors
/// If git takes too long.
pub fn by_repository(
    call: &GitCall<'_>,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let found = match call.subcommand() {
        "commit" => amend(call, tree, examined)?,
        "rebase" => rebase(call, tree, examined)?,
        "reset" => reset(call, tree, examined)?,
        "branch" => branch(call, tree, examined)?,
        "checkout" | "switch" => {
            let given = CommandArguments::of(
                call.arguments(),
                Options::new("bBcC", "create force-create orphan conflict"),
            );
            match given.value(&["B", "C", "force-create"]) {
                Some(name) => moved(name, given.operands.first().copied(), tree, examined)?,
                None => None,
            }
        }
        "update-ref" => update_ref(call, tree, examined)?,
        _ => None,
    };
    Ok(found.map(|found| match tree.is_told {
        true => found,
        false => Objection::doubtful(found.what, found.way_out),
    }))
}

fn amend(
    call: &GitCall<'_>,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let given = CommandArguments::of(call.arguments(), COMMIT);
    if !given.has(&["amend"]) || given.has(&["dry-run"]) {
        return Ok(None);
    }
    let course = Course::before(call, tree, examined);
    if course.is_new || course.is_committed {
        return Ok(None);
    }
    let (branch, head) = course.branch(tree);
    let Some(branch) = branch.filter(|branch| tree.is_protected(branch, examined)) else { return Ok(None) };
    // `origin/HEAD` may be among the results; it is an alias of another branch, so other names are preferred.
    let contains = format!("--contains={head}");
    let asked = ["for-each-ref", "--count=20", &contains, "--format=%(refname:lstrip=2)", "refs/remotes"];
    let said = tree.ask(asked)?.unwrap_or_default();
    let own = said.lines().find(|name| name.split_once('/').is_some_and(|(_, name)| name == branch));
    let remote = own.or_else(|| said.lines().find(|name| !name.ends_with("/HEAD"))).or(said.lines().next());
    let Some(remote) = remote else { return Ok(None) };
    Ok(Some(Objection::sure(
        format!("this amends the last commit of {}, which {} has already", fact(&branch), fact(remote)),
        "make a commit of its own, without `--amend`",
    )))
}

fn rebase(
    call: &GitCall<'_>,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let given = CommandArguments::of(call.arguments(), REBASE);
    if given.has(&["continue", "abort", "skip", "quit", "edit-todo", "show-current-patch", "help"]) {
        return Ok(None);
    }
    let mut operands = given.operands.iter().map(|word| word.text.as_str());
    let upstream = if given.has(&["root"]) { None } else { Some(operands.next().unwrap_or("@{upstream}")) };
    // Commits that are not in the new base are rewritten or dropped.
    let base = given.value(&["onto"]).or(upstream);
    let named = operands.next().map(str::to_owned);
    let course = Course::before(call, tree, examined);
    if course.is_new && named.is_none() {
        return Ok(None);
    }
    let Some(branch) = named.or_else(|| course.branch(tree).0) else { return Ok(None) };
    if !tree.is_protected(&branch, examined) {
        return Ok(None);
    }
    let shared = match pushed(&branch, base, tree)? {
        0 => return Ok(None),
        shared => shared,
    };
    Ok(Some(Objection::sure(
        format!("this rebases {} of {} that a remote has already", counted(shared), fact(&branch)),
        "rebase a branch of your own: git switch -c <name>; or take changes in with `git merge`",
    )))
}

fn reset(
    call: &GitCall<'_>,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let given = CommandArguments::of(call.arguments(), Options::new("", "pathspec-from-file"));
    let is_of_files = given.behind.is_some_and(|paths| !paths.is_empty()) || given.operands.len() > 1;
    let Some(target) = given.operands.first().filter(|_| !is_of_files) else { return Ok(None) };
    let course = Course::before(call, tree, examined);
    if course.is_new {
        // The old commits remain on the previous branch.
        return Ok(None);
    }
    let (branch, head) = course.branch(tree);
    if let Some(branch) = &branch
        && let Some(found) = moved(branch, Some(target), tree, examined)?
    {
        return Ok(Some(found));
    }
    if course.is_kept || !given.has(&["hard"]) || !is_remote(&target.text, tree)? {
        return Ok(None);
    }
    match only_here(&head, branch.as_deref(), Some(&target.text), tree)? {
        0 => Ok(None),
        lost => Ok(Some(Objection::sure(
            format!("`git reset --hard` would drop {} that no other branch has", counted(lost)),
            "keep them under a name first: git branch kept",
        ))),
    }
}

/// The effects of the line before a call, in the same folder.
#[derive(Default)]
struct Course {
    /// The existing branch that the line switched to.
    to: Option<String>,
    /// Whether HEAD is on a branch that the line created.
    is_new: bool,
    /// Whether the line created another name for HEAD's commits, a branch or a tag.
    is_kept: bool,
    /// Whether the line created the last commit.
    is_committed: bool,
}

impl Course {
    /// The effects of the line up to this call.
    fn before(call: &GitCall<'_>, tree: &WorkTree, examined: &ExaminedUse<'_>) -> Self {
        let commands = examined.script().commands.iter().filter_map(Command::git);
        let before = commands.take_while(|other| !std::ptr::eq(other.words, call.words));
        let mut course = Self::default();
        for other in before.filter(|other| other.folder == call.folder) {
            course.take(&other, tree);
        }
        course
    }

    fn take(&mut self, call: &GitCall<'_>, tree: &WorkTree) {
        let given = CommandArguments::of(
            call.arguments(),
            Options::new("bBcCm", "orphan create force-create message"),
        );
        let is_one = given.behind.is_none() && given.operands.len() == 1;
        match call.subcommand() {
            "commit" if !given.has(&["amend", "dry-run"]) => self.is_committed = true,
            "branch" | "tag" if is_one && !given.has(&["d", "D", "delete", "l", "list"]) => {
                self.is_kept = true;
            }
            "checkout" | "switch" => {
                let moved = if given.value(&["b", "B", "c", "C", "create", "force-create"]).is_some() {
                    None
                } else if let Some(name) = given.operands.first().filter(|word| is_one && word.is_literal) {
                    let name = if name.text == "-" { "@{-1}" } else { name.text.as_str() };
                    let asked = ["rev-parse", "--symbolic-full-name", "--verify", "--quiet", name, "--"];
                    let full = tree.ask(asked).ok().flatten().unwrap_or_default();
                    match full.trim().strip_prefix("refs/heads/") {
                        Some(branch) => Some(branch.to_owned()),
                        // The name is a path, or a branch that this call or an earlier one creates.
                        None if full.trim().is_empty() && !self.is_kept => return,
                        None => None,
                    }
                } else {
                    return;
                };
                (self.is_new, self.is_committed) = (moved.is_none(), false);
                self.to = moved;
            }
            _ => {}
        }
    }

    /// The branch that HEAD is then on, and a name for its last commit.
    fn branch(&self, tree: &WorkTree) -> (Option<String>, String) {
        match &self.to {
            Some(branch) => (Some(branch.clone()), format!("refs/heads/{branch}")),
            None => (tree.branch(), "HEAD".to_owned()),
        }
    }
}

/// Whether a remote has the commit that a name refers to.
fn is_remote(name: &str, tree: &WorkTree) -> Result<bool, GuardsError> {
    if name == "FETCH_HEAD" {
        return Ok(true);
    }
    let full = tree.ask(["rev-parse", "--symbolic-full-name", "--verify", "--quiet", name, "--"])?;
    Ok(full.is_some_and(|full| full.starts_with("refs/remotes/")))
}

/// A branch that is moved: to HEAD if there is no target.
fn moved(
    branch: &str,
    target: Option<&Word>,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    if !tree.is_protected(branch, examined) {
        return Ok(None);
    }
    let target = target.map_or("HEAD", |word| word.text.as_str());
    let shared = match pushed(branch, Some(target), tree)? {
        0 => return Ok(None),
        shared => shared,
    };
    Ok(Some(Objection::doubtful(
        format!("this takes {} off {} that a remote has already", counted(shared), fact(branch)),
        format!("undo them by commits of their own: git revert --no-edit {target}..{branch}"),
    )))
}

fn branch(
    call: &GitCall<'_>,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let given = CommandArguments::of(call.arguments(), BRANCH);
    if given.has(&["r", "remotes"]) {
        return Ok(None);
    }
    let is_forced = given.has(&["f", "force"]);
    let names: Vec<&str> = given.all().map(|word| word.text.as_str()).collect();
    if given.has(&["D"]) || (is_forced && given.has(&["d", "delete"])) {
        for name in names {
            if let Some(found) = deleted(name, tree, examined)? {
                return Ok(Some(found));
            }
        }
        return Ok(None);
    }
    let is_renamed = given.has(&["M", "C"]) || (is_forced && given.has(&["m", "move", "c", "copy"]));
    match (names.as_slice(), is_renamed) {
        (_, true) if !names.is_empty() => {
            let name = names[names.len() - 1];
            let lost = only_here(&format!("refs/heads/{name}"), Some(name), None, tree)?;
            Ok((lost > 0).then(|| unmerged(name, lost)))
        }
        ([name, ..], false) if is_forced => moved(name, given.all().nth(1), tree, examined),
        _ => Ok(None),
    }
}

fn deleted(
    name: &str,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    if tree.is_protected(name, examined) {
        return Ok(Some(Objection::sure(
            format!("this deletes the branch {}, which is protected", fact(name)),
            "leave it, or delete another branch by its name",
        )));
    }
    let lost = only_here(&format!("refs/heads/{name}"), Some(name), None, tree)?;
    Ok((lost > 0).then(|| unmerged(name, lost)))
}

fn unmerged(name: &str, lost: usize) -> Objection {
    Objection::doubtful(
        format!("the branch {} has {} that no other branch has", fact(name), counted(lost)),
        format!("merge or push it first, or keep it under a tag: git tag kept/{name} {name}"),
    )
}

fn update_ref(
    call: &GitCall<'_>,
    tree: &WorkTree,
    examined: &ExaminedUse<'_>,
) -> Result<Option<Objection>, GuardsError> {
    let given = CommandArguments::of(call.arguments(), Options::new("m", ""));
    let mut operands = given.all();
    let Some(name) = operands.next().map(|word| word.text.as_str()) else { return Ok(None) };
    let is_deletion = given.has(&["d"]);
    match name.strip_prefix("refs/heads/") {
        Some(branch) if is_deletion => deleted(branch, tree, examined),
        Some(branch) => moved(branch, operands.next(), tree, examined),
        None if is_deletion && name == "refs/stash" => {
            let is_there = tree.ask(["rev-parse", "--verify", "--quiet", name])?.is_some();
            Ok(is_there.then(|| {
                Objection::sure("this drops all that is stashed", "look at it first with `git stash list`")
            }))
        }
        None => Ok(None),
    }
}

/// Counts the commits of a branch that a remote has: those since `from`, or all.
fn pushed(branch: &str, from: Option<&str>, tree: &WorkTree) -> Result<usize, GuardsError> {
    let branch = format!("refs/heads/{branch}");
    let from = from.map(|from| format!("^{from}"));
    let range: Vec<&str> = [Some(&*branch), from.as_deref()].into_iter().flatten().collect();
    let all = tree.count(&[&range[..], &["--"]].concat())?;
    if all == 0 {
        return Ok(0);
    }
    let unpushed = tree.count(&[&range[..], &["--not", "--remotes", "--"]].concat())?;
    Ok(all - unpushed)
}

/// Counts the commits of a name that would be lost: no remote, no tag, no branch except `own`, and not `kept`
/// holds them.
fn only_here(
    name: &str,
    own: Option<&str>,
    kept: Option<&str>,
    tree: &WorkTree,
) -> Result<usize, GuardsError> {
    let exclude = own.map(|own| format!("--exclude={own}"));
    let mut asked = vec![name, "--not"];
    asked.extend(exclude.as_deref());
    asked.extend(["--branches", "--remotes", "--tags"]);
    asked.extend(kept);
    if own != tree.branch().as_deref() {
        asked.push("HEAD");
    }
    asked.push("--");
    tree.count(&asked)
}

/// A number of commits in words.
pub fn counted(count: usize) -> String {
    if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") }
}
