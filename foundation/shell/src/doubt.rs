//! Why a line could not be followed to its end.

use std::fmt;

/// The longest line that is read, in bytes. Only this much of the beginning of a longer line is read.
pub const LONGEST: usize = 256 * 1024;

/// Why [`crate::Script::commands`] may lack commands. Its text is for people and completes "this line …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// It is longer than [`crate::LONGEST`].
    TooLong,
    /// Its commands are nested deeper than is followed.
    TooDeep,
    /// It unfolds into more commands or text than is followed.
    TooMuch,
    /// A quote, a bracket or a compound command is not closed.
    Unclosed,
    /// Something stands where Bash allows nothing of the kind.
    Syntax,
    /// What a command is called is known only when it runs: the word as written.
    Program(String),
    /// The text given to `eval`, `bash -c`, `trap` or their like is known only when it runs: who is given it.
    Text(String),
    /// A shell runs what comes through a pipe: which shell.
    Piped(String),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "is longer than {LONGEST} bytes"),
            Self::TooDeep => f.write_str("is nested too deeply to be followed"),
            Self::TooMuch => f.write_str("unfolds into too much to be followed"),
            Self::Unclosed => {
                f.write_str("opens a quote, a bracket or a compound command and does not close it")
            }
            Self::Syntax => f.write_str("is not Bash as Bash reads it"),
            Self::Program(word) => write!(f, "runs `{word}`, whose meaning is known only when it runs"),
            Self::Text(by) => write!(f, "has `{by}` run a text that is known only when it runs"),
            Self::Piped(shell) => write!(f, "has `{shell}` run what comes through a pipe"),
        }
    }
}
