//! Tracks the changes of a line before it pushes: the current branch of a repository and its configuration.

use std::path::{Path, PathBuf};

use git::{Head, Repository, is_commit_id};
use platform::path::resolve;
use shell::options::{Argument, Options};
use shell::{GitCall, Word};

use super::refspec::{HEADS, branch_of, is_head};
use super::told::{UNKNOWN, is_unknown};
use git::GitConfig;

/// The state of a repository at one point of the line.
#[derive(Debug)]
pub(super) struct RepositoryState {
    /// The repository.
    pub(super) repository: Repository,
    /// Its git configuration.
    pub(super) config: GitConfig,
    /// The position of HEAD.
    pub(super) position: Position,
    /// The branches that the line created.
    pub(super) created: Vec<String>,
    /// The folder of this work tree, if the line creates it.
    made_at: Option<PathBuf>,
    previous: Option<Position>,
    /// Whether branches may have been fetched.
    is_fetched: bool,
}

/// The position of HEAD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Position {
    /// A branch; [`UNKNOWN`] replaces the unknown parts of its name.
    Branch(String),
    /// No branch.
    Detached,
    /// The line does not determine it.
    Unknown,
}

impl Position {
    /// The name of the branch, if HEAD is on one.
    pub(super) fn branch(&self) -> Option<&str> {
        match self {
            Self::Branch(branch) => Some(branch),
            Self::Detached | Self::Unknown => None,
        }
    }
}

impl RepositoryState {
    /// The current state of a repository.
    pub(super) fn new(repository: Repository, home: &Path) -> Self {
        let position = match repository.head() {
            Head::Branch(branch) => Position::Branch(branch),
            Head::Detached(_) => Position::Detached,
        };
        let config = GitConfig::read(Some(&repository), home);
        Self {
            repository,
            config,
            position,
            created: Vec::new(),
            made_at: None,
            previous: None,
            is_fetched: false,
        }
    }

    /// Whether this is the state of that repository.
    pub(super) fn is_at(&self, repository: &Repository) -> bool {
        self.made_at.is_none() && self.repository.git_dir() == repository.git_dir()
    }

    /// Whether the line creates this work tree, and it contains the folder.
    pub(super) fn is_new_at(&self, folder: &Path) -> bool {
        self.made_at.as_ref().is_some_and(|made_at| folder.starts_with(made_at))
    }

    /// The work tree that `git worktree add`, called in `folder`, creates; `text` returns the text of a word.
    pub(super) fn worktree(
        &self,
        call: &GitCall<'_>,
        folder: &Path,
        text: &dyn Fn(&Word) -> String,
    ) -> Option<Self> {
        if call.subcommand() != "worktree" {
            return None;
        }
        let (mut made, mut is_detached) = (None, false);
        let mut operands = Vec::new();
        for argument in Options::new("bB", "reason").read(call.arguments(), 0) {
            match argument {
                Argument::Option("b" | "B", Some(value)) => made = Some(text(&value.to_word())),
                Argument::Option("d" | "detach", _) => is_detached = true,
                Argument::Option(..) => {}
                Argument::Operand(at) => operands.push(&call.arguments()[at]),
            }
        }
        let (path, start) = match operands.as_slice() {
            [verb, path, start @ ..] if verb.text == "add" && path.is_literal => {
                (Path::new(&path.text), start)
            }
            _ => return None,
        };
        let position = match made.or_else(|| start.first().map(|start| text(start))) {
            _ if is_detached => Position::Detached,
            Some(branch) => named(&branch),
            None => named(&path.file_name()?.to_string_lossy()),
        };
        Some(Self {
            repository: self.repository.clone(),
            config: self.config.clone(),
            position,
            created: self.created.clone(),
            made_at: Some(resolve(&folder.join(path))),
            previous: None,
            is_fetched: self.is_fetched,
        })
    }

    /// Applies a git call that pushes nothing; `text` returns the text of a word.
    pub(super) fn follow(&mut self, call: &GitCall<'_>, text: &dyn Fn(&Word) -> String) {
        match call.subcommand() {
            "checkout" | "switch" => self.switch(call, text),
            "branch" => self.branch(call, text),
            "symbolic-ref" => {
                let operands = Options::new("m", "").operands(call.arguments(), 0);
                if let [head, target] = operands.as_slice()
                    && is_head(&head.text)
                {
                    self.go(branch_of(&text(target)).map_or(Position::Unknown, named));
                }
            }
            "rebase" => {
                let options = Options::new("sXxC", "onto strategy strategy-option exec whitespace empty");
                if let [_, branch] = options.operands(call.arguments(), 0).as_slice() {
                    self.go(named(&text(branch)));
                }
            }
            "stash" => {
                if let [verb, branch, ..] = Options::NONE.operands(call.arguments(), 0).as_slice()
                    && verb.text == "branch"
                {
                    self.go(named(&text(branch)));
                }
            }
            "config" => self.configure(call, text),
            "remote" => self.remote(call, text),
            "fetch" | "pull" => self.is_fetched = true,
            _ => {}
        }
    }

