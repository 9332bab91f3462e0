//! What can go wrong in a command, the exit code of each, and the one place that prints it.

use std::error::Error;
use std::fmt::{self, Display, Write as _};
use std::io::{self, Write as _};
use std::process::ExitCode;

use config::check::nearest;
use config::finding::Finding;
use platform::error::{ErrorKind, Explain};

use platform::text::printable;

use crate::name::called_as;

/// The result of a command, or of a part of one.
pub type CliResult<T = ()> = Result<T, CliError>;

/// How wide the first line of an error may be before its causes get lines of their own.
const WIDTH: usize = 80;

/// Why a command failed.
///
/// It is not a [`std::error::Error`] itself: so every error of another crate converts to it with `?`, and it is printed
/// here alone.
#[derive(Debug)]
pub enum CliError {
    /// What was asked for is not possible: an argument, a file or a state that the user can change.
    User(Problem),
    /// The machine or another program prevents it.
    System(Problem),
    /// An error of another crate, and what the command could not do because of it.
    Caused {
        /// What the command could not do; empty where the cause says it all.
        what: String,
        /// The error.
        cause: Box<dyn Error + Send + Sync>,
    },
    /// A check could not be made, so it neither passed nor failed: exit code 2.
    Unchecked(Box<CliError>),
    /// The command's output already says what is wrong; only the exit code is left.
    Reported,
}

/// What happened, and what to do.
#[derive(Debug)]
pub struct Problem {
    message: String,
    hint: Option<String>,
}

impl CliError {
    /// An error that the user can fix.
    pub fn user(message: impl Display) -> Self {
        Self::User(Problem { message: message.to_string(), hint: None })
    }

    /// An error of the machine or of another program.
    pub fn system(message: impl Display) -> Self {
        Self::System(Problem { message: message.to_string(), hint: None })
    }

    /// The same error with what to do: a clause in the imperative, without a full stop.
    pub fn next(mut self, hint: impl Into<String>) -> Self {
        if let Self::User(problem) | Self::System(problem) = &mut self {
            problem.hint = Some(hint.into());
        }
        self
    }

    /// Who can do something about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::User(_) | Self::Reported => ErrorKind::User,
            Self::System(_) => ErrorKind::System,
            Self::Caused { cause, .. } => explained(cause.as_ref()).map_or(ErrorKind::System, Explain::kind),
            Self::Unchecked(error) => error.kind(),
        }
    }

    /// What to do.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::User(problem) | Self::System(problem) => problem.hint.clone(),
            Self::Caused { cause, .. } => explained(cause.as_ref()).and_then(Explain::hint),
            Self::Unchecked(error) => return error.hint(),
            Self::Reported => return None,
        };
        let is_ours = self.kind() == ErrorKind::Internal;
        hint.or_else(|| is_ours.then(|| "report this as a fault of Stanchion".to_owned()))
    }

    /// 0 when the reader of the output has ended, 1 for a failure, 2 for a check that could not be made.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unchecked(_) => 2,
            _ if self.is_closed_pipe() => 0,
            _ => 1,
        }
    }

    /// Prints what happened and what to do, and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let is_silent = matches!(self, Self::Reported) || self.is_closed_pipe();
        if !is_silent {
            let mut text = laid_out(&format!("{}: ", called_as()), &self.parts());
            if let Some(hint) = self.hint() {
                let _ = write!(text, "\nNext: {hint}");
            }
            // Where stderr cannot be written there is no other way to report.
            let _ = writeln!(io::stderr(), "{}", printable(&text));
        }
        ExitCode::from(self.exit_code())
    }

    /// Whether the reader of our output ended, as `head` does.
    fn is_closed_pipe(&self) -> bool {
        let Self::Caused { what, cause } = self else { return false };
        let error = cause.downcast_ref::<io::Error>();
        what.is_empty() && error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What happened, then its causes, each once.
    fn parts(&self) -> Vec<String> {
        match self {
            Self::User(problem) | Self::System(problem) => vec![problem.message.clone()],
            Self::Unchecked(error) => error.parts(),
            Self::Reported => Vec::new(),
            Self::Caused { what, cause } => {
                let mut parts = Vec::from_iter((!what.is_empty()).then(|| what.clone()));
                let mut next: Option<&dyn Error> = Some(cause.as_ref());
                while let Some(error) = next {
                    let text = error.to_string();
                    // Some errors repeat their cause in their own text.
                    if !parts.last().is_some_and(|last| last.ends_with(&text)) {
                        parts.push(text);
                    }
                    next = error.source();
                }
                parts
            }
        }
    }

    fn with_prefix(self, text: String) -> Self {
        match self {
            Self::User(problem) => Self::User(problem.with_prefix(&text)),
            Self::System(problem) => Self::System(problem.with_prefix(&text)),
            Self::Caused { what, cause } if what.is_empty() => Self::Caused { what: text, cause },
            Self::Caused { what, cause } => Self::Caused { what: format!("{text}: {what}"), cause },
            Self::Unchecked(error) => Self::Unchecked(Box::new(error.with_prefix(text))),
            Self::Reported => Self::Reported,
        }
    }
}

impl Problem {
    fn with_prefix(self, text: &str) -> Self {
        Self { message: format!("{text}: {}", self.message), ..self }
    }
}

impl Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parts().join(": "))
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for CliError {
    fn from(error: E) -> Self {
        Self::Caused { what: String::new(), cause: Box::new(error) }
    }
}

