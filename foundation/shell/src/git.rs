//! Parses a git command.

use crate::command::{Command, Folder, Word};
use crate::files::below;
use crate::globals;
use crate::options::Argument;
use crate::programs;

/// A git command without the options before the subcommand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitCall<'a> {
    /// The subcommand, which may be an alias, and its arguments.
    pub words: &'a [Word],
    /// The folder in which it works, after `-C`.
    pub folder: Folder,
    /// The repository, if `--git-dir` or `GIT_DIR` sets it.
    pub git_dir: Option<String>,
    /// The settings of `-c`: name and value. A name alone means `true`.
    pub settings: Vec<(String, String)>,
}

impl Command {
    /// The git command. `None` for another program, and for git without a subcommand.
    pub fn git(&self) -> Option<GitCall<'_>> {
        let words = self.words.as_slice();
        let program = self.program()?;
        if program != "git" {
            return None;
        }
        let mut call =
            GitCall { words: &[], folder: self.folder.clone(), git_dir: None, settings: Vec::new() };
        for (name, value) in &self.assignments {
            if name == "GIT_DIR" {
                call.git_dir = Some(value.text.clone());
            }
        }
        for argument in programs::global_options_of("git")?.read(words, 1) {
            match argument {
                Argument::Option("C", Some(value)) => call.folder = below(&call.folder, &value.to_word()),
                Argument::Option("git-dir", Some(value)) => call.git_dir = Some(value.text.to_owned()),
                Argument::Option("work-tree", _) => call.folder = Folder::Unknown,
                Argument::Option("c", Some(value)) => {
                    let (name, value) = value.text.split_once('=').unwrap_or((value.text, "true"));
                    call.settings.push((name.to_owned(), value.to_owned()));
                }
                Argument::Option(..) => {}
                // `git $OPTIONS commit`
                Argument::Operand(at) if globals::may_be_options(&words[at]) && at + 1 < words.len() => {}
                Argument::Operand(at) => {
                    call.words = &words[at..];
                    return Some(call);
                }
            }
        }
        None
    }
}

impl GitCall<'_> {
    /// The subcommand.
    pub fn subcommand(&self) -> &str {
        &self.words[0].text
    }

    /// The words after the subcommand.
    pub fn arguments(&self) -> &[Word] {
        &self.words[1..]
    }
}

#[cfg(test)]
mod tests {
    fn call(line: &str) -> Option<String> {
        let script = crate::parse(line);
        let call = script.commands.first()?.git()?;
        Some(call.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_may_be_options_is_no_subcommand() {
        assert_eq!(call("git $OPTIONS reset --hard").as_deref(), Some("reset --hard"));
        assert_eq!(call("git -C x reset --hard").as_deref(), Some("reset --hard"));
        assert_eq!(call("git $COMMAND").as_deref(), Some("$COMMAND"));
        assert_eq!(call("git --version"), None);
    }
}