    /// Marks the branch as unknown, after a command that may have changed it.
    pub(super) fn lose(&mut self) {
        self.go(Position::Unknown);
    }

    fn go(&mut self, position: Position) {
        self.previous = Some(std::mem::replace(&mut self.position, position));
    }

    fn switch(&mut self, call: &GitCall<'_>, text: &dyn Fn(&Word) -> String) {
        let words = call.arguments();
        let options =
            Options::new("bBcC", "orphan create force-create conflict pathspec-from-file").attached("t");
        let (mut made, mut is_detached, mut tracks) = (None, false, true);
        let mut operands = Vec::new();
        for argument in options.read(words, 0) {
            match argument {
                Argument::Option(
                    "b" | "B" | "c" | "C" | "create" | "force-create" | "orphan",
                    Some(value),
                ) => {
                    made = Some(text(&value.to_word()));
                }
                Argument::Option("d" | "detach", _) => is_detached = true,
                Argument::Option("no-track", _) => tracks = false,
                // This restores files and does not change the branch.
                Argument::Option("p" | "patch" | "ours" | "theirs" | "pathspec-from-file", _) => return,
                Argument::Option(..) => {}
                Argument::Operand(at) => operands.push(text(&words[at])),
            }
        }
        let is_tracking = words.iter().any(|word| word.text == "-t" || word.text.starts_with("--track"));
        let has_paths = words.iter().any(|word| word.text == "--") && made.is_none();
        match (made, operands.as_slice()) {
            (Some(made), start) => {
                if let Some(start) = start.first().filter(|_| tracks) {
                    self.track(&made, start);
                }
                self.created.push(made.clone());
                self.go(named(&made));
            }
            _ if is_detached => self.go(Position::Detached),
            (None, [start]) if is_tracking => {
                if let Some((_, branch)) = self.remote_branch(start) {
                    self.track(&branch, start);
                    self.go(named(&branch));
                }
            }
            (None, [target]) if !has_paths => self.switch_to(target),
            // Does nothing, or restores files of another commit.
            (None, _) => {}
        }
    }

    fn switch_to(&mut self, target: &str) {
        if matches!(target, "-" | "@{-1}") {
            let previous = self.previous.clone().or_else(|| before(&self.repository));
            return self.go(previous.unwrap_or(Position::Unknown));
        }
        if target.contains(UNKNOWN) {
            return self.go(named(target));
        }
        let exists = |reference: &str| self.repository.reference(reference).is_some();
        let is_remote = |remote: &&str| exists(&format!("refs/remotes/{remote}/{target}"));
        if self.created.iter().any(|made| made == target)
            || exists(&format!("{HEADS}{target}"))
            || self.config.remotes().iter().any(is_remote)
            || self.repository.is_reftable()
        {
            return self.go(named(target));
        }
        let is_revision = target.contains(['~', '^', '@']) || is_commit_id(target);
        let is_other = ["", "refs/", "refs/tags/", "refs/remotes/"].iter().any(|prefix| {
            let reference = format!("{prefix}{target}");
            reference.starts_with("refs/") && exists(&reference)
        });
        if is_revision || is_other {
            self.go(Position::Detached);
        } else if self.is_fetched {
            self.go(named(target));
        }
        // The target is a file, or the command fails: HEAD stays.
    }

    fn branch(&mut self, call: &GitCall<'_>, text: &dyn Fn(&Word) -> String) {
        let words = call.arguments();
        let options =
            Options::new("u", "set-upstream-to contains no-contains merged no-merged points-at format sort");
        let (mut moves, mut lists, mut upstream) = (false, false, None);
        let mut operands = Vec::new();
        for argument in options.read(words, 0) {
            match argument {
                Argument::Option("m" | "M" | "move", _) => moves = true,
                Argument::Option("u" | "set-upstream-to", Some(value)) => {
                    upstream = Some(text(&value.to_word()));
                }
                Argument::Option("f" | "force" | "q" | "quiet" | "t" | "track" | "no-track", _) => {}
                Argument::Option(..) => lists = true,
                Argument::Operand(at) => operands.push(text(&words[at])),
            }
        }
        let here = self.position.branch().map(str::to_owned);
        match operands.as_slice() {
            _ if upstream.is_some() => {
                if let (Some(upstream), Some(branch)) = (upstream, operands.first().cloned().or(here)) {
                    self.track(&branch, &upstream);
                }
            }
            [new] if moves => {
                if let Some(old) = here {
                    self.keep_upstream(&old, new);
                }
                self.go(named(new));
                self.created.push(new.clone());
            }
            [old, new] if moves => {
                self.keep_upstream(old, new);
                if here.as_ref() == Some(old) {
                    self.go(named(new));
                }
                self.created.push(new.clone());
            }
            [new] | [new, _] if !lists => self.created.push(new.clone()),
            _ => {}
        }
    }

