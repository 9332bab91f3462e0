//! The files that a command line writes or removes, how, and by which of its commands.

use std::path::{Path, PathBuf};

use config::globs;
use config::types::Names;
use platform::budget;
use platform::path::resolve;
use shell::{Command, Write};

use crate::examined::ExaminedUse;

/// A file or folder that a command writes, removes or moves.
#[derive(Debug)]
pub(crate) struct Touched<'s> {
    /// The command.
    pub command: &'s Command,
    /// What it writes or removes, as written in the line.
    pub write: Write,
    /// What happens to it.
    pub way: Way,
    /// The real path; `None` if the line does not determine it.
    pub path: Option<PathBuf>,
}

/// What happens to a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It gets other content.
    Written,
    /// It is removed, a folder with its content.
    Removed,
    /// It is moved, a folder with its content.
    Moved,
}

/// Whether a command line writes or removes anything; no file is read.
pub(crate) fn is_any(examined: &ExaminedUse<'_>) -> bool {
    let touches = |command: &Command| !command.writes().is_empty() || !command.removes().is_empty();
    examined.tool_use.commands().any(touches)
}

/// Everything that a command line writes or removes, in the order of its commands.
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

/// The path with its folder resolved. The last part is not: removing a symbolic link removes the
/// link itself.
fn place_of(path: &Path) -> PathBuf {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => resolve(folder).join(name),
        _ => resolve(path),
    }
}

impl Touched<'_> {
    /// The program or operator that writes or removes.
    pub(crate) fn by(&self) -> &'static str {
        self.write.by
    }

    /// The folder that it starts in, with symbolic links resolved, if the line determines it.
    pub(crate) fn folder(&self, examined: &ExaminedUse<'_>) -> Option<PathBuf> {
        let here = Write { target: Some(".".to_owned()), pattern: None, inside: None, ..self.write.clone() };
        examined.tool_use.targets(&here, examined.home()).into_iter().next()?.map(|path| resolve(&path))
    }

    /// Whether a file, whose symbolic links are resolved, is written or removed, alone or with a
    /// folder around it.
    pub(crate) fn reaches(&self, file: &Path, examined: &ExaminedUse<'_>) -> bool {
        let Some(path) = &self.path else { return false };
        match self.way {
            Way::Written => is_same(path, file),
            Way::Removed | Way::Moved => {
                is_same(path, file) || file.starts_with(path) && self.is_chosen(file, examined)
            }
        }
    }

    /// Whether a file below a folder is among those removed. `find` selects by name and kind.
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

/// Whether two paths name the same file. Case is ignored, because some file systems ignore it.
pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
    one.as_os_str().eq_ignore_ascii_case(other)
}
