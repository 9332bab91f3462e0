//! Which files the commits on a command line include, read from the line alone.

use std::path::{Path, PathBuf};

use git::{GitCommand, Repository};
use platform::path::{expand_tilde, resolve};
use shell::options::{Argument, Options};
use shell::{Command, Folder, GitCall, Word};

use crate::error::GuardsError;
use crate::examined::ExaminedUse;

/// Options of `git commit` that take a value.
const COMMIT: Options = Options::new(
    "mFcCt",
    "message file reedit-message reuse-message template author date cleanup fixup squash trailer pathspec-from-file",
)
.attached("uS");
/// Options of `git add` that take a value.
const ADD: Options = Options::new("", "chmod pathspec-from-file");
/// Options of `git update-index` that take a value.
const UPDATE_INDEX: Options = Options::new("", "chmod cacheinfo index-version");
/// All files, in whatever folder git runs.
const ALL: &str = ":/";
/// The most questions to git for one line; each takes time.
const MOST: usize = 8;

/// Files of a repository that a commit includes.
#[derive(Debug, Clone)]
pub(super) struct Take {
    /// The place.
    pub place: CommitPlace,
    /// The files.
    pub files: CommittedFiles,
}

/// Which files a commit includes, and in which state.
#[derive(Debug, Clone)]
pub(super) enum CommittedFiles {
    /// The staged content.
    Staged,
    /// The work tree content of the files that pathspecs match.
    Named {
        /// The pathspecs, relative to the place's folder.
        specs: Vec<String>,
        /// Which untracked files are included.
        untracked: Untracked,
    },
}

/// Which untracked files are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Untracked {
    /// None of them.
    None,
    /// Files that are not ignored.
    NotIgnored,
    /// Ignored files too.
    All,
}

/// The place in which git runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommitPlace {
    /// The folder in which it starts.
    pub folder: PathBuf,
    /// The top of the work tree.
    pub top: PathBuf,
    /// The git directory, if the line names one.
    git_dir: Option<String>,
    has_head: bool,
}

impl CommitPlace {
    /// The place of a call; `None` outside any repository, where the call fails. If the line does not
    /// determine the folder, the folder where the line starts is assumed.
    fn of(call: &GitCall<'_>, examined: &ExaminedUse<'_>) -> Option<Self> {
        let start = &examined.tool_use.folder;
        let folder = match &call.folder {
            Folder::In(folder) => below(start, folder, examined.home()),
            Folder::Start | Folder::Unknown => start.clone(),
        };
        let folder = resolve(&folder);
        if call.git_dir.is_some() {
            return Some(Self { top: folder.clone(), folder, git_dir: call.git_dir.clone(), has_head: true });
        }
        let repository = Repository::discover(&folder)?;
        let top = repository.top().to_owned();
        Some(Self { folder, top, git_dir: None, has_head: repository.head_commit().is_some() })
    }

    /// Whether there is a commit yet.
    pub(super) fn has_head(&self) -> bool {
        self.has_head
    }

    /// git in this place, with output that does not depend on the user's configuration.
    pub(super) fn git(&self) -> GitCommand {
        // Larger files count as binary.
        let git = GitCommand::in_folder(&self.folder).setting("core.bigFileThreshold=1m");
        match &self.git_dir {
            Some(git_dir) => git.git_dir(git_dir),
            None => git,
        }
    }
}

/// The folder that a line names, relative to where the line starts.
fn below(start: &Path, folder: &str, home: &Path) -> PathBuf {
    start.join(expand_tilde(home, folder))
}

/// Whether a command commits.
pub(super) fn is_commit(command: &Command) -> bool {
    command.git().is_some_and(|call| words(&call).first().is_some_and(|verb| verb.text == "commit"))
        && CommitCall::of(command).is_some()
}

/// The files that the commits of a line include. For a file that occurs twice, the later entry applies.
pub(super) fn of(examined: &ExaminedUse<'_>) -> Result<Vec<Take>, GuardsError> {
    let (mut takes, mut adds) = (Vec::new(), Vec::<Take>::new());
    for command in examined.tool_use.commands() {
        let Some(call) = command.git() else { continue };
        let words = words(&call);
        match words.first().map_or("", |verb| verb.text.as_str()) {
            "add" | "stage" => {
                if let (Some(files), Some(place)) = (added(words), CommitPlace::of(&call, examined)) {
                    adds.push(Take { place, files });
                }
            }
            "update-index" => {
                if let (Some(files), Some(place)) = (updated(words), CommitPlace::of(&call, examined)) {
                    adds.push(Take { place, files });
                }
            }
            "commit" => {
                let (Some(commit), Some(place)) = (CommitCall::of(command), CommitPlace::of(&call, examined))
                else {
                    continue;
                };
                let adds: Vec<_> = adds.iter().filter(|add| add.place.top == place.top).collect();
                if !commit.takes_only_named {
                    takes.push(Take { place: place.clone(), files: CommittedFiles::Staged });
                    takes.extend(adds.iter().copied().cloned());
                }
                if !commit.specs.is_empty() {
                    // A commit can name an untracked file only after it was added.
                    let untracked = adds.iter().map(|add| add.files.untracked()).max();
                    let untracked = untracked.unwrap_or(Untracked::None);
                    takes.push(Take {
                        place,
                        files: CommittedFiles::Named { specs: commit.specs, untracked },
                    });
                }
            }
            _ => {}
        }
    }
    let takes = merged(takes);
    if takes.len() > MOST { Err(GuardsError::TooManyCommits(MOST)) } else { Ok(takes) }
}

