//! Files that a line writes or removes.

use crate::command::{Folder, Word};

/// A file that a line writes or removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The path as written, relative to `folder`. A leading `~` is a home folder. `None` if the line does not
    /// determine the file.
    pub target: Option<String>,
    /// The wildcard pattern of the files, if the line has one instead of a path: `src/*.rs`.
    pub pattern: Option<String>,
    /// The folder that a relative target starts from.
    pub folder: Folder,
    /// The program or operator.
    pub by: &'static str,
    /// Whether the target may be a folder. Then a write affects a file in it: the one in [`Self::inside`], or any. A
    /// removal affects the whole folder.
    pub may_be_folder: bool,
    /// The name of the file in the target, if the target is a folder: `a` for `cp x/a y`.
    pub inside: Option<String>,
}

impl Write {
    /// This file, which is not a folder.
    pub(crate) fn file(word: &Word, folder: &Folder, by: &'static str) -> Self {
        Self {
            target: path(word),
            pattern: pattern(word),
            folder: folder.clone(),
            by,
            may_be_folder: false,
            inside: None,
        }
    }

    /// This file, or the files in this folder.
    pub fn tree(word: &Word, folder: &Folder, by: &'static str) -> Self {
        Self { may_be_folder: true, ..Self::file(word, folder, by) }
    }

    /// Unknown files. Only their starting folder is known.
    pub(crate) fn unknown(folder: &Folder, by: &'static str) -> Self {
        Self { target: None, pattern: None, folder: folder.clone(), by, may_be_folder: true, inside: None }
    }
}

/// The path in a word, as far as the line determines it. `$HOME/x` is `~/x`, `$PWD/x` is `./x`, and a quoted `~` is
/// `./~`.
pub(crate) fn path(word: &Word) -> Option<String> {
    let text = &*word.text;
    if word.is_literal {
        let is_file_named_tilde = text.starts_with('~') && !word.is_at_home;
        return match text {
            "" => None,
            _ if is_file_named_tilde => Some(format!("./{text}")),
            _ => Some(text.to_owned()),
        };
    }
    let below = [("$HOME", "~"), ("${HOME}", "~"), ("$PWD", "."), ("${PWD}", ".")];
    let (rest, root) = below.iter().find_map(|(name, root)| Some((text.strip_prefix(name)?, root)))?;
    let is_told =
        (rest.is_empty() || rest.starts_with('/')) && !rest.contains(['$', '`', '*', '?', '[', '{']);
    is_told.then(|| format!("{root}{rest}"))
}

/// A word that is a wildcard pattern without other expansions.
fn pattern(word: &Word) -> Option<String> {
    let is_pattern =
        !word.is_literal && word.text.contains(['*', '?', '[']) && !word.text.contains(['$', '`', '{', '\\']);
    is_pattern.then(|| word.text.clone())
}

/// The last part of a path, if it is a name.
pub(crate) fn last_part(path: &str) -> Option<&str> {
    path.trim_end_matches('/').rsplit('/').next().filter(|name| !matches!(*name, "" | "." | ".." | "~"))
}

/// Whether a path is a device or a descriptor and not a file: terminals, `/dev/null`, sockets.
pub(crate) fn is_device(path: &str) -> bool {
    let device = path.strip_prefix("/dev/").unwrap_or_default();
    ["null", "zero", "full", "std", "tty", "fd/", "pts/", "tcp/", "udp/"]
        .iter()
        .any(|name| device.starts_with(name))
        || path.starts_with("/proc/self/fd/")
}

/// The folder in a word, relative to this one.
pub(crate) fn below(folder: &Folder, word: &Word) -> Folder {
    path(word).map_or(Folder::Unknown, |path| folder.join(&path))
}