/// A name that nothing has, with the closest one.
pub fn unknown_name<'n>(kind: &str, name: &str, known: impl IntoIterator<Item = &'n str>) -> CliError {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(name, known.iter().copied()) {
        Some(near) => CliError::user(format_args!("no {kind} is called `{name}`; did you mean `{near}`?")),
        None if known.is_empty() => {
            CliError::user(format_args!("no {kind} is called `{name}`; none is configured here"))
        }
        None => CliError::user(format_args!("no {kind} is called `{name}`"))
            .next(format!("name one of {}", known.join(", "))),
    }
}

/// Adds to an error what the command could not do; makes one of a value that is missing.
pub trait Context<T> {
    /// The value, or the error behind `what`.
    fn context(self, what: impl Into<String>) -> CliResult<T>;

    /// The same with a text that is only made for an error.
    fn with_context<S: Into<String>>(self, what: impl FnOnce() -> S) -> CliResult<T>;
}

impl<T, E: Into<CliError>> Context<T> for Result<T, E> {
    fn context(self, what: impl Into<String>) -> CliResult<T> {
        self.map_err(|error| error.into().with_prefix(what.into()))
    }

    fn with_context<S: Into<String>>(self, what: impl FnOnce() -> S) -> CliResult<T> {
        self.map_err(|error| error.into().with_prefix(what().into()))
    }
}

impl<T> Context<T> for Option<T> {
    fn context(self, what: impl Into<String>) -> CliResult<T> {
        self.ok_or_else(|| CliError::user(what.into()))
    }

    fn with_context<S: Into<String>>(self, what: impl FnOnce() -> S) -> CliResult<T> {
        self.ok_or_else(|| CliError::user(what().into()))
    }
}

/// Returns a [`CliError::User`] with a formatted message.
macro_rules! bail {
    ($($message:tt)*) => {
        return Err($crate::error::CliError::user(format!($($message)*)))
    };
}
pub(crate) use bail;

/// Prints on stderr a note that is not an error, so that stdout stays for programs.
pub fn note(text: impl Display) {
    on_stderr(format_args!("note: {text}"));
}

/// Prints a finding about a configuration on stderr. It has its own severity, so it goes without the command's name.
pub fn print_finding(finding: &Finding) {
    let _ = writeln!(io::stderr(), "{}", printable(&finding.to_string()));
}

/// Prints a line on stderr under the command's name.
pub fn on_stderr(text: impl Display) {
    let _ = writeln!(io::stderr(), "{}: {}", called_as(), printable(&text.to_string()));
}

/// The first error of the chain whose crate says who can fix it and how. Each crate with an enum of errors is a row.
fn explained<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e dyn Explain> {
    macro_rules! rows {
        ($($row:ty),+ $(,)?) => {
            [$(|error| error.downcast_ref::<$row>().map(|error| error as &dyn Explain)),+]
        };
    }
    type Row = for<'e> fn(&'e (dyn Error + 'static)) -> Option<&'e dyn Explain>;
    let rows: [Row; 10] = rows![
        config::ConfigError,
        config_edit::EditError,
        continuity::CheckpointError,
        continuity::ContinuityError,
        gates::GatesError,
        git::GitError,
        guards::GuardsError,
        installer::InstallError,
        migrate::MigrateError,
        sessions::SessionsError,
    ];
    let mut next: Option<&'e (dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(explained) = rows.iter().find_map(|row| row(error)) {
            return Some(explained);
        }
        next = error.source();
    }
    None
}

/// On one line where that is narrow enough, else each cause on a line of its own.
fn laid_out(name: &str, parts: &[String]) -> String {
    let line = format!("{name}{}", parts.join(": "));
    if line.chars().count() <= WIDTH { line } else { format!("{name}{}", parts.join(":\n  ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the outer fault")]
    struct Outer(#[source] io::Error);

    #[test]
    fn causes_are_printed_once_and_long_ones_on_lines_of_their_own() {
        let error =
            CliError::from(Outer(io::Error::other("the inner fault"))).with_prefix("it failed".into());
        assert_eq!(laid_out("req: ", &error.parts()), "req: it failed: the outer fault: the inner fault");
        let long = error.with_prefix("x".repeat(60));
        assert_eq!(laid_out("req: ", &long.parts()).lines().count(), 3);
        let repeated = io::Error::other("the file is gone");
        let error = CliError::from(Outer(repeated)).with_prefix("the outer fault".into());
        assert_eq!(error.to_string(), "the outer fault: the file is gone");
    }

    #[test]
    fn exit_codes_and_hints_belong_to_the_variants() {
        let user = || CliError::user("no").next("say yes");
        assert_eq!((user().exit_code(), user().hint().as_deref()), (1, Some("say yes")));
        assert_eq!(CliError::Unchecked(Box::new(user())).exit_code(), 2);
        assert_eq!(CliError::Unchecked(Box::new(user())).hint().as_deref(), Some("say yes"));
        assert_eq!(CliError::from(io::Error::from(io::ErrorKind::BrokenPipe)).exit_code(), 0);
        let of_git = CliError::from(io::Error::from(io::ErrorKind::BrokenPipe)).with_prefix("git".into());
        assert_eq!(of_git.exit_code(), 1, "only our own output may end early");
        assert_eq!(CliError::Reported.exit_code(), 1);
    }

    #[test]
    fn the_kind_and_the_hint_of_a_crate_are_found_below_other_errors() {
        let cause = installer::InstallError::NotAFolder("/x".into());
        let error = CliError::from(cause).with_prefix("it failed".into());
        assert_eq!(error.kind(), ErrorKind::User);
        assert_eq!(error.hint().as_deref(), Some("name the folder of a repository"));
        assert_eq!(CliError::from(io::Error::other("x")).kind(), ErrorKind::System);
    }
}