/// The files that a `git add` stages; `None` if it stages nothing.
fn added(words: &[Word]) -> Option<CommittedFiles> {
    let (mut specs, mut untracked, mut is_all) = (Vec::new(), Untracked::NotIgnored, false);
    for argument in ADD.read(words, 1) {
        match argument {
            Argument::Option("n" | "dry-run" | "help" | "h", _) => return None,
            Argument::Option("u" | "update" | "p" | "patch" | "e" | "edit" | "i" | "interactive", _) => {
                (untracked, is_all) = (Untracked::None, true);
            }
            Argument::Option("f" | "force", _) => untracked = Untracked::All,
            Argument::Option("A" | "all" | "no-ignore-removal" | "pathspec-from-file", _) => is_all = true,
            Argument::Option(..) => {}
            Argument::Operand(at) => specs.push(spec(&words[at])),
        }
    }
    if specs.is_empty() && is_all {
        specs.push(ALL.to_owned());
    }
    (!specs.is_empty()).then_some(CommittedFiles::Named { specs, untracked })
}

/// The files that a `git update-index` stages; `None` if it stages nothing.
fn updated(words: &[Word]) -> Option<CommittedFiles> {
    let (mut specs, mut untracked) = (Vec::new(), Untracked::None);
    for argument in UPDATE_INDEX.read(words, 1) {
        match argument {
            // Ignored files too: git does not check ignore rules here.
            Argument::Option("add", _) => untracked = Untracked::All,
            Argument::Option("stdin" | "again" | "g", _) => specs.push(ALL.to_owned()),
            Argument::Option(..) => {}
            Argument::Operand(at) => specs.push(spec(&words[at])),
        }
    }
    (!specs.is_empty()).then_some(CommittedFiles::Named { specs, untracked })
}

impl CommittedFiles {
    fn untracked(&self) -> Untracked {
        match self {
            Self::Staged => Untracked::None,
            Self::Named { untracked, .. } => *untracked,
        }
    }
}

/// A `git commit`.
struct CommitCall {
    /// The pathspecs that it takes from the work tree.
    specs: Vec<String>,
    /// Whether other staged content is not committed.
    takes_only_named: bool,
}

impl CommitCall {
    /// Parses a call; `None` if it creates no commit.
    fn of(command: &Command) -> Option<Self> {
        let call = command.git()?;
        let words = words(&call);
        let (mut specs, mut is_all, mut includes) = (Vec::new(), false, false);
        for argument in COMMIT.read(words, 1) {
            match argument {
                Argument::Option("dry-run" | "short" | "porcelain" | "long" | "help" | "h", _) => {
                    return None;
                }
                Argument::Option("a" | "all" | "p" | "patch" | "interactive" | "pathspec-from-file", _) => {
                    is_all = true;
                }
                Argument::Option("i" | "include", _) => includes = true,
                Argument::Option(..) => {}
                Argument::Operand(at) => specs.push(spec(&words[at])),
            }
        }
        let takes_only_named = !specs.is_empty() && !includes && !is_all;
        if is_all {
            specs = vec![ALL.to_owned()];
        }
        Some(Self { specs, takes_only_named })
    }
}

/// The subcommand and its arguments. `git $OPTIONS commit` counts as a commit.
fn words<'a>(call: &GitCall<'a>) -> &'a [Word] {
    let is_expansion = |word: &Word| !word.is_literal && !word.is_quoted && word.text.starts_with('$');
    let skipped = call.words.iter().take_while(|word| is_expansion(word)).count();
    &call.words[skipped..]
}

/// A pathspec; all files if the line does not determine it, as with `xargs` and `find -exec`. Shell wildcards
/// are valid pathspecs.
fn spec(word: &Word) -> String {
    let is_told = word.is_literal || !word.text.contains(['$', '`']) && !word.text.contains("{}");
    if is_told { word.text.clone() } else { ALL.to_owned() }
}

/// Merges entries so that git is asked once for what is staged in a place.
fn merged(takes: Vec<Take>) -> Vec<Take> {
    let mut merged: Vec<Take> = Vec::new();
    for take in takes {
        let is_staged = |take: &Take| matches!(take.files, CommittedFiles::Staged);
        if !is_staged(&take) || !merged.iter().any(|known| is_staged(known) && known.place == take.place) {
            merged.push(take);
        }
    }
    merged
}
