//! What a line puts away itself before it comes to a command: `git stash -u && git reset --hard` loses nothing.

use shell::options::Options;
use shell::{Folder, GitCall};

use super::at_stake::Stake;
use super::given::Given;

/// What was put away so far, in the repository of one folder.
#[derive(Debug, Default)]
pub struct Saved {
    folder: Folder,
    /// Changes of tracked files.
    changed: bool,
    /// Files that were not tracked.
    new: bool,
    /// Whether the stash was filled or applied, so that its last entry is the line's own.
    pub has_stash: bool,
    is_all_added: bool,
}

const STASH: Options = Options::new("m", "message pathspec-from-file");
const COMMIT: Options = Options::new(
    "mFCct",
    "message file reuse-message reedit-message template author date fixup squash cleanup trailer",
)
.attached("Su");

impl Saved {
    /// Takes note of a call.
    pub fn note(&mut self, call: &GitCall<'_>) {
        if !matches!(call.subcommand(), "stash" | "add" | "commit") {
            return;
        }
        if self.folder != call.folder {
            *self = Self { folder: call.folder.clone(), ..Self::default() };
        }
        match call.subcommand() {
            "stash" => self.note_stash(call),
            "add" => {
                let given = Given::of(call.arguments(), Options::NONE);
                let is_all = |word: &str| matches!(word, "." | ":/" | "*");
                self.is_all_added |= given.has(&["A", "all"]) || given.all().any(|word| is_all(&word.text));
            }
            _ => {
                let given = Given::of(call.arguments(), COMMIT);
                if given.all().next().is_none() && !given.has(&["dry-run"]) {
                    self.changed |= self.is_all_added || given.has(&["a", "all"]);
                    self.new |= self.is_all_added;
                }
            }
        }
    }

    fn note_stash(&mut self, call: &GitCall<'_>) {
        let given = Given::of(call.arguments(), STASH);
        let mut operands = given.all().map(|word| word.text.as_str());
        match operands.next() {
            None | Some("push" | "save") => {
                self.has_stash = true;
                let is_part = operands.next().is_some() || given.has(&["p", "patch", "S", "staged"]);
                self.changed |= !is_part;
                self.new |= !is_part && given.has(&["u", "include-untracked", "a", "all"]);
            }
            Some("apply") => *self = Self { folder: call.folder.clone(), has_stash: true, ..Self::default() },
            Some("pop") => *self = Self::default(),
            Some(_) => {}
        }
    }

    /// What is still at stake for a command in this folder.
    pub fn without(&self, mut stake: Stake, folder: &Folder) -> Stake {
        if self.folder == *folder {
            stake.changed.retain(|_| !self.changed);
            stake.new.retain(|_| !self.new);
        }
        stake
    }
}
