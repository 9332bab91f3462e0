//! Why a setup cannot go on, who can do something about it, and what.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a setup cannot go on.
#[derive(Debug)]
pub enum SetupError {
    /// A program cannot be started.
    NotRun {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program does not print what it is asked for.
    NoAnswer {
        /// The command line.
        command: &'static str,
        /// What is missing in its output.
        lacks: &'static str,
    },
    /// The compiler or the linker reports errors.
    NotBuilt,
    /// A file or a folder cannot be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The user has no home folder.
    NoHome,
    /// One of the installed commands failed, and printed why.
    Step(String),
    /// A step of the demonstration did not do what it should.
    Demo(String),
}

/// Who can do something about an error. The platform's kinds are not used here: a setup links nothing of ours, so that
/// it builds fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupErrorKind {
    /// An argument or a file of the user's.
    User,
    /// The machine or another program.
    System,
    /// Stanchion itself.
    Internal,
}

impl SetupError {
    /// Turns an error of the system into one about a file.
    pub(crate) fn of_file(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// Turns an error of the system into one about a program.
    pub(crate) fn of_program(program: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let program = program.into();
        move |source| Self::NotRun { program, source }
    }

    /// Who can do something about it.
    pub fn kind(&self) -> SetupErrorKind {
        match self {
            Self::NoHome | Self::Step(_) => SetupErrorKind::User,
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => SetupErrorKind::User,
            Self::NotRun { .. } | Self::NoAnswer { .. } | Self::NotBuilt | Self::File { .. } => {
                SetupErrorKind::System
            }
            Self::Demo(_) => SetupErrorKind::Internal,
        }
    }

    /// What to do: a clause in the imperative, without a full stop.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotRun { .. } => "install the program, or add its folder to PATH",
            Self::NoAnswer { .. } => "check the Rust toolchain with `rustup show`",
            Self::NotBuilt => "fix what cargo reports above, then run `cargo setup` again",
            Self::File { .. } => "check that the path exists, its permissions and the free space",
            Self::NoHome => "set HOME to your home folder",
            Self::Step(_) => "fix what the command reports above, then run `cargo setup` again",
            Self::Demo(_) => "report this as a fault of Stanchion",
        }
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRun { program, source } => write!(f, "`{program}` cannot be run: {source}"),
            Self::NoAnswer { command, lacks } => write!(f, "`{command}` does not print {lacks}"),
            Self::NotBuilt => f.write_str("the build failed; cargo prints the reason above"),
            Self::File { path, source } => write!(f, "{}: {source}", path.display()),
            Self::NoHome => f.write_str("the home folder cannot be determined"),
            Self::Step(command) => write!(f, "`{command}` failed, see above"),
            Self::Demo(what) => write!(f, "the demonstration failed: {what}"),
        }
    }
}

impl std::error::Error for SetupError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_has_a_kind_and_says_what_to_do() {
        let missing = || io::Error::from(io::ErrorKind::NotFound);
        let of_file = SetupError::of_file(Path::new("/x"))(missing());
        assert_eq!((of_file.kind(), of_file.hint().is_empty()), (SetupErrorKind::User, false));
        let of_program = SetupError::of_program("cargo")(missing());
        assert_eq!(of_program.kind(), SetupErrorKind::System);
        assert!(of_program.to_string().starts_with("`cargo` cannot be run: "));
        let demo = SetupError::Demo("the turn should end".to_owned());
        assert_eq!(
            (demo.kind(), demo.hint()),
            (SetupErrorKind::Internal, "report this as a fault of Stanchion")
        );
    }
}
