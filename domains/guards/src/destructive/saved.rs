//! The work that a line saves before it comes to a command: `git stash -u && git reset --hard` loses nothing.

use std::path::{Path, PathBuf};

use shell::options::Options;
use shell::{Folder, GitCall};

use super::given::CommandArguments;
use super::unsaved::{RecoverableFrom, UnsavedWork};
use super::work_tree::WorkTree;
use crate::error::GuardsError;
use crate::examined::ExaminedUse;
use crate::repository::{git_folder, repository_of};

/// The work saved so far in the repository of one folder.
#[derive(Debug, Default)]
pub struct Saved {
    folder: Folder,
    /// Whether changes of tracked files are saved.
    changed: bool,
    /// Whether untracked files are saved.
    new: bool,
    /// Files and folders that were stashed alone, each with whether untracked files were included.
    parts: Vec<(PathBuf, bool)>,
    /// The number of the stash entry that was applied, so that it may be dropped.
    pub applied: Option<String>,
    /// Whether only the stash holds changes of tracked files, and whether only it holds untracked files.
    in_stash: (bool, bool),
    /// Those of `parts` that are not only in the stash.
    spared: Vec<PathBuf>,
    is_all_added: bool,
}

pub const STASH: Options = Options::new("m", "message pathspec-from-file");
const COMMIT: Options = Options::new(
    "mFCct",
    "message file reuse-message reedit-message template author date fixup squash cleanup trailer",
)
.attached("Su");

impl Saved {
    /// Records a call.
    pub fn note(&mut self, call: &GitCall<'_>, examined: &ExaminedUse<'_>) {
        if !matches!(call.subcommand(), "stash" | "add" | "commit") {
            return;
        }
        if self.folder != call.folder {
            // Earlier stashed work remains in the stash, whichever folder the drop runs in.
            let in_stash = match self.parts.is_empty() {
                true => self.in_stash,
                false => (true, self.in_stash.1 || self.parts.iter().any(|(_, with_new)| *with_new)),
            };
            *self = Self { folder: call.folder.clone(), in_stash, ..Self::default() };
        }
        match call.subcommand() {
            "stash" => self.note_stash(call, examined),
            "add" => {
                let given = CommandArguments::of(call.arguments(), Options::NONE);
                let is_all = |word: &str| matches!(word, "." | ":/" | "*");
                self.is_all_added |= given.has(&["A", "all"]) || given.all().any(|word| is_all(&word.text));
            }
            _ => {
                let given = CommandArguments::of(call.arguments(), COMMIT);
                if given.all().next().is_none() && !given.has(&["dry-run"]) {
                    self.changed |= self.is_all_added || given.has(&["a", "all"]);
                    self.new |= self.is_all_added;
                }
            }
        }
    }

    fn note_stash(&mut self, call: &GitCall<'_>, examined: &ExaminedUse<'_>) {
        let given = CommandArguments::of(call.arguments(), STASH);
        let mut operands = given.all();
        let verb = operands.next().map(|word| word.text.as_str());
        match verb {
            None | Some("push" | "save") => {
                self.applied = None;
                let with_new = given.has(&["u", "include-untracked", "a", "all"]);
                // The text after `save` is a message.
                let parts = operands.map(|word| word.text.as_str()).filter(|_| verb == Some("push"));
                let parts: Vec<&str> = parts.collect();
                if given.has(&["p", "patch", "S", "staged"]) {
                    self.in_stash.0 |= !self.changed;
                    return;
                }
                if parts.is_empty() {
                    self.in_stash.0 |= !self.changed;
                    self.in_stash.1 |= with_new && !self.new;
                    self.changed = true;
                    self.new |= with_new;
                } else if let Some(folder) = git_folder(call, examined) {
                    let start = &examined.tool_use.folder;
                    let top = repository_of(call, start, examined.home()).map(|one| one.top().to_owned());
                    for part in parts {
                        let (path, is_spared) = place(part, &folder, top.as_deref());
                        match is_spared {
                            true => self.spared.push(path),
                            false => self.parts.push((path, with_new)),
                        }
                    }
                }
            }
            Some("apply") => {
                let applied = operands.next().map_or("0", |word| entry_number(&word.text));
                *self = Self {
                    folder: call.folder.clone(),
                    applied: Some(applied.to_owned()),
                    ..Self::default()
                };
            }
            Some("pop") => *self = Self::default(),
            Some(_) => {}
        }
    }

    /// The work that the line itself stashed and that only the stash holds.
    ///
    /// # Errors
    /// If git fails.
    pub fn stashed(&self, tree: &WorkTree) -> Result<UnsavedWork, GuardsError> {
        let (changed, new) = self.in_stash;
        if !changed && !new && self.parts.is_empty() {
            return Ok(UnsavedWork::default());
        }
        let with_new = new || self.parts.iter().any(|(_, with_new)| *with_new);
        let mut unsaved = UnsavedWork::of(tree, [], RecoverableFrom::Commits, with_new)?;
        unsaved.changed.retain(|path| changed || self.is_part(&tree.top().join(path), false));
        unsaved.new.retain(|path| new || self.is_part(&tree.top().join(path), true));
        Ok(unsaved)
    }

    /// The work that is still at risk for a command in this folder; paths are relative to `top`.
    pub fn without(&self, mut unsaved: UnsavedWork, folder: &Folder, top: &Path) -> UnsavedWork {
        if self.folder == *folder {
            unsaved.changed.retain(|path| !self.changed && !self.is_part(&top.join(path), false));
            unsaved.new.retain(|path| !self.new && !self.is_part(&top.join(path), true));
        }
        unsaved
    }

    fn is_part(&self, path: &Path, is_new: bool) -> bool {
        self.parts.iter().any(|(part, with_new)| (*with_new || !is_new) && path.starts_with(part))
            && !self.spared.iter().any(|spared| path.starts_with(spared))
    }
}

/// The path that a pathspec names, and whether the pathspec excludes it.
fn place(pathspec: &str, folder: &Path, top: Option<&Path>) -> (PathBuf, bool) {
    let Some(short) = pathspec.strip_prefix(':') else { return (folder.join(pathspec), false) };
    let (magic, path) = match short.strip_prefix('(').and_then(|long| long.split_once(')')) {
        Some((magic, path)) => (magic.split(',').collect::<Vec<_>>(), path),
        None => match short.split_at(short.find(|c| !matches!(c, '!' | '^' | '/')).unwrap_or(short.len())) {
            (signs, path) if signs.contains('/') && signs.len() > 1 => (vec!["top", "exclude"], path),
            ("/", path) => (vec!["top"], path),
            ("", path) => (Vec::new(), path),
            (_, path) => (vec!["exclude"], path),
        },
    };
    let start = if magic.contains(&"top") { top.unwrap_or(folder) } else { folder };
    (start.join(path), magic.contains(&"exclude"))
}

/// The number of a stash entry.
pub fn entry_number(entry: &str) -> &str {
    entry.strip_prefix("stash@{").and_then(|rest| rest.strip_suffix('}')).unwrap_or(entry)
}
