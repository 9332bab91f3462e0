//! Records where a shell is. The shell runs it at each prompt: `shell-cwd <PATH> <SHELL_PID> <TTY>`.
//!
//! A prompt must not break or wait. So every error is logged, nothing is printed, and the exit code is 0.
//! `req shell-init` prints the script that calls it.

use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::panic::{UnwindSafe, catch_unwind};
use std::process::ExitCode;

use hooks_common::log::Log;
use hooks_common::paths::Paths;
use platform::VERSION;
use platform::process::is_plausible;
use platform::time::Moment;
use sessions::shells::{Prompt, ReportOutcome, Shells, Terminal};

const HELP: &str = "\
Records where a shell is. Your shell runs this at each prompt: `req shell-init --help`.

Usage: shell-cwd <PATH> <SHELL_PID> <TTY>
";

/// Reports the shell that the arguments describe.
pub fn command_main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let now = Moment::now();
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    // A path is absolute, so it is never mistaken for an option.
    let text = match arguments.first().and_then(|first| first.to_str()) {
        Some("--help" | "-h") => HELP.to_owned(),
        Some("--version" | "-V") => format!("shell-cwd {VERSION}\n"),
        _ => {
            let paths = Paths::from_env();
            if let Err(error) = fenced(|| report(&paths, &arguments, now)) {
                let mut log = Log::default();
                log.set_context("hook", "shell-cwd");
                log.error(error.to_string());
                log.flush(&paths);
            }
            return ExitCode::SUCCESS;
        }
    };
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Why a shell was not recorded.
#[derive(Debug, PartialEq, Eq)]
enum ReportError {
    /// The number of arguments is wrong.
    Arguments(usize),
    /// The path is not absolute.
    Path(String),
    /// The process id is not one of a shell.
    Process(String),
    /// Other shells held the lock. The next prompt records the folder.
    Busy,
    /// The files cannot be read or written.
    Store(String),
    /// A fault of ours.
    Panic(String),
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(count) => {
                write!(f, "it needs a path, a process and a terminal, and got {count} arguments")
            }
            Self::Path(path) => write!(f, "{path:?} is not an absolute path"),
            Self::Process(process) => write!(f, "{process:?} is not a process id"),
            Self::Busy => f.write_str("other shells held the lock; the next prompt records the folder"),
            Self::Store(error) => f.write_str(error),
            Self::Panic(message) => write!(f, "it panicked: {message}"),
        }
    }
}

/// What `work` returns; a panic becomes an error.
fn fenced(work: impl FnOnce() -> Result<(), ReportError> + UnwindSafe) -> Result<(), ReportError> {
    catch_unwind(work).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(ReportError::Panic(text.unwrap_or_else(|| "no message".to_owned())))
    })
}

fn report(paths: &Paths, arguments: &[OsString], now: Moment) -> Result<(), ReportError> {
    let prompt = read(arguments)?;
    match Shells::new(paths).report(&prompt, now) {
        Ok(ReportOutcome::Busy) => Err(ReportError::Busy),
        Ok(_) => Ok(()),
        Err(error) => Err(ReportError::Store(error.to_string())),
    }
}

/// The prompt that the arguments describe.
fn read(arguments: &[OsString]) -> Result<Prompt, ReportError> {
    let [cwd, pid, tty] = arguments else {
        return Err(ReportError::Arguments(arguments.len()));
    };
    // JSON contains only text, so bytes that are not UTF-8 become replacement characters.
    let text = |argument: &OsString| argument.to_string_lossy().into_owned();
    let (cwd, tty) = (text(cwd), text(tty));
    if !cwd.starts_with('/') {
        return Err(ReportError::Path(cwd));
    }
    let pid = pid.to_str().and_then(|pid| pid.parse().ok()).filter(|pid: &u32| is_plausible(i64::from(*pid)));
    let pid = pid.ok_or_else(|| ReportError::Process(text(&arguments[1])))?;
    // `tty` prints this without a terminal.
    let tty = if tty == "not a tty" { String::new() } else { tty };
    Ok(Prompt { cwd, pid, tty, terminal: Terminal::from_env() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str]) -> Result<Prompt, ReportError> {
        read(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn arguments_are_read_or_refused_with_a_reason() {
        let prompt = given(&["/a b'\"é/", "4242", "/dev/pts/1"]).unwrap();
        assert_eq!((prompt.cwd.as_str(), prompt.pid, prompt.tty.as_str()), ("/a b'\"é/", 4242, "/dev/pts/1"));
        assert_eq!(given(&["/", "4242", "not a tty"]).unwrap().tty, "");
        for (arguments, reason) in [
            (&[][..], "got 0 arguments"),
            (&["/", "4242"], "got 2 arguments"),
            (&["/", "4242", "", ""], "got 4 arguments"),
            (&["", "4242", ""], "absolute"),
            (&["a", "4242", ""], "absolute"),
            (&["/", "", ""], "not a process"),
            (&["/", "-4", ""], "not a process"),
            (&["/", "0", ""], "not a process"),
            (&["/", "1", ""], "not a process"),
            (&["/", "4294967295", ""], "not a process"),
            (&["/", "99999999999999999999", ""], "not a process"),
        ] {
            let error = given(arguments).unwrap_err().to_string();
            assert!(error.contains(reason), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(fenced(|| panic!("no {}", "way")), Err(ReportError::Panic("no way".to_owned())));
        assert_eq!(fenced(|| panic!("plainly")), Err(ReportError::Panic("plainly".to_owned())));
    }
}
