//! What the commits on a command line take, read from the line alone.

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
/// All files, from whatever folder.
const ALL: &str = ":/";
/// The most questions that one line may put to git; each may take its time.
const MOST: usize = 8;

/// Files of a repository that a commit takes.
#[derive(Debug, Clone)]
pub(super) struct Take {
    /// Where.
    pub place: CommitPlace,
    /// Which.
    pub files: CommittedFiles,
}

/// Which files a commit takes, and as what.
#[derive(Debug, Clone)]
pub(super) enum CommittedFiles {
    /// As they are staged.
    Staged,
    /// As they lie in the work tree: those that pathspecs name.
    Named {
        /// The pathspecs, seen from the place's folder.
        specs: Vec<String>,
        /// Which files that git does not know yet.
        untracked: Untracked,
    },
}

/// Which files that git does not know yet are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Untracked {
    /// None.
    None,
    /// Those that are not ignored.
    NotIgnored,
    /// Ignored ones too.
    All,
}

/// Where git works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommitPlace {
    /// The folder that it starts in.
    pub folder: PathBuf,
    /// The top of the work tree.
    pub top: PathBuf,
    /// The repository, where the line names one.
    git_dir: Option<String>,
    has_head: bool,
}

impl CommitPlace {
    /// Where a call works; `None` outside any repository, where it fails. One whose folder the line does not tell is
    /// taken to stay where the line starts.
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

    /// git, in this place, set to answer alike whatever the user's configuration says.
    pub(super) fn git(&self) -> GitCommand {
        // Larger files count as binary.
        let git = GitCommand::in_folder(&self.folder).setting("core.bigFileThreshold=1m");
        match &self.git_dir {
            Some(git_dir) => git.git_dir(git_dir),
            None => git,
        }
    }
}

/// The folder that a line names, seen from where it starts.
fn below(start: &Path, folder: &str, home: &Path) -> PathBuf {
    start.join(expand_tilde(home, folder))
}

/// Whether a command commits.
pub(super) fn is_commit(command: &Command) -> bool {
    command.git().is_some_and(|call| words(&call).first().is_some_and(|verb| verb.text == "commit"))
        && CommitCall::of(command).is_some()
}

/// What the commits of a line take, in the order in which it counts: of a file named twice the later is right.
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
                    // A file that git does not know can be named only after it was added.
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

/// What a `git add` stages; `None` when it stages nothing.
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

/// What a `git update-index` stages; `None` when it stages nothing.
fn updated(words: &[Word]) -> Option<CommittedFiles> {
    let (mut specs, mut untracked) = (Vec::new(), Untracked::None);
    for argument in UPDATE_INDEX.read(words, 1) {
        match argument {
            // Ignored files too: git does not look at what is ignored here.
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
    /// Whether what is staged besides stays behind.
    takes_only_named: bool,
}

impl CommitCall {
    /// What a call says; `None` when it makes no commit.
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

/// The subcommand and its arguments. `git $OPTIONS commit` commits.
fn words<'a>(call: &GitCall<'a>) -> &'a [Word] {
    let is_expansion = |word: &Word| !word.is_literal && !word.is_quoted && word.text.starts_with('$');
    let skipped = call.words.iter().take_while(|word| is_expansion(word)).count();
    &call.words[skipped..]
}

/// A pathspec; all files where the line does not tell, as behind `xargs` and `find -exec`. What the shell would take
/// for a wildcard, git does too.
fn spec(word: &Word) -> String {
    let is_told = word.is_literal || !word.text.contains(['$', '`']) && !word.text.contains("{}");
    if is_told { word.text.clone() } else { ALL.to_owned() }
}

/// What is staged in a place is asked once.
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