    /// A renamed branch keeps its configuration.
    fn keep_upstream(&mut self, old: &str, new: &str) {
        for name in ["merge", "remote", "pushRemote"] {
            if let Some(value) = self.config.get(&format!("branch.{old}.{name}")).map(str::to_owned) {
                self.config.set(&format!("branch.{new}.{name}"), &value);
            }
        }
    }

    /// A branch that starts at a remote branch has it as its upstream.
    fn track(&mut self, branch: &str, start: &str) {
        if let Some((remote, upstream)) = self.remote_branch(start) {
            self.config.set(&format!("branch.{branch}.remote"), &remote);
            self.config.set(&format!("branch.{branch}.merge"), &format!("{HEADS}{upstream}"));
        }
    }

    /// The remote and the branch of a name such as `origin/main`.
    fn remote_branch(&self, name: &str) -> Option<(String, String)> {
        let name = name.strip_prefix("refs/").unwrap_or(name);
        let name = name.strip_prefix("remotes/").unwrap_or(name);
        self.config.remotes().iter().find_map(|remote| {
            let branch = name.strip_prefix(*remote)?.strip_prefix('/')?;
            Some(((*remote).to_owned(), branch.to_owned()))
        })
    }

    fn configure(&mut self, call: &GitCall<'_>, text: &dyn Fn(&Word) -> String) {
        let words = call.arguments();
        let options = Options::new("f", "file blob type default comment value url");
        let mut operands = Vec::new();
        let mut unsets = false;
        for argument in options.read(words, 0) {
            match argument {
                Argument::Option(
                    "f" | "file" | "blob" | "l" | "list" | "get" | "get-all" | "get-regexp",
                    _,
                ) => return,
                Argument::Option("unset" | "unset-all", _) => unsets = true,
                Argument::Option(..) => {}
                Argument::Operand(at) => operands.push(text(&words[at])),
            }
        }
        let operands: Vec<&str> = operands.iter().map(String::as_str).collect();
        match operands.as_slice() {
            ["unset", name] => self.config.unset(name),
            [name, ..] if unsets => self.config.unset(name),
            ["get" | "unset" | "list" | "edit", ..] => {}
            ["set", name, value, ..] | [name, value, ..] => self.config.set(name, value),
            _ => {}
        }
    }

    fn remote(&mut self, call: &GitCall<'_>, text: &dyn Fn(&Word) -> String) {
        let options = Options::new("tm", "");
        let operands: Vec<String> = options.operands(call.arguments(), 0).into_iter().map(text).collect();
        match operands.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["add", name, url] => {
                self.config.set(&format!("remote.{name}.url"), url);
                if call.arguments().iter().any(|word| matches!(&*word.text, "--mirror" | "--mirror=push")) {
                    self.config.set(&format!("remote.{name}.mirror"), "true");
                }
            }
            ["update", ..] => self.is_fetched = true,
            _ => {}
        }
    }
}

fn named(branch: &str) -> Position {
    if is_unknown(branch) { Position::Unknown } else { Position::Branch(branch.to_owned()) }
}

/// The branch before the last switch, according to the reflog of HEAD.
fn before(repository: &Repository) -> Option<Position> {
    let journal = tail_of(&repository.reflog())?;
    let moved = journal.lines().rev().find_map(|line| line.split_once("checkout: moving from "))?.1;
    let (from, _) = moved.split_once(" to ")?;
    Some(if is_commit_id(from) { Position::Detached } else { named(from) })
}

/// The last part of a file.
fn tail_of(file: &Path) -> Option<String> {
    use std::io::{Read, Seek, SeekFrom};
    /// Enough for a few hundred entries.
    const LONGEST: u64 = 64 * 1024;
    let (mut file, about) = platform::store::open_regular(file).ok()?;
    file.seek(SeekFrom::Start(about.len().saturating_sub(LONGEST))).ok()?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
