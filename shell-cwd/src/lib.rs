//! Where a shell is, told by the shell at each prompt: `shell-cwd <PATH> <SHELL_PID> <TTY>`.
//!
//! A prompt must never suffer, so whatever goes wrong is logged, nothing is printed, and the exit code is 0.
//! `req shell-init` prints the script that calls it.

use std::ffi::OsString;
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
Keeps where a shell is. Your shell runs this at each prompt: `req shell-init --help`.

Usage: shell-cwd <PATH> <SHELL_PID> <TTY>
";

/// Reports the shell that the arguments describe.
pub fn command_main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let now = Moment::now();
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    // A path is absolute, so none is taken for one of these.
    let text = match arguments.first().and_then(|first| first.to_str()) {
        Some("--help" | "-h") => HELP.to_owned(),
        Some("--version" | "-V") => format!("shell-cwd {VERSION}\n"),
        _ => {
            let paths = Paths::from_env();
            if let Err(error) = fenced(|| report(&paths, &arguments, now)) {
                let mut log = Log::default();
                log.set_context("hook", "shell-cwd");
                log.error(error);
                log.flush(&paths);
            }
            return ExitCode::SUCCESS;
        }
    };
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// What `work` returns; a panic is an error like any other.
fn fenced(work: impl FnOnce() -> Result<(), String> + UnwindSafe) -> Result<(), String> {
    catch_unwind(work).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(ToString::to_string);
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(format!("it panicked: {}", text.as_deref().unwrap_or("no message")))
    })
}

fn report(paths: &Paths, arguments: &[OsString], now: Moment) -> Result<(), String> {
    let prompt = read(arguments)?;
    match Shells::new(paths).report(&prompt, now) {
        Ok(ReportOutcome::Busy) => {
            Err("other shells held the lock; the next prompt tells it again".to_owned())
        }
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// The prompt that the arguments describe.
fn read(arguments: &[OsString]) -> Result<Prompt, String> {
    let [cwd, pid, tty] = arguments else {
        return Err(format!(
            "it wants a path, a process and a terminal, and got {} arguments",
            arguments.len()
        ));
    };
    // JSON holds text alone; what of a path is none is marked.
    let text = |argument: &OsString| argument.to_string_lossy().into_owned();
    let (cwd, tty) = (text(cwd), text(tty));
    if !cwd.starts_with('/') {
        return Err(format!("{cwd:?} is no absolute path"));
    }
    let pid = pid.to_str().and_then(|pid| pid.parse().ok()).filter(|pid: &u32| is_plausible(i64::from(*pid)));
    let pid = pid.ok_or_else(|| format!("{:?} is no process", text(&arguments[1])))?;
    // What `tty` says where there is none.
    let tty = if tty == "not a tty" { String::new() } else { tty };
    Ok(Prompt { cwd, pid, tty, terminal: Terminal::from_env() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(arguments: &[&str]) -> Result<Prompt, String> {
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
            (&["/", "", ""], "no process"),
            (&["/", "-4", ""], "no process"),
            (&["/", "0", ""], "no process"),
            (&["/", "1", ""], "no process"),
            (&["/", "4294967295", ""], "no process"),
            (&["/", "99999999999999999999", ""], "no process"),
        ] {
            let error = given(arguments).unwrap_err();
            assert!(error.contains(reason), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(fenced(|| panic!("no {}", "way")), Err("it panicked: no way".to_owned()));
        assert_eq!(fenced(|| panic!("plainly")), Err("it panicked: plainly".to_owned()));
    }
}
