//! The effects of builtins on the folder and on variables.

use crate::command::{Folder, Word};
use crate::files;
use crate::options::Options;
use crate::variables::VariableValue;
use crate::walk::Walker;

impl Walker {
    /// Applies the effects of `name` on later commands, if it is a builtin.
    pub(crate) fn builtin(&mut self, name: &str, words: &[Word]) {
        match name {
            "cd" | "chdir" => self.change_folder(words),
            // Without an operand it exchanges the folders on top of the stack, which is not kept.
            "pushd" if Options::NONE.operands(words, 1).is_empty() => self.folder = Folder::Unknown,
            "pushd" => self.change_folder(words),
            "popd" => self.folder = Folder::Unknown,
            "export" | "declare" | "typeset" | "local" | "readonly" => {
                for word in &words[1..] {
                    if let Some((name, value)) = word.text.split_once('=') {
                        let value = word.is_literal.then(|| VariableValue::Text(value.to_owned()));
                        self.note_assignment(name);
                        self.variables.set(name, value);
                    }
                }
            }
            "set" => {
                if let Some(at) = words.iter().position(|word| word.text == "--") {
                    self.variables.positionals = Some(words[at + 1..].to_vec());
                } else if words.get(1).is_some_and(|word| !word.text.starts_with(['-', '+'])) {
                    self.variables.positionals = Some(words[1..].to_vec());
                }
            }
            "shift" => {
                let count = words.get(1).map_or(Some(1), |word| word.text.parse().ok());
                match (&mut self.variables.positionals, count) {
                    (Some(positionals), Some(count)) => {
                        drop(positionals.drain(..count.min(positionals.len())));
                    }
                    (positionals, _) => *positionals = None,
                }
            }
            "unset" | "read" | "mapfile" | "readarray" | "getopts" | "let" | "printf" => {
                if name == "printf" && words.get(1).is_none_or(|word| word.text != "-v") {
                    return;
                }
                for word in &words[1..] {
                    let end = word.text.find(['=', '[']).unwrap_or(word.text.len());
                    self.variables.set(&word.text[..end], None);
                }
            }
            // The file may set any variable.
            "source" | "." => self.variables.forget_all(),
            _ => {}
        }
    }

    /// Notes that a variable was set: with `CDPATH` a relative `cd` leads where the line does not tell.
    pub(crate) fn note_assignment(&mut self, name: &str) {
        self.searches_folders |= name == "CDPATH";
    }

    fn change_folder(&mut self, words: &[Word]) {
        let operands = Options::NONE.operands(words, 1);
        let next = match operands.first() {
            None => Folder::In("~".to_owned()),
            Some(word) if word.text == "-" => self.previous_folder.clone().unwrap_or(Folder::Unknown),
            Some(word) => match files::path(word) {
                // `pushd +1` rotates the folder stack, which is not tracked.
                Some(path) if path.starts_with('+') => Folder::Unknown,
                // A relative folder is looked for in each of `CDPATH` first, and these are elsewhere.
                Some(path) if self.searches_folders && is_searched(&path) => Folder::Unknown,
                Some(path) => self.folder.join(&path),
                None => Folder::Unknown,
            },
        };
        self.previous_folder = Some(std::mem::replace(&mut self.folder, next));
    }
}

/// Whether `cd` looks for a folder in `CDPATH`: not for one that begins at the root, at home, or with a dot.
fn is_searched(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    !matches!(first, "" | "." | ".." | "~")
}
