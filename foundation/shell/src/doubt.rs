//! The reasons why a line cannot be followed to its end.

use std::fmt;

/// The longest line that is read completely, in bytes. Only this much of a longer line is read.
pub const LONGEST: usize = 256 * 1024;

/// The reason why [`crate::Script::commands`] may be incomplete. Its text completes "this line …" in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The line is longer than [`crate::LONGEST`].
    TooLong,
    /// The commands are nested more deeply than the limit.
    TooDeep,
    /// The line expands to more commands or text than the limit.
    TooMuch,
    /// A quote, a bracket or a compound command is not closed.
    Unclosed,
    /// A word or an operator is in a place where Bash does not allow it.
    Syntax,
    /// A command's name is known only at run time. Contains the word as written.
    Program(String),
    /// The text for `eval`, `bash -c`, `trap` or a similar command is known only at run time. Contains the command's
    /// name.
    Text(String),
    /// A shell runs the text from a pipe. Contains the shell's name.
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
