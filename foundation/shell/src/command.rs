//! What a line runs, as rules and guards see it.

use crate::doubt::Doubt;

/// All that a line would run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script {
    /// Every simple command, in the order in which Bash would come to them. A command that runs another, such as
    /// `sudo git push`, stands before the one it runs.
    pub commands: Vec<Command>,
    /// The first reason why there may be more commands than these.
    pub doubt: Option<Doubt>,
}

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The variables set for this command alone, such as `A=1` in `A=1 make`.
    pub assignments: Vec<(String, Word)>,
    /// The program and its arguments, after Bash's expansions as far as the line tells their result. Empty when
    /// the command is only redirections.
    pub words: Vec<Word>,
    /// Where its input comes from and its output goes, as written. Those of a wrapper or of a group are with the
    /// wrapper or on a command of their own without words.
    pub redirections: Vec<Redirection>,
    /// The folder it starts in.
    pub folder: Folder,
    /// What it reads from standard input.
    pub input: Input,
}

/// One word of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Word {
    /// The word without its quotes. An expansion whose result the line does not tell stands as written: `$X`.
    pub text: String,
    /// Whether `text` is what the program receives: no unknown expansion, no pattern. A home folder counts as
    /// known.
    pub is_literal: bool,
    /// Whether any part of it was quoted.
    pub is_quoted: bool,
    /// Whether it begins with a `~` that stands for a home folder.
    pub is_at_home: bool,
}

/// One redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirection {
    /// The file descriptor in front of the operator, if one was written.
    pub fd: Option<u32>,
    /// What is done.
    pub operator: Operator,
    /// The file, the descriptor, the delimiter of a here-document, or the text of a here-string.
    pub target: Word,
    /// The text of a here-document or here-string.
    pub body: Option<String>,
}

/// What a redirection does.
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

/// The folder a command starts in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Folder {
    /// The one the line was started in.
    #[default]
    Start,
    /// This one, by `cd`: absolute, below `~`, or relative to the start. Not normalised.
    In(String),
    /// One that the line does not tell.
    Unknown,
}

/// What a command reads from standard input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Input {
    /// What the line itself was given.
    #[default]
    Inherited,
    /// This text: from a here-document, a here-string, or an `echo`, `printf` or `cat` before the pipe.
    Text(String),
    /// A file.
    File,
    /// What another command says.
    Unknown,
}

impl Word {
    /// A word that says what it says.
    pub(crate) fn literal(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_literal: true, ..Self::default() }
    }

    /// A word of which nothing is known but that it is there.
    pub(crate) fn unknown() -> Self {
        Self { text: "{}".to_owned(), ..Self::default() }
    }
}

impl Command {
    /// The base name of the program: `git` for `/usr/bin/git`, `git.exe` and `$HOME/bin/git`. `None` when there is
    /// none or it is known only at run time.
    pub fn program(&self) -> Option<&str> {
        program(&self.words)
    }

    /// The words after the program.
    pub fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }
}

impl Folder {
    /// The folder that `path` names, seen from this one.
    pub(crate) fn join(&self, path: &str) -> Self {
        /// Longer paths are nobody's.
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

/// The base name of the program that these words call.
pub(crate) fn program(words: &[Word]) -> Option<&str> {
    let word = words.first()?;
    let name = base_name(&word.text);
    // Whatever stands before the last slash, the name behind it is told.
    let is_told = word.is_literal
        || name.len() < word.text.len()
            && !name.contains(|c| ends_word(c) || matches!(c, '$' | '`' | '*' | '?' | '[' | ']' | '{' | '}'));
    (!name.is_empty() && is_told).then_some(name)
}

/// Whether this character, not quoted, ends a word or a line.
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
