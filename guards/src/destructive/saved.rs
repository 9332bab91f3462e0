//! What a line puts away itself before it comes to a command: `git stash -u && git reset --hard` loses nothing.

use std::path::{Path, PathBuf};

use shell::options::Options;
use shell::{Folder, GitCall};

use super::at_stake::Stake;
use super::given::Given;
use crate::repository::git_folder;
use crate::sight::Sight;

/// What was put away so far, in the repository of one folder.
#[derive(Debug, Default)]
pub struct Saved {
    folder: Folder,
    /// Changes of tracked files.
    changed: bool,
    /// Files that were not tracked.
    new: bool,
    /// Files and folders that were stashed alone, and whether new files with them.
    parts: Vec<(PathBuf, bool)>,
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
    pub fn note(&mut self, call: &GitCall<'_>, sight: &Sight<'_>) {
        if !matches!(call.subcommand(), "stash" | "add" | "commit") {
            return;
        }
        if self.folder != call.folder {
            *self = Self { folder: call.folder.clone(), ..Self::default() };
        }
        match call.subcommand() {
            "stash" => self.note_stash(call, sight),
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

    fn note_stash(&mut self, call: &GitCall<'_>, sight: &Sight<'_>) {
        let given = Given::of(call.arguments(), STASH);
        let mut operands = given.all();
        let verb = operands.next().map(|word| word.text.as_str());
        match verb {
            None | Some("push" | "save") => {
                self.has_stash = true;
                let with_new = given.has(&["u", "include-untracked", "a", "all"]);
                // What follows `save` is a message.
                let parts = operands.map(|word| word.text.as_str()).filter(|_| verb == Some("push"));
                let parts: Vec<&str> = parts.collect();
                if given.has(&["p", "patch", "S", "staged"]) {
                    return;
                }
                if parts.is_empty() {
                    self.changed = true;
                    self.new |= with_new;
                } else if let Some(folder) = git_folder(call, sight) {
                    let parts = parts.into_iter().map(|part| (folder.join(part), with_new));
                    self.parts.extend(parts);
                }
            }
            Some("apply") => *self = Self { folder: call.folder.clone(), has_stash: true, ..Self::default() },
            Some("pop") => *self = Self::default(),
            Some(_) => {}
        }
    }

    /// What is still at stake for a command in this folder; the paths are seen from `top`.
    pub fn without(&self, mut stake: Stake, folder: &Folder, top: &Path) -> Stake {
        if self.folder == *folder {
            let is_part = |path: &str, new: bool| {
                let path = top.join(path);
                self.parts.iter().any(|(part, with_new)| (*with_new || !new) && path.starts_with(part))
            };
            stake.changed.retain(|path| !self.changed && !is_part(path, false));
            stake.new.retain(|path| !self.new && !is_part(path, true));
        }
        stake
    }
}
