//! The commands of a line, in the form that rules and guards read.

use crate::doubt::Doubt;

/// All commands that a line can run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// All simple commands, in the order in which Bash reaches them. A command that runs another, such as `sudo git
    /// push`, comes before the inner command.
    pub commands: Vec<Command>,
    /// The first reason why the list may be incomplete.
    pub doubt: Option<Doubt>,
}

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The variables that are set for this command only, such as `A=1` in `A=1 make`.
    pub assignments: Vec<(String, Word)>,
    /// The program and its arguments, after expansion as far as the line determines it. Empty if the command has only
    /// redirections.
    pub words: Vec<Word>,
    /// Its redirections as written. Redirections of a wrapper are on the wrapper. Redirections of a group are on a
    /// separate command without words.
    pub redirections: Vec<Redirection>,
    /// The folder in which it starts.
    pub folder: Folder,
    /// Its standard input.
    pub input: Input,
}

/// One word of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// The word without its quotes. An expansion with an unknown value is kept as written: `$X`.
    pub text: String,
    /// Whether the program receives exactly `text`: it contains no unknown expansion and no pattern. A home folder
    /// counts as known.
    pub is_literal: bool,
    /// Whether any part of it was quoted.
    pub is_quoted: bool,
    /// Whether it begins with a `~` that means a home folder.
    pub is_at_home: bool,
}

/// One redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirection {
    /// The file descriptor in front of the operator, if one was written.
    pub fd: Option<u32>,
    /// The kind of redirection.
    pub operator: Operator,
    /// The file, the descriptor, the delimiter of a here-document, or the text of a here-string.
    pub target: Word,
    /// The text of a here-document or here-string.
    pub body: Option<String>,
}

/// The kind of a redirection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Read,
    /// `>`
    Write,
    /// `>>`
    Append,
    /// `>|`
    Clobber,
    /// `<>`
    ReadWrite,
    /// `&>`, and `>&` before a file
    Both,
    /// `&>>`
    BothAppend,
    /// `>&` before a descriptor
    DuplicateOut,
    /// `<&`
    DuplicateIn,
    /// `<<` and `<<-`
    HereDocument,
    /// `<<<`
    HereString,
}

/// The folder in which a command starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Folder {
    /// The folder in which the line starts.
    #[default]
    Start,
    /// A folder from `cd`: absolute, below `~`, or relative to the start. It is not normalised.
    In(String),
    /// A folder that the line does not determine.
    Unknown,
}

/// The standard input of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Input {
    /// The line's own standard input.
    #[default]
    Inherited,
    /// This text: from a here-document, a here-string, or an `echo`, `printf` or `cat` before the pipe.
    Text(String),
    /// A file.
    File,
    /// The output of another command, which is not known.
    Unknown,
}

impl Word {
    /// A word with a known text.
    pub(crate) fn literal(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_literal: true, ..Self::default() }
    }

    /// A word with an unknown text.
    pub(crate) fn unknown() -> Self {
        Self { text: "{}".to_owned(), ..Self::default() }
    }
}

impl Command {
    /// The base name of the program: `git` for `/usr/bin/git`, `git.exe` and `$HOME/bin/git`. `None` if there is no
    /// program, or its name is known only at run time.
    pub fn program(&self) -> Option<&str> {
        program(&self.words)
    }

    /// The words after the program.
    pub fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }
}

impl Folder {
    /// The folder `path`, relative to this one.
    pub(crate) fn join(&self, path: &str) -> Self {
        /// The longest path in bytes. A longer one counts as unknown.
        const LONGEST: usize = 4096;
        let path = path.strip_prefix("./").unwrap_or(path);
        match self {
            _ if path.starts_with(['/', '~']) => Self::In(path.to_owned()),
            _ if path.is_empty() || path == "." => self.clone(),
            Self::Start => Self::In(path.to_owned()),
            Self::In(base) if base.len() + path.len() < LONGEST => {
                Self::In(format!("{}/{path}", base.trim_end_matches('/')))
            }
            Self::In(_) | Self::Unknown => Self::Unknown,
        }
    }
}

/// The base name of the program in these words.
pub(crate) fn program(words: &[Word]) -> Option<&str> {
    let word = words.first()?;
    let name = base_name(&word.text);
    // An unknown part before the last slash does not matter, because the name after it is known.
    let is_told = word.is_literal
        || name.len() < word.text.len()
            && !name.contains(|c| ends_word(c) || matches!(c, '$' | '`' | '*' | '?' | '[' | ']' | '{' | '}'));
    (!name.is_empty() && is_told).then_some(name)
}

/// Whether this character, unquoted, ends a word or a line.
pub(crate) fn ends_word(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, ';' | '|' | '&' | '<' | '>' | '(' | ')')
}

fn base_name(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.len().checked_sub(4).and_then(|at| name.split_at_checked(at)) {
        Some((stem, end)) if end.eq_ignore_ascii_case(".exe") => stem.rsplit('\\').next().unwrap_or(stem),
        _ => name,
    }
}
