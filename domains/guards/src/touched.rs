//! What a command line does to files: which, how, and by which of its commands.

use std::path::{Path, PathBuf};

use config::globs;
use config::types::Names;
use platform::budget;
use platform::path::resolve;
use shell::{Command, Write};

use crate::examined::ExaminedUse;

/// A file or folder that a command writes or takes away.
#[derive(Debug)]
pub(crate) struct Touched<'s> {
    /// The command.
    pub command: &'s Command,
    /// What it writes or removes, as the line says it.
    pub write: Write,
    /// What it does.
    pub way: Way,
    /// Where that really is; `None` when the line does not tell.
    pub path: Option<PathBuf>,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It has other content afterwards.
    Written,
    /// It is gone, a folder with all that is in it.
    Removed,
    /// It is elsewhere, a folder with all that is in it.
    Moved,
}

/// Whether a command line writes or removes anything; no file is looked at.
pub(crate) fn is_any(examined: &ExaminedUse<'_>) -> bool {
    let touches = |command: &Command| !command.writes().is_empty() || !command.removes().is_empty();
    examined.tool_use.commands().any(touches)
}

/// All that a command line touches, in the order of its commands.
pub(crate) fn by<'s>(examined: &'s ExaminedUse<'_>) -> Vec<Touched<'s>> {
    let mut touched = Vec::new();
    for command in examined.tool_use.commands() {
        let written = command.writes().into_iter().map(|write| (Way::Written, write));
        for (way, write) in written.chain(removed(command)) {
            for path in examined.tool_use.targets(&write, examined.home()) {
                if budget::is_spent() {
                    return touched;
                }
                let place = if way == Way::Written { resolve } else { place_of };
                let path = path.as_deref().map(place);
                touched.push(Touched { command, write: write.clone(), way, path });
            }
        }
    }
    touched
}

fn removed(command: &Command) -> impl Iterator<Item = (Way, Write)> {
    let is_moved = |write: &Write| matches!(write.by, "mv" | "git mv");
    let removes = command.removes().into_iter();
    removes.map(move |write| (if is_moved(&write) { Way::Moved } else { Way::Removed }, write))
}

/// Where a name stands. Who removes a symbolic link removes the link.
fn place_of(path: &Path) -> PathBuf {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => resolve(folder).join(name),
        _ => resolve(path),
    }
}

impl Touched<'_> {
    /// The program or operator that does it.
    pub(crate) fn by(&self) -> &'static str {
        self.write.by
    }

    /// The folder that it begins in, free of symbolic links, if the line tells.
    pub(crate) fn folder(&self, examined: &ExaminedUse<'_>) -> Option<PathBuf> {
        let here = Write { target: Some(".".to_owned()), pattern: None, inside: None, ..self.write.clone() };
        examined.tool_use.targets(&here, examined.home()).into_iter().next()?.map(|path| resolve(&path))
    }

    /// Whether a file, free of symbolic links, is written, or goes away with what it lies in.
    pub(crate) fn reaches(&self, file: &Path, examined: &ExaminedUse<'_>) -> bool {
        let Some(path) = &self.path else { return false };
        match self.way {
            Way::Written => is_same(path, file),
            Way::Removed | Way::Moved => {
                is_same(path, file) || file.starts_with(path) && self.is_chosen(file, examined)
            }
        }
    }

    /// Whether a file below a folder is among what goes. `find` chooses by name and kind.
    fn is_chosen(&self, file: &Path, examined: &ExaminedUse<'_>) -> bool {
        if self.by() != "find" {
            return true;
        }
        let words: Vec<&str> = self.command.words.iter().map(|word| word.text.as_str()).collect();
        if words.contains(&"-empty") || words.windows(2).any(|pair| pair == ["-type", "d"]) {
            return false;
        }
        let named = words.windows(2).filter(|pair| matches!(pair[0], "-name" | "-iname")).map(|pair| pair[1]);
        let mut names = named.peekable();
        let is_meant = |name: &str| {
            let around = file.parent().unwrap_or(file);
            globs::matches(&Names::of(&[name]), file, around, examined.home())
        };
        names.peek().is_none() || names.any(is_meant)
    }
}

/// Whether two paths name one file, also on a disk that does not tell capital letters from small ones.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    one.as_os_str().eq_ignore_ascii_case(other)
}
